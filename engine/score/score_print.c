/* score_print.c - standings as rows and as JSON. */
#include "score/score_internal.h"

#include "base/json.h"
#include "score/formula.h"

#include <string.h>

static int best_first(gconstpointer a, gconstpointer b)
{
    const struct score_line *x = a;
    const struct score_line *y = b;
    if (x->total != y->total) {
        return x->total > y->total ? -1 : 1;
    }
    if (x->tie != y->tie) {
        return x->tie < y->tie ? -1 : 1;
    }
    return strcmp(x->team, y->team);
}

static void add_up(
        const struct score *score, double *const *sums, guint team, struct score_line *line)
{
    int column = 0;
    for (guint i = 0; i < score->models->len; i++) {
        const struct score_model *model = g_ptr_array_index(score->models, i);
        double factor = score_factor(model);
        for (int part = 0; score_parts(model->choice)[part]; part++) {
            double points = sums[i][team * SCORE_PARTS_MAX + (guint)part] * factor;
            line->total += points;
            if (column < SCORE_COLUMNS_MAX) {
                line->columns[column++] = points;
            }
        }
    }
}

/* The model that breaks ties, NULL: none does. */
static struct score_model *tie_model(const struct score *score)
{
    for (guint i = 0; i < score->models->len; i++) {
        struct score_model *model = g_ptr_array_index(score->models, i);
        if (model->choice->family->tie_of) {
            return model;
        }
    }
    return NULL;
}

static void rank(GArray *lines, bool dense)
{
    g_autofree double *places = g_new0(double, lines->len + 1); /* one each for the same standing */
    g_autofree int *ranks = g_new0(int, lines->len + 1);
    for (guint i = 1; i < lines->len; i++) {
        const struct score_line *before = &g_array_index(lines, struct score_line, i - 1);
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        bool equal = before->total == line->total && before->tie == line->tie;
        places[i] = places[i - 1] - !equal;
    }
    formula_ranks(places, (int)lines->len, dense, ranks);
    for (guint i = 0; i < lines->len; i++) {
        g_array_index(lines, struct score_line, i).rank = ranks[i];
    }
}

GArray *score_standings(const struct score *score)
{
    GArray *lines = g_array_new(FALSE, TRUE, sizeof(struct score_line));
    if (score_failure(score)) {
        return lines;
    }
    double **sums = score_models_settled(score, score->models);
    struct score_model *tie = tie_model(score);
    for (guint i = 0; i < score->roster.teams->len; i++) {
        const struct score_team *team = g_ptr_array_index(score->roster.teams, i);
        if (team->reference) {
            continue;
        }
        struct score_line line = {.team = team->id, .title = team->title};
        add_up(score, sums, i, &line);
        line.tie = tie ? tie->choice->family->tie_of(tie, (int)i) : 0;
        g_array_append_val(lines, line);
    }
    g_array_sort(lines, best_first);
    rank(lines, tie && tie->choice->family->dense);
    g_strfreev((char **)sums); /* a vector of allocations, as strings are */
    return lines;
}

static cJSON *services_json(const struct score *score, int team)
{
    cJSON *services = cJSON_CreateArray();
    const struct score_team *of = g_ptr_array_index(score->roster.teams, (guint)team);
    for (guint i = 0; i < score->roster.services->len; i++) {
        const struct score_service *service = g_ptr_array_index(score->roster.services, i);
        const struct score_tally *counts = &g_array_index(
                score->tallies, struct score_tally, (guint)team * score->roster.services->len + i);
        if (strcmp(service->group, of->group) != 0) {
            continue;
        }
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "service", service->name);
        json_add_int(item, "passed", counts->passed);
        json_add_int(item, "failed", counts->failed);
        json_add_int(item, "faults", counts->faults);
        cJSON_AddItemToArray(services, item);
    }
    return services;
}

struct explained {
    const struct score *score;
    cJSON **lists; /* a team's array each */
};

static void add_term(const struct score_term *term, gpointer data)
{
    const struct explained *explained = data;
    int team = score_index(explained->score->roster.team_ids, term->team);
    cJSON *item = cJSON_CreateObject();
    json_add_int(item, "seq", term->seq);
    json_add_int(item, "at_us", term->at_us);
    cJSON_AddStringToObject(item, "model", term->model);
    cJSON_AddStringToObject(item, "part", term->part);
    cJSON_AddNumberToObject(item, "points", term->points);
    cJSON_AddStringToObject(item, "why", term->why);
    cJSON_AddItemToArray(explained->lists[team], item);
}

