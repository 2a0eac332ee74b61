/* verb_answer.c - sandtable answer: a candidate's answer to a question of an exam. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "plan/exam.h"

#include <string.h>
#include <sys/stat.h>

extern const struct verb verb_answer;

#define ANSWER_MS 60000 /* a look at a machine may take its time */

/* @FILE as base64, read as whoever called. */
static char *read_file(const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > PLAN_EXAM_FILE_MAX ||
            !g_file_get_contents(path, &bytes, &length, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%s: no readable file of at most 512 KiB", path);
        return NULL;
    }
    return g_base64_encode((const guchar *)bytes, length);
}

static void print(const cJSON *result)
{
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(result, "ok");
    const char *state = json_string(result, "state", "");
    g_autofree char *left = text_clock(MAX(json_int(result, "left_us", 0), 0));
    if (cJSON_IsNull(ok)) {
        puts("it could not be looked at; this was no attempt, try again");
    } else if (cJSON_IsBool(ok)) {
        puts(cJSON_IsTrue(ok) ? "right" : "wrong");
    } else {
        puts("recorded");
    }
    if (json_bool(result, "again", false)) {
        cli_say("the same answer was given before: no attempt was used");
    }
    if (!strcmp(state, "over")) {
        cli_say("the time is over: the answer is kept and marked as late");
    } else if (!strcmp(state, "paused")) {
        cli_say("the clock is paused: the answer is kept and does not count");
    } else {
        cli_say("%s left", left + 2);
    }
    if (cJSON_HasObjectItem(result, "attempts_left")) {
        gint64 n = json_int(result, "attempts_left", 0);
        cli_say("%" G_GINT64_FORMAT " attempt%s left", n, n == 1 ? "" : "s");
    }
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_answer, entries, &argc, &argv, 3, 4, error)) {
        return 2;
    }
    const char *value = argc > 4 ? argv[4] : NULL;
    g_autofree char *file = value && value[0] == '@' ? read_file(value + 1, error) : NULL;
    if ((value && value[0] == '@' && !file) || !cli_target_account(2, argv, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "candidate", argv[2]);
    cJSON_AddStringToObject(params, "question", argv[3]);
    if (file) {
        cJSON_AddStringToObject(params, "base64", file);
    } else if (value) {
        cJSON_AddStringToObject(params, "value", value);
    }
    struct control_client *client = cli_connect(argv[1], error);
    if (!client) {
        cJSON_Delete(params);
        return 1;
    }
    cJSON *result = control_client_call(client, "answer", params, ANSWER_MS, error);
    control_client_close(client);
    if (result && json) {
        cli_print_json(result);
    } else if (result) {
        print(result);
        cJSON_Delete(result);
    }
    return result ? 0 : 1;
}

const struct verb verb_answer = {
        .name = "answer",
        .usage = "answer NAME CANDIDATE QUESTION [VALUE|@FILE] [--json]",
        .summary = "answer a question of an exam",
        .order = 41,
        .keeps_root = true,
        .run = run,
};
