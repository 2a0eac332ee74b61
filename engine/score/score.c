/* score.c - the fold: events into facts, facts into the chosen models. */
#include "score/score_internal.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

struct score *score_new(void)
{
    struct score *score = g_new0(struct score, 1);
    score_roster_init(&score->roster);
    score->facts = g_array_new(FALSE, FALSE, sizeof(struct score_fact));
    score->names = g_ptr_array_new_with_free_func(g_free);
    score->name_ids = g_hash_table_new(g_str_hash, g_str_equal);
    score->windows = g_array_new(FALSE, FALSE, sizeof(struct score_window));
    score->kept = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    score->choices = score_choices_new();
    score->columns = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(score->columns, NULL);
    score->tallies = g_array_new(FALSE, TRUE, sizeof(struct score_tally));
    score->voids = g_ptr_array_new_with_free_func(score_void_free);
    score->histories = g_ptr_array_new_with_free_func(score_history_free);
    score->models = score_models_new(score, NULL); /* none yet */
    return score;
}

void score_free(struct score *score)
{
    if (score) {
        g_ptr_array_unref(score->models);
        g_ptr_array_unref(score->voids);
        g_ptr_array_unref(score->histories);
        g_array_unref(score->tallies);
        g_ptr_array_unref(score->columns);
        g_array_unref(score->choices);
        g_ptr_array_unref(score->kept);
        g_free(score->failure);
        g_array_unref(score->windows);
        g_hash_table_unref(score->name_ids);
        g_ptr_array_unref(score->names);
        g_array_unref(score->facts);
        score_roster_clear(&score->roster);
        g_free(score->exercise);
        g_free(score);
    }
}

bool score_use(struct score *score, const cJSON *models, GError **error)
{
    g_array_set_size(score->choices, 0);
    score->chosen = score_read_choices(models, score->choices, error);
    return score->chosen;
}

/* A part is called by its name, and when two models have one of that name, by the model's too. */
static void name_columns(struct score *score)
{
    g_ptr_array_set_size(score->columns, 0);
    for (guint i = 0; i < score->choices->len; i++) {
        const struct score_choice_of_model *choice =
                &g_array_index(score->choices, struct score_choice_of_model, i);
        const char *const *parts = score_parts(choice);
        for (int part = 0; parts[part]; part++) {
            char *name = g_strdup(parts[part]);
            if (g_ptr_array_find_with_equal_func(score->columns, name, g_str_equal, NULL)) {
                g_free(name);
                name = g_strdup_printf("%s.%s", choice->family->name, parts[part]);
            }
            g_ptr_array_add(score->columns, name);
        }
    }
    g_ptr_array_add(score->columns, NULL);
}

static void choose_usual(struct score *score)
{
    static const char *const usual[] = {"uptime", "steps"};
    for (gsize i = 0; i < G_N_ELEMENTS(usual); i++) {
        struct score_choice_of_model choice = {.family = score_family(usual[i]), .weight = 1};
        g_array_append_val(score->choices, choice);
    }
}

static void add_adjustments(struct score *score)
{
    struct score_choice_of_model adjust = {.family = score_family("adjust"), .weight = 1};
    g_array_append_val(score->choices, adjust);
}

/* Models that the plan names and this program cannot read are not replaced by others: that would be
 * a wrong board which looks right. */
static void choose(struct score *score, const cJSON *plan)
{
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(plan, "score");
    g_autoptr(GError) error = NULL;
    if (score->chosen) {
        return;
    }
    if (!models || cJSON_IsNull(models)) {
        choose_usual(score);
    } else if (!score_read_choices(models, score->choices, &error)) {
        g_array_set_size(score->choices, 0);
        score->failure = g_strdup(error->message);
    }
}

