/* stream.c - which events, and which of their members, are in a team's stream or in the truth. */
#include "report/stream_internal.h"

#include "base/json.h"
#include "base/text.h"
#include "report/aar.h"

#include <string.h>

#define MESSAGE_MAX 1024
#define LOG_LINE_MAX 4096

struct stream {
    enum stream_format format;
    char *team; /* NULL: the truth */
    char *exercise, *engine;
    cJSON *plan;
    bool knows_team;
    gint64 lines;
};

struct stream *stream_new(enum stream_format format, const char *team)
{
    struct stream *stream = g_new0(struct stream, 1);
    stream->format = format;
    stream->team = g_strdup(team);
    stream->exercise = g_strdup("");
    stream->engine = g_strdup("");
    stream->plan = cJSON_CreateObject();
    return stream;
}

void stream_free(struct stream *stream)
{
    if (!stream) {
        return;
    }
    g_free(stream->team);
    g_free(stream->exercise);
    g_free(stream->engine);
    cJSON_Delete(stream->plan);
    g_free(stream);
}

bool stream_knows_team(const struct stream *stream)
{
    return stream->knows_team;
}

static char *clean(const char *text)
{
    return text_clean_tail(text, strlen(text), MESSAGE_MAX);
}

static const cJSON *find(const cJSON *list, const char *member, const char *value)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(json_string(item, member, ""), value)) {
            return item;
        }
    }
    return NULL;
}

/* A few members only: steps, players and injects of the plan are no team's business. */
static void learn(struct stream *stream, const cJSON *body)
{
    static const char *const kept[] = {"services", "machines", "routers"};
    const cJSON *plan = json_object(body, "plan");
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        cJSON *part = cJSON_Duplicate(json_array(plan, kept[i]), true);
        if (part && !cJSON_HasObjectItem(stream->plan, kept[i])) {
            cJSON_AddItemToObject(stream->plan, kept[i], part);
        } else {
            cJSON_Delete(part);
        }
    }
    stream->knows_team |=
            stream->team && find(json_array(plan, "teams"), "id", stream->team) != NULL;
    g_free(stream->exercise);
    g_free(stream->engine);
    stream->exercise = clean(json_string(plan, "name", ""));
    stream->engine = clean(json_string(body, "engine", "0"));
}

static bool owns_machine(const struct stream *stream, const char *list, const char *id)
{
    const cJSON *machine = find(json_array(stream->plan, list), "id", id);
    return machine && !strcmp(json_string(machine, "team", ""), stream->team);
}

/* ---- what a team sees ---------------------------------------------------------------------- */

static bool see_check(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    bool ok = !strcmp(event->kind, "check.ok");
    bool fault = !strcmp(event->kind, "check.fault");
    fact->class = STREAM_CHECK;
    fact->action = "check";
    fact->outcome = ok ? "success" : fault ? "unknown" : "failure";
    fact->service = event->subject;
    fact->state = json_string(body, "status", ok ? "ok" : fault ? "unknown" : "down");
    fact->took_us = json_int(body, "took_us", 0);
    g_autofree char *detail = clean(json_string(body, "detail", ""));
    fact->message = g_strdup_printf(
            "service %s: %s%s%s", event->subject, fact->state, *detail ? ", " : "", detail);
    return ok || fault || !strcmp(event->kind, "check.down");
}

/* Not "starting" or "defined", nor why: those are the range's. */
static bool see_machine(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    static const struct {
        const char *state, *action, *outcome;
    } known[] = {{"booted", "machine-start", "success"}, {"ready", "machine-ready", "success"},
            {"stopped", "machine-stop", "success"}, {"crashed", "machine-crash", "failure"}};
    const char *state = json_string(body, "state", "");
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!strcmp(known[i].state, state)) {
            fact->class = STREAM_MACHINE;
            fact->action = known[i].action;
            fact->outcome = known[i].outcome;
            fact->host = event->subject;
            fact->message = g_strdup_printf("machine %s: %s", event->subject, state);
            return true;
        }
    }
    return false;
}

