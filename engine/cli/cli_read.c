/* cli_read.c - status, score and events: from the engine while it runs, else from the ledger. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/cli_view.h"
#include "ledger/ledger.h"
#include "plan/plan.h"
#include "report/status_fold.h"
#include "score/public.h"
#include "score/score.h"

#include <string.h>

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

/* Says who is at this end, if anybody is named. */
static bool introduce(struct control_client *client, const char *by, GError **error)
{
    if (!by) {
        return true;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "name", by);
    auto_json result = control_client_call(client, "hello", params, CLI_CALL_MS, error);
    return result != NULL;
}

cJSON *cli_call(const char *name, const char *method, cJSON *params, GError **error)
{
    return cli_call_as(name, NULL, method, params, error);
}

bool cli_add_time(cJSON *params, const char *text, GError **error)
{
    gint64 at_us = 0;
    if (text && (!plan_duration_parse(text, &at_us) || at_us < 0)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--at \"%s\": use an exercise time such as 90s, 2m or 1h", text);
        return false;
    }
    if (text) {
        json_add_int(params, "at_us", at_us);
    }
    return true;
}

cJSON *cli_call_as(
        const char *name, const char *by, const char *method, cJSON *params, GError **error)
{
    struct control_client *client = cli_connect(name, error);
    if (!client || !introduce(client, by, error)) {
        control_client_close(client);
        cJSON_Delete(params);
        return NULL;
    }
    cJSON *result = control_client_call(client, method, params, CLI_CALL_MS, error);
    control_client_close(client);
    return result;
}

cJSON *cli_speak_for(
        struct control_client *client, const char *team, const char *by, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "role", "team");
    cJSON_AddStringToObject(params, "team", team);
    if (by) {
        cJSON_AddStringToObject(params, "name", by);
    }
    return control_client_call(client, "hello", params, CLI_CALL_MS, error);
}

/* Standings, or nothing: a score that failed has none, and half of one is worse. */
static cJSON *whole_score(cJSON *json, GError **error)
{
    const char *failure = json_string(json, "failure", NULL);
    if (!failure) {
        return json;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
            "there is no score: %s; mend the model and use `sandtable rescore`, or void the event",
            failure);
    cJSON_Delete(json);
    return NULL;
}

bool cli_read_ledger(const char *path, gint64 from, cli_event_fn fn, gpointer data, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    int more = reader && ledger_reader_seek(reader, from, error) ? 1 : -1;
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

bool cli_fold_ledger(const char *path, cli_event_fn fn, gpointer data, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    bool ok = reader && ledger_reader_look(reader, fn, data, error);
    ledger_reader_close(reader);
    return ok;
}

struct prefix {
    struct public_prefix so_far;
    gint64 limit; /* 0: none */
    cli_event_fn fn;
    gpointer data;
};

static bool find_prefix(const struct event *event, gpointer data)
{
    struct prefix *prefix = data;
    if (prefix->limit && event->seq > prefix->limit) {
        return false;
    }
    public_prefix_apply(&prefix->so_far, event);
    return true;
}

static bool within_prefix(const struct event *event, gpointer data)
{
    const struct prefix *prefix = data;
    return event->seq <= prefix->limit && prefix->fn(event, prefix->data);
}

/* What the public might see after the event limit; 0: after the last. */
static bool read_public(const char *path, struct prefix *prefix, GError **error)
{
    if (!cli_fold_ledger(path, find_prefix, prefix, error)) {
        return false;
    }
    prefix->limit = public_prefix_end(&prefix->so_far);
    return cli_read_ledger(path, 1, within_prefix, prefix, error);
}

bool cli_read_public(const char *path, cli_event_fn fn, gpointer data, GError **error)
{
    struct prefix prefix = {.fn = fn, .data = data};
    return read_public(path, &prefix, error);
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

/* Its engine is gone without having ended it. A copy of a ledger is nobody's exercise. */
static bool was_interrupted(const struct cli_target *target, const cJSON *status)
{
    g_autofree char *own = paths_ledger(target->name);
    return strcmp(json_string(status, "state", "down"), "down") != 0 &&
           !strcmp(own, target->ledger) && !ledger_is_locked(target->ledger, NULL);
}

void cli_say_interrupted(const cJSON *status)
{
    if (json_bool(status, "interrupted", false)) {
        const char *name = json_string(status, "name", "");
        cli_say("%s was interrupted: `sandtable run --resume %s` goes on with it, `sandtable down "
                "%s` ends it",
                name, name, name);
    }
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
    if (json) {
        cJSON_AddBoolToObject(json, "interrupted", was_interrupted(target, json));
    }
    return json;
}

bool cli_read_verified(const char *path, const char *thing, GError **error)
{
    struct ledger_report report = {0};
    g_autoptr(GError) problem = NULL;
    bool ok = ledger_verify(path, &report, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
    } else if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s: row %" G_GINT64_FORMAT ": %s; no %s is made of a ledger that does not verify "
                "(`sandtable verify` tells more)",
                path, report.bad_seq, report.reason ? report.reason : "it is damaged", thing);
    }
    ledger_report_clear(&report);
    return ok;
}

struct folding {
    struct score *score;
    gint64 at, last;
};

static bool fold_score(const struct event *event, gpointer data)
{
    struct folding *folding = data;
    if (folding->at && event->seq > folding->at) {
        return false;
    }
    folding->last = event->seq;
    score_apply(folding->score, event);
    return true;
}

static bool fold_board(const char *path, const struct cli_board *board, struct folding *folding,
        struct prefix *public, GError **error)
{
    bool ok = board->public ? read_public(path, public, error)
                            : cli_fold_ledger(path, fold_score, folding, error);
    gint64 last = board->public ? public->so_far.last : folding->last;
    if (ok && last < board->at) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--at %" G_GINT64_FORMAT ": the last event is %" G_GINT64_FORMAT, board->at, last);
        return false;
    }
    return ok;
}

/* From the ledger. */
static cJSON *read_board(const char *path, const struct cli_board *board, GError **error)
{
    struct folding folding = {.score = score_new(), .at = board->at};
    struct prefix public = {.limit = board->at, .fn = fold_score, .data = &folding};
    cJSON *json = NULL;
    if (fold_board(path, board, &folding, &public, error)) {
        /* what explains a number may name flags that others still look for */
        bool explain = board->explain && !board->public;
        json = whole_score(score_to_json(folding.score, explain), error);
    }
    if (json && board->public) {
        public_score(json, &public.so_far);
    }
    score_free(folding.score);
    return json;
}

cJSON *cli_read_score(
        const struct cli_target *target, const struct cli_board *board, GError **error)
{
    if (target->socket && !board->public && board->at == 0) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddBoolToObject(params, "explain", board->explain);
        return whole_score(ask(target, "score", params, error), error);
    }
    return cli_read_verified(target->ledger, "score", error)
                   ? read_board(target->ledger, board, error)
                   : NULL;
}
