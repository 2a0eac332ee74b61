/* ledger_writer.h - the inside of a ledger open for writing; its opening and its writer share it.
 */
#pragma once

#include "ledger/ledger_internal.h"
#include "ledger/sign.h"

#include <pthread.h>

struct ledger_item { /* an event on its way */
    GList link;      /* in the one queue that has it */
    struct event *event;
    ledger_done_fn done;
    gpointer data;
    GError *error;
    bool own; /* the writer made it: a signature */
};

struct ledger {
    char *path;
    int lock_fd;
    enum suite suite;     /* from opening on */
    sqlite3 *db;          /* the writer thread's, between start and join */
    sqlite3_stmt *insert; /* likewise */
    gint64 seq;           /* likewise: the last row that is on the disk */
    gint64 inserted;      /* likewise: the last row of the open transaction, with its hash */
    unsigned char prev[EVENT_HASH_BYTES];
    struct tree *tree;  /* likewise: over all rows, once there is a signer */
    gint64 signed_size; /* likewise: what the last signature covers, itself included */
    gint64 signed_us;   /* likewise: when, monotonic */
    gint64 at_us;       /* likewise: exercise time of the last row */
    GThread *thread;
    GMainContext *context;
    gatomicrefcount refs; /* the owner's, and one for a delivery that runs */
    bool closed;          /* the owner's thread only */
    ledger_done_fn listener;
    gpointer listener_data;

    pthread_mutex_t mutex; /* guards what follows; GLib's own is opaque to the thread sanitizer */
    pthread_cond_t changed;
    gint64 chained; /* the last event that was given its number and hash, which is head */
    unsigned char head[EVENT_HASH_BYTES];
    GQueue queue;  /* struct ledger_item, appended, not yet taken by the writer */
    GQueue outbox; /* struct ledger_item, settled, not yet delivered */
    GSource *delivery;
    GSource *turn; /* runs when the owner's turn in which something was appended is over */
    bool taking;   /* a transaction is open, for whatever else comes in this turn */
    bool turned;   /* what was appended is to be on the disk now: the transaction ends */
    guint64 appended, settled;
    bool closing;
    struct sign_key *signer; /* NULL: nobody signs */
    char *signer_name;
    GError *failed;
};

/* Prepares the statement and starts the writer thread. */
bool ledger_writer_start(struct ledger *ledger, GError **error);

/* Lets the writer end once the queue is empty, waits for it, drops what is not delivered. */
void ledger_writer_stop(struct ledger *ledger);

void ledger_unref(struct ledger *ledger);
