/* score.c - the fold: one event at a time into sums, and into the terms that explain them. */
#include "score/score_internal.h"

#include "base/json.h"

#include <string.h>

static void reason_clear(gpointer data)
{
    g_free(((struct score_reason *)data)->why);
}

struct score *score_new(void)
{
    struct score *score = g_new0(struct score, 1);
    score->teams = g_ptr_array_new_with_free_func(score_team_free);
    score->team_ids = g_hash_table_new(g_str_hash, g_str_equal);
    score->steps = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, score_step_free);
    score->reasons = g_array_new(FALSE, FALSE, sizeof(struct score_reason));
    g_array_set_clear_func(score->reasons, reason_clear);
    score->reason_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return score;
}

void score_free(struct score *score)
{
    if (score) {
        g_hash_table_unref(score->team_ids);
        g_ptr_array_unref(score->teams);
        g_hash_table_unref(score->steps);
        g_hash_table_unref(score->reason_ids);
        g_array_unref(score->reasons);
        g_free(score->exercise);
        g_free(score);
    }
}

/* Books a reason's points, for something that happened to owner; terms of no points explain nothing
 * and are left out. */
static gint32 give(struct score *score, struct score_team *team, guint32 id,
        const struct score_team *owner, const struct event *event)
{
    const struct score_reason *reason = &g_array_index(score->reasons, struct score_reason, id);
    if (reason->points != 0) {
        struct score_entry entry = {
                .seq = event->seq, .at_us = event->at_us, .reason = id, .owner = owner->index};
        g_array_append_val(team->entries, entry);
        team->sums[reason->term] += reason->points;
    }
    return reason->points;
}

static void apply_check(struct score *score, const struct event *event, bool passed)
{
    struct score_team *team = g_hash_table_lookup(score->team_ids, event->team);
    struct score_service *service =
            team ? g_hash_table_lookup(team->service_names, event->subject) : NULL;
    if (!service) {
        return;
    }
    gint64 look = event->seq * 2 + passed;
    g_array_append_val(service->looks, look);
    if (passed) {
        service->passed++;
        service->run = 0;
        service->points += give(score, team, service->passed_reason, team, event);
        return;
    }
    service->failed++;
    service->run++;
    /* as Quotient: the run is charged once it is that long, and counts anew */
    if (service->sla_after > 0 && service->run >= service->sla_after) {
        service->run = 0;
        service->penalty += give(score, team, service->failed_reason, team, event);
    }
}

static void apply_verdict(struct score *score, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const char *verdict = json_string(body, "verdict", "");
    const char *name = json_string(body, "step", event->subject);
    const struct score_step *step = g_hash_table_lookup(score->steps, name);
    struct score_team *target = g_hash_table_lookup(score->team_ids, event->team);
    if (!step || !target) {
        return;
    }
    if (!strcmp(verdict, "effect")) {
        const char *attacker = json_string(body, "attacker", step->attacker);
        struct score_team *team = g_hash_table_lookup(score->team_ids, attacker);
        if (team) {
            g_autofree char *why =
                    g_strdup_printf("step %s took effect on %s", step->label, target->id);
            give(score, team, score_reason_id(score, SCORE_EFFECT, step->effect, why), target,
                    event);
        }
    } else if (!strcmp(verdict, "blocked")) {
        g_autofree char *why = g_strdup_printf("step %s was blocked", step->label);
        give(score, target, score_reason_id(score, SCORE_BLOCKED, step->blocked, why), target,
                event);
    }
}

static void apply_created(struct score *score, const struct event *event)
{
    if (score->exercise) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (json_object(body, "plan")) {
        score->exercise = g_strdup(event->subject);
        score_learn(score, body);
    }
}

void score_apply(struct score *score, const struct event *event)
{
    score->seq = event->seq;
    score->at_us = event->at_us;
    if (g_str_has_prefix(event->kind, "check.")) {
        if (!strcmp(event->kind, "check.ok")) {
            apply_check(score, event, true);
        } else if (!strcmp(event->kind, "check.down")) {
            apply_check(score, event, false);
        }
    } else if (!strcmp(event->kind, "step.verdict")) {
        apply_verdict(score, event);
    } else if (!strcmp(event->kind, "checkpoint.restored")) {
        score_apply_restored(score, event);
    } else if (!strcmp(event->kind, "exercise.created")) {
        apply_created(score, event);
    }
}
