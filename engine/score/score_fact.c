/* score_fact.c - what an event means to scoring models. */
#include "score/score_internal.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

#define NAMES_MAX (1 << 20)
#define VALUE_MAX 1e9
#define HOSTS_MAX 16

gint32 score_name(struct score *score, const char *text)
{
    int known = score_index(score->name_ids, text);
    if (known >= 0 || score->names->len >= NAMES_MAX) {
        return known;
    }
    char *name = g_strdup(text);
    g_ptr_array_add(score->names, name);
    g_hash_table_insert(score->name_ids, name, GINT_TO_POINTER((int)score->names->len));
    return (gint32)score->names->len - 1;
}

static int team_of(const struct score *score, const char *id)
{
    return score_index(score->roster.team_ids, id);
}

static gint32 tick_or(const cJSON *body, const char *name, gint32 missing)
{
    return (gint32)CLAMP(json_int(body, name, missing), missing, G_MAXINT32);
}

static gint32 tick_of(const cJSON *body, const char *name)
{
    return tick_or(body, name, 0);
}

static double value_between(const cJSON *body, const char *name, double usual, double most)
{
    double value = json_number(body, name, usual);
    return isfinite(value) ? CLAMP(value, -most, most) : 0;
}

static double value_of(const cJSON *body, const char *name)
{
    return value_between(body, name, 0, VALUE_MAX);
}

struct look { /* what a check's body says */
    gint64 round;
    char status[16];
};

/* There is one a look, so its few members are found without building a tree: within a JSON text a
 * quote that belongs to a string has a backslash before it, so "round": can only be a member. Only a
 * body of another system, which may put blanks anywhere, is read as a whole. */
static struct look look_of(const char *body)
{
    struct look look = {0};
    const char *round = strstr(body, "\"round\"");
    const char *status = strstr(body, "\"status\"");
    round = round ? round + strlen("\"round\"") : NULL;
    status = status ? status + strlen("\"status\"") : NULL;
    if ((!round || (*round == ':' && g_ascii_isdigit(round[1]))) &&
            (!status || g_str_has_prefix(status, ":\""))) {
        look.round = round ? g_ascii_strtoll(round + 1, NULL, 10) : 0;
        gsize length = status ? strcspn(status + 2, "\"") + 1 : 1;
        g_strlcpy(look.status, status ? status + 2 : "", MIN(length, sizeof look.status));
        return look;
    }
    auto_json json = json_parse(body, strlen(body), NULL);
    look.round = json_int(json, "round", 0);
    g_strlcpy(look.status, json_string(json, "status", ""), sizeof look.status);
    return look;
}

static bool read_check(struct score *score, const struct event *event, struct score_fact *fact)
{
    static const struct {
        const char *word;
        enum score_status status;
    } words[] = {{"recovering", STATUS_RECOVERING}, {"mumble", STATUS_MUMBLE},
            {"corrupt", STATUS_CORRUPT}};
    fact->kind = FACT_CHECK;
    fact->service = score_index(score->roster.service_ids, event->subject);
    if (fact->team < 0 || fact->service < 0) {
        return false;
    }
    const struct look look = look_of(event->body);
    fact->tick = (gint32)CLAMP(look.round, 0, G_MAXINT32);
    const char *kind = event->kind + strlen("check.");
    bool ok = !strcmp(kind, "ok");
    if (!ok && strcmp(kind, "down") != 0) {
        fact->status = STATUS_FAULT;
        return !strcmp(kind, "fault");
    }
    fact->status = ok ? STATUS_OK : STATUS_DOWN;
    for (gsize i = ok ? 0 : 1; i < (ok ? 1 : G_N_ELEMENTS(words)); i++) {
        if (!strcmp(look.status, words[i].word)) {
            fact->status = words[i].status;
        }
    }
    return true;
}

/* The window is stated once, when the flag is issued: a second statement changes nothing. */
static void note_window(struct score *score, const cJSON *body, gint32 name)
{
    const struct score_window none = {-1, -1};
    struct score_window stated = {tick_or(body, "first_tick", -1), tick_or(body, "last_tick", -1)};
    stated.first = stated.first < 0 ? tick_of(body, "tick") : stated.first;
    if (stated.last < stated.first) {
        return;
    }
    while (score->windows->len <= (guint)name) {
        g_array_append_val(score->windows, none);
    }
    struct score_window *known = &g_array_index(score->windows, struct score_window, name);
    *known = known->last < 0 ? stated : *known;
}

/* Was it taken in a tick in which it does not count? Only where both are said. */
static bool is_outside(const struct score *score, const cJSON *body, gint32 name)
{
    gint32 at = tick_or(body, "at_tick", -1);
    if (at < 0 || name < 0 || (guint)name >= score->windows->len) {
        return false;
    }
    const struct score_window window = g_array_index(score->windows, struct score_window, name);
    return window.last >= 0 && (at < window.first || at > window.last);
}

static bool read_flag(
        struct score *score, const struct event *event, const cJSON *body, struct score_fact *fact)
{
    bool captured = !strcmp(event->kind, "flag.captured");
    fact->kind = captured ? FACT_CAPTURE : FACT_ISSUED;
    fact->service = score_index(score->roster.service_ids, json_string(body, "service", NULL));
    fact->other = captured ? team_of(score, json_string(body, "owner", NULL)) : -1;
    fact->tick = tick_of(body, "tick");
    fact->name = score_name(score, event->subject);
    if (!captured && fact->name >= 0) {
        note_window(score, body, fact->name);
    }
    return fact->team >= 0 && fact->service >= 0 && fact->name >= 0 &&
           (!captured || (fact->other >= 0 && !is_outside(score, body, fact->name)));
}

