/* verb_siem.c - sandtable siem: what a team could see as one stream, the truth as another. */
#include "base/error.h"
#include "cli/cli_view.h"
#include "cli/stream_out.h"

#include <string.h>

extern const struct verb verb_siem;

/* ---- whole ledgers ------------------------------------------------------------------------- */

struct collecting {
    struct stream *stream;
    GString *text;
};

static bool collect(const struct event *event, gpointer data)
{
    struct collecting *collecting = data;
    g_autofree char *line = stream_line(collecting->stream, event);
    if (line) {
        g_string_append_printf(collecting->text, "%s\n", line);
    }
    return true;
}

static bool fail_unknown(const char *team, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            "no team \"%s\" in this exercise; `sandtable score` lists them", team);
    return false;
}

char *stream_text(const char *ledger, enum stream_format format, const char *team, GError **error)
{
    struct collecting collecting = {stream_new(format, team), g_string_new(NULL)};
    bool ok = cli_read_ledger(ledger, 1, collect, &collecting, error) &&
              (!team || stream_knows_team(collecting.stream) || fail_unknown(team, error));
    stream_free(collecting.stream);
    char *text = g_string_free(collecting.text, FALSE);
    if (!ok) {
        g_free(text);
        return NULL;
    }
    return text;
}

/* ---- as it happens ------------------------------------------------------------------------- */

struct following {
    struct stream *stream;
    const char *team; /* NULL: the truth */
    gint64 last;
    bool unknown; /* no such team: it would wait for ever */
};

static bool print_line(const struct event *event, gpointer data)
{
    struct following *following = data;
    g_autofree char *line = stream_line(following->stream, event);
    following->last = event->seq;
    following->unknown = following->team && !stream_knows_team(following->stream);
    if (following->unknown) {
        return false;
    }
    if (line) {
        printf("%s\n", line);
    }
    return !line || fflush(stdout) == 0;
}

/* Until the engine hangs up; what it still wrote then comes from the ledger. */
static bool follow(const struct cli_target *target, struct following *following, GError **error)
{
    struct control_client *client = control_client_open(target->socket, error);
    if (!client) {
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "from", 1);
    cJSON *accepted = control_client_call(client, "subscribe", params, CLI_CALL_MS, error);
    int more = accepted ? 1 : -1;
    cJSON_Delete(accepted);
    while (more == 1) {
        auto_event event = NULL;
        more = control_client_next_event(client, -1, &event, error);
        if (more == 1 && !print_line(event, following)) {
            break;
        }
    }
    control_client_close(client);
    return more >= 0;
}

static bool show(const struct cli_target *target, const char *team, bool go_on, GError **error)
{
    if (!go_on || !target->socket) {
        g_autofree char *text = stream_text(target->ledger, STREAM_ECS, team, error);
        return text && fputs(text, stdout) >= 0;
    }
    struct following following = {.stream = stream_new(STREAM_ECS, team), .team = team};
    bool ok = follow(target, &following, error) && !following.unknown &&
              cli_read_ledger(target->ledger, following.last + 1, print_line, &following, error);
    stream_free(following.stream);
    if (following.unknown) {
        g_clear_error(error);
        return fail_unknown(team, error);
    }
    return ok;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean truth = FALSE;
    gboolean go_on = FALSE;
    g_autofree char *team = NULL;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team, "what this team could see", "TEAM"},
            {"truth", 0, 0, G_OPTION_ARG_NONE, &truth,
                    "what happened: for the white cell, never for a team", NULL},
            {"follow", 'f', 0, G_OPTION_ARG_NONE, &go_on, "go on until the exercise ends", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    if (!cli_parse(&verb_siem, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (!team == !truth) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "say whose eyes: --team TEAM, or --truth for the white cell; never both");
        return 2;
    }
    bool ok = cli_target_account(argc, argv, error) &&
              cli_target(argc > 1 ? argv[1] : NULL, &target, error) &&
              show(&target, team, go_on, error);
    cli_target_clear(&target);
    return ok ? 0 : 1;
}

const struct verb verb_siem = {
        .name = "siem",
        .usage = "siem [NAME|LEDGER] --team TEAM | --truth [--follow]",
        .summary = "show what a team could see, one ECS event a line",
        .order = 24,
        .keeps_root = true,
        .run = run,
};
