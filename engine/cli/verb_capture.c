/* verb_capture.c - sandtable capture: the packets of an exercise's networks. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_capture.h"
#include "cli/cli_output.h"
#include "plan/plan.h"

#include <string.h>

extern const struct verb verb_capture;

#define MARGIN_US (2 * G_USEC_PER_SEC)

struct arguments {
    gboolean json;
    char *step, *team, *network, *last, *margin, *output;
};

/* ---- list ---------------------------------------------------------------------------------- */

static char *size_text(const cJSON *item, const char *name)
{
    return g_format_size_full((guint64)json_int(item, name, 0), G_FORMAT_SIZE_IEC_UNITS);
}

static void print_captures(const cJSON *captures)
{
    const char *const heads[] = {
            "NETWORK", "CAPTURE", "FILES", "PACKETS", "SIZE", "DROPPED", "FOLDER"};
    struct cli_table *table = cli_table_new("llrrrrl", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "captures"))
    {
        g_autofree char *files =
                g_strdup_printf("%d", cJSON_GetArraySize(json_array(item, "files")));
        g_autofree char *packets =
                g_strdup_printf("%" G_GINT64_FORMAT, json_int(item, "packets", 0));
        g_autofree char *size = size_text(item, "bytes");
        g_autofree char *dropped =
                g_strdup_printf("%" G_GINT64_FORMAT, json_int(item, "dropped", 0));
        const char *const cells[] = {json_string(item, "network", ""),
                json_string(item, "state", ""), files, packets, size, dropped,
                json_string(item, "folder", "")};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}

static void print_place(struct cli_table *table, const cJSON *step, const cJSON *place)
{
    g_autofree char *packets = g_strdup_printf("%" G_GINT64_FORMAT, json_int(place, "packets", 0));
    g_autofree char *took = g_strdup_printf(
            "%.1f s", (double)(json_int(step, "to_us", 0) - json_int(step, "from_us", 0)) / 1e6);
    const char *from = json_string(place, "from_file", "");
    const char *to = json_string(place, "to_file", "");
    g_autofree char *where = g_strdup_printf("%s+%" G_GINT64_FORMAT " … %s+%" G_GINT64_FORMAT, from,
            json_int(place, "from_offset", 0), strcmp(from, to) != 0 ? to : "",
            json_int(place, "to_offset", 0));
    const char *const cells[] = {json_string(step, "step", ""), json_string(step, "team", ""),
            json_string(step, "verdict", ""), took, json_string(place, "network", ""), packets,
            where};
    cli_table_add(table, cells);
}

static void print_steps(const cJSON *captures)
{
    const char *const heads[] = {
            "STEP", "TEAM", "VERDICT", "TOOK", "NETWORK", "PACKETS", "FROM FILE+OFFSET … TO"};
    struct cli_table *table = cli_table_new("lllrlrl", heads);
    const cJSON *step = NULL;
    cJSON_ArrayForEach(step, json_array(captures, "steps"))
    {
        const cJSON *place = NULL;
        cJSON_ArrayForEach(place, json_array(step, "places"))
        {
            print_place(table, step, place);
        }
    }
    putchar('\n');
    cli_table_print(table);
}

static bool list(const char *name, const struct arguments *arguments, GError **error)
{
    struct cli_target target = {0};
    cJSON *captures = cli_target(name, &target, error) ? cli_captures_read(&target, error) : NULL;
    cli_target_clear(&target);
    if (!captures) {
        return false;
    }
    if (arguments->json) {
        cli_print_json(captures);
        return true;
    }
    if (cJSON_GetArraySize(json_array(captures, "captures")) == 0) {
        cli_say("nothing is, or was, captured; `sandtable capture %s start NETWORK` begins, or "
                "capture = true of a network in the scenario",
                name);
    } else {
        print_captures(captures);
        print_steps(captures);
    }
    cJSON_Delete(captures);
    return true;
}

/* ---- start, stop --------------------------------------------------------------------------- */

static bool switch_to(const char *name, const char *network, bool on, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "network", network);
    cJSON_AddBoolToObject(params, "on", on);
    cJSON *result = cli_call(name, "capture", params, error);
    if (result) {
        cli_say("%s is %s captured", network, on ? "being" : "no longer");
    }
    cJSON_Delete(result);
    return result != NULL;
}

