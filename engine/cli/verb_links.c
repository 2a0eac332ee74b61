/* verb_links.c - sandtable links: the traffic of every network card. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_links;

static char *count(const cJSON *item, const char *name)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, json_int(item, name, 0));
}

static char *size(gint64 bytes)
{
    return g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);
}

/* A machine that was started anew on a daemon counts from 0 again. */
static gint64 grown(const cJSON *now, const cJSON *before, const char *name)
{
    return MAX(0, json_int(now, name, 0) - json_int(before, name, 0));
}

/* Bytes a second since before; NULL without a time before. */
static char *rate(const cJSON *now, const cJSON *before, const char *name, double seconds)
{
    if (!before || seconds <= 0) {
        return g_strdup("-");
    }
    double bytes = (double)grown(now, before, name);
    g_autofree char *text = size((gint64)(bytes / seconds));
    return g_strconcat(text, "/s", NULL);
}

static void print_links(const cJSON *now, const cJSON *before)
{
    const char *const heads[] = {"MACHINE", "NETWORK", "ADDRESS", "LINK", "RECEIVED", "SENT",
            "PACKETS IN", "PACKETS OUT", before ? "IN NOW" : NULL, before ? "OUT NOW" : NULL};
    struct cli_table *table = cli_table_new(before ? "llllrrrrrr" : "llllrrrr", heads);
    double seconds = (double)(json_int(now, "wall_us", 0) - json_int(before, "wall_us", 0)) / 1e6;
    const cJSON *item = NULL;
    const cJSON *old = before ? json_array(before, "links")->child : NULL;
    cJSON_ArrayForEach(item, json_array(now, "links"))
    {
        g_autofree char *rx = size(json_int(item, "rx_bytes", 0));
        g_autofree char *tx = size(json_int(item, "tx_bytes", 0));
        g_autofree char *in = count(item, "rx_packets");
        g_autofree char *out = count(item, "tx_packets");
        g_autofree char *rx_now = rate(item, old, "rx_bytes", seconds);
        g_autofree char *tx_now = rate(item, old, "tx_bytes", seconds);
        const char *const cells[] = {json_string(item, "machine", ""),
                json_string(item, "network", ""), json_string(item, "address", ""),
                json_bool(item, "up", false) ? "up" : "down", rx, tx, in, out, rx_now, tx_now};
        cli_table_add(table, cells);
        old = old ? old->next : NULL;
    }
    cli_table_print(table);
}

/* The same in JSON: "over_us", and of each link what it had in that time. */
static void add_rates(cJSON *now, const cJSON *before)
{
    static const char *const counters[] = {"rx_bytes", "tx_bytes", "rx_packets", "tx_packets"};
    const cJSON *old = json_array(before, "links")->child;
    cJSON *item = NULL;
    json_add_int(now, "over_us", json_int(now, "wall_us", 0) - json_int(before, "wall_us", 0));
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(now, "links"))
    {
        cJSON *over = cJSON_AddObjectToObject(item, "over");
        for (gsize i = 0; old && i < G_N_ELEMENTS(counters); i++) {
            json_add_int(over, counters[i], grown(item, old, counters[i]));
        }
        old = old ? old->next : NULL;
    }
}

static cJSON *ask(struct control_client *client, GError **error)
{
    cJSON *links = control_client_call(client, "links", NULL, CLI_CALL_MS, error);
    if (links && !json_array(links, "links")) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL, "the engine gave no links");
        cJSON_Delete(links);
        return NULL;
    }
    return links;
}

static bool show(struct control_client *client, int over_s, bool json, GError **error)
{
    auto_json before = NULL;
    if (over_s > 0) {
        before = ask(client, error);
        if (!before) {
            return false;
        }
        g_usleep((gulong)over_s * G_USEC_PER_SEC);
    }
    cJSON *now = ask(client, error);
    if (!now) {
        return false;
    }
    if (json) {
        if (before) {
            add_rates(now, before);
        }
        cli_print_json(now);
        return true;
    }
    print_links(now, before);
    cJSON_Delete(now);
    return true;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    int over_s = 0;
    const GOptionEntry entries[] = {
            {"over", 0, 0, G_OPTION_ARG_INT, &over_s, "and how much a second, over S seconds", "S"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_links, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (over_s < 0 || over_s > 3600) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--over is 0 to 3600");
        return 2;
    }
    struct control_client *client = cli_connect(argc > 1 ? argv[1] : NULL, error);
    bool ok = client && show(client, over_s, json, error);
    control_client_close(client);
    return ok ? 0 : 1;
}

const struct verb verb_links = {
        .name = "links",
        .usage = "links [NAME] [--over S] [--json]",
        .summary = "show the traffic of every network card",
        .order = 24,
        .run = run,
};
