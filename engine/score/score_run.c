/* score_run.c - running the chosen models over facts: one code path for totals and explanations. */
#include "score/score_internal.h"

#include <string.h>

gpointer score_state(struct score_model *model)
{
    return model->state;
}

const struct score_roster *score_roster(const struct score_model *model)
{
    return &model->score->roster;
}

int score_word(const struct score_model *model)
{
    return model->choice->word;
}

double score_setting(const struct score_model *model, const char *name)
{
    const struct score_param *params = model->choice->family->params;
    for (int i = 0; params[i].name; i++) {
        if (!strcmp(params[i].name, name)) {
            return model->choice->settings[i];
        }
    }
    g_assert_not_reached();
}

int score_teams(const struct score_model *model)
{
    return (int)model->score->roster.teams->len;
}

int score_services(const struct score_model *model)
{
    return (int)model->score->roster.services->len;
}

bool score_is_reference(const struct score_model *model, int team)
{
    const struct score_team *of = g_ptr_array_index(model->score->roster.teams, (guint)team);
    return of->reference;
}

const struct score_service *score_service_at(const struct score_model *model, int service)
{
    return g_ptr_array_index(model->score->roster.services, (guint)service);
}

bool score_owns(const struct score_model *model, int team, int service)
{
    const struct score_team *of = g_ptr_array_index(model->score->roster.teams, (guint)team);
    return !of->reference && g_str_equal(of->group, score_service_at(model, service)->group);
}

GHashTable *score_seen_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

bool score_capture_counts(
        const struct score_model *model, const struct score_fact *fact, GHashTable *seen)
{
    if (fact->kind != FACT_CAPTURE || fact->team == fact->other ||
            score_is_reference(model, fact->team) || score_is_reference(model, fact->other)) {
        return false;
    }
    gint64 key = ((gint64)fact->team << 32) | (guint32)fact->name;
    return g_hash_table_add(seen, g_memdup2(&key, sizeof key));
}

int score_players(const struct score_model *model)
{
    return model->score->roster.players;
}

const char *score_name_of(const struct score_model *model, gint32 name)
{
    return name < 0 ? "" : g_ptr_array_index(model->score->names, (guint)name);
}

struct score_window score_window_of(const struct score_model *model, gint32 name)
{
    const GArray *windows = model->score->windows;
    return name >= 0 && (guint)name < windows->len
                   ? g_array_index(windows, struct score_window, name)
                   : (struct score_window){-1, -1};
}

double score_factor(const struct score_model *model)
{
    double scale = model->choice->max > 0 ? 100 / model->choice->max : 1;
    return model->choice->weight * scale;
}

static void explain(const struct score_model *model, int team, int part, double points,
        const struct score_fact *fact, const char *why)
{
    const struct score_team *of = g_ptr_array_index(model->score->roster.teams, (guint)team);
    const struct score_term term = {
            .team = of->id,
            .model = model->choice->family->name,
            .part = score_parts(model->choice)[part],
            .why = why,
            .seq = fact ? fact->seq : model->score->seq,
            .at_us = fact ? fact->at_us : model->score->at_us,
            .points = points * score_factor(model),
    };
    model->explainer->fn(&term, model->explainer->data);
}

void score_give(struct score_model *model, int team, int part, double points,
        const struct score_fact *fact, const char *why, ...)
{
    if (team < 0 || team >= score_teams(model) || points == 0) {
        return;
    }
    model->sums[team * SCORE_PARTS_MAX + part] += points;
    if (model->explainer && model->score->dumb) {
        explain(model, team, part, points, fact, "");
    } else if (model->explainer) {
        va_list values;
        va_start(values, why);
        g_autofree char *text = g_strdup_vprintf(why, values);
        va_end(values);
        explain(model, team, part, points, fact, text);
    }
}

static void model_free(gpointer data)
{
    struct score_model *model = data;
    if (model->choice->family->close) {
        model->choice->family->close(model);
    }
    g_free(model->state);
    g_free(model->sums);
    g_free(model->failure);
    g_free(model);
}

