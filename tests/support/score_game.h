/* score_game.h - a small made-up game, told to a fold event by event. */
#pragma once

#include "support/test.h"

#include "base/json.h"
#include "score/score.h"

#include <math.h>
#include <string.h>

/* ---- a game -------------------------------------------------------------------------------- */

struct game {
    struct score *score;
    gint64 seq;
};

static inline gint64 at(struct game *game, gint64 at_us, const char *kind, const char *team,
        const char *subject, const char *body)
{
    auto_event event = event_new(kind, team, subject, NULL);
    event->seq = ++game->seq;
    event->at_us = at_us;
    if (body) {
        g_free(event->body);
        event->body = g_strdup(body);
    }
    score_apply(game->score, event);
    return event->seq;
}

static inline gint64 tell(struct game *game, const char *kind, const char *team,
        const char *subject, const char *body)
{
    return at(game, game->seq * 1000000, kind, team, subject, body);
}

/* teams: ids separated by blanks, one that begins with ! is the reference. services: JSON. */
static inline struct game begin(const char *teams, const char *services, const char *models)
{
    struct game game = {.score = score_new()};
    g_auto(GStrv) ids = g_strsplit(teams, " ", -1);
    GString *list = g_string_new(NULL);
    for (int i = 0; ids[i]; i++) {
        bool reference = ids[i][0] == '!';
        g_string_append_printf(list,
                "%s{\"id\":\"%s\",\"group\":\"blue\",\"role\":\"blue\",\"reference\":%s}",
                i ? "," : "", ids[i] + reference, reference ? "true" : "false");
    }
    g_autofree char *body = g_strdup_printf(
            "{\"plan\":{\"duration_us\":3600000000,\"teams\":[%s],\"services\":[%s],\"score\":%s}}",
            list->str, services, models);
    g_string_free(list, TRUE);
    tell(&game, "exercise.created", NULL, "game", body);
    return game;
}

/* The list of the one model called name; "custom" is one that counts a little of everything. Whoever
 * asks for that calls script_provide_score_rules() first. */
static inline char *models_of(const char *name)
{
    static const char code[] =
            "local up = {} return { events = { 'check.*', 'flag.captured', 'task.solved' }, "
            "score = function(e, give) if e.kind == 'check.ok' then "
            "up[e.team] = (up[e.team] or 0) + 1 give(e.team, 'custom', 2) "
            "elseif e.kind == 'flag.captured' then for team, n in pairs(up) do if n > 3 and "
            "team == e.team then give(team, 'custom', 0.1) end end "
            "elseif e.kind == 'task.solved' then give(e.team, 'custom', 3, e.subject) end end }";
    bool custom = !strcmp(name, "custom");
    return g_strdup_printf("[{\"model\":\"%s\"%s%s%s}]", name,
            custom ? ",\"from\":\"rules.lua\",\"code\":\"" : "", custom ? code : "",
            custom ? "\"" : "");
}

#define ONE_SERVICE "{\"name\":\"s\",\"group\":\"blue\",\"points\":100}"

static inline void capture(
        struct game *game, const char *captor, const char *owner, const char *flag)
{
    g_autofree char *body =
            g_strdup_printf("{\"owner\":\"%s\",\"service\":\"s\",\"tick\":1}", owner);
    tell(game, "flag.captured", captor, flag, body);
}

static inline void look(struct game *game, const char *team, const char *status, int round)
{
    static const char *const fine[] = {"OK", "RECOVERING", NULL};
    bool fault = !strcmp(status, "TIMEOUT");
    g_autofree char *low = g_ascii_strdown(status, -1);
    g_autofree char *body = g_strdup_printf("{\"round\":%d,\"status\":\"%s\"}", round, low);
    const char *kind = fault                           ? "check.fault"
                       : g_strv_contains(fine, status) ? "check.ok"
                                                       : "check.down";
    tell(game, kind, team, "s", body);
}

static inline void close_round(struct game *game, int round)
{
    g_autofree char *body = g_strdup_printf("{\"round\":%d}", round);
    tell(game, "round.closed", NULL, "", body);
}

static inline double column(const struct game *game, const char *team, const char *name)
{
    g_autoptr(GArray) lines = score_standings(game->score);
    const char *const *names = score_columns(game->score);
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        for (int k = 0; !strcmp(line->team, team) && names[k]; k++) {
            if (!strcmp(names[k], name)) {
                return line->columns[k];
            }
        }
        if (!strcmp(line->team, team) && !strcmp(name, "total")) {
            return line->total;
        }
    }
    fail_msg("no %s of %s", name, team);
    return 0;
}

static inline void assert_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-9 * MAX(1, fabs(wanted)))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

/* Terms of every team's column add up to it, and columns to totals; then the game is over. */
static inline void end(struct game *game)
{
    auto_json json = score_to_json(game->score, true);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(json, "teams"))
    {
        double terms = 0;
        double columns = 0;
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(team, "explain"))
        {
            terms += json_number(item, "points", NAN);
        }
        cJSON_ArrayForEach(item, json_object(team, "columns"))
        {
            columns += item->valuedouble;
        }
        assert_near(terms, json_number(team, "total", NAN));
        assert_near(columns, json_number(team, "total", NAN));
    }
    score_free(game->score);
}