/* What the team's own people did by their scripts. */
static bool see_action(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    const char *action = json_string(body, "action", "");
    const char *machine = json_string(body, "machine", "");
    bool is_exec = !strcmp(action, "exec");
    bool asked = !strcmp(json_string(body, "state", ""), "asked"); /* what came of it is told */
    if (asked || (!is_exec && strcmp(action, "write") != 0)) {
        return false;
    }
    fact->class = STREAM_ACTION;
    fact->action = is_exec ? "exec" : "file-write";
    fact->host = machine;
    fact->argv = is_exec ? json_to_strv(json_array(body, "argv")) : NULL;
    fact->status = (int)json_int(body, "status", 0);
    fact->outcome = json_string(body, "error", NULL) || fact->status != 0 ? "failure" : "success";
    g_autofree char *line = fact->argv ? g_strjoinv(" ", fact->argv) : NULL;
    g_autofree char *what = clean(line ? line : json_string(body, "path", ""));
    (void)event;
    fact->message = g_strdup_printf("%s: %s %s", machine, fact->action, what);
    return true;
}

static bool see_rules(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    const char *state = json_string(body, "state", "");
    bool ok = !strcmp(state, "applied");
    fact->class = STREAM_ACTION;
    fact->action = "rules";
    fact->host = event->subject;
    fact->outcome = ok ? "success" : "failure";
    fact->message = g_strdup_printf("rules of %s: %s", event->subject, state);
    return ok || !strcmp(state, "failed");
}

static bool see_state(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    static const char *const told[] = {"running", "paused", "ended", NULL};
    const char *state = json_string(body, "state", "");
    (void)event;
    fact->class = STREAM_NOTICE;
    fact->action = "exercise";
    fact->message = g_strdup_printf("exercise: %s", state);
    return g_strv_contains(told, state);
}

static bool see_note(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    (void)event;
    fact->class = STREAM_NOTICE;
    fact->action = "announcement";
    fact->message = clean(json_string(body, "text", ""));
    return true;
}

/* Letters from the white cell, and what the team itself wrote. */
static bool see_text(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    fact->class = STREAM_NOTICE;
    fact->action = !strcmp(event->kind, "report.filed") ? "report" : "message";
    fact->message = clean(json_string(body, "text", ""));
    return true;
}

static bool is_seen(const struct stream *stream, const struct event *event, const cJSON *body,
        struct stream_fact *fact)
{
    bool own = !strcmp(event->team, stream->team);
    bool all = !*event->team;
    if (g_str_has_prefix(event->kind, "check.")) {
        return own && see_check(event, body, fact);
    }
    if (!strcmp(event->kind, "machine.state")) {
        return own && owns_machine(stream, "machines", event->subject) &&
               see_machine(event, body, fact);
    }
    if (!strcmp(event->kind, "player.action")) {
        return own && owns_machine(stream, "machines", json_string(body, "machine", "")) &&
               see_action(event, body, fact);
    }
    if (!strcmp(event->kind, "router.rules")) {
        return own && owns_machine(stream, "routers", event->subject) &&
               see_rules(event, body, fact);
    }
    if (!strcmp(event->kind, "exercise.state")) {
        return see_state(event, body, fact);
    }
    if (!strcmp(event->kind, "report.filed")) {
        return own && see_text(event, body, fact);
    }
    if (!strcmp(event->kind, "message.sent")) {
        return (own || all) && see_text(event, body, fact);
    }
    return !strcmp(event->kind, "note") && (own || all) && see_note(event, body, fact);
}

/* ---- the truth ----------------------------------------------------------------------------- */

static void tell_step(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    const char *verdict = json_string(body, "verdict", json_string(body, "state", ""));
    fact->class = STREAM_ATTACK;
    fact->action = !strcmp(event->kind, "step.verdict") ? "step-verdict" : "step-state";
    fact->attack = json_object(body, "attack");
    fact->attack_name = aar_attack_name(
            json_string(fact->attack, "domain", ""), json_string(fact->attack, "id", ""));
    fact->rule = json_string(body, "step", event->subject);
    fact->host = json_string(body, "to", NULL);
    fact->verdict = verdict;
    fact->outcome = !strcmp(verdict, "effect")    ? "success"
                    : !strcmp(verdict, "blocked") ? "failure"
                                                  : "unknown";
    fact->took_us = json_int(body, "took_us", 0);
    g_autofree char *reason = clean(json_string(body, "reason", ""));
    fact->message = g_strdup_printf("step %s against %s: %s%s%s", fact->rule, event->team, verdict,
            *reason ? ", " : "", reason);
}

