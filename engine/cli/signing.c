/* signing.c - the account's signing key, and ledgers signed with it. */
#include "cli/signing.h"

#include "base/paths.h"

bool signing_key(enum suite suite, struct sign_key *ret, GError **error)
{
    g_autofree char *dir = paths_state_dir();
    g_autofree char *path =
            g_build_filename(dir, suite == SUITE_SM ? "signing-sm.key" : "signing.key", NULL);
    return paths_make(dir, error) && sign_key_open_by(path, suite, ret, error);
}

static struct ledger *sign(struct ledger *ledger, const char *name, GError **error)
{
    struct sign_key key;
    if (ledger && (!signing_key(ledger_suite(ledger), &key, error) ||
                          !ledger_sign(ledger, &key, name, error))) {
        ledger_close(ledger);
        return NULL;
    }
    return ledger;
}

struct ledger *signing_create(const char *path, const char *name, enum suite suite, GError **error)
{
    return sign(ledger_create_by(path, suite, error), name, error);
}

struct ledger *signing_open(const char *path, const char *name, GError **error)
{
    return sign(ledger_open(path, error), name, error);
}
