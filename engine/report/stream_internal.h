/* stream_internal.h - what a line of a stream is made of, before its format. */
#pragma once

#include "report/stream.h"

#include <cjson/cJSON.h>

enum stream_class {
    STREAM_CHECK,
    STREAM_MACHINE,
    STREAM_ACTION,
    STREAM_NOTICE,
    STREAM_LOG,
    STREAM_ATTACK
};

/* Nothing in it is borrowed from an event's body as a whole: each member was chosen. */
struct stream_fact {
    gint64 number;  /* of the line, from 1 */
    gint64 wall_us; /* when it was known */
    gint64 took_us; /* 0: unknown */
    enum stream_class class;
    const char *exercise, *engine;
    const char *team;            /* whose; may be "" */
    const char *action;          /* "check", "machine-ready" … */
    const char *outcome;         /* success, failure, unknown; NULL: has none */
    const char *host;            /* machine id or NULL */
    const char *service, *state; /* of a check */
    const char *file;            /* whose line the message is, or NULL */
    char *message;
    char **argv;         /* of a command, or NULL */
    int status;          /* its exit status */
    const cJSON *attack; /* of a step, or NULL */
    const char *attack_name;
    const char *rule; /* the step's name */
    const char *verdict;
};

cJSON *stream_ecs(const struct stream_fact *fact);
cJSON *stream_ocsf(const struct stream_fact *fact);
