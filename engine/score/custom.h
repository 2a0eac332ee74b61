/* custom.h - the scoring model that an exercise brings itself, and what runs it.
 *
 * A "custom" model is a text in Lua (docs/scenario.5.scd, SCORE). The fold knows no Lua: whoever can
 * run such texts says so once, before the first fold. Where nobody did, a custom model cannot be
 * read, and a ledger that has one is not scored at all.
 *
 * A run is one reading of the text with its own variables. It is given events in order of seq and
 * must give the same points whenever it is given the same events.
 */
#pragma once

#include "base/event.h"

#include <stdbool.h>

#define SCORE_CUSTOM_CODE_MAX (64 << 10) /* bytes of the text */
#define SCORE_CUSTOM_EVENTS_MAX 32

struct score_custom_rule {
    const char *from;      /* the text's name in messages: "rules.lua" */
    const char *code;      /* the text */
    const cJSON *settings; /* an object of numbers and texts */
};

/* Where a run puts points. seq: the event that is credited, 0: the one that is being read. False:
 * refused, and *ret_problem (the sink's, until the next call) says why. */
struct score_custom_sink {
    gpointer data;
    bool (*give)(gpointer data, const char *team, const char *part, double points, gint64 seq,
            const char *why, const char **ret_problem);
};

struct score_custom_runner {
    /* Reads the text. What it calls its points and the kinds of events that it wants (NULL-ended,
     * the caller's; "check.*" is a family) are given when ret_parts is. NULL and an error that names
     * file and line. */
    gpointer (*start)(const struct score_custom_rule *rule, char ***ret_parts, char ***ret_events,
            GError **error);
    /* False and such an error, after which the run is only stopped. */
    bool (*event)(gpointer run, const struct event *event, const struct score_custom_sink *sink,
            GError **error);
    void (*stop)(gpointer run);
};

/* The runner of this program; static. */
void score_custom_provide(const struct score_custom_runner *provided);
