/* verb_key.c - sandtable key: the public key that this account's ledgers are signed with. */
#include "cli/cli_view.h"
#include "cli/signing.h"

#include <stdio.h>

extern const struct verb verb_key;

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    g_autofree char *name = NULL;
    enum suite suite = SUITE_ED25519;
    const GOptionEntry entries[] = {
            {"suite", 0, 0, G_OPTION_ARG_STRING, &name, "ed25519 (the default) or sm", "SUITE"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct sign_key key;
    if (!cli_parse(&verb_key, entries, &argc, &argv, 0, 0, error) ||
            (name && !suite_parse(name, &suite, error))) {
        return 2;
    }
    if (!cli_target_account(argc, argv, error) || !signing_key(suite, &key, error)) {
        return 1;
    }
    g_autofree char *text = sign_public_text(key.public);
    if (json) {
        cJSON *out = cJSON_CreateObject();
        cJSON_AddStringToObject(out, "suite", suite_name(suite));
        cJSON_AddStringToObject(out, "key", text);
        cli_print_json(out);
        return 0;
    }
    puts(text);
    return 0;
}

const struct verb verb_key = {
        .name = "key",
        .usage = "key [--suite SUITE] [--json]",
        .summary = "print the public key by which others check this account's ledgers",
        .order = 52,
        .keeps_root = true,
        .run = run,
};