/* Every term, team by team: the models run anew with somebody listening. */
static cJSON **explain_all(const struct score *score)
{
    guint teams = score->roster.teams->len;
    struct explained explained = {.score = score, .lists = g_new0(cJSON *, teams + 1)};
    for (guint i = 0; i < teams; i++) {
        explained.lists[i] = cJSON_CreateArray();
    }
    score_explain(score, add_term, &explained);
    return explained.lists;
}

/* The text itself is in the ledger. */
static void add_custom(cJSON *item, const struct score_custom *custom)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, custom->code, -1);
    cJSON_AddStringToObject(item, "from", custom->from);
    cJSON_AddStringToObject(item, "sha256", digest);
    cJSON_AddItemToObject(item, "events", json_from_strv((const char *const *)custom->events));
    cJSON_AddItemToObject(item, "settings", cJSON_Duplicate(custom->settings, true));
}

static cJSON *models_json(const struct score *score)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < score->choices->len; i++) {
        const struct score_choice_of_model *choice =
                &g_array_index(score->choices, struct score_choice_of_model, i);
        const struct score_family *family = choice->family;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "model", family->name);
        cJSON_AddNumberToObject(item, "weight", choice->weight);
        if (choice->max > 0) {
            cJSON_AddNumberToObject(item, "max", choice->max);
        }
        for (int k = 0; family->params && family->params[k].name; k++) {
            cJSON_AddNumberToObject(item, family->params[k].name, choice->settings[k]);
        }
        if (family->choice) {
            cJSON_AddStringToObject(item, family->choice, family->words[choice->word]);
        }
        if (choice->custom) {
            add_custom(item, choice->custom);
        }
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *line_json(const struct score *score, const struct score_line *line)
{
    int team = score_index(score->roster.team_ids, line->team);
    const struct score_team *of = g_ptr_array_index(score->roster.teams, (guint)team);
    cJSON *item = cJSON_CreateObject();
    json_add_int(item, "rank", line->rank);
    cJSON_AddStringToObject(item, "team", line->team);
    cJSON_AddStringToObject(item, "title", line->title);
    cJSON_AddStringToObject(item, "role", of->role);
    cJSON_AddNumberToObject(item, "total", line->total);
    if (tie_model(score)) {
        cJSON_AddNumberToObject(item, "tie", line->tie);
    }
    cJSON *columns = cJSON_AddObjectToObject(item, "columns");
    const char *const *names = score_columns(score);
    for (int i = 0; i < SCORE_COLUMNS_MAX && names[i]; i++) {
        cJSON_AddNumberToObject(columns, names[i], line->columns[i]);
    }
    cJSON_AddItemToObject(item, "services", services_json(score, team));
    return item;
}

cJSON *score_to_json(const struct score *score, bool explain)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "exercise", score->exercise ? score->exercise : "");
    json_add_int(out, "at_us", score->at_us);
    json_add_int(out, "seq", score->seq);
    cJSON_AddItemToObject(out, "models", models_json(score));
    cJSON *columns = cJSON_AddArrayToObject(out, "columns");
    for (const char *const *name = score_columns(score); *name; name++) {
        cJSON_AddItemToArray(columns, cJSON_CreateString(*name));
    }
    if (tie_model(score)) {
        cJSON_AddStringToObject(out, "tie", tie_model(score)->choice->family->tie);
    }
    cJSON *teams = cJSON_AddArrayToObject(out, "teams");
    g_autoptr(GArray) lines = score_standings(score);
    cJSON **terms = explain ? explain_all(score) : NULL;
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        cJSON *item = line_json(score, line);
        if (terms) {
            int team = score_index(score->roster.team_ids, line->team);
            cJSON_AddItemToObject(item, "explain", g_steal_pointer(&terms[team]));
        }
        cJSON_AddItemToArray(teams, item);
    }
    for (guint i = 0; terms && i < score->roster.teams->len; i++) {
        cJSON_Delete(terms[i]);
    }
    g_free(terms);
    cJSON_AddItemToObject(out, "corrections", score_corrections(score));
    if (score_failure(score)) {
        cJSON_AddStringToObject(out, "failure", score_failure(score));
    }
    return out;
}
