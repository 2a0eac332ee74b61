/* verb_status.c - sandtable status: machines, services and injects of an exercise. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_status;

static void print_head(const cJSON *status)
{
    g_autofree char *at = text_clock(json_int(status, "at_us", 0));
    g_autofree char *of = text_clock(json_int(status, "duration_us", 0));
    g_autofree char *title = text_clean_tail(
            json_string(status, "title", ""), strlen(json_string(status, "title", "")), 200);
    bool runs_on = json_bool(status, "clock_only", false);
    const char *interrupted = json_bool(status, "interrupted", false) ? "interrupted, was " : "";
    printf("%s: %s\n%s%s%s, %s of %s, %s, event %" G_GINT64_FORMAT "\n%s\n",
            json_string(status, "name", ""), title, interrupted, json_string(status, "state", ""),
            runs_on ? " (clock only)" : "", at, of, json_string(status, "accel", ""),
            json_int(status, "seq", 0), json_string(status, "ledger", ""));
}

static char *seconds(const cJSON *item, const char *name)
{
    gint64 ms = json_int(item, name, -1);
    return ms < 0 ? g_strdup("-") : g_strdup_printf("%.1f s", (double)ms / 1000);
}

/* A machine that woke says so: it was not booted. */
static char *ready_after(const cJSON *machine)
{
    g_autofree char *after = seconds(machine, "ready_ms");
    return strcmp(json_string(machine, "way", ""), "warm") ? g_steal_pointer(&after)
                                                           : g_strconcat("warm ", after, NULL);
}

static void print_machines(const cJSON *status)
{
    const char *const heads[] = {"MACHINE", "STATE", "TEAM", "IMAGE", "READY AFTER", ""};
    struct cli_table *table = cli_table_new("llllrl", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "machines"))
    {
        g_autofree char *ready = ready_after(item);
        const char *const cells[] = {json_string(item, "id", ""), json_string(item, "state", ""),
                json_string(item, "team", ""), json_string(item, "image", ""), ready,
                json_string(item, "reason", "")};
        cli_table_add(table, cells);
    }
    putchar('\n');
    cli_table_print(table);
}

static void print_services(const cJSON *status)
{
    const char *const heads[] = {"TEAM", "SERVICE", "STATUS", "PASSED", "FAILED", "LAST SEEN"};
    struct cli_table *table = cli_table_new("lllrrl", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "services"))
    {
        g_autofree char *passed = g_strdup_printf("%d", (int)json_int(item, "passed", 0));
        g_autofree char *failed = g_strdup_printf("%d", (int)json_int(item, "failed", 0));
        const char *const cells[] = {json_string(item, "team", ""),
                json_string(item, "service", ""), json_string(item, "status", ""), passed, failed,
                json_string(item, "detail", "")};
        cli_table_add(table, cells);
    }
    putchar('\n');
    cli_table_print(table);
}

static void print_injects(const cJSON *status)
{
    const char *const heads[] = {"AT", "INJECT", "STATE", ""};
    struct cli_table *table = cli_table_new("llll", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "injects"))
    {
        gint64 at_us = json_int(item, "at_us", 0);
        g_autofree char *at = at_us < 0 ? g_strdup("off list") : text_clock(at_us);
        const char *const cells[] = {at, json_string(item, "id", ""),
                json_string(item, "state", ""), json_string(item, "title", "")};
        cli_table_add(table, cells);
    }
    putchar('\n');
    cli_table_print(table);
}

static void print_links(const cJSON *status)
{
    int links = cJSON_GetArraySize(json_array(status, "impairments"));
    if (links > 0) {
        printf("\n%d %s impaired: sandtable impair %s\n", links,
                links == 1 ? "link is" : "links are", json_string(status, "name", ""));
    }
}

static void print_captures(const cJSON *status)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "captures"))
    {
        gint64 dropped = json_int(item, "dropped", 0);
        g_autofree char *size =
                g_format_size_full((guint64)json_int(item, "bytes", 0), G_FORMAT_SIZE_IEC_UNITS);
        printf("\ncapture of %s is %s: %" G_GINT64_FORMAT " packets, %s",
                json_string(item, "network", ""), json_string(item, "state", ""),
                json_int(item, "packets", 0), size);
        if (dropped > 0) {
            printf(", %" G_GINT64_FORMAT " dropped", dropped);
        }
        putchar('\n');
    }
}

static void print_alarms(const cJSON *status)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "alarms"))
    {
        const char *text = json_string(item, "text", "");
        g_autofree char *clean = text_clean_tail(text, strlen(text), 1024);
        g_strdelimit(clean, "\n\t", ' ');
        printf("\nALARM %s %s: %s\n", json_string(item, "alarm", ""),
                json_string(item, "subject", ""), clean);
    }
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    if (!cli_parse(&verb_status, entries, &argc, &argv, 0, 1, error) ||
            !cli_target_account(argc, argv, error) ||
            !cli_target(argc > 1 ? argv[1] : NULL, &target, error)) {
        return 1;
    }
    cJSON *status = cli_read_status(&target, error);
    cli_target_clear(&target);
    if (!status) {
        return 1;
    }
    if (json) {
        cli_print_json(status);
        return 0;
    }
    print_head(status);
    print_machines(status);
    print_services(status);
    print_injects(status);
    print_links(status);
    print_captures(status);
    print_alarms(status);
    cli_say_interrupted(status);
    cJSON_Delete(status);
    return 0;
}

const struct verb verb_status = {
        .name = "status",
        .usage = "status [NAME|LEDGER] [--json]",
        .summary = "show machines, services and injects of an exercise",
        .order = 21,
        .keeps_root = true,
        .run = run,
};
