/* verb_rescore.c - sandtable rescore: other rules over the same ledger, and what they change. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "cli/standings.h"
#include "score/custom.h"
#include "score/score.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

extern const struct verb verb_rescore;

/* custom,from=FILE: read before the account is changed, by whoever asks. */
static bool add_code(cJSON *model, GError **error)
{
    const char *from = json_string(model, "from", NULL);
    if (strcmp(json_string(model, "model", ""), "custom") != 0 || !from) {
        return true;
    }
    g_autofree char *code = NULL;
    gsize length = 0;
    GStatBuf st;
    bool fits =
            g_stat(from, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= SCORE_CUSTOM_CODE_MAX;
    if (!fits || !g_file_get_contents(from, &code, &length, NULL) ||
            !g_utf8_validate(code, (gssize)length, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--model custom: %s is no text of at most 64 KiB", from);
        return false;
    }
    g_autofree char *name = g_path_get_basename(from);
    cJSON_ReplaceItemInObjectCaseSensitive(model, "from", cJSON_CreateString(name));
    cJSON_AddStringToObject(model, "code", code);
    return true;
}

/* "forcad,hardness=12,inflation=0" → {"model":"forcad","hardness":12,"inflation":0} */
static cJSON *parse_model(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    cJSON *model = cJSON_CreateObject();
    cJSON_AddStringToObject(model, "model", parts[0] ? parts[0] : "");
    for (int i = 1; parts[0] && parts[i]; i++) {
        char *equals = strchr(parts[i], '=');
        if (!equals || equals == parts[i]) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "--model %s: \"%s\" is no SETTING=VALUE", text, parts[i]);
            cJSON_Delete(model);
            return NULL;
        }
        *equals = '\0';
        char *end = NULL;
        double number = g_ascii_strtod(equals + 1, &end);
        if (end != equals + 1 && !*end) {
            cJSON_AddNumberToObject(model, parts[i], number);
        } else {
            cJSON_AddStringToObject(model, parts[i], equals + 1);
        }
    }
    if (!add_code(model, error)) {
        cJSON_Delete(model);
        return NULL;
    }
    return model;
}

static cJSON *parse_models(char **texts, GError **error)
{
    cJSON *models = cJSON_CreateArray();
    for (int i = 0; texts[i]; i++) {
        cJSON *model = parse_model(texts[i], error);
        if (!model) {
            cJSON_Delete(models);
            return NULL;
        }
        cJSON_AddItemToArray(models, model);
    }
    g_autoptr(GError) wrong = NULL;
    if (!score_check(models, &wrong)) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, wrong->message);
        cJSON_Delete(models);
        return NULL;
    }
    return models;
}

static bool fold(const struct event *event, gpointer data)
{
    struct score *const *scores = data;
    score_apply(scores[0], event);
    score_apply(scores[1], event);
    return true;
}

/* ---- what changes -------------------------------------------------------------------------- */

static const cJSON *team_of(const cJSON *score, const char *id)
{
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        if (!strcmp(json_string(team, "team", ""), id)) {
            return team;
        }
    }
    return NULL;
}

struct change { /* of one term */
    gint64 seq;
    double points;
};

struct changes {
    GHashTable *teams; /* id → GArray of struct change */
    double sign;       /* −1: of the terms that were */
};

static void free_array(gpointer array)
{
    g_array_unref(array);
}

static GArray *changes_of(GHashTable *teams, const char *team)
{
    GArray *changes = g_hash_table_lookup(teams, team);
    if (!changes) {
        changes = g_array_new(FALSE, FALSE, sizeof(struct change));
        g_hash_table_insert(teams, g_strdup(team), changes);
    }
    return changes;
}

static void take_term(const struct score_term *term, gpointer data)
{
    const struct changes *changes = data;
    struct change change = {.seq = term->seq, .points = changes->sign * term->points};
    g_array_append_val(changes_of(changes->teams, term->team), change);
}

static int by_seq(gconstpointer a, gconstpointer b)
{
    const struct change *x = a;
    const struct change *y = b;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* The sum of each event's terms, where it is another. */
static cJSON *events_of(GArray *changes)
{
    g_array_sort(changes, by_seq); /* stable: what was before what is */
    cJSON *events = cJSON_CreateArray();
    for (guint i = 0; i < changes->len;) {
        gint64 seq = g_array_index(changes, struct change, i).seq;
        double sum = 0;
        for (; i < changes->len && g_array_index(changes, struct change, i).seq == seq; i++) {
            sum += g_array_index(changes, struct change, i).points;
        }
        if (sum != 0) {
            cJSON *event = cJSON_CreateObject();
            json_add_int(event, "seq", seq);
            cJSON_AddNumberToObject(event, "points", sum);
            cJSON_AddItemToArray(events, event);
        }
    }
    return events;
}

static cJSON *diff_of(const cJSON *was, const cJSON *is, GHashTable *changes)
{
    cJSON *diff = cJSON_CreateArray();
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(is, "teams"))
    {
        const cJSON *before = team_of(was, json_string(team, "team", ""));
        double points = json_number(team, "total", 0) - json_number(before, "total", 0);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "team", json_string(team, "team", ""));
        json_add_int(item, "rank_was", json_int(before, "rank", 0));
        json_add_int(item, "rank", json_int(team, "rank", 0));
        cJSON_AddNumberToObject(item, "was", json_number(before, "total", 0));
        cJSON_AddNumberToObject(item, "is", json_number(team, "total", 0));
        cJSON_AddNumberToObject(item, "points", points);
        cJSON_AddItemToObject(
                item, "events", events_of(changes_of(changes, json_string(team, "team", ""))));
        cJSON_AddItemToArray(diff, item);
    }
    return diff;
}

