/* cli_read.c - status, score and events: from the engine while it runs, else from the ledger. */
#include "base/error.h"
#include "cli/cli_view.h"
#include "report/status_fold.h"
#include "score/score.h"

struct control_client *cli_connect(const char *name, GError **error)
{
    struct cli_target target = {0};
    if (!cli_target(name, &target, error)) {
        return NULL;
    }
    struct control_client *client = NULL;
    if (target.socket) {
        client = control_client_open(target.socket, error);
    } else {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "exercise \"%s\" is not running", target.name);
    }
    cli_target_clear(&target);
    return client;
}

cJSON *cli_call(const char *name, const char *method, cJSON *params, GError **error)
{
    struct control_client *client = cli_connect(name, error);
    if (!client) {
        cJSON_Delete(params);
        return NULL;
    }
    cJSON *result = control_client_call(client, method, params, CLI_CALL_MS, error);
    control_client_close(client);
    return result;
}

bool cli_read_ledger(const char *path, gint64 from, cli_event_fn fn, gpointer data, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader || !ledger_reader_seek(reader, from, error)) {
        ledger_reader_close(reader);
        return false;
    }
    int more = 1;
    while (more == 1) {
        auto_event event = NULL;
        more = ledger_reader_next(reader, &event, error);
        if (more == 1 && !fn(event, data)) {
            more = 0;
        }
    }
    ledger_reader_close(reader);
    return more == 0;
}

static cJSON *ask(
        const struct cli_target *target, const char *method, cJSON *params, GError **error)
{
    struct control_client *client = control_client_open(target->socket, error);
    if (!client) {
        cJSON_Delete(params);
        return NULL;
    }
    cJSON *result = control_client_call(client, method, params, CLI_CALL_MS, error);
    control_client_close(client);
    return result;
}

static bool fold_status(const struct event *event, gpointer data)
{
    status_fold_apply(data, event);
    return true;
}

cJSON *cli_read_status(const struct cli_target *target, GError **error)
{
    if (target->socket) {
        return ask(target, "status", NULL, error);
    }
    struct status_fold *fold = status_fold_new();
    bool ok = cli_read_ledger(target->ledger, 1, fold_status, fold, error);
    cJSON *json = ok ? status_fold_to_json(fold, target->ledger) : NULL;
    status_fold_free(fold);
    return json;
}

static bool fold_score(const struct event *event, gpointer data)
{
    score_apply(data, event);
    return true;
}

cJSON *cli_read_score(const struct cli_target *target, bool explain, GError **error)
{
    if (target->socket) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddBoolToObject(params, "explain", explain);
        return ask(target, "score", params, error);
    }
    struct score *score = score_new();
    bool ok = cli_read_ledger(target->ledger, 1, fold_score, score, error);
    cJSON *json = ok ? score_to_json(score, explain) : NULL;
    score_free(score);
    return json;
}