/* ---- save ---------------------------------------------------------------------------------- */

static bool read_duration(const char *option, const char *text, gint64 *ret_us, GError **error)
{
    if (text && !plan_duration_parse(text, ret_us)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%s: expected a time such as 5m or 90s, got \"%s\"", option, text);
        return false;
    }
    return true;
}

static bool save_to(const char *name, const struct cli_capture_wish *wish,
        struct cli_output *output, GError **error)
{
    struct cli_target target = {0};
    auto_json captures =
            cli_target(name, &target, error) ? cli_captures_read(&target, error) : NULL;
    cli_target_clear(&target);
    int fd = captures ? cli_output_begin(output, error) : -1;
    struct cli_capture_saved saved = {0};
    if (fd < 0 || !cli_capture_save(captures, wish, fd, output->path, &saved, error)) {
        return false;
    }
    cli_say("%s: %" G_GUINT64_FORMAT " packets of %u network%s", output->path, saved.packets,
            saved.networks, saved.networks == 1 ? "" : "s");
    return true;
}

static bool save(const char *name, const struct arguments *arguments, struct cli_output *output,
        GError **error)
{
    struct cli_capture_wish wish = {
            .step = arguments->step,
            .team = arguments->team,
            .network = arguments->network,
            .margin_us = MARGIN_US,
    };
    if (wish.step && arguments->last) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--step and --last are two ways to choose a time: take one");
        return false;
    }
    return read_duration("--last", arguments->last, &wish.last_us, error) &&
           read_duration("--margin", arguments->margin, &wish.margin_us, error) &&
           save_to(name, &wish, output, error);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static bool usage(GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "usage: sandtable %s",
            verb_capture.usage);
    return false;
}

/* argv: capture NAME [COMMAND [NETWORK]] */
static bool act(int argc, char **argv, const struct arguments *arguments, struct cli_output *output,
        GError **error)
{
    const char *command = argc > 2 ? argv[2] : "list";
    const char *network = argc > 3 ? argv[3] : NULL;
    bool starts = !strcmp(command, "start");
    if (starts || !strcmp(command, "stop")) {
        return network ? switch_to(argv[1], network, starts, error) : usage(error);
    }
    if (!strcmp(command, "list") && !network) {
        return list(argv[1], arguments, error);
    }
    if (!strcmp(command, "save") && !network && arguments->output) {
        return save(argv[1], arguments, output, error);
    }
    return usage(error);
}

static int run(int argc, char **argv, GError **error)
{
    struct arguments arguments = {0};
    const GOptionEntry entries[] = {
            {"step", 0, 0, G_OPTION_ARG_STRING, &arguments.step, "the packets of this step",
                    "STEP"},
            {"team", 't', 0, G_OPTION_ARG_STRING, &arguments.team, "against this team", "TEAM"},
            {"last", 0, 0, G_OPTION_ARG_STRING, &arguments.last, "the packets of the last T (5m)",
                    "T"},
            {"network", 0, 0, G_OPTION_ARG_STRING, &arguments.network, "of this network only",
                    "NETWORK"},
            {"margin", 0, 0, G_OPTION_ARG_STRING, &arguments.margin, "before and after a step (2s)",
                    "T"},
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &arguments.output,
                    "the file to write, - for standard output", "FILE"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_output output = {.fd = -1};
    /* argv[2] is a word, argv[3] a network: neither is a file */
    bool ok = cli_parse(&verb_capture, entries, &argc, &argv, 1, 3, error) &&
              (!arguments.output || cli_output_open(arguments.output, &output, error)) &&
              cli_target_account(2, argv, error) && act(argc, argv, &arguments, &output, error);
    cli_output_end(&output, ok);
    g_free(arguments.step);
    g_free(arguments.team);
    g_free(arguments.network);
    g_free(arguments.last);
    g_free(arguments.margin);
    g_free(arguments.output);
    return ok ? 0 : 1;
}

const struct verb verb_capture = {
        .name = "capture",
        .usage = "capture NAME [list] [--json] | start NETWORK | stop NETWORK | save [--step STEP] "
                 "[--team TEAM] [--last T] [--network NETWORK] [--margin T] -o FILE",
        .summary = "the packets of networks and of attack steps",
        .order = 36,
        .keeps_root = true,
        .run = run,
};
