/* score_correct.c - corrections: what they take out of the count, and taking them back. */
#include "score/score_internal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define SPANS_MAX 1024
#define VOIDS_MAX 32767 /* as many as score_fact can count */

void score_void_free(gpointer data)
{
    struct score_void *rule = data;
    g_free(rule->reason);
    g_free(rule->by);
    g_free(rule);
}

static bool matches(const struct score_void *rule, const struct score_fact *fact)
{
    return fact->seq >= rule->from_seq && fact->seq <= rule->to_seq &&
           fact->at_us >= rule->from_us && fact->at_us <= rule->to_us &&
           (rule->team < 0 || rule->team == fact->team || rule->team == fact->other) &&
           (rule->service < 0 || rule->service == fact->service) &&
           (rule->kind < 0 || rule->kind == fact->kind);
}

/* A rule begins or ceases to hold. It is about earlier facts only, so those that come later need
 * never be compared with it. */
static void hold(struct score *score, struct score_void *rule, bool holds)
{
    rule->facts = 0;
    for (guint i = 0; i < score->facts->len; i++) {
        struct score_fact *fact = &g_array_index(score->facts, struct score_fact, i);
        if (matches(rule, fact)) {
            fact->voids = (guint16)(holds ? fact->voids + 1 : fact->voids - 1) & VOIDS_MAX;
            rule->facts += holds;
        }
    }
}

void score_history_free(gpointer data)
{
    if (data) {
        g_array_unref(data);
    }
}

/* To whom it happened, when it is something that a restore takes back; else -1. */
static int owner_of(const struct score_fact *fact)
{
    switch (fact->kind) {
    case FACT_CHECK:
    case FACT_BLOCKED:
    case FACT_ISSUED:
    case FACT_BEGUN:
        return fact->team;
    case FACT_EFFECT:
    case FACT_CAPTURE:
        return fact->other;
    default: /* what people know stays: answers, grades, adjustments by hand */
        return -1;
    }
}

/* Did it happen to a team between a checkpoint and its restoring? */
static bool is_undone(const struct score *score, const struct score_fact *fact)
{
    int owner = owner_of(fact);
    const GArray *history = owner < 0 ? NULL : g_ptr_array_index(score->histories, (guint)owner);
    for (guint i = 0; history && i < history->len; i++) {
        const struct score_span *span = &g_array_index(history, struct score_span, i);
        if (fact->seq >= span->from && fact->seq <= span->to) {
            return false;
        }
    }
    return history != NULL;
}

static int kind_of(const char *name)
{
    static const struct {
        const char *name;
        enum score_fact_kind kind;
    } kinds[] = {{"check", FACT_CHECK}, {"capture", FACT_CAPTURE}, {"effect", FACT_EFFECT},
            {"blocked", FACT_BLOCKED}, {"solved", FACT_SOLVED}, {"grade", FACT_GRADE}};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!strcmp(kinds[i].name, name)) {
            return (int)kinds[i].kind;
        }
    }
    return -2;
}

static bool is_lifted(const struct score *score, int index)
{
    for (guint i = (guint)index + 1; i < score->voids->len; i++) {
        const struct score_void *rule = g_ptr_array_index(score->voids, i);
        if (rule->lifts == index && !rule->lifted) {
            return true;
        }
    }
    return false;
}

/* What holds of the correction at index, and of what that one takes back, and so on. */
static void follow_lifts(struct score *score, int index)
{
    while (index >= 0) {
        struct score_void *rule = g_ptr_array_index(score->voids, (guint)index);
        bool lifted = is_lifted(score, index);
        if (lifted == rule->lifted) {
            return;
        }
        rule->lifted = lifted;
        if (rule->lifts < 0) {
            hold(score, rule, !lifted);
        }
        index = rule->lifts;
    }
}

/* The correction with that seq, which can be taken back; -1: there is none. */
static int correction_at(const struct score *score, gint64 seq)
{
    for (guint i = 0; i < score->voids->len; i++) {
        const struct score_void *rule = g_ptr_array_index(score->voids, i);
        if (rule->seq == seq && !rule->restore) {
            return (int)i;
        }
    }
    return -1;
}

/* A name that is given but unknown must not widen the rule to everything. */
static bool read_names(struct score *score, const cJSON *body, struct score_void *rule)
{
    const char *team = json_string(body, "team", NULL);
    const char *service = json_string(body, "service", NULL);
    const char *kind = json_string(body, "of", NULL);
    rule->team = score_index(score->roster.team_ids, team);
    rule->service = score_index(score->roster.service_ids, service);
    rule->kind = kind ? kind_of(kind) : -1;
    return !(team && rule->team < 0) && !(service && rule->service < 0) && rule->kind != -2;
}

