/* verify_proof.h - the half of sandtable verify that checks proofs instead of ledgers. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The proof (proof.h) in the file; NULL when it holds something else, such as a ledger. */
cJSON *verify_proof_read(const char *path);

/* Checks it against what is known, each may be NULL; adds the answer to list when there is one,
 * else prints it. True when the proof holds. */
bool verify_proof(const char *path, const cJSON *proof, const unsigned char *key, const char *code,
        cJSON *list);
