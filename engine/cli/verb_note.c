/* verb_note.c - sandtable note: a note of the white cell's own about a moment of the exercise. */
#include "base/json.h"
#include "cli/cli_view.h"

extern const struct verb verb_note;

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *at = NULL;
    g_autofree char *by = NULL;
    const GOptionEntry entries[] = {
            {"at", 0, 0, G_OPTION_ARG_STRING, &at, "about this exercise time, default now", "T"},
            {"by", 0, 0, G_OPTION_ARG_STRING, &by, "who writes, for the record", "PERSON"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_note, entries, &argc, &argv, 2, -1, error)) {
        return 2;
    }
    g_autofree char *text = g_strjoinv(" ", argv + 2);
    auto_json params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "text", text);
    if (!cli_add_time(params, at, error)) {
        return 2;
    }
    cJSON *result = cli_call_as(argv[1], by, "note", g_steal_pointer(&params), error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("noted, for the white cell only");
    return 0;
}

const struct verb verb_note = {
        .name = "note",
        .usage = "note NAME [--at T] [--by PERSON] TEXT…",
        .summary = "keep a note of the white cell's own",
        .order = 36,
        .run = run,
};
