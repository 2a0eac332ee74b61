/* ledger.h - the append-only, hash-chained record of one exercise.
 *
 * The format, the validity rule and the recovery rule stand in prose at the top of
 * ledger_schema.c. One process writes (it holds a lock on the file's companion PATH.lock), any
 * number read, also while it runs. SQLite's locks are lost when a process closes any descriptor of
 * the file: never open a ledger but through these functions.
 */
#pragma once

#include "base/event.h"
#include "ledger/suite.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define LEDGER_SCHEMA 1

struct ledger;

/* Called in the context that was the thread's default at ledger_create(), once the event is on the
 * disk; event has seq and hash now and belongs to the ledger. error is NULL on success. With
 * SANDTABLE_ERROR_PROTOCOL this event alone is refused: its names or its body are not an event's.
 * With SANDTABLE_ERROR_LEDGER the disk failed and no later event is accepted. An event with an
 * error has seq 0 and did not happen. */
typedef void (*ledger_done_fn)(const struct event *event, const GError *error, gpointer data);

/* Creates path; refuses an existing file. The suite is ed25519, or suite. */
struct ledger *ledger_create(const char *path, GError **error);
struct ledger *ledger_create_by(const char *path, enum suite suite, GError **error);

/* Opens path to go on writing after a crash: checks the schema and the last row, not the chain. */
struct ledger *ledger_open(const char *path, GError **error);

enum suite ledger_suite(const struct ledger *ledger);

/* Hands event over (consumed). done may be NULL. Any thread. The events of one turn of the main loop
 * of the context that ledger_create() says are committed together, when the turn is over; those that
 * arrive while a sync runs, with the next. None waits longer than 5 ms for that, though the turn be,
 * nor for a turn when somebody waits in ledger_flush(). */
void ledger_append(struct ledger *ledger, struct event *event, ledger_done_fn done, gpointer data);

/* Called after done, for every event, in order of seq, in the same context; refused events too,
 * with their error. Set it from the thread of that context. */
void ledger_set_listener(struct ledger *ledger, ledger_done_fn listener, gpointer data);

/* From now on a signed checkpoint (sign.h) of all rows is appended every minute in which something
 * was written, once the writer has caught up, and at ledger_close(). name is the exercise's. Reads all rows' hashes once. key must
 * be of the ledger's suite. */
struct sign_key;
bool ledger_sign(
        struct ledger *ledger, const struct sign_key *key, const char *name, GError **error);

/* Waits until all that was appended is on the disk; the callbacks may still be pending. */
bool ledger_flush(struct ledger *ledger, GError **error);

/* Flushes, merges the write-ahead log, closes. Callbacks not yet delivered are dropped. May be
 * called from a callback. */
void ledger_close(struct ledger *ledger); /* accepts NULL */

/* True while a process writes path; *ret_holder (may be NULL) is its number, 0 when unknown. */
bool ledger_is_locked(const char *path, pid_t *ret_holder);

/* ---- reading ------------------------------------------------------------------------------- */

struct ledger_reader;

struct ledger_reader *ledger_reader_open(const char *path, GError **error);
void ledger_reader_close(struct ledger_reader *reader); /* accepts NULL */
enum suite ledger_reader_suite(const struct ledger_reader *reader);

/* The next reads begin at seq from (1: the first). */
bool ledger_reader_seek(struct ledger_reader *reader, gint64 from, GError **error);

/* 1: *ret is the next event, the caller's; 0: no more for now; -1: error (a row that is damaged or
 * missing). The chain is not checked: that is ledger_verify()'s. */
int ledger_reader_next(struct ledger_reader *reader, struct event **ret, GError **error);

/* Every event from the next on, to fn, until that returns false: as ledger_reader_next(), but without
 * copies, so in a fraction of the time. event and its texts are there during the call only; a writer
 * cannot merge its log meanwhile, so fn does not wait for anything. False and error as with -1. */
typedef bool (*ledger_look_fn)(const struct event *event, gpointer data);
bool ledger_reader_look(
        struct ledger_reader *reader, ledger_look_fn fn, gpointer data, GError **error);

/* seq of the last event, 0 when empty, -1 on error. */
gint64 ledger_reader_last(struct ledger_reader *reader, GError **error);

/* The hash of event as a row after one with the hash prev (zero for the first), as
 * ledger_schema.c says; both have EVENT_HASH_BYTES. */
void ledger_hash(
        enum suite suite, const struct event *event, const unsigned char *prev, unsigned char *ret);

/* ---- verification -------------------------------------------------------------------------- */

struct ledger_report {
    enum suite suite;
    gint64 events;                        /* rows that verify from the first on */
    gint64 bad_seq;                       /* the first bad row, 0 when all is well */
    char *reason;                         /* what is wrong with it, or NULL */
    unsigned char head[EVENT_HASH_BYTES]; /* hash of the last good row */
    gint64 signatures;                    /* signed checkpoints, all good */
    gint64 signed_size;                   /* rows that the last one covers */
    char code[10];                        /* … and its code; "" when there is none */
    unsigned char key[65];                /* the public key of all of them, as in sign.h */
    bool code_seen;                       /* the wanted code (below) is that of one of them */
};

/* Recomputes the chain. True when all rows verify; false with *ret filled when one does not; false
 * with error when the file cannot be read as a ledger at all. */
bool ledger_verify(const char *path, struct ledger_report *ret, GError **error);
/* The same with what somebody knows from elsewhere, each may be NULL: the signer's public key (as
 * in sign.h; another's signature, or none, is bad, and so are rows after the last one unless they are
 * being written), and a code that was noted once (that no signature bears it means that rows were
 * cut off or changed since). */
bool ledger_verify_against(const char *path, const unsigned char *key, const char *code,
        struct ledger_report *ret, GError **error);
void ledger_report_clear(struct ledger_report *report);
