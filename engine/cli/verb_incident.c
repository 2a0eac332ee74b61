/* verb_incident.c - sandtable incident: a team's report of what it has seen. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"

extern const struct verb verb_incident;

/* "90", "2:30", "1:02:30": exercise time in microseconds; -1 when it is none. */
static gint64 time_of(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 4);
    guint count = g_strv_length(parts);
    gint64 sum = 0;
    for (guint i = 0; i < count; i++) {
        guint64 part = 0;
        if (count > 3 || !g_ascii_string_to_unsigned(parts[i], 10, 0, 9999999, &part, NULL)) {
            return -1;
        }
        sum = sum * 60 + (gint64)part;
    }
    return count > 0 ? sum * G_USEC_PER_SEC : -1;
}

struct asked {
    char *team, *what, *seen, *evidence;
    char **hosts;
    gboolean resolved;
};

static cJSON *params_of(const struct asked *asked, char **words, GError **error)
{
    gint64 seen_us = asked->seen ? time_of(asked->seen) : 0;
    if (!asked->team || seen_us < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                asked->team ? "--seen wants seconds, m:ss or h:mm:ss of exercise time"
                            : "--team TEAM: say who reports");
        return NULL;
    }
    g_autofree char *text = g_strjoinv(" ", words);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "team", asked->team);
    cJSON_AddStringToObject(params, "text", text);
    cJSON_AddBoolToObject(params, "resolved", asked->resolved);
    if (asked->what) {
        cJSON_AddStringToObject(params, "what", asked->what);
    }
    if (asked->evidence) {
        cJSON_AddStringToObject(params, "evidence", asked->evidence);
    }
    if (asked->seen) {
        json_add_int(params, "seen_us", seen_us);
    }
    if (asked->hosts) {
        cJSON_AddItemToObject(params, "hosts", json_from_strv((const char *const *)asked->hosts));
    }
    return params;
}

static int run(int argc, char **argv, GError **error)
{
    struct asked asked = {0};
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &asked.team, "who reports", "TEAM"},
            {"what", 'w', 0, G_OPTION_ARG_STRING, &asked.what, "an ATT&CK id, or a word for it",
                    "ID"},
            {"host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &asked.hosts,
                    "a machine that it is about; may be repeated", "MACHINE"},
            {"seen", 0, 0, G_OPTION_ARG_STRING, &asked.seen, "when, in exercise time", "T"},
            {"evidence", 'e', 0, G_OPTION_ARG_STRING, &asked.evidence,
                    "where it can be looked up: a log line, a frame, a file", "TEXT"},
            {"resolved", 0, 0, G_OPTION_ARG_NONE, &asked.resolved,
                    "the white cell has looked the evidence up, and it is there", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code = 2;
    if (cli_parse(&verb_incident, entries, &argc, &argv, 1, -1, error)) {
        cJSON *params = params_of(&asked, argv + 2, error);
        cJSON *result = params ? cli_call(argv[1], "incident", params, error) : NULL;
        code = result ? 0 : sandtable_exit_code(*error);
        cJSON_Delete(result);
    }
    if (code == 0) {
        cli_say("the report of %s is on the record", asked.team);
    }
    g_free(asked.team);
    g_free(asked.what);
    g_free(asked.seen);
    g_free(asked.evidence);
    g_strfreev(asked.hosts);
    return code;
}

const struct verb verb_incident = {
        .name = "incident",
        .usage = "incident NAME --team TEAM [--what ID] [--host MACHINE]... [--seen T] "
                 "[--evidence TEXT [--resolved]] [TEXT…]",
        .summary = "file a team's report of what it has seen",
        .order = 37,
        .run = run,
};