GPtrArray *score_models_new(const struct score *score, struct score_explainer *explainer)
{
    GPtrArray *models = g_ptr_array_new_with_free_func(model_free);
    for (guint i = 0; i < score->choices->len; i++) {
        struct score_model *model = g_new0(struct score_model, 1);
        model->score = score;
        model->choice = &g_array_index(score->choices, struct score_choice_of_model, i);
        model->explainer = explainer;
        model->state = g_malloc0(MAX(model->choice->family->size, 1));
        model->sums = g_new0(double, score->roster.teams->len *SCORE_PARTS_MAX + 1);
        if (model->choice->family->open) {
            model->choice->family->open(model);
        }
        g_ptr_array_add(models, model);
    }
    return models;
}

void score_models_fact(GPtrArray *models, const struct score_fact *fact)
{
    for (guint i = 0; i < models->len; i++) {
        struct score_model *model = g_ptr_array_index(models, i);
        if (model->choice->family->fact) {
            model->choice->family->fact(model, fact);
        }
    }
}

struct playing {
    struct score *score;
    GPtrArray *models;
    void (*tally)(struct score *score, const struct score_fact *fact);
    guint next; /* fact */
};

/* The next fact, with the event that it is of where somebody reads that. */
static void play(struct playing *playing, const struct event *event)
{
    struct score *score = playing->score;
    const struct score_fact *fact =
            &g_array_index(score->facts, struct score_fact, playing->next++);
    if (score_is_void(fact)) {
        return;
    }
    if (playing->tally) {
        playing->tally(score, fact);
    }
    score->now = event;
    score_models_fact(playing->models, fact);
    score->now = NULL;
}

static const struct score_fact *next_fact(const struct playing *playing)
{
    const GArray *facts = playing->score->facts;
    return playing->next < facts->len ? &g_array_index(facts, struct score_fact, playing->next)
                                      : NULL;
}

static bool play_event(const struct event *event, gpointer data)
{
    struct playing *playing = data;
    const struct score_fact *fact = next_fact(playing);
    for (; fact && fact->seq < event->seq; fact = next_fact(playing)) {
        play(playing, NULL);
    }
    if (fact && fact->seq == event->seq) {
        play(playing, event);
    }
    return next_fact(playing) != NULL;
}

void score_models_run(struct score *score, GPtrArray *models,
        void (*tally)(struct score *score, const struct score_fact *fact))
{
    struct playing playing = {.score = score, .models = models, .tally = tally};
    g_autoptr(GError) error = NULL;
    if (score->keeps && score->again &&
            !score->again(score->again_data, play_event, &playing, &error) && !score->failure) {
        score->failure = g_strdup(error->message);
    }
    for (const struct score_fact *fact = next_fact(&playing); fact; fact = next_fact(&playing)) {
        play(&playing, fact->kept && !score->again ? score_kept(score, fact->seq) : NULL);
    }
}

double **score_models_settled(const struct score *score, GPtrArray *models)
{
    gsize n = (gsize)score->roster.teams->len * SCORE_PARTS_MAX + 1;
    double **settled = g_new0(double *, models->len + 1);
    for (guint i = 0; i < models->len; i++) {
        struct score_model *model = g_ptr_array_index(models, i);
        double *sums = g_memdup2(model->sums, n * sizeof(double));
        if (model->choice->family->settle) {
            /* into the model's sums, then back: settling must leave no trace */
            model->choice->family->settle(model);
            double *with = model->sums;
            model->sums = sums;
            sums = with;
        }
        settled[i] = sums;
    }
    return settled;
}

void score_explain(const struct score *score, score_term_fn fn, gpointer data)
{
    struct score_explainer explainer = {.fn = fn, .data = data};
    if (score_failure(score)) {
        return;
    }
    g_autoptr(GPtrArray) models = score_models_new(score, &explainer);
    score_models_run((struct score *)score, models, NULL); /* what it tells itself is no result */
    g_strfreev((char **)score_models_settled(score, models));
}

bool score_run(struct score *score, score_term_fn fn, gpointer data)
{
    if (score->stale && !score->failure) {
        score_run_anew(score, fn, data);
    } else {
        score_explain(score, fn, data);
    }
    return score_failure(score) == NULL;
}
