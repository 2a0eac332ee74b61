/* verb_rescore.c - sandtable rescore: other rules over the same ledger, and what they change. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "cli/standings.h"
#include "cli/term_spool.h"
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

static void take_change(struct changes *changes, const struct score_term *term)
{
    struct change change = {.seq = term->seq, .points = changes->sign * term->points};
    g_array_append_val(changes_of(changes->teams, term->team), change);
}

static int by_seq(gconstpointer a, gconstpointer b)
{
    const struct change *x = a;
    const struct change *y = b;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* The sum of each event's terms, where it is another, in place of the terms. */
static GArray *events_of(const struct changes *changes, const char *team)
{
    GArray *list = changes_of(changes->teams, team);
    guint n = 0;
    g_array_sort(list, by_seq); /* stable: what was before what is */
    for (guint i = 0; i < list->len;) {
        struct change sum = {.seq = g_array_index(list, struct change, i).seq};
        for (; i < list->len && g_array_index(list, struct change, i).seq == sum.seq; i++) {
            sum.points += g_array_index(list, struct change, i).points;
        }
        if (sum.points != 0) {
            g_array_index(list, struct change, n++) = sum;
        }
    }
    g_array_set_size(list, n);
    return list;
}

/* Without the events. */
static cJSON *diff_of(const cJSON *was, const cJSON *is)
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
        cJSON_AddItemToArray(diff, item);
    }
    return diff;
}

static void print_diff(const cJSON *diff, const struct changes *changes)
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
        const char *id = json_string(team, "team", "");
        g_autofree char *events = g_strdup_printf("%u", events_of(changes, id)->len);
        const char *const cells[] = {rank, rank_was, id, is, was, change, events};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}

/* Each event that counts otherwise; all of its terms together. */
static void print_events(const cJSON *diff, const struct changes *changes)
{
    const char *const heads[] = {"TEAM", "EVENT", "CHANGE"};
    struct cli_table *table = cli_table_new("lrr", heads);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff)
    {
        const char *id = json_string(team, "team", "");
        const GArray *events = events_of(changes, id);
        for (guint i = 0; i < events->len; i++) {
            const struct change *event = &g_array_index(events, struct change, i);
            g_autofree char *seq = g_strdup_printf("%" G_GINT64_FORMAT, event->seq);
            g_autofree char *change = g_strdup_printf("%+.10g", event->points);
            const char *const cells[] = {id, seq, change};
            cli_table_add(table, cells);
        }
    }
    putchar('\n');
    cli_table_print(table);
}

/* ---- the same as one JSON document, of which no tree would fit ------------------------------- */

/* An object that stays open: more members follow. */
static void print_open(const cJSON *object)
{
    g_autofree char *text = json_text(object);
    gsize length = strlen(text);
    (void)fwrite(text, 1, length - 1, stdout); /* all but the brace */
    fputs(length > 2 ? "," : "", stdout);
}

static bool print_teams(const cJSON *teams, struct term_spool *spool, GError **error)
{
    const cJSON *team = NULL;
    bool ok = true;
    cJSON_ArrayForEach(team, teams)
    {
        fputs(team == teams->child ? "" : ",", stdout);
        print_open(team);
        fputs("\"explain\":", stdout);
        ok = ok && term_spool_print(spool, json_string(team, "team", ""), stdout, error);
        putchar('}');
    }
    return ok;
}

static void print_changes(const cJSON *diff, const struct changes *changes)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff)
    {
        fputs(team == diff->child ? "" : ",", stdout);
        print_open(team);
        fputs("\"events\":[", stdout);
        const GArray *events = events_of(changes, json_string(team, "team", ""));
        for (guint i = 0; i < events->len; i++) {
            const struct change *event = &g_array_index(events, struct change, i);
            g_string_assign(line, i ? ",{\"seq\":" : "{\"seq\":");
            json_append_number(line, (double)event->seq);
            g_string_append(line, ",\"points\":");
            json_append_number(line, event->points);
            g_string_append_c(line, '}');
            fputs(line->str, stdout);
        }
        fputs("]}", stdout);
    }
}

