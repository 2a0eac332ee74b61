/* verb_impair.c - sandtable impair: links made worse, made well again, and how they really are. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "plan/plan_impair.h"

#include <stdio.h>
#include <string.h>

extern const struct verb verb_impair;

/* ---- showing ------------------------------------------------------------------------------- */

static char *seconds_text(const cJSON *json, const char *name)
{
    return g_strdup_printf("%.4gms", json_number(json, name, 0) / 1000);
}

/* "delay 40.1ms ± 4.9ms, loss 1.9 % (0.9 to 3.6), rate 4.98 Mbit/s": what was asked, and whatever
 * else happened. */
static char *achieved_text(const cJSON *achieved, const cJSON *asked)
{
    static const char *const shares[] = {"loss", "duplicate", "reorder", "corrupt"};
    GString *text = g_string_new(NULL);
    if (json_int(asked, "delay_us", 0) || json_int(achieved, "delay_us", 0) >= 1000) {
        g_autofree char *delay = seconds_text(achieved, "delay_us");
        g_string_append_printf(text, "delay %s", delay);
    }
    if (json_int(asked, "jitter_us", 0)) {
        g_autofree char *jitter = seconds_text(achieved, "jitter_us");
        g_string_append_printf(text, " ± %s", jitter);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(shares); i++) {
        g_autofree char *name = g_strconcat(shares[i], "_ppm", NULL);
        g_autofree char *low = g_strconcat(name, "_low", NULL);
        g_autofree char *high = g_strconcat(name, "_high", NULL);
        if (json_int(asked, name, 0) || json_int(achieved, name, 0)) {
            g_string_append_printf(text, "%s%s %.3g %% (%.2g to %.2g)", text->len ? ", " : "",
                    shares[i], json_number(achieved, name, 0) / 1e4,
                    json_number(achieved, low, 0) / 1e4, json_number(achieved, high, 0) / 1e4);
        }
    }
    if (json_number(achieved, "rate_bps", 0) > 0) {
        g_autofree char *rate = plan_rate_text(json_number(achieved, "rate_bps", 0));
        g_string_append_printf(text, "%srate %s", text->len ? ", " : "", rate);
    }
    return g_string_free(text, FALSE);
}

static void add_direction(struct cli_table *table, const cJSON *link, const char *name)
{
    const cJSON *direction = json_object(link, name);
    struct plan_impairment asked;
    if (!direction || !plan_impairment_from_json(json_object(direction, "asked"), &asked)) {
        return;
    }
    g_autofree char *want = plan_impairment_text(&asked);
    g_autofree char *got =
            achieved_text(json_object(direction, "achieved"), json_object(direction, "asked"));
    g_autofree char *since = text_clock(json_int(link, "since_us", 0));
    bool failed = !strcmp(json_string(link, "state", ""), "failed");
    const char *state = failed ? "FAILED" : json_string(direction, "verdict", "");
    const char *const cells[] = {json_string(link, "link", ""), name, since, want, state, got};
    cli_table_add(table, cells);
}

static void add_down(struct cli_table *table, const cJSON *link)
{
    g_autofree char *since = text_clock(json_int(link, "since_us", 0));
    const char *const cells[] = {json_string(link, "link", ""), "both", since, "down",
            json_string(link, "state", ""), ""};
    cli_table_add(table, cells);
}

static int show(const char *name, bool json, GError **error)
{
    cJSON *result = cli_call(name, "impairments", NULL, error);
    if (!result) {
        return 1;
    }
    if (json) {
        cli_print_json(result);
        return 0;
    }
    const char *const heads[] = {"LINK", "WAY", "SINCE", "ASKED", "VERDICT", "ACHIEVED"};
    struct cli_table *table = cli_table_new("llllll", heads);
    const cJSON *link = NULL;
    cJSON_ArrayForEach(link, json_array(result, "impairments"))
    {
        if (json_bool(link, "down", false)) {
            add_down(table, link);
        }
        add_direction(table, link, "in");
        add_direction(table, link, "out");
    }
    cli_table_print(table);
    cJSON_ArrayForEach(link, json_array(result, "impairments"))
    {
        const char *problem = json_string(link, "problem", NULL);
        if (problem) {
            g_autofree char *clean = text_clean_tail(problem, strlen(problem), 1024);
            printf("%s: %s\n", json_string(link, "link", ""), clean);
        }
    }
    cJSON_Delete(result);
    return 0;
}

/* ---- asking -------------------------------------------------------------------------------- */

/* MACHINE[:NETWORK] */
static void add_link(cJSON *params, const char *text)
{
    const char *colon = strchr(text, ':');
    g_autofree char *machine = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    cJSON_AddStringToObject(params, "machine", machine);
    if (colon) {
        cJSON_AddStringToObject(params, "network", colon + 1);
    }
}

/* NAME=VALUE, or down. What the values may be says the engine. */
static bool add_word(cJSON *params, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    if (!strcmp(word, "down")) {
        cJSON_AddTrueToObject(params, "down");
        return true;
    }
    g_autofree char *key = equals ? g_strndup(word, (gsize)(equals - word)) : NULL;
    struct plan_impairment ignored = {0};
    guint mask = 0;
    if (key && !strcmp(key, "direction")) {
        if (!plan_direction_parse(equals + 1, &mask)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "\"%s\": expected direction=in, direction=out or direction=both", word);
            return false;
        }
    } else if (!key || !plan_impairment_set(&ignored, key, equals + 1, error)) {
        if (!key) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "\"%s\": expected NAME=VALUE such as delay=40ms, or down, or clear", word);
        }
        return false;
    }
    cJSON_AddStringToObject(params, key, equals + 1);
    return true;
}

static bool ask(const char *name, const char *link, char **words, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    bool clear = !strcmp(link, "clear") || (words[0] && !strcmp(words[0], "clear") && !words[1]);
    bool ok = true;
    if (strcmp(link, "clear") != 0) {
        add_link(params, link);
    }
    for (int i = 0; ok && !clear && words[i]; i++) {
        ok = add_word(params, words[i], error);
    }
    if (!ok) {
        cJSON_Delete(params);
        return false;
    }
    cJSON *result = cli_call(name, clear ? "clear" : "impair", params, error);
    cJSON_Delete(result);
    return result != NULL;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    gboolean list = FALSE;
    const GOptionEntry entries[] = {
            {"list", 'l', 0, G_OPTION_ARG_NONE, &list, "show what is asked and achieved", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_impair, entries, &argc, &argv, 1, 12, error)) {
        return 2;
    }
    bool asks = argc > 2;
    bool all = asks && !strcmp(argv[2], "clear"); /* every link: not what "clear web" means */
    if (asks && (list || (argc == 3) != all)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s; usage: sandtable %s",
                list  ? "--list takes the exercise's name only"
                : all ? "the link comes before clear"
                      : "what shall the link do?",
                verb_impair.usage);
        return 2;
    }
    if (asks && !ask(argv[1], argv[2], argv + 3, error)) {
        return 1;
    }
    return asks && !json ? 0 : show(argv[1], json, error);
}

const struct verb verb_impair = {
        .name = "impair",
        .usage = "impair NAME [MACHINE[:NETWORK] NAME=VALUE…|down|clear] [--list] [--json]",
        .summary = "make a link slow, lossy or dead, clear it, show what is achieved",
        .order = 34,
        .run = run,
};
