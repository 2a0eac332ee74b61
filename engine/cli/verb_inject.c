/* verb_inject.c - sandtable inject: make an inject, change one, agree that one fires. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_inject;

struct options {
    char *at, *team, *step, *note, *by;
    int approvals;
};

static void options_clear(struct options *options)
{
    g_free(options->at);
    g_free(options->team);
    g_free(options->step);
    g_free(options->note);
    g_free(options->by);
}

static void add_text(cJSON *params, const char *name, const char *text)
{
    if (text) {
        cJSON_AddStringToObject(params, name, text);
    }
}

static int ask(char **argv, const struct options *options, const char *method, cJSON *params,
        GError **error)
{
    auto_json result = cli_call_as(argv[2], options->by, method, params, error);
    if (!result) {
        return 1;
    }
    gint64 missing = json_int(result, "missing", 0);
    const char *id = json_string(result, "inject", argv[3]);
    if (missing > 0) {
        cli_say("%s: %d more must agree", id, (int)missing);
    } else {
        cli_say("%s is %s", id,
                !strcmp(argv[1], "add")    ? "added"
                : !strcmp(argv[1], "edit") ? "changed"
                                           : "approved");
    }
    return 0;
}

static int act(int argc, char **argv, const struct options *options, GError **error)
{
    const char *verb = argv[1];
    bool adds = !strcmp(verb, "add");
    bool edits = !strcmp(verb, "edit");
    if ((!adds && !edits && strcmp(verb, "approve") != 0) || argc != (adds ? 3 : 4)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "use add NAME, edit NAME INJECT or approve NAME INJECT; usage: sandtable %s",
                verb_inject.usage);
        return 2;
    }
    auto_json params = cJSON_CreateObject();
    if (!adds) {
        cJSON_AddStringToObject(params, "inject", argv[3]);
    }
    add_text(params, "team", options->team);
    add_text(params, "step", options->step);
    add_text(params, "note", options->note);
    if (options->approvals) {
        json_add_int(params, "approvals", options->approvals);
    }
    if (!cli_add_time(params, options->at, error)) {
        return 2;
    }
    return ask(argv, options,
            adds    ? "inject-add"
            : edits ? "inject-edit"
                    : "approve",
            g_steal_pointer(&params), error);
}

static int run(int argc, char **argv, GError **error)
{
    __attribute__((cleanup(options_clear))) struct options options = {0};
    const GOptionEntry entries[] = {
            {"at", 0, 0, G_OPTION_ARG_STRING, &options.at,
                    "exercise time; without it a new one is off the list", "T"},
            {"team", 't', 0, G_OPTION_ARG_STRING, &options.team, "against, or to, this team",
                    "TEAM"},
            {"step", 0, 0, G_OPTION_ARG_STRING, &options.step, "it runs this step", "STEP"},
            {"note", 0, 0, G_OPTION_ARG_STRING, &options.note, "it is this message", "TEXT"},
            {"approvals", 0, 0, G_OPTION_ARG_INT, &options.approvals,
                    "so many people must agree that it fires", "N"},
            {"by", 0, 0, G_OPTION_ARG_STRING, &options.by, "who asks, for the record", "PERSON"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_inject, entries, &argc, &argv, 2, 3, error)) {
        return 2;
    }
    return act(argc, argv, &options, error);
}

const struct verb verb_inject = {
        .name = "inject",
        .usage = "inject add|edit|approve NAME [INJECT] [--at T] [--team TEAM] [--step STEP | "
                 "--note TEXT] [--approvals N] [--by PERSON]",
        .summary = "make or change an inject, or agree that it fires",
        .order = 33,
        .run = run,
};
