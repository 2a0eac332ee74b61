/* verb_proof.c - sandtable proof: a small file that proves an event, or that nothing was changed. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"
#include "ledger/proof.h"

#include <stdio.h>
#include <string.h>

extern const struct verb verb_proof;

struct proof_options {
    char *code, *from, *to, *output;
};

static void options_clear(struct proof_options *options)
{
    g_free(options->code);
    g_free(options->from);
    g_free(options->to);
    g_free(options->output);
}

/* One event, or two codes; not both. */
static bool parse(
        int argc, char **argv, const struct proof_options *options, gint64 *ret_seq, GError **error)
{
    bool one = argc > 2;
    if (one == (options->from != NULL) || (options->to && !options->from) ||
            (options->code && !one)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "say which event, or from which code on; usage: sandtable %s", verb_proof.usage);
        return false;
    }
    guint64 seq = 0;
    if (one && !g_ascii_string_to_unsigned(argv[2], 10, 1, G_MAXINT64, &seq, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%.40s\" is no number of an event; `sandtable events --json` shows them",
                argv[2]);
        return false;
    }
    *ret_seq = (gint64)seq;
    return true;
}

static bool write_out(const char *path, cJSON *proof, GError **error)
{
    if (!path) {
        cli_print_json(proof);
        return true;
    }
    g_autofree char *text = json_text(proof);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    cJSON_Delete(proof);
    return g_file_set_contents(path, line, -1, error);
}

static int prove(const char *name, gint64 seq, const struct proof_options *options, GError **error)
{
    struct cli_target target = {0};
    if (!cli_target(name, &target, error)) {
        return 1;
    }
    cJSON *proof = options->from
                           ? proof_consistency(target.ledger, options->from, options->to, error)
                           : proof_inclusion(target.ledger, seq, options->code, error);
    bool ok = proof && write_out(options->output, proof, error);
    if (ok && options->output) {
        cli_say("`sandtable verify %s --key KEY` checks it, anywhere", options->output);
    }
    cli_target_clear(&target);
    return ok ? 0 : sandtable_exit_code(*error);
}

static int run(int argc, char **argv, GError **error)
{
    __attribute__((cleanup(options_clear))) struct proof_options options = {0};
    gint64 seq = 0;
    const GOptionEntry entries[] = {
            {"code", 0, 0, G_OPTION_ARG_STRING, &options.code,
                    "by the checkpoint of this code (the last one)", "CODE"},
            {"from", 0, 0, G_OPTION_ARG_STRING, &options.from,
                    "that the ledger continues the one of this code", "CODE"},
            {"to", 0, 0, G_OPTION_ARG_STRING, &options.to,
                    "up to the checkpoint of this code (the last one)", "CODE"},
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
                    "write it there instead of standard output", "FILE"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_proof, entries, &argc, &argv, 1, 2, error) ||
            !parse(argc, argv, &options, &seq, error)) {
        return 2;
    }
    /* the number is no name: not to be taken for a file */
    if (!cli_target_account(2, argv, error)) {
        return 1;
    }
    return prove(argv[1], seq, &options, error);
}

const struct verb verb_proof = {
        .name = "proof",
        .usage = "proof NAME|LEDGER SEQ [--code CODE] [-o FILE] | proof NAME|LEDGER --from CODE "
                 "[--to CODE] [-o FILE]",
        .summary = "prove one event, or that a ledger was only continued, to who has not got it",
        .order = 51,
        .keeps_root = true,
        .run = run,
};