static bool is_told(const struct event *event, const cJSON *body, struct stream_fact *fact)
{
    static const char *const notices[] = {"inject.state", "inject.added", "inject.edited",
            "inject.approved", "operator.action", "operator.exec", "link.impaired", "link.cleared",
            "alarm.raised", "alarm.cleared", "flag.captured", "score.adjusted", "score.voided",
            "score.frozen", "fault.found", "fault.cleared", "fault.credited", "checkpoint.restored",
            "machine.reset", "team.reset", NULL};
    if (!strcmp(event->kind, "step.verdict") || !strcmp(event->kind, "step.state")) {
        tell_step(event, body, fact);
        return true;
    }
    if (!g_strv_contains(notices, event->kind)) {
        return false;
    }
    const char *what = json_string(body, "state",
            json_string(body, "action", json_string(body, "alarm", json_string(body, "by", ""))));
    const char *why = json_string(body, "text", json_string(body, "reason", ""));
    g_autofree char *text = g_strdup_printf(
            "%s %s: %s%s%s", event->kind, event->subject, what, *why ? ", " : "", why);
    fact->class = STREAM_NOTICE;
    fact->action = event->kind;
    fact->message = clean(text);
    return true;
}

/* ---- lines --------------------------------------------------------------------------------- */

static char *line_of(struct stream *stream, struct stream_fact *fact)
{
    fact->number = ++stream->lines;
    fact->exercise = stream->exercise;
    fact->engine = stream->engine;
    auto_json line = stream->format == STREAM_ECS ? stream_ecs(fact) : stream_ocsf(fact);
    return json_text(line);
}

static void add_log_line(
        struct stream *stream, struct stream_fact *fact, char *message, GString *lines)
{
    fact->message = message;
    g_autofree char *line = line_of(stream, fact);
    g_string_append_printf(lines, "%s%s", lines->len > 0 ? "\n" : "", line);
    g_clear_pointer(&fact->message, g_free);
}

/* A line of the stream for each of the log; NULL: none. */
static char *log_lines(struct stream *stream, const struct event *event, const cJSON *body)
{
    g_autofree char *file = clean(json_string(body, "file", ""));
    struct stream_fact fact = {
            .wall_us = event->wall_us,
            .team = event->team,
            .class = STREAM_LOG,
            .action = "log-line",
            .host = event->subject,
            .file = file,
    };
    GString *lines = g_string_new(NULL);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "lines"))
    {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        add_log_line(stream, &fact, text_clean_tail(text, strlen(text), LOG_LINE_MAX), lines);
    }
    gint64 lost = json_int(body, "lost", 0);
    if (lost > 0) {
        fact.action = "log-gap";
        add_log_line(stream, &fact,
                g_strdup_printf("%" G_GINT64_FORMAT " bytes of %s were not collected", lost, file),
                lines);
    }
    return g_string_free(lines, lines->len == 0);
}

char *stream_line(struct stream *stream, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    struct stream_fact fact = {.wall_us = event->wall_us, .team = event->team};
    if (!strcmp(event->kind, "exercise.created")) {
        learn(stream, body);
        return NULL;
    }
    if (!strcmp(event->kind, "log.lines")) {
        bool own = stream->team && !strcmp(event->team, stream->team) &&
                   owns_machine(stream, "machines", event->subject);
        return own ? log_lines(stream, event, body) : NULL;
    }
    bool in = stream->team ? is_seen(stream, event, body, &fact) : is_told(event, body, &fact);
    char *text = in ? line_of(stream, &fact) : NULL;
    g_free(fact.message);
    g_strfreev(fact.argv);
    return text;
}
