/* control_internal.h - what the server's connections, methods and subscriptions share. */
#pragma once

#include "base/json.h"
#include "control/control.h"
#include "score/public.h"

#include <sys/types.h>

#define CONTROL_UNSENT_READ (1 << 20)   /* more unsent: no further request is read */
#define CONTROL_UNSENT_LIVE (256 << 10) /* more unsent: events come from the ledger */
#define CONTROL_UNSENT_MAX (8 << 20)    /* more unsent: the client is dropped */
#define CONTROL_EXECS_MAX 16            /* a client's commands under way */
#define CONTROL_ARGV_MAX 256
#define CONTROL_ARGV_BYTES (64 << 10) /* its event must fit into the ledger, escapes and all */
#define CONTROL_PAGE_MAX 1000         /* events in one reply of "events" */
#define CONTROL_PAGE_BYTES (1 << 20)
#define CONTROL_CLOSING_MS 5000 /* for a closed client to take its last lines */

/* JSON-RPC 2.0, 5.1; the application's own are CONTROL_ERROR_BASE - enum sandtable_error */
enum control_error {
    CONTROL_PARSE_ERROR = -32700,
    CONTROL_INVALID_REQUEST = -32600,
    CONTROL_METHOD_NOT_FOUND = -32601,
    CONTROL_INVALID_PARAMS = -32602,
    CONTROL_ERROR_BASE = -32000,
};

struct control {
    struct exercise *exercise;
    GMainContext *context;
    char *path;
    int listener;
    GSource *accepts;     /* NULL while out of descriptors */
    GSource *rest;        /* … and this wakes it up */
    GHashTable *conns;    /* struct control_conn * */
    GPtrArray *execs;     /* struct control_exec *: under way */
    GSource *telemetry;   /* while a client wants it */
    char *telemetry_last; /* the counters that were told, as text */
    bool telemetry_asked;
    bool telemetry_moved;       /* the last look saw a change */
    gint64 consoles;            /* opened so far: numbers them */
    struct public_prefix shown; /* what the public may see, as far as is known */
    cJSON *shown_score;         /* … the standings at its end while it is frozen, or NULL */
    gint64 shown_at;
    GPtrArray *countings; /* struct counting *: of standings, under way */
    GPtrArray *messages;  /* struct event: the last ones; NULL: nobody has asked yet */
    gint64 messages_seq;  /* looked for so far */
};

struct control_conn {
    struct control *control;
    int fd;
    char *who; /* for the record */
    bool observer;
    bool public;   /* an observer that is given what the public may see */
    char *team;    /* … and speaks for this team; NULL: for nobody */
    bool listens;  /* wants to hear of messages */
    bool settling; /* within control_conn_settle() */
    bool closing;  /* nothing more is read; closed once all is sent */
    GByteArray *input;
    gsize scanned; /* no newline before this */
    GByteArray *output;
    gsize sent; /* of output */
    GIOCondition watched;
    GSource *watch;
    GSource *limit; /* while closing */
    guint execs;
    bool telemetry, told; /* wants it; has got some since it asked */
    GArray *consoles;     /* gint64: closed with the connection */
    bool subscribed;
    bool filtered;                /* … to what the public may see */
    gint64 next;                  /* seq of the next event to send */
    struct ledger_reader *reader; /* while catching up */
};

struct control_exec {          /* a command under way: the reply's address */
    struct control *control;   /* NULL once the server is gone */
    struct control_conn *conn; /* NULL once the client is gone */
    cJSON *id;                 /* NULL: a notification */
};

/* ---- control_conn.c ------------------------------------------------------------------------ */

/* Takes fd over and greets. */
struct control_conn *control_conn_new(struct control *control, int fd, const char *who);
void control_conn_free(struct control_conn *conn);
gsize control_conn_unsent(const struct control_conn *conn);

/* Queues one line; json is consumed. */
void control_conn_send(struct control_conn *conn, cJSON *json);
void control_conn_send_line(struct control_conn *conn, const char *line);

/* Sends what the socket takes now. False when the connection is dead. */
bool control_conn_flush(struct control_conn *conn);

/* Reads no more and closes after what is queued. */
void control_conn_finish(struct control_conn *conn);

/* Sets what is watched after any change; frees a connection that is done. */
void control_conn_settle(struct control_conn *conn);

/* ---- control_rpc.c ------------------------------------------------------------------------- */

/* Handles one line of a client. */
void control_rpc_line(struct control_conn *conn, const char *line, gsize length);

cJSON *control_rpc_reply(const cJSON *id, cJSON *result); /* result is consumed */
cJSON *control_rpc_error(const cJSON *id, int code, const char *message);
cJSON *control_rpc_failure(const cJSON *id, const GError *error);
cJSON *control_rpc_notice(const char *method, cJSON *params); /* params is consumed */