/* A rule without any would void everything. */
static bool has_conditions(const cJSON *body)
{
    static const char *const numbers[] = {"from_seq", "to_seq", "from_us", "to_us"};
    bool any = json_int(body, "seq", 0) > 0 || json_string(body, "team", NULL) ||
               json_string(body, "service", NULL) || json_string(body, "of", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        any |= cJSON_GetObjectItemCaseSensitive(body, numbers[i]) != NULL;
    }
    return any;
}

static bool read_void(struct score *score, const struct event *event, const cJSON *body)
{
    gint64 one = json_int(body, "seq", 0);
    struct score_void *rule = g_new0(struct score_void, 1);
    rule->seq = event->seq;
    rule->lifts = one > 0 ? correction_at(score, one) : -1;
    rule->from_seq = one > 0 ? one : json_int(body, "from_seq", 1);
    rule->to_seq = MIN(one > 0 ? one : json_int(body, "to_seq", event->seq), event->seq - 1);
    rule->from_us = json_int(body, "from_us", 0);
    rule->to_us = json_int(body, "to_us", G_MAXINT64);
    rule->reason = g_strdup(json_string(body, "reason", ""));
    rule->by = g_strdup(json_string(body, "by", ""));
    bool usable = has_conditions(body) && read_names(score, body, rule);
    if (!usable || score->voids->len >= VOIDS_MAX) {
        score_void_free(rule);
        return false;
    }
    g_ptr_array_add(score->voids, rule);
    if (rule->lifts >= 0) {
        follow_lifts(score, rule->lifts);
    } else {
        hold(score, rule, true);
    }
    return true;
}

static GArray *read_history(const cJSON *list, gint64 seq)
{
    GArray *history = g_array_new(FALSE, FALSE, sizeof(struct score_span));
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *from = cJSON_GetArrayItem(pair, 0);
        const cJSON *to = cJSON_GetArrayItem(pair, 1);
        if (cJSON_IsNumber(from) && cJSON_IsNumber(to) && history->len < SPANS_MAX) {
            struct score_span span = {
                    .from = (gint64)CLAMP(from->valuedouble, 0, (double)seq),
                    .to = (gint64)CLAMP(to->valuedouble, 0, (double)seq),
            };
            g_array_append_val(history, span);
        }
    }
    struct score_span rest = {.from = seq, .to = G_MAXINT64};
    g_array_append_val(history, rest);
    return history;
}

/* Which facts the histories take out; how many more than before. */
static gint64 undo(struct score *score)
{
    gint64 more = 0;
    for (guint i = 0; i < score->facts->len; i++) {
        struct score_fact *fact = &g_array_index(score->facts, struct score_fact, i);
        bool undone = is_undone(score, fact);
        more += undone - fact->undone;
        fact->undone = undone;
    }
    return more;
}

/* checkpoint.restored says by seq which events still count of each team it put back; a later one
 * may make some count again. */
static bool read_restored(struct score *score, const struct event *event, const cJSON *body)
{
    g_autoptr(GString) teams = g_string_new(NULL);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, json_object(body, "counts"))
    {
        int team = score_index(score->roster.team_ids, list->string);
        if (team < 0 || !cJSON_IsArray(list)) {
            continue;
        }
        gpointer *place = &g_ptr_array_index(score->histories, (guint)team);
        score_history_free(*place);
        *place = read_history(list, event->seq);
        g_string_append_printf(teams, "%s%s", teams->len > 0 ? ", " : "", list->string);
    }
    if (teams->len == 0) {
        return false;
    }
    struct score_void *rule = g_new0(struct score_void, 1);
    rule->seq = event->seq;
    rule->restore = true;
    rule->lifts = -1;
    rule->facts = undo(score);
    rule->reason = g_strdup_printf("%s put back to checkpoint %s", teams->str, event->subject);
    rule->by = g_strdup(json_string(body, "by", ""));
    g_ptr_array_add(score->voids, rule);
    return true;
}

bool score_correct(struct score *score, const struct event *event)
{
    bool restored = !strcmp(event->kind, "checkpoint.restored");
    if (!restored && strcmp(event->kind, "score.voided") != 0) {
        return false;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    return restored ? read_restored(score, event, body) : read_void(score, event, body);
}

cJSON *score_corrections(const struct score *score)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < score->voids->len; i++) {
        const struct score_void *rule = g_ptr_array_index(score->voids, i);
        cJSON *item = cJSON_CreateObject();
        json_add_int(item, "seq", rule->seq);
        cJSON_AddStringToObject(item, "reason", rule->reason);
        cJSON_AddStringToObject(item, "by", rule->by);
        cJSON_AddBoolToObject(item, "lifted", rule->lifted);
        json_add_int(item, "facts", rule->facts);
        if (rule->lifts >= 0) {
            const struct score_void *of = g_ptr_array_index(score->voids, (guint)rule->lifts);
            json_add_int(item, "lifts", of->seq);
        }
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* ---- making them --------------------------------------------------------------------------- */

#define REASON_BYTES 1024

static bool refuse(GError **error, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, what);
    return false;
}

