/* exercise_incident.c - a team says what it has seen: report.filed, which detection is graded by. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

#define TEXT_MAX 4096
#define WORD_MAX 128
#define HOSTS_MAX 16

static bool refuse(GError **error, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, what);
    return false;
}

/* A text member, cleaned, when there is one. */
static bool copy_text(const cJSON *params, const char *name, gsize max, cJSON *body, GError **error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, name);
    if (!item) {
        return true;
    }
    if (!cJSON_IsString(item) || strlen(item->valuestring) > max) {
        g_autofree char *what = g_strdup_printf(
                "%s must be a text of at most %" G_GSIZE_FORMAT " bytes", name, max);
        return refuse(error, what);
    }
    g_autofree char *clean = text_clean_tail(item->valuestring, strlen(item->valuestring), max);
    cJSON_AddStringToObject(body, name, g_strstrip(clean));
    return true;
}

static bool copy_hosts(const cJSON *params, cJSON *body, GError **error)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(params, "hosts");
    if (!list) {
        return true;
    }
    cJSON *hosts = cJSON_AddArrayToObject(body, "hosts");
    const cJSON *host = NULL;
    cJSON_ArrayForEach(host, list)
    {
        if (!cJSON_IsString(host) || strlen(host->valuestring) > WORD_MAX) {
            return refuse(error, "hosts must be names of machines");
        }
        g_autofree char *clean =
                text_clean_tail(host->valuestring, strlen(host->valuestring), WORD_MAX);
        cJSON_AddItemToArray(hosts, cJSON_CreateString(clean));
    }
    return (cJSON_IsArray(list) && cJSON_GetArraySize(hosts) <= HOSTS_MAX) ||
           refuse(error, "hosts must be a list of at most 16 machines");
}

static bool copy_time(
        const struct exercise *exercise, const cJSON *params, cJSON *body, GError **error)
{
    gint64 now = clock_now(exercise->options.clock);
    gint64 seen = json_int(params, "seen_us", now);
    if (seen < 0 || seen > now) {
        return refuse(error, "seen_us must be a time of the exercise that has been");
    }
    json_add_int(body, "seen_us", seen);
    return true;
}

bool exercise_incident(
        struct exercise *exercise, const cJSON *params, const char *who, GError **error)
{
    const char *team = json_string(params, "team", NULL);
    int index = -1;
    if (exercise->ending || exercise->state != EXERCISE_RUNNING) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "nothing can be reported: the exercise is %s",
                exercise_state_name(exercise->state));
        return false;
    }
    if (!team) {
        return refuse(error, "team must name who reports");
    }
    if (!run_team_find(exercise, team, &index, error)) {
        return false;
    }
    auto_json body = cJSON_CreateObject();
    if (!copy_text(params, "text", TEXT_MAX, body, error) ||
            !copy_text(params, "what", WORD_MAX, body, error) ||
            !copy_text(params, "evidence", TEXT_MAX, body, error) ||
            !copy_hosts(params, body, error) || !copy_time(exercise, params, body, error)) {
        return false;
    }
    if (!*json_string(body, "text", "") && !*json_string(body, "what", "")) {
        return refuse(error, "say in text, or with a technique in what, what was seen");
    }
    if (!json_string(body, "text", NULL)) {
        cJSON_AddStringToObject(body, "text", "");
    }
    if (json_bool(params, "resolved", false)) {
        cJSON_AddTrueToObject(body, "resolved");
    }
    cJSON_AddStringToObject(body, "by", who);
    g_autofree char *what = g_strdup(json_string(body, "what", "incident"));
    run_record(exercise, "report.filed", index, what, g_steal_pointer(&body));
    return true;
}
