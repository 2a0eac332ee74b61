/* score_restore.c - a team put back to a checkpoint: what happened to it since then is void.
 *
 * checkpoint.restored says by seq which events still count for each team. Nothing is deleted: what
 * no longer counts (or, when a later checkpoint comes back, counts again) is booked as one more
 * term for each sum, so that the terms of a team still add up to its total.
 */
#include "score/score_internal.h"

#include "base/json.h"

#include <string.h>

#define SPANS_MAX 1024

static bool counts_in(const GArray *history, gint64 seq)
{
    for (guint i = 0; i < history->len; i++) {
        const struct score_span *span = &g_array_index(history, struct score_span, i);
        if (seq >= span->from && seq <= span->to) {
            return true;
        }
    }
    return false;
}

GArray *score_history_new(void)
{
    struct score_span all = {.from = 0, .to = G_MAXINT64};
    GArray *history = g_array_new(FALSE, FALSE, sizeof(struct score_span));
    g_array_append_val(history, all);
    return history;
}

static GArray *read_history(const cJSON *list, gint64 seq)
{
    GArray *history = g_array_new(FALSE, FALSE, sizeof(struct score_span));
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *from = cJSON_GetArrayItem(pair, 0);
        const cJSON *to = cJSON_GetArrayItem(pair, 1);
        if (cJSON_IsNumber(from) && cJSON_IsNumber(to) && history->len < SPANS_MAX) {
            struct score_span span = {
                    .from = (gint64)CLAMP(from->valuedouble, 0, (double)seq),
                    .to = (gint64)CLAMP(to->valuedouble, 0, (double)seq),
            };
            g_array_append_val(history, span);
        }
    }
    struct score_span rest = {.from = seq, .to = G_MAXINT64};
    g_array_append_val(history, rest);
    return history;
}

/* The service's counts, as if only what counts had happened. */
static void look_again(struct score *score, struct score_service *service, const GArray *history)
{
    gint64 passed_points =
            g_array_index(score->reasons, struct score_reason, service->passed_reason).points;
    gint64 failed_points =
            g_array_index(score->reasons, struct score_reason, service->failed_reason).points;
    service->passed = service->failed = service->run = service->points = service->penalty = 0;
    for (guint i = 0; i < service->looks->len; i++) {
        gint64 look = g_array_index(service->looks, gint64, i);
        if (!counts_in(history, look >> 1)) {
            continue;
        }
        if (look & 1) {
            service->passed++;
            service->run = 0;
            service->points += passed_points;
            continue;
        }
        service->failed++;
        service->run++;
        if (service->sla_after > 0 && service->run >= service->sla_after) {
            service->run = 0;
            service->penalty += failed_points;
        }
    }
}

/* Books on team what of owner's events has come to count or no longer counts. */
static void book(struct score *score, struct score_team *team, const struct score_team *owner,
        const GArray *now, const struct event *event)
{
    gint64 changes[SCORE_TERMS] = {0};
    guint terms = 0;
    for (guint i = 0; i < team->entries->len; i++) {
        const struct score_entry *entry = &g_array_index(team->entries, struct score_entry, i);
        const struct score_reason *reason =
                &g_array_index(score->reasons, struct score_reason, entry->reason);
        if (entry->owner != owner->index) {
            continue;
        }
        int change = counts_in(now, entry->seq) - counts_in(owner->history, entry->seq);
        changes[reason->term] += (gint64)change * reason->points;
        terms += change != 0;
    }
    for (int term = 0; term < SCORE_TERMS; term++) {
        if (changes[term] == 0) {
            continue;
        }
        g_autofree char *why =
                g_strdup_printf("%s was put back to checkpoint %s: %u terms since then are void",
                        owner->id, event->subject, terms);
        gint32 points = (gint32)CLAMP(changes[term], G_MININT32, G_MAXINT32);
        struct score_entry entry = {
                .seq = event->seq,
                .at_us = event->at_us,
                .reason = score_reason_id(score, (enum score_term)term, points, why),
                .owner = SCORE_NOBODY,
        };
        g_array_append_val(team->entries, entry);
        team->sums[term] += points;
    }
}

void score_apply_restored(struct score *score, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, json_object(body, "counts"))
    {
        struct score_team *owner =
                list->string ? g_hash_table_lookup(score->team_ids, list->string) : NULL;
        if (!owner || !cJSON_IsArray(list)) {
            continue;
        }
        GArray *now = read_history(list, event->seq);
        for (guint i = 0; i < score->teams->len; i++) {
            book(score, g_ptr_array_index(score->teams, i), owner, now, event);
        }
        for (guint i = 0; i < owner->services->len; i++) {
            look_again(score, g_ptr_array_index(owner->services, i), now);
        }
        g_array_unref(owner->history);
        owner->history = now;
    }
}
