/* verb_ledger.c - sandtable ledger: all events as lines of JSON, and a ledger made of such lines. */
#include "base/error.h"
#include "base/paths.h"
#include "cli/cli_view.h"
#include "cli/signing.h"
#include "ledger/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

extern const struct verb verb_ledger;

static int export(const char *name, const char *output, GError **error)
{
    struct cli_target target = {0};
    if (!cli_target(name, &target, error)) {
        return 1;
    }
    FILE *out = output ? fopen(output, "we") : stdout;
    bool ok = out && exchange_export(target.ledger, out, error);
    if (!out || (output && fclose(out) != 0 && ok)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s: %s", output,
                g_strerror(errno));
        ok = false;
    }
    cli_target_clear(&target);
    return ok ? 0 : sandtable_exit_code(*error);
}

static bool import_from(
        FILE *in, const char *file, const char *name, enum suite suite, GError **error)
{
    g_autofree char *path = paths_ledger(name);
    struct sign_key key;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "an exercise \"%s\" has its ledger at %s: choose another name", name, path);
        return false;
    }
    if (!signing_key(suite, &key, error)) {
        return false;
    }
    const struct exchange_import import = {
            .in = in, .name = file, .path = path, .signer = &key, .signer_name = name};
    struct exchange_result result;
    if (!exchange_import(&import, &result, error)) {
        return false;
    }
    cli_say("%s: %" G_GINT64_FORMAT " events%s", name, result.events,
            result.hashed ? ", the same rows as in the ledger they come from"
                          : ", signed by this account from now on");
    if (result.unknown > 0) {
        cli_say("%" G_GINT64_FORMAT " of them are of kinds that mean nothing here; "
                "docs/events.md lists what does",
                result.unknown);
    }
    return true;
}

static int import(const char *file, const char *name, enum suite suite, GError **error)
{
    if (!paths_name_is_valid(name)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is no name for an exercise: use a-z, 0-9 and -, beginning with a letter, "
                "at "
                "most 31",
                name);
        return 2;
    }
    if (!strcmp(file, "-")) {
        return import_from(stdin, file, name, suite, error) ? 0 : sandtable_exit_code(*error);
    }
    FILE *in = fopen(file, "re");
    if (!in) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "cannot read %s: %s", file,
                g_strerror(errno));
        return 1;
    }
    bool ok = import_from(in, file, name, suite, error);
    (void)fclose(in);
    return ok ? 0 : sandtable_exit_code(*error);
}

/* As root the file is looked for before the account changes; a name is no file. */
static bool become(int argc, char **argv, GError **error)
{
    bool file = argc > 2 && !strcmp(argv[1], "import");
    if (!file) {
        return cli_target_account(argc, argv, error);
    }
    char *files[] = {argv[0], argv[2], NULL};
    bool ok = cli_become_user(NULL, 2, files, error);
    argv[2] = files[1];
    return ok;
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *by = NULL;
    enum suite suite = SUITE_ED25519;
    const GOptionEntry entries[] = {
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
                    "export: write there instead of standard output", "FILE"},
            {"suite", 0, 0, G_OPTION_ARG_STRING, &by,
                    "import of lines without hashes: ed25519 (the default) or sm", "SUITE"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_ledger, entries, &argc, &argv, 1, 3, error) ||
            (by && !suite_parse(by, &suite, error))) {
        return 2;
    }
    bool out = !strcmp(argv[1], "export") && argc <= 3;
    if (!out && (strcmp(argv[1], "import") != 0 || argc != 4 || output)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "usage: sandtable %s",
                verb_ledger.usage);
        return 2;
    }
    if (!become(argc, argv, error)) {
        return 1;
    }
    return out ? export(argc > 2 ? argv[2] : NULL, output, error)
               : import(argv[2], argv[3], suite, error);
}

const struct verb verb_ledger = {
        .name = "ledger",
        .usage = "ledger export [NAME|LEDGER] [-o FILE] | ledger import FILE NAME [--suite SUITE]",
        .summary = "write all events as lines of JSON, or make a ledger of such lines",
        .order = 53,
        .keeps_root = true,
        .run = run,
};
