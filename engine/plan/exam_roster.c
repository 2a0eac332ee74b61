/* exam_roster.c - who takes the exam, given when it is started: pseudonyms and extra time. */
#include "base/error.h"
#include "base/json.h"
#include "plan/exam.h"

#include <math.h>
#include <string.h>

#define FACTOR_MAX 4.0
#define EXAMINERS_MAX 50

static bool fail(GError **error, const char *list, int place, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "roster: %s[%d]: %s", list,
            place + 1, what);
    return false;
}

/* A pseudonym: it stands in the ledger and in results for ever. */
static bool id_is_valid(const char *id)
{
    gsize length = id ? strlen(id) : 0;
    return length >= 1 && length <= 63 &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
                   length;
}

static bool keys_are_known(const cJSON *entry, const char *const *known, const char **ret)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, entry)
    {
        if (!g_strv_contains(known, member->string)) {
            *ret = member->string;
            return false;
        }
    }
    return true;
}

static bool is_unique(const cJSON *list, const cJSON *entry, const char *member)
{
    const char *mine = json_string(entry, member, NULL);
    const cJSON *other = NULL;
    cJSON_ArrayForEach(other, list)
    {
        if (other == entry) {
            return true;
        }
        if (mine && !g_strcmp0(json_string(other, member, NULL), mine)) {
            return false;
        }
    }
    return true;
}

static bool candidate_is_sound(const cJSON *list, const cJSON *entry, int place, GError **error)
{
    static const char *const known[] = {"id", "seat", "factor", "extra", NULL};
    const char *wrong = NULL;
    gint64 extra = 0;
    double factor = json_number(entry, "factor", cJSON_HasObjectItem(entry, "factor") ? NAN : 1);
    const char *text = json_string(entry, "extra", "0");
    if (!cJSON_IsObject(entry) || !id_is_valid(json_string(entry, "id", NULL))) {
        return fail(error, "candidates", place,
                "id must be a pseudonym of letters, digits, \"-\", \"_\" and \".\"");
    }
    if (!keys_are_known(entry, known, &wrong)) {
        g_autofree char *what = g_strdup_printf(
                "\"%.40s\" is unknown; possible are id, seat, factor, extra. Names of people stay "
                "outside",
                wrong);
        return fail(error, "candidates", place, what);
    }
    if (!is_unique(list, entry, "id") || !is_unique(list, entry, "seat")) {
        return fail(error, "candidates", place, "its id or seat is another's, too");
    }
    if (!(factor >= 1 && factor <= FACTOR_MAX)) {
        return fail(error, "candidates", place, "factor is a number from 1 to 4");
    }
    if ((cJSON_HasObjectItem(entry, "extra") && !json_string(entry, "extra", NULL)) ||
            !plan_duration_parse(text, &extra)) {
        return fail(error, "candidates", place, "extra is a time such as \"10m\"");
    }
    return true;
}

static bool examiner_is_sound(const cJSON *list, const cJSON *entry, int place, GError **error)
{
    static const char *const known[] = {"id", "token_sha256", NULL};
    const char *wrong = NULL;
    const char *token = json_string(entry, "token_sha256", NULL);
    if (!cJSON_IsObject(entry) || !id_is_valid(json_string(entry, "id", NULL)) ||
            !keys_are_known(entry, known, &wrong) || !is_unique(list, entry, "id")) {
        return fail(error, "examiners", place, "it is {\"id\", \"token_sha256\"}, each id once");
    }
    bool given = cJSON_HasObjectItem(entry, "token_sha256");
    if (given && (!token || strlen(token) != 64 || strspn(token, "0123456789abcdef") != 64)) {
        return fail(error, "examiners", place,
                "token_sha256 has 64 hexadecimal digits: printf %s TOKEN | sha256sum");
    }
    return true;
}

int plan_exam_roster_size(const cJSON *roster)
{
    const cJSON *list = json_array(roster, "candidates");
    return list ? cJSON_GetArraySize(list) : 0;
}

cJSON *plan_exam_roster_parse(const char *text, gsize length, GError **error)
{
    static const char *const known[] = {"candidates", "examiners", NULL};
    g_autoptr(GError) why = NULL;
    auto_json roster = json_parse(text, length, &why);
    const char *wrong = NULL;
    if (!cJSON_IsObject(roster) || !keys_are_known(roster, known, &wrong)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "roster: %s; it is {\"candidates\": [{\"id\": \"c-01\", \"factor\": 1.25}], "
                "\"examiners\": []}",
                why ? why->message : "not such an object");
        return NULL;
    }
    const cJSON *candidates = json_array(roster, "candidates");
    const cJSON *examiners = json_array(roster, "examiners");
    if (plan_exam_roster_size(roster) < 1 || plan_exam_roster_size(roster) > PLAN_TEAMS_MAX ||
            (examiners && cJSON_GetArraySize(examiners) > EXAMINERS_MAX)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "roster: from 1 to %d candidates and at most %d examiners are possible",
                PLAN_TEAMS_MAX, EXAMINERS_MAX);
        return NULL;
    }
    const cJSON *entry = NULL;
    int place = 0;
    cJSON_ArrayForEach(entry, candidates)
    {
        if (!candidate_is_sound(candidates, entry, place++, error)) {
            return NULL;
        }
    }
    place = 0;
    cJSON_ArrayForEach(entry, examiners)
    {
        if (!examiner_is_sound(examiners, entry, place++, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&roster);
}
