/* check.h - one look at a service from a team's side of the network.
 *
 * Sockets are made in the team's namespace and used from a thread of the checker's own. Input from
 * machines is hostile: every read is bounded, every check ends by its limit.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct checker;

enum check_protocol { CHECK_HTTP, CHECK_TCP, CHECK_SSH, CHECK_MODBUS, CHECK_PING };

struct check_request { /* strings are copied */
    enum check_protocol protocol;
    int space;       /* namespace descriptor (cell.h); -1: the thread's own */
    guint32 address; /* host byte order */
    int port;        /* 0: the usual one */
    int timeout_ms;
    const char *path; /* HTTP */
    int status;       /* HTTP */
    const char *contains;
    const char *table; /* Modbus */
    int unit, register_address;
    double min, max;
};

enum check_status {
    CHECK_OK,
    CHECK_DOWN,   /* no answer: refused, timed out, unreachable */
    CHECK_MUMBLE, /* an answer, but not the right one */
    CHECK_FAULT,  /* the checker itself could not look */
};
const char *check_status_name(enum check_status status);

struct check_result {
    enum check_status status;
    char *detail; /* for people: what was seen */
    double value; /* Modbus: the value read; else 0 */
    gint64 took_us;
};

typedef void (*check_done_fn)(const struct check_result *result, gpointer data);

/* Callbacks come in context. */
struct checker *checker_new(GMainContext *context, GError **error);
void checker_free(struct checker *checker); /* accepts NULL; pending checks end as CHECK_FAULT */

void checker_run(struct checker *checker, const struct check_request *request, check_done_fn done,
        gpointer data);
