/* verb_export.c - sandtable export: an exercise in formats of other programs. */
#include "base/error.h"
#include "cli/cli_output.h"
#include "cli/cli_view.h"
#include "cli/report_file.h"
#include "cli/stream_out.h"
#include "report/export.h"

#include <string.h>
#include <unistd.h>

extern const struct verb verb_export;

static bool is_events(const char *format)
{
    return !strcmp(format, "ecs") || !strcmp(format, "ocsf");
}

/* What tells of the attackers' work is not the public's. */
static bool has_public(const char *format)
{
    static const char *const formats[] = {"csv", "ctftime", "ccs", NULL};
    return g_strv_contains(formats, format);
}

static char *text_of(
        const char *ledger, const char *format, const char *team, bool public, GError **error)
{
    cJSON *document = public ? report_read_public(ledger, error)
                             : report_read(ledger, error); /* verifies, whatever is asked for */
    char *text = NULL;
    if (document && is_events(format)) {
        text = stream_text(ledger, !strcmp(format, "ecs") ? STREAM_ECS : STREAM_OCSF, team, error);
    } else if (document) {
        text = export_text(document, format, error);
    }
    cJSON_Delete(document);
    return text;
}

static bool write_text(struct cli_output *output, const char *text, GError **error)
{
    if (!output->path) {
        return fputs(text, stdout) >= 0;
    }
    int fd = cli_output_begin(output, error);
    bool ok = fd >= 0 && report_write_all(fd, output->path, text, error);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Everything about the command line that can be wrong before a file is opened. */
static bool is_usable(const char *format, const char *team, bool public, GError **error)
{
    if (!format) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "say which format; usage: sandtable %s", verb_export.usage);
        return false;
    }
    if (team && !is_events(format)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--team goes with --format ecs or ocsf, not with %s", format);
        return false;
    }
    if (!export_check(format, error)) {
        return false;
    }
    if (public && !has_public(format)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--public goes with --format csv, ctftime or ccs: %s tells what the attackers did",
                format);
        return false;
    }
    return true;
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *format = NULL;
    g_autofree char *out = NULL;
    g_autofree char *team = NULL;
    gboolean public = FALSE;
    struct cli_output output = {.fd = -1};
    struct cli_target target = {0};
    const GOptionEntry entries[] = {
            {"format", 'f', 0, G_OPTION_ARG_STRING, &format,
                    "csv, navigator, stix, ocsf, ecs, ctftime or ccs", "FORMAT"},
            {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "write there instead of standard output",
                    "FILE"},
            {"team", 't', 0, G_OPTION_ARG_STRING, &team,
                    "ecs, ocsf: what this team could see, instead of the truth", "TEAM"},
            {"public", 0, 0, G_OPTION_ARG_NONE, &public,
                    "csv, ctftime, ccs: what the public may see, up to the freeze", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_export, entries, &argc, &argv, 0, 1, error) ||
            !is_usable(format, team, public, error)) {
        return 2;
    }
    bool ok = (!out || cli_output_open(out, &output, error)) &&
              cli_target_account(argc, argv, error) &&
              cli_target(argc > 1 ? argv[1] : NULL, &target, error);
    g_autofree char *text = ok ? text_of(target.ledger, format, team, public, error) : NULL;
    ok = text && write_text(&output, text, error);
    cli_output_end(&output, ok);
    cli_target_clear(&target);
    return ok ? 0 : 1;
}

const struct verb verb_export = {
        .name = "export",
        .usage = "export [NAME|LEDGER] --format csv|navigator|stix|ocsf|ecs|ctftime|ccs "
                 "[--team TEAM] [--public] [--out FILE]",
        .summary = "give the result in a format of other programs",
        .order = 54,
        .keeps_root = true,
        .run = run,
};
