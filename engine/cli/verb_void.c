/* verb_void.c - sandtable void: take something out of the count, by a new event. */
#include "base/error.h"
#include "cli/cli_view.h"
#include "cli/correct.h"
#include "plan/plan.h"

extern const struct verb verb_void;

#define SEQ_UNSAID G_MININT64

struct conditions {
    gint64 seq;
    char *team, *service, *of, *from, *to;
};

static void clear(struct conditions *conditions)
{
    g_free(conditions->team);
    g_free(conditions->service);
    g_free(conditions->of);
    g_free(conditions->from);
    g_free(conditions->to);
}

static bool add_time(cJSON *params, const char *name, const char *text, GError **error)
{
    gint64 us = 0;
    if (text && !plan_duration_parse(text, &us)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is no exercise time such as 90 or 2m30s", text);
        return false;
    }
    if (text) {
        cJSON_AddNumberToObject(params, name, (double)us);
    }
    return true;
}

static cJSON *params_of(const struct conditions *conditions, char **words, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    const struct {
        const char *name, *value;
    } texts[] = {
            {"team", conditions->team}, {"service", conditions->service}, {"of", conditions->of}};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].value) {
            cJSON_AddStringToObject(params, texts[i].name, texts[i].value);
        }
    }
    if (conditions->seq != SEQ_UNSAID) {
        cJSON_AddNumberToObject(params, "seq", (double)conditions->seq);
    }
    g_autofree char *reason = g_strjoinv(" ", words);
    cJSON_AddStringToObject(params, "reason", reason);
    if (!add_time(params, "from_us", conditions->from, error) ||
            !add_time(params, "to_us", conditions->to, error)) {
        cJSON_Delete(params);
        return NULL;
    }
    return params;
}

static int run(int argc, char **argv, GError **error)
{
    __attribute__((cleanup(clear))) struct conditions conditions = {.seq = SEQ_UNSAID};
    const GOptionEntry entries[] = {
            {"seq", 0, 0, G_OPTION_ARG_INT64, &conditions.seq,
                    "this event; of a correction: it counts no more", "N"},
            {"team", 0, 0, G_OPTION_ARG_STRING, &conditions.team, "what concerns this team", "T"},
            {"service", 0, 0, G_OPTION_ARG_STRING, &conditions.service, "of this service", "S"},
            {"of", 0, 0, G_OPTION_ARG_STRING, &conditions.of,
                    "check, capture, effect, blocked, solved or grade", "KIND"},
            {"from", 0, 0, G_OPTION_ARG_STRING, &conditions.from, "from this exercise time", "T"},
            {"to", 0, 0, G_OPTION_ARG_STRING, &conditions.to, "up to this exercise time", "T"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_void, entries, &argc, &argv, 2, -1, error) ||
            !cli_target_account(2, argv, error)) {
        return 2;
    }
    cJSON *params = params_of(&conditions, argv + 2, error);
    if (!params) {
        return 2;
    }
    return correct(argv[1], "void", params, error) ? 0 : 1;
}

const struct verb verb_void = {
        .name = "void",
        .usage = "void NAME [--seq N] [--team T] [--service S] [--of KIND] [--from T] [--to T] "
                 "REASON…",
        .summary = "take what matches out of the score; nothing is deleted",
        .order = 37,
        .keeps_root = true,
        .run = run,
};
