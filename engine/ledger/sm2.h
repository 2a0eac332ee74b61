/* sm2.h - SM2 signatures with SM3 over the curve sm2p256v1 (GB/T 32918.2, GM/T 0003.5), by OpenSSL.
 *
 * The signer's identity in the hash is the usual one of GM/T 0009, "1234567812345678". A signature
 * is r ‖ s, each 32 bytes, big-endian.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define SM2_PUBLIC 65 /* an uncompressed point: 0x04 ‖ x ‖ y */
#define SM2_SECRET 32
#define SM2_SIGNATURE 64

/* The public key of secret; false when secret is no key (0, or too large). */
bool sm2_public(const unsigned char *secret, unsigned char *ret);

/* False when OpenSSL refuses: key pairs that do not belong together, no SM2. */
bool sm2_sign(const unsigned char *public, const unsigned char *secret, const void *data,
        gsize length, unsigned char *ret);

/* Hostile input: false for anything that is not a good signature by the key. */
bool sm2_verify(const unsigned char *public, const void *data, gsize length,
        const unsigned char *signature);