/* ---- control_params.c, and a file control_methods*.c for each subject ----------------------- */

struct control_call {
    struct control_conn *conn;
    const cJSON *id;     /* NULL: a notification */
    const cJSON *params; /* an object or NULL */
};

struct control_method {
    const char *name;
    bool changes; /* operators only */
    /* The result, or NULL with error; NULL without error: the reply comes later. */
    cJSON *(*run)(const struct control_call *call, GError **error);
};
extern const struct control_method control_methods_core[];
extern const struct control_method control_methods_router[];
extern const struct control_method control_methods_impair[];
extern const struct control_method control_methods_checkpoint[];

extern const struct control_method control_methods_seeing[];
extern const struct control_method control_methods_score[];
extern const struct control_method control_methods_disks[];
extern const struct control_method control_methods_white[];
extern const struct control_method control_methods_team[];
extern const struct control_method control_methods_exam[];
extern const struct control_method control_methods_inject[];
const struct control_method *control_method_find(const char *name);
const char **control_method_names(void); /* NULL-terminated; g_free() the list only */

struct exercise *control_exercise(const struct control_call *call);
bool control_has(const struct control_call *call, const char *name);

/* A whole number of at least min, or fallback when it is missing. */
bool control_read_int(const struct control_call *call, const char *name, gint64 min,
        gint64 fallback, gint64 *ret, GError **error);
bool control_read_bool(const struct control_call *call, const char *name, bool fallback, bool *ret,
        GError **error);
void control_usage(GError **error, const char *what);

/* {"accepted": true, "seq": N}: a change is on its way. */
cJSON *control_accepted(const struct control_call *call);
/* … and "missing": how many people must still agree before inject fires. */
cJSON *control_agreed(const struct control_call *call, const char *inject);
/* The person at the other end says who it is: params.name. */
bool control_conn_rename(struct control_conn *conn, const cJSON *params, GError **error);

/* A call whose reply comes later: begin gives its address (NULL and an error when too many are
 * under way), end sends the result (consumed) or the error and frees it, cancel only frees it. */
struct control_exec *control_exec_begin(const struct control_call *call, GError **error);
void control_exec_end(struct control_exec *exec, cJSON *result, const GError *error);
void control_exec_cancel(struct control_exec *exec);
void control_exec_free(struct control_exec *exec);

/* ---- control_seeing.c ---------------------------------------------------------------------- */

void control_seeing_forget(struct control_conn *conn); /* its consoles end */
void control_seeing_end(struct control *control);

/* ---- control_events.c ---------------------------------------------------------------------- */

/* Streams every event from seq from on, each once, in order. */
bool control_events_subscribe(struct control_conn *conn, gint64 from, bool public, GError **error);
void control_events_unsubscribe(struct control_conn *conn);

/* Adds events from the ledger while there is room. */
void control_events_pump(struct control_conn *conn);

/* A committed event: to all that are up to date. */
void control_events_announce(struct control *control, const struct event *event);

/* {"events": […], "next": N}: next is where to go on, absent at the end. */
struct control_page {
    gint64 from, to, limit;
    bool public;
};
cJSON *control_events_page(
        struct control *control, const struct control_page *page, GError **error);

/* ---- control_public.c ---------------------------------------------------------------------- */

/* seq of the last event that the public may see, as of now; -1 and an error when the ledger cannot
 * be read. */
gint64 control_public_end(struct control *control, GError **error);
/* The standings there; as a method. */
cJSON *control_public_score(const struct control_call *call, GError **error);
/* {"seq","code"} of the last public checkpoint; NULL: there is none, or an error. */
cJSON *control_public_checkpoint(struct control *control, GError **error);
/* May a public client call this? What it calls is then given as to the public. */
bool control_public_may(const char *method);
void control_public_free(struct control *control);

/* ---- control_methods_team.c ---------------------------------------------------------------- */

/* The rest of a hello whose role is team: false and an error when there is no such team. */
bool control_team_take(struct control_conn *conn, const cJSON *params, GError **error);
/* What a client that speaks for a team may call besides what the public may. */
bool control_team_may(const struct control_conn *conn, const char *method);
/* A committed event, line as a subscriber gets it: to those that listen, when it is a message for
 * them. */
void control_team_announce(struct control *control, const struct event *event, const char *line);
void control_team_free(struct control *control);

/* ---- control.c, control_peer.c ------------------------------------------------------------- */

/* Takes a connected socket over, whoever is at its end. */
void control_adopt(struct control *control, int fd, const char *who);

/* Who is at the other end of fd, for the record; NULL and an error when it may not be there: only
 * the user of this process and root may. */
char *control_peer_name(int fd, GError **error);

/* Listens at path, mode 0600; replaces the socket of a dead process, refuses a live one. -1 on
 * error. */
int control_listen(const char *path, GError **error);