static void apply_created(struct score *score, const struct event *event)
{
    if (score->exercise) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const cJSON *plan = json_object(body, "plan");
    if (!plan) {
        return;
    }
    score->exercise = g_strdup(event->subject);
    score_learn(score, body);
    choose(score, plan);
    for (guint i = 0; i < score->choices->len; i++) {
        score->keeps |=
                g_array_index(score->choices, struct score_choice_of_model, i).custom != NULL;
    }
    add_adjustments(score);
    name_columns(score);
    g_ptr_array_set_size(score->histories, (int)score->roster.teams->len);
    g_array_set_size(score->tallies, score->roster.teams->len * score->roster.services->len);
    if (score_wants(score, event)) {
        g_ptr_array_add(score->kept, event_copy(event)); /* the first is told when a model begins */
    }
    g_ptr_array_unref(score->models);
    score->models = score_models_new(score, NULL);
    score->stale = score->waits;
}

static void tally(struct score *score, const struct score_fact *fact)
{
    if (fact->kind != FACT_CHECK) {
        return;
    }
    guint at = (guint)fact->team * score->roster.services->len + (guint)fact->service;
    struct score_tally *counts = &g_array_index(score->tallies, struct score_tally, at);
    if (fact->status == STATUS_FAULT) {
        counts->faults++;
    } else if (fact->status == STATUS_OK || fact->status == STATUS_RECOVERING) {
        counts->passed++;
    } else {
        counts->failed++;
    }
}

/* Something that was counted counts no more, or again; or nothing was yet. */
void score_run_anew(struct score *score, score_term_fn fn, gpointer data)
{
    struct score_explainer explainer = {.fn = fn, .data = data};
    score->stale = false;
    g_ptr_array_unref(score->models);
    score->models = score_models_new(score, fn ? &explainer : NULL);
    guint cells = score->tallies->len;
    g_array_set_size(score->tallies, 0);
    g_array_set_size(score->tallies, cells); /* cleared */
    score_models_run(score, score->models, tally);
    if (fn) {
        g_strfreev((char **)score_models_settled(score, score->models));
    }
    for (guint i = 0; i < score->models->len; i++) {
        ((struct score_model *)g_ptr_array_index(score->models, i))->explainer = NULL;
    }
}

/* What is behind is a cache, so looking at a score may bring it up to date. */
void score_freshen(const struct score *score)
{
    if (score->stale) {
        score_run_anew((struct score *)score, NULL, NULL);
    }
}

void score_wait(struct score *score)
{
    score->waits = true;
}

void score_without_why(struct score *score)
{
    score->dumb = true;
}

void score_read_again(struct score *score, score_again_fn again, gpointer data)
{
    score->again = again;
    score->again_data = data;
}

bool score_apply(struct score *score, const struct event *event)
{
    score->seq = event->seq;
    score->at_us = event->at_us;
    if (!score->exercise) {
        if (!strcmp(event->kind, "exercise.created")) {
            apply_created(score, event);
        }
        return score->exercise != NULL;
    }
    struct score_fact fact;
    if (score_correct(score, event)) {
        score->stale = true; /* several may come together: the models run anew when looked at */
        return true;
    }
    bool wanted = score->keeps && score_wants(score, event);
    bool known = score_fact_read(score, event, &fact);
    if (wanted && !known) {
        score_fact_other(score, event, &fact);
    }
    if (!wanted && !known) {
        return false;
    }
    fact.kept = wanted;
    g_array_append_val(score->facts, fact);
    if (wanted && !score->again) {
        g_ptr_array_add(score->kept, event_copy(event));
    }
    score->stale |= score->waits;
    if (!score->stale) {
        tally(score, &fact);
        score->now = event;
        score_models_fact(score->models, &fact);
        score->now = NULL;
    }
    return true;
}

const char *score_failure(const struct score *score)
{
    score_freshen(score);
    const char *failure = score->failure;
    for (guint i = 0; !failure && i < score->models->len; i++) {
        failure = ((const struct score_model *)g_ptr_array_index(score->models, i))->failure;
    }
    return failure;
}

const char *const *score_columns(const struct score *score)
{
    return (const char *const *)score->columns->pdata;
}
