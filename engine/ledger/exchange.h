/* exchange.h - a ledger as lines of JSON, out and in again, and results of other systems.
 *
 * A line is an event as event.h writes it, whose "body" is the row's, byte for byte. (A body with a
 * line feed between its members, which nothing here writes, goes out as the string "body_text".)
 *
 * Lines with "hash" are a ledger's own: seq, hash, chain and signatures must be right, and what was
 * exported becomes the same rows again, to the byte. Lines without are another system's: seq may be
 * missing, the chain is made here, and the ledger is signed by whoever imports it.
 */
#pragma once

#include "base/event.h"
#include "ledger/sign.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* One line without its end; the caller frees it. */
char *exchange_line(const struct event *event);

/* Such a line (hostile input). ret_hashed: it has a hash. NULL and *why for people. */
struct event *exchange_parse(const char *line, gsize length, bool *ret_hashed, const char **why);

/* Writes all events of the ledger path. */
bool exchange_export(const char *path, FILE *out, GError **error);

struct exchange_result {
    gint64 events;
    gint64 unknown; /* of kinds that mean nothing here */
    bool hashed;
};

/* Makes the ledger path from the lines of in, which the error calls name. signer and its name for
 * the exercise are for lines without hashes. On failure nothing is left. */
struct exchange_import {
    FILE *in;
    const char *name;
    const char *path;
    const struct sign_key *signer;
    const char *signer_name;
};
bool exchange_import(
        const struct exchange_import *import, struct exchange_result *ret, GError **error);
