/* source.h - where events come from: an engine's socket, a ledger, a recorded file of lines.
 *
 * Nothing here blocks the picture: the socket is read by a thread of its own that fills a queue, a
 * ledger is read in small portions. One thread uses a source.
 */
#pragma once

#include "base/event.h"

#include <glib.h>
#include <stdbool.h>

struct source;

enum source_link { SOURCE_FILE, SOURCE_LIVE, SOURCE_CONNECTING, SOURCE_GONE };

/* Called from the reader's thread when there is something to take; must be safe there. */
typedef void (*source_wake_fn)(gpointer data);

/* Connects to the engine at socket, and again whenever it is gone. Never fails. */
struct source *source_open_live(const char *socket, source_wake_fn wake, gpointer data);
struct source *source_open_ledger(const char *path, GError **error);
struct source *source_open_file(const char *path, GError **error); /* one event a line */
void source_close(struct source *source);                          /* accepts NULL */

/* The kind of an event that is in no ledger: the engine's telemetry is its body, seq 0. */
#define SOURCE_TELEMETRY "telemetry"

/* 1: *ret is the next event, the caller's; 0: none for now; -1: error, and the source goes on. */
int source_next(struct source *source, struct event **ret, GError **error);

enum source_link source_link(struct source *source);

/* How long one may sleep before asking again, ms; -1: until woken. */
int source_patience(const struct source *source);

/* Sends one request to the engine (params consumed, may be NULL); the answer comes by
 * source_answer(). False when there is no engine to ask. */
bool source_request(struct source *source, const char *method, cJSON *params, GError **error);

/* Asks the engine for a sign of life; source_ponged() is when the last one came (monotonic, 0:
 * never). */
void source_ping(struct source *source);
gint64 source_ponged(struct source *source);

/* The kind of another: a machine's screen, its body {"type","base64"}, its subject the machine. It
 * answers source_ask_screen(). */
#define SOURCE_SCREEN "screen"
void source_ask_screen(struct source *source, const char *machine);

/* Tells the engine who sits here. */
void source_introduce(struct source *source, const char *person);

/* How many events a record has when it is known, else 0; and reading on at event from. */
gint64 source_total(const struct source *source);
bool source_skip(struct source *source, gint64 from);

/* The next answer to a request: a text for people, the caller's, and whether it was refused. NULL:
 * none. */
char *source_answer(struct source *source, bool *refused);
