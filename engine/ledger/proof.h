/* proof.h - small files that prove something about a ledger to somebody who has not got it.
 *
 * {"proof":"inclusion","version":1,"suite","event":{seq, at_us, wall_us, kind, team, subject,
 *  body},"prev_hash","signed":C,"path":[…]}: this event stands in the ledger that C signs.
 * {"proof":"consistency","version":1,"suite","earlier":C,"signed":C,"path":[…]}: the ledger of the
 *  later checkpoint begins with that of the earlier: nothing was changed or taken away between.
 *
 * C is the body of an event ledger.signed (sign.h), path the nodes of RFC 6962, hexadecimal. body of
 * the event is a string: its bytes are what was hashed. The file and the signer's public key are all
 * that the check needs.
 */
#pragma once

#include "base/event.h"
#include "ledger/sign.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* A proof of row seq of the ledger path, by its last checkpoint or the one of that code (NULL:
 * last). The caller's. */
cJSON *proof_inclusion(const char *path, gint64 seq, const char *code, GError **error);

/* … that the checkpoint of code later (NULL: the last) continues the one of code earlier. */
cJSON *proof_consistency(const char *path, const char *earlier, const char *later, GError **error);

/* ---- parts of them, for files of another form ---------------------------------------------- */

/* {seq, at_us, wall_us, kind, team, subject, body}; and the nodes of a tree's proof. The caller's. */
cJSON *proof_event_json(const struct event *event);
cJSON *proof_path_json(const GByteArray *path);

struct proof_row { /* as it was read; each may be NULL, or anything */
    const cJSON *event;
    const char *prev_hash; /* hexadecimal */
    const cJSON *path;
};

/* The event, when it is sound and stands in the ledger that by signs; else NULL and *why, for
 * people. Hostile input. The caller's. */
struct event *proof_row_check(
        const struct proof_row *row, const struct sign_seen *by, const char **why);

/* ---- whole ones ---------------------------------------------------------------------------- */

/* Is json one of these? Tells it from other JSON files. */
bool proof_is(const cJSON *json);

struct proof_seen {
    bool consistency;
    struct sign_seen later;   /* the checkpoint; of inclusion the only one */
    struct sign_seen earlier; /* of consistency */
    struct event *event;      /* of inclusion */
};

/* Hostile input. True when it proves what it says, and key (NULL: any) is its signer's and code
 * (NULL: none) that of one of its checkpoints; else *why, for people. Clear ret in both cases. */
bool proof_check(const cJSON *json, const unsigned char *key, const char *code,
        struct proof_seen *ret, const char **why);
void proof_seen_clear(struct proof_seen *seen);
