/* sign.h - signed checkpoints of a ledger: what a third party can check offline.
 *
 * The ledger's writer signs the Merkle root over all rows so far (tree.h) every minute in which
 * something was written, and at the end, as an event ledger.signed. The signed text is a checkpoint
 * of C2SP (tlog-checkpoint, signed-note), algorithm Ed25519, or in the suite "sm" SM2, which has the
 * note's algorithm byte 0xff for "another" and is named in the key id ("sm2-sm3"):
 *
 *   sandtable/NAME\n SIZE\n base64(root)\n \n — NAME base64(key id ‖ signature)\n
 *
 * The code is eight letters that stand for size and root, short enough to be read aloud, written
 * down or photographed: whoever noted one can later tell that the ledger has not been cut or
 * changed before it.
 */
#pragma once

#include "base/event.h"
#include "ledger/tree.h"

#include <glib.h>
#include <stdbool.h>

#define SIGN_PUBLIC 65 /* room for a public key; Ed25519 uses 32, the others are 0 */
#define SIGN_SIGNATURE 64
#define SIGN_CODE 10 /* "K7QF-3M2A" and its end */

struct sign_key {
    enum suite suite;
    unsigned char public[SIGN_PUBLIC];
    unsigned char secret[64];
};

/* Reads the secret key of path; makes it (mode 0600, and PATH.pub for others) when there is none.
 * A key that others may read is refused. */
bool sign_key_open(const char *path, struct sign_key *ret, GError **error); /* ed25519 */
bool sign_key_open_by(const char *path, enum suite suite, struct sign_key *ret, GError **error);

/* 64 hexadecimal digits (Ed25519), or 130 (SM2), or a file that begins with them, into a public
 * key of SIGN_PUBLIC bytes. */
bool sign_public_parse(const char *text, unsigned char *ret, GError **error);
char *sign_public_text(const unsigned char *key); /* hexadecimal; the caller's */

enum suite sign_public_suite(const unsigned char *key);

/* Any bytes, signed; and whether such a signature is good (hostile input). */
void sign_bytes(const struct sign_key *key, const void *data, gsize length,
        unsigned char ret[SIGN_SIGNATURE]);
bool sign_bytes_are_good(const unsigned char *public, const void *data, gsize length,
        const unsigned char signature[SIGN_SIGNATURE]);

void sign_code(enum suite suite, gint64 size, const unsigned char *root, char ret[SIGN_CODE]);

/* The event ledger.signed: {suite, code, size, key, note}. */
struct event *sign_event(
        const struct sign_key *key, const char *name, gint64 size, const unsigned char *root);

/* Is body (of such an event) a good signature over size rows with this root? root may be NULL: any.
 * Fills key and code. False with *why for people. Hostile input. */
struct sign_seen {
    enum suite suite;
    gint64 size;
    unsigned char root[TREE_HASH];
    unsigned char key[SIGN_PUBLIC];
    char code[SIGN_CODE];
};
bool sign_check(const char *body, struct sign_seen *ret, const char **why);
