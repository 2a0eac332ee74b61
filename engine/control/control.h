/* control.h - the control socket: JSON-RPC 2.0, one object a line (docs/protocol.md).
 *
 * Clients are hostile: at most CONTROL_CLIENTS_MAX, a line of at most CONTROL_LINE_MAX bytes, a
 * bounded queue of unsent bytes for each; whoever breaks a rule gets an error object where that is
 * possible and is closed. Nothing a client sends ends the engine.
 */
#pragma once

#include "run/exercise.h"
#include "score/public.h"

#include <glib.h>
#include <stdbool.h>

#define CONTROL_PROTOCOL 1
#define CONTROL_LINE_MAX (1 << 20)
#define CONTROL_CLIENTS_MAX 64

struct control;

/* Listens at path (mode 0600), in the thread's default context; replaces the socket of a dead
 * engine and refuses to take a live one's. Takes exercise_listen() for itself. */
struct control *control_new(struct exercise *exercise, const char *path, GError **error);
/* What was read of a ledger that the exercise goes on from: it need not be read for spectators. */
void control_goes_on(struct control *control, const struct public_prefix *shown);
/* Accepts NULL; removes the socket. First lets the clients take the last events and replies, for a
 * second at most. The exercise must still be there. */
void control_free(struct control *control);

/* ---- clients (CLI, display) ---------------------------------------------------------------- */

struct control_client;

struct control_client *control_client_open(const char *path, GError **error);
void control_client_close(struct control_client *client); /* accepts NULL */

/* The engine's greeting: {"protocol","exercise","state","seq","version"}; the client's. */
const cJSON *control_client_hello(const struct control_client *client);

/* One request and its result (the caller's), waiting at most timeout_ms; params is consumed and may
 * be NULL. A JSON-RPC error becomes a GError. Events that arrive meanwhile are kept. */
cJSON *control_client_call(struct control_client *client, const char *method, cJSON *params,
        int timeout_ms, GError **error);

/* The next event of a subscription: 1 with *ret (the caller's), 0 when the engine closed the
 * connection, -1 on error or when timeout_ms (-1: for ever) passed. */
int control_client_next_event(
        struct control_client *client, int timeout_ms, struct event **ret, GError **error);
int control_client_fd(const struct control_client *client); /* for poll; never read it yourself */
