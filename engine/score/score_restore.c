/* score_restore.c - a team put back to a checkpoint: what happened to it since then is void.
 *
 * checkpoint.restored says by seq which events still count for each of its teams. That holds for
 * what happens to machines: looks at the team's services, steps against it, flags it was given and
 * lost, whoever has the points. What people know stays: tasks solved, grades, adjustments by hand.
 */
#include "score/score_internal.h"

#include "base/json.h"

#include <string.h>

#define SPANS_MAX 1024

struct span { /* of events, by seq; both ends included */
    gint64 from, to;
};

struct score_restore { /* one checkpoint.restored, for the list of corrections */
    gint64 seq, facts;
    char *reason, *by;
};

void score_restore_free(gpointer data)
{
    struct score_restore *restore = data;
    g_free(restore->reason);
    g_free(restore->by);
    g_free(restore);
}

/* The team to whose machines it happened, or -1. */
static int owner_of(const struct score_fact *fact)
{
    switch ((enum score_fact_kind)fact->kind) {
    case FACT_CHECK:
    case FACT_ISSUED:
    case FACT_BLOCKED:
        return fact->team;
    case FACT_EFFECT:
    case FACT_CAPTURE:
        return fact->other;
    case FACT_ROUND:
    case FACT_SOLVED:
    case FACT_REJECTED:
    case FACT_HINT:
    case FACT_SOLUTION:
    case FACT_GRADE:
    case FACT_ADJUST:
        break;
    }
    return -1;
}

static bool counts_in(const GArray *history, gint64 seq)
{
    for (guint i = 0; history && i < history->len; i++) {
        const struct span *span = &g_array_index(history, struct span, i);
        if (seq >= span->from && seq <= span->to) {
            return true;
        }
    }
    return !history; /* it never went back: all counts */
}

bool score_is_undone(const struct score *score, const struct score_fact *fact)
{
    int owner = owner_of(fact);
    return owner >= 0 &&
           !counts_in(g_hash_table_lookup(score->histories, GINT_TO_POINTER(owner)), fact->seq);
}

static GArray *read_history(const cJSON *list, gint64 seq)
{
    GArray *history = g_array_new(FALSE, FALSE, sizeof(struct span));
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *from = cJSON_GetArrayItem(pair, 0);
        const cJSON *to = cJSON_GetArrayItem(pair, 1);
        if (cJSON_IsNumber(from) && cJSON_IsNumber(to) && history->len < SPANS_MAX) {
            struct span span = {
                    .from = (gint64)CLAMP(from->valuedouble, 0, (double)seq),
                    .to = (gint64)CLAMP(to->valuedouble, 0, (double)seq),
            };
            g_array_append_val(history, span);
        }
    }
    struct span rest = {.from = seq, .to = G_MAXINT64};
    g_array_append_val(history, rest);
    return history;
}

static gint64 undone(const struct score *score)
{
    gint64 facts = 0;
    for (guint i = 0; i < score->facts->len; i++) {
        facts += score_is_undone(score, &g_array_index(score->facts, struct score_fact, i));
    }
    return facts;
}

static void note(struct score *score, const struct event *event, const cJSON *body, gint64 facts)
{
    const cJSON *counts = json_object(body, "counts");
    g_autoptr(GString) teams = g_string_new(NULL);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, counts)
    {
        g_string_append_printf(teams, "%s%s", teams->len ? ", " : "", list->string);
    }
    struct score_restore *restore = g_new(struct score_restore, 1);
    *restore = (struct score_restore){
            .seq = event->seq,
            .facts = facts,
            .reason = g_strdup_printf("%s put back to checkpoint %s", teams->str, event->subject),
            .by = g_strdup(json_string(body, "by", "")),
    };
    g_ptr_array_add(score->restores, restore);
}

bool score_restored(struct score *score, const struct event *event)
{
    if (strcmp(event->kind, "checkpoint.restored") != 0) {
        return false;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    gint64 before = undone(score);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, json_object(body, "counts"))
    {
        int team = score_index(score->roster.team_ids, list->string);
        if (team >= 0 && cJSON_IsArray(list)) {
            g_hash_table_replace(
                    score->histories, GINT_TO_POINTER(team), read_history(list, event->seq));
        }
    }
    note(score, event, body, undone(score) - before);
    return true;
}

void score_restores_add(const struct score *score, cJSON *corrections)
{
    for (guint i = 0; i < score->restores->len; i++) {
        const struct score_restore *restore = g_ptr_array_index(score->restores, i);
        cJSON *item = cJSON_CreateObject();
        json_add_int(item, "seq", restore->seq);
        cJSON_AddStringToObject(item, "reason", restore->reason);
        cJSON_AddStringToObject(item, "by", restore->by);
        cJSON_AddBoolToObject(item, "lifted", false);
        json_add_int(item, "facts", restore->facts);
        cJSON_AddItemToArray(corrections, item);
    }
}
