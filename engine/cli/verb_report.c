/* verb_report.c - sandtable report: the after-action report as one page, or its data. */
#include "base/error.h"
#include "cli/cli_output.h"
#include "cli/cli_view.h"
#include "cli/report_file.h"
#include "report/page.h"

#include <string.h>
#include <unistd.h>

extern const struct verb verb_report;

static bool write_page(
        const cJSON *document, struct cli_output *output, const char *lang, GError **error)
{
    g_autofree char *html = page_html(document, lang);
    int fd = cli_output_begin(output, error);
    bool ok = fd >= 0 && report_write_all(fd, output->path, html, error);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

struct asked {
    const char *name, *lang;
    gboolean json, public;
};

static bool report(const struct asked *asked, struct cli_output *output, GError **error)
{
    struct cli_target target = {0};
    cJSON *document = NULL;
    if (cli_target(asked->name, &target, error)) {
        document = asked->public ? report_read_public(target.ledger, error)
                                 : report_read(target.ledger, error);
    }
    bool ok = document != NULL;
    if (document && asked->json) {
        cli_print_json(g_steal_pointer(&document));
    } else if (document && output->path) {
        ok = write_page(document, output, asked->lang, error);
        if (ok && strcmp(output->path, "-") != 0) {
            cli_say("report: %s", output->path);
        }
    } else if (document) {
        g_autofree char *path = report_write_beside(target.ledger, error);
        ok = path != NULL;
        if (path) {
            printf("%s\n", path);
        }
    }
    cJSON_Delete(document);
    cli_target_clear(&target);
    return ok;
}

static int run(int argc, char **argv, GError **error)
{
    struct asked asked = {0};
    g_autofree char *out = NULL;
    g_autofree char *lang = NULL;
    struct cli_output output = {.fd = -1};
    const GOptionEntry entries[] = {
            {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "write there; - is standard output",
                    "FILE"},
            {"lang", 0, 0, G_OPTION_ARG_STRING, &lang, "the language shown first: en or zh", "L"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &asked.json, "its data, as one JSON document", NULL},
            {"public", 0, 0, G_OPTION_ARG_NONE, &asked.public,
                    "what the public may see, up to the freeze", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_report, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (lang && !page_lang_is_known(lang)) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--lang \"%s\": use en or zh", lang);
        return 2;
    }
    if (asked.json && out) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--json goes to standard output: leave out --out");
        return 2;
    }
    if (asked.public && !asked.json && !out) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--public: say where, with --out FILE");
        return 2;
    }
    asked.lang = lang ? lang : report_usual_lang();
    bool ok =
            (!out || cli_output_open(out, &output, error)) && cli_target_account(argc, argv, error);
    asked.name = argc > 1 ? argv[1] : NULL;
    ok = ok && report(&asked, &output, error);
    cli_output_end(&output, ok);
    return ok ? 0 : 1;
}

const struct verb verb_report = {
        .name = "report",
        .usage = "report [NAME|LEDGER] [--out FILE] [--lang en|zh] [--public] [--json]",
        .summary = "write the after-action report as one page",
        .order = 53,
        .keeps_root = true,
        .run = run,
};
