/* bench_fold.c - events a second through the score's fold, explanation kept. */
#include "bench/bench.h"

#include "score/score.h"

#define EVENTS 1000000
#define TEAMS 20
#define SERVICES 8
#define GOAL 1e6 /* events/s, the goal of the drill; also the peer */

static struct event *created(void)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *plan = cJSON_AddObjectToObject(body, "plan");
    cJSON *teams = cJSON_AddArrayToObject(plan, "teams");
    cJSON *services = cJSON_AddArrayToObject(plan, "services");
    for (int i = 1; i <= TEAMS; i++) {
        g_autofree char *id = g_strdup_printf("blue%d", i);
        cJSON *team = cJSON_CreateObject();
        cJSON_AddStringToObject(team, "id", id);
        cJSON_AddStringToObject(team, "group", "blue");
        cJSON_AddItemToArray(teams, team);
    }
    for (int i = 1; i <= SERVICES; i++) {
        g_autofree char *name = g_strdup_printf("service%d", i);
        cJSON *service = cJSON_CreateObject();
        cJSON_AddStringToObject(service, "name", name);
        cJSON_AddStringToObject(service, "group", "blue");
        cJSON_AddNumberToObject(service, "points", 5);
        cJSON_AddNumberToObject(service, "sla_after", 3);
        cJSON_AddNumberToObject(service, "sla_penalty", 10);
        cJSON_AddItemToArray(services, service);
    }
    return event_new("exercise.created", NULL, "bench", body);
}

int main(void)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_ptr_array_add(events, created());
    for (int i = 1; i < EVENTS; i++) {
        g_autofree char *team = g_strdup_printf("blue%d", i % TEAMS + 1);
        g_autofree char *service = g_strdup_printf("service%d", i / TEAMS % SERVICES + 1);
        struct event *event = event_new(i % 7 < 2 ? "check.down" : "check.ok", team, service, NULL);
        event->at_us = i;
        g_ptr_array_add(events, event);
        event->seq = i + 1;
    }
    double best = 0;
    gint64 total = 0;
    for (int round = 0; round < 3; round++) {
        struct score *score = score_new();
        gint64 begin = g_get_monotonic_time();
        for (guint i = 0; i < events->len; i++) {
            score_apply(score, events->pdata[i]);
        }
        double rate = EVENTS * 1e6 / (double)MAX(1, g_get_monotonic_time() - begin);
        best = MAX(best, rate);
        g_autoptr(GArray) lines = score_standings(score);
        total = g_array_index(lines, struct score_line, 0).total;
        score_free(score);
    }
    g_ptr_array_unref(events);
    fprintf(stderr, "fold: %d events, %d teams, %d services, best total %d; the peer is the goal\n",
            EVENTS, TEAMS, SERVICES, (int)total);
    return bench_print("score: fold of events / goal", best, GOAL, "events/s", 1, BENCH_AT_LEAST)
                   ? 0
                   : 1;
}