static bool read_verdict(
        struct score *score, const struct event *event, const cJSON *body, struct score_fact *fact)
{
    const char *verdict = json_string(body, "verdict", "");
    int step = score_index(score->roster.step_ids, json_string(body, "step", event->subject));
    if (step < 0 || fact->team < 0) {
        return false;
    }
    const struct score_step *known = g_ptr_array_index(score->roster.steps, (guint)step);
    fact->name = step; /* an index of the roster's steps */
    if (!strcmp(verdict, "blocked")) {
        fact->kind = FACT_BLOCKED;
        return true;
    }
    const char *attacker = json_string(body, "attacker", NULL);
    fact->kind = FACT_EFFECT;
    fact->other = fact->team;
    fact->team = attacker ? team_of(score, attacker) : known->attacker;
    return !strcmp(verdict, "effect") && fact->team >= 0;
}

/* A step begins; the verdict says later what became of it. */
static bool read_begun(
        struct score *score, const struct event *event, const cJSON *body, struct score_fact *fact)
{
    fact->kind = FACT_BEGUN;
    fact->name = score_index(score->roster.step_ids, json_string(body, "step", event->subject));
    return fact->team >= 0 && fact->name >= 0 && !strcmp(json_string(body, "state", ""), "running");
}

/* "resolved|what|host,host": interned, so that facts stay small. */
static bool read_report(
        struct score *score, const struct event *event, const cJSON *body, struct score_fact *fact)
{
    g_autoptr(GString) text = g_string_new(json_bool(body, "resolved", false) ? "1|" : "0|");
    g_autofree char *what = g_strdup(json_string(body, "what", event->subject));
    g_string_append(text, g_strdelimit(what, "|", ' '));
    const cJSON *host = NULL;
    int hosts = 0;
    cJSON_ArrayForEach(host, json_array(body, "hosts"))
    {
        if (cJSON_IsString(host) && hosts < HOSTS_MAX) {
            g_string_append_printf(text, "%c%.128s", hosts++ ? ',' : '|', host->valuestring);
        }
    }
    fact->kind = FACT_REPORT;
    fact->name = score_name(score, text->str);
    fact->value = value_between(body, "seen_us", (double)event->at_us, 9e15);
    return fact->team >= 0 && fact->name >= 0;
}

struct score_sighting score_sighting_of(const struct score_model *model, gint32 name)
{
    g_auto(GStrv) parts = g_strsplit(score_name_of(model, name), "|", 3);
    bool whole = g_strv_length(parts) >= 2;
    return (struct score_sighting){
            .what = g_strdup(whole ? parts[1] : ""),
            .hosts = g_strsplit(whole && parts[2] ? parts[2] : "", ",", -1),
            .resolved = whole && parts[0][0] == '1',
    };
}

/* Kinds that name a team, something, and a number. */
static bool read_plain(
        struct score *score, const struct event *event, const cJSON *body, struct score_fact *fact)
{
    static const struct {
        const char *event;
        enum score_fact_kind kind;
        const char *value;
    } kinds[] = {
            {"task.solved", FACT_SOLVED, "points"},
            {"task.rejected", FACT_REJECTED, "points"},
            {"hint.taken", FACT_HINT, "cost"},
            {"solution.shown", FACT_SOLUTION, "cost"},
            {"grade.given", FACT_GRADE, "points"},
            {"score.adjusted", FACT_ADJUST, "points"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!strcmp(event->kind, kinds[i].event)) {
            fact->kind = kinds[i].kind;
            fact->value = value_of(body, kinds[i].value);
            const char *about =
                    fact->kind == FACT_ADJUST ? json_string(body, "reason", "") : event->subject;
            fact->name = score_name(score, about);
            return fact->team >= 0 && fact->name >= 0;
        }
    }
    return false;
}

void score_fact_other(const struct score *score, const struct event *event, struct score_fact *ret)
{
    *ret = (struct score_fact){
            .kind = FACT_OTHER,
            .seq = event->seq,
            .at_us = event->at_us,
            .team = team_of(score, event->team),
            .other = -1,
            .service = score_index(score->roster.service_ids, event->subject),
            .name = -1,
    };
}

bool score_fact_read(struct score *score, const struct event *event, struct score_fact *ret)
{
    *ret = (struct score_fact){
            .seq = event->seq,
            .at_us = event->at_us,
            .team = team_of(score, event->team),
            .other = -1,
            .service = -1,
            .name = -1,
    };
    if (g_str_has_prefix(event->kind, "check.")) {
        return read_check(score, event, ret);
    }
    static const char *const families[] = {"step.", "flag.", "task.", "hint.", "solution.",
            "grade.", "score.", "round.", "report."};
    bool ours = false;
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        ours |= g_str_has_prefix(event->kind, families[i]);
    }
    if (!ours) {
        return false;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (!strcmp(event->kind, "step.verdict")) {
        return read_verdict(score, event, body, ret);
    }
    if (!strcmp(event->kind, "step.state")) {
        return read_begun(score, event, body, ret);
    }
    if (!strcmp(event->kind, "report.filed")) {
        return read_report(score, event, body, ret);
    }
    if (!strcmp(event->kind, "flag.issued") || !strcmp(event->kind, "flag.captured")) {
        return read_flag(score, event, body, ret);
    }
    if (!strcmp(event->kind, "round.closed")) {
        ret->kind = FACT_ROUND;
        ret->tick = tick_of(body, "round");
        return true;
    }
    return read_plain(score, event, body, ret);
}