static void print_diff(const cJSON *diff)
{
    const char *const heads[] = {"RANK", "WAS", "TEAM", "TOTAL", "WAS", "CHANGE", "EVENTS"};
    struct cli_table *table = cli_table_new("rrlrrrr", heads);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff)
    {
        g_autofree char *rank = g_strdup_printf("%d", (int)json_int(team, "rank", 0));
        g_autofree char *rank_was = g_strdup_printf("%d", (int)json_int(team, "rank_was", 0));
        g_autofree char *is = g_strdup_printf("%.10g", json_number(team, "is", 0));
        g_autofree char *was = g_strdup_printf("%.10g", json_number(team, "was", 0));
        g_autofree char *change = g_strdup_printf("%+.10g", json_number(team, "points", 0));
        g_autofree char *events =
                g_strdup_printf("%d", cJSON_GetArraySize(json_array(team, "events")));
        const char *const cells[] = {
                rank, rank_was, json_string(team, "team", ""), is, was, change, events};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}

/* Each event that counts otherwise; all of its terms together. */
static void print_events(const cJSON *diff)
{
    const char *const heads[] = {"TEAM", "EVENT", "CHANGE"};
    struct cli_table *table = cli_table_new("lrr", heads);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff)
    {
        const cJSON *event = NULL;
        cJSON_ArrayForEach(event, json_array(team, "events"))
        {
            g_autofree char *seq = g_strdup_printf("%" G_GINT64_FORMAT, json_int(event, "seq", 0));
            g_autofree char *change = g_strdup_printf("%+.10g", json_number(event, "points", 0));
            const char *const cells[] = {json_string(team, "team", ""), seq, change};
            cli_table_add(table, cells);
        }
    }
    putchar('\n');
    cli_table_print(table);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int print_models(bool json)
{
    auto_json models = score_models_to_json();
    if (json) {
        cli_print_json(g_steal_pointer(&models));
        return 0;
    }
    const cJSON *model = NULL;
    cJSON_ArrayForEach(model, models)
    {
        printf("%s\n    %s\n", json_string(model, "model", ""), json_string(model, "summary", ""));
        const cJSON *setting = NULL;
        cJSON_ArrayForEach(setting, json_array(model, "settings"))
        {
            printf("    %s = %g (%g to %g)\n", json_string(setting, "name", ""),
                    json_number(setting, "usual", 0), json_number(setting, "minimum", 0),
                    json_number(setting, "maximum", 0));
        }
        const char *choice = json_string(model, "choice", NULL);
        g_auto(GStrv) words = choice ? json_to_strv(json_array(model, "words")) : NULL;
        g_autofree char *all = words ? g_strjoinv(", ", words) : NULL;
        if (all) {
            printf("    %s = one of %s\n", choice, all);
        }
    }
    return 0;
}

struct shown {
    gboolean json, explain;
};

static int compare(const struct cli_target *target, const cJSON *models, const struct shown *shown,
        GError **error)
{
    struct score *scores[2] = {score_new(), score_new()};
    bool ok = (!models || score_use(scores[1], models, error)) &&
              cli_read_ledger(target->ledger, 1, fold, scores, error);
    if (ok && score_failure(scores[1])) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "there is no score: %s",
                score_failure(scores[1]));
        ok = false;
    }
    if (ok) {
        if (score_failure(scores[0])) {
            cli_say("the exercise's own models gave no score: %s", score_failure(scores[0]));
        }
        auto_json was = score_to_json(scores[0], false);
        cJSON *is = score_to_json(scores[1], shown->json);
        struct changes changes = {
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array), -1};
        score_explain(scores[0], take_term, &changes);
        changes.sign = 1;
        score_explain(scores[1], take_term, &changes);
        cJSON *diff = diff_of(was, is, changes.teams);
        g_hash_table_unref(changes.teams);
        if (shown->json) {
            cJSON_AddItemToObject(is, "diff", diff);
            cli_print_json(is);
        } else {
            standings_print(is);
            putchar('\n');
            print_diff(diff);
            if (shown->explain) {
                print_events(diff);
            }
            cJSON_Delete(diff);
            cJSON_Delete(is);
        }
    }
    score_free(scores[0]);
    score_free(scores[1]);
    return ok ? 0 : sandtable_exit_code(*error);
}

static int run(int argc, char **argv, GError **error)
{
    struct shown shown = {0};
    gboolean list = FALSE;
    g_auto(GStrv) texts = NULL;
    const GOptionEntry entries[] = {
            {"model", 0, 0, G_OPTION_ARG_STRING_ARRAY, &texts,
                    "count by this model; may be given several times", "NAME[,SETTING=VALUE…]"},
            {"models", 0, 0, G_OPTION_ARG_NONE, &list, "list the models and their settings", NULL},
            {"explain", 0, 0, G_OPTION_ARG_NONE, &shown.explain,
                    "also each event that counts otherwise", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &shown.json, "one JSON document, explained", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_rescore, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (list) {
        return print_models(shown.json);
    }
    auto_json models = texts ? parse_models(texts, error) : NULL;
    struct cli_target target = {0};
    if ((texts && !models) || !cli_target_account(argc, argv, error) ||
            !cli_target(argc > 1 ? argv[1] : NULL, &target, error)) {
        return sandtable_exit_code(*error);
    }
    int code = compare(&target, models, &shown, error);
    cli_target_clear(&target);
    return code;
}

const struct verb verb_rescore = {
        .name = "rescore",
        .usage = "rescore [NAME|LEDGER] [--model NAME[,SETTING=VALUE…]]… [--models] [--explain] "
                 "[--json]",
        .summary = "count a ledger's points by other models, and show what changes",
        .order = 51,
        .keeps_root = true,
        .run = run,
};
