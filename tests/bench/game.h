/* game.h - the game that the benches of score and rescore play: 50 teams, 10 services. Of 16 events
 * one is a capture, the others are checks in turn, so that of twelve hours in 600 rounds there are
 * 20,000 captures and 300,000 checks. */
#pragma once

#include "bench/bench.h"

#include "ledger/ledger.h"

#include <glib/gstdio.h>

#define GAME_TEAMS 50
#define GAME_SERVICES 10
#define GAME_TWELVE_HOURS 320001 /* events, the first of which has the plan */
#define GAME_CAPTURE_EVERY 16

static inline char *game_plan(const char *model)
{
    GString *plan = g_string_new("{\"plan\":{\"duration_us\":43200000000,\"teams\":[");
    for (int i = 0; i < GAME_TEAMS; i++) {
        g_string_append_printf(
                plan, "%s{\"id\":\"t%d\",\"group\":\"blue\",\"role\":\"blue\"}", i ? "," : "", i);
    }
    g_string_append(plan, "],\"services\":[");
    for (int i = 0; i < GAME_SERVICES; i++) {
        g_string_append_printf(plan,
                "%s{\"name\":\"s%d\",\"group\":\"blue\",\"points\":5,\"sla_after\":3,"
                "\"sla_penalty\":10}",
                i ? "," : "", i);
    }
    g_string_append_printf(plan, "],\"score\":[{\"model\":\"%s\"}]}}", model);
    return g_string_free(plan, FALSE);
}

static inline struct event *game_made(const char *kind, int team, char *subject, char *body)
{
    g_autofree char *owned = subject;
    g_autofree char *id = team < 0 ? NULL : g_strdup_printf("t%d", team);
    struct event *event = event_new(kind, id, owned, NULL);
    g_free(event->body);
    event->body = body;
    return event;
}

/* Event number i, from 0, of a game under model; they are asked for in turn. */
static inline struct event *game_event(int i, const char *model, GRand *rand)
{
    int check = MAX(i - 1, 0) - i / GAME_CAPTURE_EVERY; /* how many came before */
    int round = check / (GAME_TEAMS * GAME_SERVICES) + 1;
    struct event *event = NULL;
    if (i == 0) {
        event = game_made("exercise.created", -1, g_strdup("bench"), game_plan(model));
    } else if (i % GAME_CAPTURE_EVERY == 0) {
        int owner = g_rand_int_range(rand, 0, GAME_TEAMS);
        int service = g_rand_int_range(rand, 0, GAME_SERVICES);
        event = game_made("flag.captured", g_rand_int_range(rand, 0, GAME_TEAMS),
                g_strdup_printf("FLAG_%d_%d_%d", round, owner, service),
                g_strdup_printf("{\"owner\":\"t%d\",\"service\":\"s%d\",\"tick\":%d}", owner,
                        service, round));
    } else {
        event = game_made(g_rand_int_range(rand, 0, 8) ? "check.ok" : "check.down",
                check % GAME_TEAMS, g_strdup_printf("s%d", check / GAME_TEAMS % GAME_SERVICES),
                g_strdup_printf("{\"round\":%d,\"took_us\":2412,\"detail\":\"HTTP 200\"}", round));
    }
    event->seq = i + 1;
    event->at_us = (gint64)i * 135000;
    event->wall_us = 1790000000000000 + event->at_us;
    return event;
}

/* The first events of a game as a ledger that everybody may read; NULL, or what went wrong. */
static inline const char *game_write(
        const char *path, int events, const char *model, enum suite suite)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    struct ledger *ledger = ledger_create_by(path, suite, NULL);
    if (!ledger) {
        return "cannot make a ledger here";
    }
    for (int i = 0; i < events; i++) {
        ledger_append(ledger, game_event(i, model, rand), NULL, NULL);
        if (i % 8192 == 8191) { /* this process stays small: a child's peak begins with it */
            ledger_flush(ledger, NULL);
            while (g_main_context_iteration(NULL, FALSE)) {
            }
        }
    }
    ledger_close(ledger);
    return g_chmod(path, 0644) == 0 ? NULL : "cannot show a ledger to others";
}
