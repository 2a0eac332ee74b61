/* exam_result.h - the result of one candidate as a signed file that a third party verifies offline.
 *
 * The file is a DSSE envelope (github.com/secure-systems-lab/dsse, protocol 1.0.2):
 *   {"payloadType": T, "payload": base64(P), "signatures": [{"keyid", "sig": base64}]}
 * signed with the ledger's suite (Ed25519, or SM2) over "DSSEv1 " len(T) " " T " " len(P) " " P. P is JSON:
 *   {"format", "exercise", "candidate", "mark": as exam_mark() of the one, "checkpoint": the body of
 *    a ledger.signed, "issued_us",
 *    "events": [{"event": {…, "body": text}, "prev", "proof": [hex…]}]}
 * events are all that the mark depends on. Who verifies it checks the signature, the ledger's
 * signed checkpoint, that each event is a row of that ledger (RFC 6962 inclusion), and folds the
 * events once more: the mark must come out as it stands there, byte for byte. That no event was
 * left out is what the issuer vouches for by the signature, who makes no result of a ledger that does
 * not verify. A mark is made by the rules of a version (since credits for faults leave out what the
 * clock stood anyway, a pause in one gives another mark): where they differ, the error says what.
 */
#pragma once

#include "ledger/sign.h"
#include "score/exam.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

#define EXAM_RESULT_TYPE "application/vnd.sandtable.exam-result+json"
#define EXAM_RESULT_MAX (32 << 20) /* bytes of a file */

/* From the ledger at path, which verifies and has a signed checkpoint after the candidate's last event.
 * The text is the caller's. */
char *exam_result_make(
        const char *path, const char *candidate, const struct sign_key *key, GError **error);

struct exam_result {      /* what was verified */
    cJSON *payload;       /* P */
    char digest[65];      /* SHA-256 of P, hexadecimal */
    char code[SIGN_CODE]; /* eight letters that stand for it, as of a checkpoint */
    unsigned char key[SIGN_PUBLIC];
    struct sign_seen checkpoint;
    int events;
};
/* Hostile input. key NULL: by the key that it names itself (then only that it is of one piece is
 * shown). False and what is wrong. */
bool exam_result_check(const char *text, gsize length, const unsigned char *key,
        struct exam_result *ret, GError **error);
void exam_result_clear(struct exam_result *result);

/* One page of HTML to print, English and Chinese; the caller's. */
char *exam_certificate(const struct exam_result *result);
