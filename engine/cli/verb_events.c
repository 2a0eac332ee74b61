/* verb_events.c - sandtable events: what happened, and with --follow what happens. */
#include "base/error.h"
#include "cli/cli_view.h"
#include "score/public.h"

#include <string.h>

extern const struct verb verb_events;

struct filter {
    gint64 from;
    char **kinds; /* NULL: all; patterns with * and ? */
    char *team;   /* NULL: all */
    gboolean json, follow, public;
    gint64 last; /* seq of the last event seen */
    gint64 shown;
};

static bool wanted(const struct filter *filter, const struct event *event)
{
    if (filter->team && strcmp(filter->team, event->team) != 0) {
        return false;
    }
    bool match = !filter->kinds;
    for (char **kind = filter->kinds; kind && *kind && !match; kind++) {
        match = g_pattern_match_simple(*kind, event->kind);
    }
    return match;
}

static bool print_event(const struct event *event, gpointer data)
{
    struct filter *filter = data;
    filter->last = event->seq;
    if (wanted(filter, event)) {
        filter->shown++;
        cli_event_print(event, filter->json);
        if (filter->follow && fflush(stdout) != 0) {
            return false;
        }
    }
    return !ferror(stdout);
}

/* Until the engine hangs up; what it still wrote then comes from the ledger. */
static bool follow(const struct cli_target *target, struct filter *filter, GError **error)
{
    struct control_client *client = control_client_open(target->socket, error);
    if (!client) {
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "from", (double)filter->from);
    cJSON_AddBoolToObject(params, "public", filter->public);
    cJSON *accepted = control_client_call(client, "subscribe", params, CLI_CALL_MS, error);
    int more = accepted ? 1 : -1;
    cJSON_Delete(accepted);
    while (more == 1) {
        auto_event event = NULL;
        more = control_client_next_event(client, -1, &event, error);
        if (more == 1 && !print_event(event, filter)) {
            break;
        }
    }
    control_client_close(client);
    return more >= 0;
}

static bool print_public(const struct event *event, gpointer data)
{
    const struct filter *filter = data;
    auto_event seen = event->seq >= filter->from ? public_event(event) : NULL;
    return !seen || print_event(seen, data);
}

static bool show(const struct cli_target *target, struct filter *filter, GError **error)
{
    filter->last = filter->from - 1;
    if (filter->follow && target->socket && !follow(target, filter, error)) {
        return false;
    }
    if (filter->public) {
        filter->from = filter->last + 1;
        return cli_read_public(target->ledger, print_public, filter, error);
    }
    return cli_read_ledger(target->ledger, filter->last + 1, print_event, filter, error);
}

static int run(int argc, char **argv, GError **error)
{
    struct filter filter = {.from = 1};
    const GOptionEntry entries[] = {
            {"follow", 'f', 0, G_OPTION_ARG_NONE, &filter.follow, "go on until the exercise ends",
                    NULL},
            {"from", 0, 0, G_OPTION_ARG_INT64, &filter.from, "begin at event SEQ", "SEQ"},
            {"kind", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &filter.kinds,
                    "only this kind, like check.* (may be repeated)", "KIND"},
            {"team", 't', 0, G_OPTION_ARG_STRING, &filter.team, "only this team", "TEAM"},
            {"public", 0, 0, G_OPTION_ARG_NONE, &filter.public,
                    "what the public may know: up to the freeze, without secrets", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &filter.json, "one JSON object a line", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    bool ok = cli_parse(&verb_events, entries, &argc, &argv, 0, 1, error) &&
              cli_target_account(argc, argv, error);
    if (ok && filter.from < 1) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--from counts from 1");
        ok = false;
    }
    ok = ok && cli_target(argc > 1 ? argv[1] : NULL, &target, error) &&
         show(&target, &filter, error);
    if (ok && filter.shown == 0) {
        cli_say("no such events%s", filter.kinds || filter.team ? ": docs/events.md lists the kinds"
                                                                  ", `sandtable status` the teams"
                                                                : "");
    }
    cli_target_clear(&target);
    g_strfreev(filter.kinds);
    g_free(filter.team);
    return ok ? 0 : 1;
}

const struct verb verb_events = {
        .name = "events",
        .usage = "events [NAME|LEDGER] [--follow] [--from SEQ] [--kind KIND]... [--team TEAM] "
                 "[--public] [--json]",
        .summary = "show what happened",
        .order = 22,
        .keeps_root = true,
        .run = run,
};
