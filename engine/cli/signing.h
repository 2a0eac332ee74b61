/* signing.h - the account's signing key, and ledgers signed with it. */
#pragma once

#include "ledger/ledger.h"
#include "ledger/sign.h"

#include <glib.h>
#include <stdbool.h>

/* The account's key of the suite: state/signing.key, or signing-sm.key; made at first use. */
bool signing_key(enum suite suite, struct sign_key *ret, GError **error);

/* ledger_create_by() or, when it is there already, ledger_open(), of the exercise name, signed from
 * now on with the account's key of its suite. */
struct ledger *signing_create(const char *path, const char *name, enum suite suite, GError **error);
struct ledger *signing_open(const char *path, const char *name, GError **error);