/* The member is missing, or names one of ids. */
static bool is_known(const cJSON *params, const char *member, GHashTable *ids, GError **error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, member);
    if (!item || (cJSON_IsString(item) && g_hash_table_contains(ids, item->valuestring))) {
        return true;
    }
    const char *name = cJSON_IsString(item) ? item->valuestring : "";
    g_autofree const char **known = (const char **)g_hash_table_get_keys_as_array(ids, NULL);
    g_autofree char *hint = text_did_you_mean(name, known);
    g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
    g_autofree char *what = g_strdup_printf("unknown %s \"%s\"%s", member, shown, hint);
    return refuse(error, what);
}

static bool copy_numbers(const cJSON *params, cJSON *body, GError **error)
{
    static const char *const members[] = {"seq", "from_seq", "to_seq", "from_us", "to_us"};
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, members[i]);
        if (!item) {
            continue;
        }
        double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(value >= 0 && value <= 9e15 && value == floor(value))) {
            g_autofree char *what =
                    g_strdup_printf("%s must be a whole number from 0 on", members[i]);
            return refuse(error, what);
        }
        json_add_int(body, members[i], (gint64)value);
    }
    return true;
}

/* One that is not there would be recorded and do nothing. */
static bool seq_is_there(const struct score *score, const cJSON *body, GError **error)
{
    gint64 seq = json_int(body, "seq", score->seq);
    if (score->voids->len >= VOIDS_MAX) {
        return refuse(error, "there are as many corrections as can be counted; adjust by hand");
    }
    if (seq >= 1 && seq <= score->seq) {
        return true;
    }
    g_autofree char *what = g_strdup_printf("there is no event %" G_GINT64_FORMAT
                                            "; they are 1 to %" G_GINT64_FORMAT,
            seq, score->seq);
    return refuse(error, what);
}

static bool fill_void(const struct score *score, const cJSON *params, cJSON *body, GError **error)
{
    static const char *const words[] = {"team", "service", "of"};
    const char *of = json_string(params, "of", NULL);
    if (!is_known(params, "team", score->roster.team_ids, error) ||
            !is_known(params, "service", score->roster.service_ids, error) ||
            !copy_numbers(params, body, error) || !seq_is_there(score, body, error)) {
        return false;
    }
    if (of && kind_of(of) < 0) {
        return refuse(error, "of must be check, capture, effect, blocked, solved or grade");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *word = json_string(params, words[i], NULL);
        if (word) {
            cJSON_AddStringToObject(body, words[i], word);
        }
    }
    if (cJSON_GetArraySize(body) == 0) {
        return refuse(error, "say what to void: seq, from and to, team, service, of");
    }
    return true;
}

static bool fill_adjust(const struct score *score, const cJSON *params, cJSON *body, GError **error)
{
    double points = json_number(params, "points", NAN);
    if (!json_string(params, "team", NULL)) {
        return refuse(error, "an adjustment names a team");
    }
    if (!(fabs(points) <= 1e9) || points == 0) {
        return refuse(error, "points must be a number other than 0, at most 1e9");
    }
    cJSON_AddNumberToObject(body, "points", points);
    return is_known(params, "team", score->roster.team_ids, error);
}

static bool fill_frozen(G_GNUC_UNUSED const struct score *score, const cJSON *params, cJSON *body,
        G_GNUC_UNUSED GError **error)
{
    cJSON_AddBoolToObject(body, "frozen", json_bool(params, "frozen", true));
    return true;
}

struct event *score_correction_new(const struct score *score, const char *kind, const cJSON *params,
        const char *who, GError **error)
{
    bool adjust = !strcmp(kind, "score.adjusted");
    bool frozen = !strcmp(kind, "score.frozen");
    const char *reason = json_string(params, "reason", "");
    auto_json body = cJSON_CreateObject();
    if (!(adjust ? fill_adjust : frozen ? fill_frozen : fill_void)(score, params, body, error)) {
        return NULL;
    }
    if (!*reason || strlen(reason) > REASON_BYTES) {
        refuse(error, "a correction needs a reason, of at most 1024 bytes");
        return NULL;
    }
    g_autofree char *clean = text_clean_tail(reason, strlen(reason), REASON_BYTES);
    cJSON_AddStringToObject(body, "reason", clean);
    cJSON_AddStringToObject(body, "by", who);
    const char *team = adjust ? json_string(params, "team", "") : NULL;
    return event_new(kind, team, score->exercise, g_steal_pointer(&body));
}
