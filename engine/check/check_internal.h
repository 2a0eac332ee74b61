/* check_internal.h - what the protocol families and the checker's loop share. */
#pragma once

#include "check/check.h"

#include <curl/curl.h>

#define CHECK_BANNER_MAX 512
#define CHECK_BODY_MAX (256 << 10)
#define CHECK_HEADER_MAX (64 << 10)
#define CHECK_OPEN_MAX 256 /* checks with a socket at one time; the rest wait their turn */

struct check;

/* One protocol over a non-blocking socket: open makes check->fd and watches it, turn is called
 * whenever it is ready. Either ends the check by check_finish() and returns at once: the check is
 * gone by then. */
struct check_family {
    void (*open)(struct check *check);
    void (*turn)(struct check *check, GIOCondition ready);
};

extern const struct check_family check_family_tcp;
extern const struct check_family check_family_ssh;
extern const struct check_family check_family_modbus;
extern const struct check_family check_family_ping;

struct check {
    struct checker *checker;
    struct check_request request; /* strings are the check's own */
    check_done_fn done;
    gpointer done_data;
    const struct check_family *family; /* NULL: HTTP */
    gint64 begun_us;
    int fd;
    bool connected;
    GSource *watch, *limit;
    unsigned char buffer[CHECK_BANNER_MAX + 1]; /* what has arrived */
    gsize have;
    guint16 id;              /* Modbus transaction, ICMP sequence */
    unsigned char token[16]; /* ICMP payload */
    GSource *again;          /* ICMP: the next packet */
    CURL *easy;              /* HTTP */
    GByteArray *body;
    gsize header; /* HTTP: bytes of header seen */
    struct check_result result;
};

int check_port(const struct check_request *request);

/* Ends the check: its result goes to the caller, its socket is closed. detail is consumed. */
void check_finish(struct check *check, enum check_status status, double value, char *detail);

/* Ends the check after a failed call on its socket; at_once: the host itself refused. */
void check_fail(struct check *check, int code, bool at_once);

/* Waits for condition on check->fd from now on (replaces the former watch). */
void check_watch(struct check *check, GIOCondition condition);

/* Makes the socket of a check in its namespace, non-blocking; false: the check is finished. */
bool check_socket(struct check *check, int type, int protocol);
int check_space_socket(int space, int type, int protocol, GError **error);

/* Adds what has arrived to the buffer. 1: something came, 0: nothing for now or (with *ended) never
 * again, -1: the check has failed and is finished. */
int check_receive(struct check *check, bool *ended);

/* A GSource of the checker's thread that calls fn after ms; the caller destroys it. */
GSource *check_timer(struct checker *checker, int ms, GSourceFunc fn, gpointer data);

/* ---- HTTP (check_http.c) ------------------------------------------------------------------- */

struct check_http;
struct check_http *check_http_new(GMainContext *context);
void check_http_free(struct check_http *http); /* accepts NULL; no transfer may be left */
void check_http_start(struct check_http *http, struct check *check);
void check_http_cancel(struct check_http *http, struct check *check);

/* ---- handing over between threads (check_mailbox.c) ---------------------------------------- */

struct check_mailbox;
typedef void (*check_mail_fn)(gpointer item, gpointer data);

/* Items that any thread puts in come out, in order, in context. */
struct check_mailbox *check_mailbox_new(
        GMainContext *context, check_mail_fn fn, gpointer data, GError **error);
void check_mailbox_free(struct check_mailbox *mailbox); /* accepts NULL; must be empty */
void check_mailbox_put(struct check_mailbox *mailbox, gpointer item);
gpointer check_mailbox_take(struct check_mailbox *mailbox); /* NULL when empty; any thread */
