/* suite.h - the two families of cryptography a ledger can use.
 *
 * "ed25519": SHA-256 and Ed25519. "sm": SM3 and SM2 (GB/T 32905, GB/T 32918), for those who must
 * use commercial cryptography of that kind. A ledger uses one of them for everything: the chain of
 * its rows, its tree, its signatures. Both hashes have 32 bytes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define SUITE_HASH 32

enum suite { SUITE_ED25519, SUITE_SM };

const char *suite_name(enum suite suite);
/* By name; the error says what there is. */
bool suite_parse(const char *name, enum suite *ret, GError **error);

struct suite_part {
    const void *data; /* may be NULL when length is 0 */
    gsize length;
};

/* The hash of n parts, one after the other, into ret (SUITE_HASH bytes). Any thread. */
void suite_hash(enum suite suite, const struct suite_part *parts, gsize n, unsigned char *ret);

/* Bytes as small hexadecimal digits, the caller's; and a hash read from digits, which may be
 * anything: false when they are not those of one. */
char *suite_hex(const unsigned char *bytes, gsize length);
bool suite_hash_from_hex(const char *hex, unsigned char *ret);