static bool print_document(const cJSON *is, const cJSON *diff, const struct changes *changes,
        struct term_spool *spool, GError **error)
{
    bool ok = true;
    putchar('{');
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, is)
    {
        printf("\"%s\":", member->string);
        if (!strcmp(member->string, "teams")) {
            putchar('[');
            ok = print_teams(member, spool, error);
            putchar(']');
        } else {
            g_autofree char *text = json_text(member);
            fputs(text, stdout);
        }
        putchar(',');
    }
    fputs("\"diff\":[", stdout);
    print_changes(diff, changes);
    puts("]}");
    return ok;
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
        if (json_string(model, "tie", NULL)) {
            printf("    of equal totals the lesser %s first\n", json_string(model, "tie", ""));
        }
    }
    return 0;
}

struct shown {
    gboolean json, explain;
};

struct reading {
    const char *ledger;
    struct score *score;
    struct changes *changes;
    struct term_spool *spool; /* NULL: what explains the totals is not shown */
    gint64 last;              /* event, 0: whatever there is */
    score_take_fn take;
    gpointer to;
};

static bool take_event(const struct event *event, gpointer data)
{
    const struct reading *reading = data;
    return (reading->last == 0 || event->seq <= reading->last) && reading->take(event, reading->to);
}

static bool read_events(gpointer data, score_take_fn take, gpointer to, GError **error)
{
    struct reading *reading = data;
    reading->take = take;
    reading->to = to;
    return cli_fold_ledger(reading->ledger, take_event, reading, error);
}

static bool fold(const struct event *event, gpointer data)
{
    score_apply(data, event);
    return true;
}

static void take_term(const struct score_term *term, gpointer data)
{
    const struct reading *reading = data;
    take_change(reading->changes, term);
    if (reading->spool) {
        term_spool_add(reading->spool, term);
    }
}

/* One after the other, so that only one set of facts is held. False: the ledger cannot be read. */
static bool read_score(struct reading *reading, GError **error)
{
    struct score *score = reading->score;
    score_wait(score);
    score_read_again(score, read_events, reading);
    if (!reading->spool) {
        score_without_why(score); /* nobody is told */
    }
    if (!read_events(reading, fold, score, error)) {
        return false;
    }
    (void)score_run(score, take_term, reading);
    return true;
}

/* What was: its board, and the number of the last event. Its terms go into changes. */
static cJSON *read_own(
        const char *ledger, struct changes *changes, gint64 *ret_last, GError **error)
{
    struct reading reading = {.ledger = ledger, .score = score_new(), .changes = changes};
    cJSON *was = NULL;
    if (read_score(&reading, error)) {
        if (score_failure(reading.score)) {
            cli_say("the exercise's own models gave no score: %s", score_failure(reading.score));
            g_hash_table_remove_all(changes->teams);
        }
        was = score_to_json(reading.score, false);
        *ret_last = json_int(was, "seq", 0);
    }
    score_free(reading.score);
    return was;
}

/* What is, by models. */
static cJSON *read_other(struct reading *reading, const cJSON *models, GError **error)
{
    reading->score = score_new();
    cJSON *is = NULL;
    if ((!models || score_use(reading->score, models, error)) && read_score(reading, error)) {
        if (score_failure(reading->score)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "there is no score: %s",
                    score_failure(reading->score));
        } else {
            is = score_to_json(reading->score, false);
        }
    }
    score_free(reading->score);
    return is;
}

static bool compare(const struct cli_target *target, const cJSON *models, const struct shown *shown,
        GError **error)
{
    struct changes changes = {
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array), -1};
    struct term_spool *spool = shown->json ? term_spool_new() : NULL;
    struct reading reading = {.ledger = target->ledger, .changes = &changes, .spool = spool};
    auto_json was = read_own(target->ledger, &changes, &reading.last, error);
    changes.sign = 1;
    auto_json is = was ? read_other(&reading, models, error) : NULL;
    auto_json diff = diff_of(was, is);
    bool ok = is != NULL;
    if (is && shown->json) {
        ok = print_document(is, diff, &changes, spool, error);
    } else if (is) {
        standings_print(is);
        putchar('\n');
        print_diff(diff, &changes);
        if (shown->explain) {
            print_events(diff, &changes);
        }
    }
    term_spool_free(spool);
    g_hash_table_unref(changes.teams);
    return ok;
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
    bool ok = cli_read_verified(target.ledger, "score", error) &&
              compare(&target, models, &shown, error);
    cli_target_clear(&target);
    return ok ? 0 : sandtable_exit_code(*error);
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
