/* cli_event.c - one event as one line for people. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "plan/plan_impair.h"

#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 1024

struct view { /* the event and its parsed body */
    const struct event *event;
    const cJSON *body;
    GString *line;
    enum cli_tone tone;
};

static const char *text_of(const struct view *view, const char *name)
{
    return json_string(view->body, name, "");
}

static void append_reason(struct view *view, const char *before, const char *text)
{
    if (*text) {
        g_string_append_printf(view->line, "%s%s", before, text);
    }
}

static enum cli_tone tone_of(const char *word)
{
    static const struct {
        const char *word;
        enum cli_tone tone;
    } tones[] = {
            {"ok", CLI_GOOD},
            {"blocked", CLI_GOOD},
            {"ready", CLI_GOOD},
            {"down", CLI_BAD},
            {"mumble", CLI_BAD},
            {"effect", CLI_BAD},
            {"crashed", CLI_BAD},
            {"fault", CLI_ODD},
            {"inert", CLI_ODD},
            {"skipped", CLI_ODD},
            {"held", CLI_ODD},
            {"undo-failed", CLI_BAD},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(tones); i++) {
        if (!strcmp(tones[i].word, word)) {
            return tones[i].tone;
        }
    }
    return CLI_PLAIN;
}

static void show_created(struct view *view)
{
    const cJSON *plan = json_object(view->body, "plan");
    g_string_append_printf(view->line, "exercise %s: %s, %d teams, %d machines, seed %.0f",
            view->event->subject, json_string(plan, "title", ""),
            cJSON_GetArraySize(json_array(plan, "teams")),
            cJSON_GetArraySize(json_array(plan, "machines")), json_number(plan, "seed", 0));
}

static void show_state(struct view *view)
{
    g_string_append_printf(view->line, "exercise is %s%s", text_of(view, "state"),
            json_bool(view->body, "clock_only", false) ? ", the machines run on" : "");
    append_reason(view, " — ", text_of(view, "reason"));
    append_reason(view, ", by ", text_of(view, "by"));
}

static void show_machine(struct view *view)
{
    const char *state = text_of(view, "state");
    view->tone = tone_of(state);
    g_string_append_printf(view->line, "%s is %s", view->event->subject, state);
    if (json_int(view->body, "since_start_ms", 0) > 0) {
        g_string_append_printf(
                view->line, " (%.1f s)", json_number(view->body, "since_start_ms", 0) / 1000);
    }
    append_reason(view, " — ", text_of(view, "reason"));
}

static void show_check(struct view *view)
{
    const char *verdict = json_string(view->body, "status", view->event->kind + strlen("check."));
    view->tone = tone_of(verdict);
    g_string_append_printf(
            view->line, "%s %s: %s", view->event->team, view->event->subject, verdict);
    append_reason(view, " — ", text_of(view, "detail"));
}

static void show_inject(struct view *view)
{
    g_string_append_printf(view->line, "inject %s is %s", view->event->subject,
            view->event->kind + strlen("inject."));
    append_reason(view, ": ", text_of(view, "title"));
    append_reason(view, ", by ", text_of(view, "by"));
    gint64 missing = json_int(view->body, "missing", 0);
    if (missing > 0) {
        g_string_append_printf(view->line, ", %d more must agree", (int)missing);
    }
}

static void append_inject(struct view *view)
{
    view->tone = tone_of(text_of(view, "state"));
    g_string_append_printf(
            view->line, "inject %s is %s", view->event->subject, text_of(view, "state"));
    append_reason(view, ", by ", text_of(view, "by"));
}

/* blue2 guess (T1110.001) attacker → web: effect — why */
static void show_step(struct view *view)
{
    const char *id = json_string(json_object(view->body, "attack"), "id", "");
    const char *outcome = json_string(view->body, "verdict", text_of(view, "state"));
    view->tone = tone_of(outcome);
    g_string_append_printf(view->line, "%s %s", view->event->team,
            json_string(view->body, "step", view->event->subject));
    if (*id) {
        g_string_append_printf(view->line, " (%s)", id);
    }
    g_string_append_printf(
            view->line, " %s → %s: %s", text_of(view, "from"), text_of(view, "to"), outcome);
    append_reason(view, " — ", text_of(view, "reason"));
}

static void append_argv(struct view *view)
{
    const cJSON *item = NULL;
    const char *before = ": ";
    cJSON_ArrayForEach(item, json_array(view->body, "argv"))
    {
        g_string_append_printf(
                view->line, "%s%s", before, cJSON_IsString(item) ? item->valuestring : "?");
        before = " ";
    }
    append_reason(view, ": ", text_of(view, "path"));
    if (cJSON_HasObjectItem(view->body, "status")) {
        g_string_append_printf(view->line, " (status %d)", (int)json_int(view->body, "status", 0));
    }
    append_reason(view, " — ", text_of(view, "error"));
}

static void show_player(struct view *view)
{
    g_string_append_printf(view->line, "%s player %s: %s", view->event->team, view->event->subject,
            text_of(view, "action"));
    append_reason(view, " on ", text_of(view, "machine"));
    append_reason(view, ", ", !strcmp(text_of(view, "state"), "done") ? "done" : "");
    append_argv(view);
}

static void show_operator(struct view *view)
{
    const char *action = text_of(view, "action");
    g_string_append_printf(
            view->line, "%s: %s", text_of(view, "by"), *action ? action : "exec on ");
    if (!*action) {
        g_string_append(view->line, view->event->subject);
        append_reason(view, ", ", !strcmp(text_of(view, "state"), "done") ? "done" : "");
    }
    append_reason(view, " ", text_of(view, "inject"));
    append_reason(view, " ", text_of(view, "target"));
    append_reason(view, " ", text_of(view, "label"));
    append_argv(view);
}

static void show_log(struct view *view)
{
    g_string_append_printf(view->line, "%s %s: %d lines", view->event->subject,
            text_of(view, "file"), cJSON_GetArraySize(json_array(view->body, "lines")));
    const cJSON *line = NULL;
    const char *last = "";
    cJSON_ArrayForEach(line, json_array(view->body, "lines"))
    {
        last = cJSON_IsString(line) ? line->valuestring : last;
    }
    append_reason(view, ", the last: ", last);
}

static void show_note(struct view *view)
{
    g_string_append_printf(view->line, "note to %s: %s",
            *view->event->team ? view->event->team : "all", text_of(view, "text"));
}

static void show_private_note(struct view *view)
{
    gint64 about_us = json_int(view->body, "about_us", view->event->at_us);
    g_autofree char *about = text_clock(about_us);
    bool later = about_us != view->event->at_us;
    g_string_append_printf(view->line, "%s notes%s%s: %s", text_of(view, "by"),
            later ? " about " : "", later ? about : "", text_of(view, "text"));
}

static void show_alarm(struct view *view)
{
    bool raised = !strcmp(view->event->kind, "alarm.raised");
    view->tone = raised ? CLI_BAD : CLI_GOOD;
    g_string_append_printf(view->line, "%s %s %s", raised ? "ALARM" : "alarm over",
            text_of(view, "alarm"), view->event->subject);
    append_reason(view, " — ", text_of(view, "text"));
}

static void show_capture(struct view *view)
{
    const char *what = strchr(view->event->kind, '.') + 1;
    if (!strcmp(what, "step")) {
        g_string_append_printf(
                view->line, "packets of %s %s are kept", view->event->team, view->event->subject);
        return;
    }
    g_string_append_printf(view->line, "capture of %s %s", view->event->subject, what);
    append_reason(view, ", by ", text_of(view, "by"));
    if (!strcmp(what, "stopped")) {
        g_string_append_printf(view->line, ": %.0f packets, %.0f dropped, %d files in %s",
                json_number(view->body, "packets", 0), json_number(view->body, "dropped", 0),
                cJSON_GetArraySize(json_array(view->body, "files")), text_of(view, "folder"));
    }
    append_reason(view, " — ", text_of(view, "problem"));
}

static void show_console(struct view *view)
{
    g_string_append_printf(view->line, "%s: %s %s of %s", text_of(view, "by"),
            !strcmp(view->event->kind, "console.opened") ? "opened" : "left",
            !strcmp(text_of(view, "port"), "vnc") ? "the screen" : "the console",
            view->event->subject);
}

static void show_resource(struct view *view)
{
    g_string_append_printf(view->line, "%s %s",
            !strcmp(view->event->kind, "resource.opening") ? "opening" : "closed",
            view->event->subject);
}

/* blue1/web:office out: delay 40ms, loss 2 %; down — by timeline */
static void show_link(struct view *view)
{
    const cJSON *asked = json_object(view->body, "asked");
    g_string_append(view->line, view->event->subject);
    append_reason(view, " ", text_of(view, "direction"));
    if (!strcmp(view->event->kind, "link.cleared")) {
        g_string_append(view->line, " is clear");
    } else if (!strcmp(view->event->kind, "link.measured")) {
        view->tone = !strcmp(text_of(view, "verdict"), "drift") ? CLI_BAD : CLI_PLAIN;
        g_string_append_printf(view->line, " measured: %s", text_of(view, "verdict"));
    } else {
        static const char *const ways[] = {"in", "out"};
        for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
            struct plan_impairment one;
            const cJSON *json = json_object(asked, ways[i]);
            if (json && plan_impairment_from_json(json, &one)) {
                g_autofree char *text = plan_impairment_text(&one);
                g_string_append_printf(view->line, " %s: %s;", ways[i], text);
            }
        }
        g_string_append(view->line, json_bool(asked, "down", false) ? " down" : "");
        g_string_append(view->line, asked && !asked->child ? " is being cleared" : "");
    }
    append_reason(view, ", by ", text_of(view, "by"));
}

static void show_message(struct view *view)
{
    const char *team = *view->event->team ? view->event->team : "all";
    bool from_team = !strcmp(text_of(view, "from"), "team");
    g_string_append_printf(view->line, "%s (%s) to %s: %s", from_team ? team : "white cell",
            text_of(view, "by"), from_team ? "white cell" : team, text_of(view, "text"));
}

static void show_reset(struct view *view)
{
    const char *state = text_of(view, "state");
    view->tone = !strcmp(state, "failed") ? CLI_BAD : CLI_PLAIN;
    g_string_append_printf(view->line, "reset of %s: %s", view->event->subject, state);
    if (json_int(view->body, "took_ms", 0) > 0) {
        g_string_append_printf(
                view->line, " (%.1f s)", json_number(view->body, "took_ms", 0) / 1000);
    }
    append_reason(view, " — ", text_of(view, "reason"));
    append_reason(view, ", by ", text_of(view, "by"));
}

static void show_checkpoint(struct view *view)
{
    const char *what = view->event->kind + strlen("checkpoint.");
    view->tone = !strcmp(what, "failed") ? CLI_BAD : CLI_PLAIN;
    g_string_append_printf(view->line, "checkpoint %s of %s: %s", view->event->subject,
            *view->event->team ? view->event->team : "all", what);
    if (json_int(view->body, "stood_us", 0) > 0) {
        g_string_append_printf(view->line, ", %.1f MB, stood still for %.2f s",
                json_number(view->body, "bytes", 0) / 1e6,
                json_number(view->body, "stood_us", 0) / 1e6);
    }
    append_reason(view, " — ", text_of(view, "reason"));
    append_reason(view, ", by ", text_of(view, "by"));
}

static void show_answer(struct view *view)
{
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(view->body, "ok");
    const char *owner = text_of(view, "owner");
    g_string_append_printf(view->line, "%s answered %s: %s", text_of(view, "candidate"),
            view->event->subject,
            cJSON_IsNull(ok)   ? "could not be looked at"
            : cJSON_IsTrue(ok) ? "right"
                               : "wrong");
    if (*owner) {
        append_reason(view, ", with the secret of ", owner);
        view->tone = CLI_ODD;
    }
}

static void show_exam(struct view *view)
{
    const char *what = view->event->kind + strlen("exam.");
    if (!strcmp(what, "answered")) {
        show_answer(view);
        return;
    }
    g_string_append_printf(view->line, "exam of %s: %s", text_of(view, "candidate"), what);
    append_reason(view, " ", text_of(view, "action"));
    append_reason(view, " ", text_of(view, "state"));
    append_reason(view, ", by ", text_of(view, "by"));
    append_reason(view, ": ", text_of(view, "reason"));
}

static void show_other(struct view *view)
{
    g_string_append_printf(view->line, "%s %s %s %s", view->event->kind, view->event->team,
            view->event->subject, view->event->body);
}

static void show(struct view *view)
{
    static const struct {
        const char *kind;
        void (*fn)(struct view *view);
    } kinds[] = {
            {"exercise.created", show_created},
            {"exercise.state", show_state},
            {"machine.state", show_machine},
            {"check.", show_check},
            {"inject.state", append_inject},
            {"inject.", show_inject},
            {"step.", show_step},
            {"player.action", show_player},
            {"operator.note", show_private_note},
            {"operator.", show_operator},
            {"log.lines", show_log},
            {"note", show_note},
            {"message.sent", show_message},
            {"alarm.", show_alarm},
            {"resource.", show_resource},
            {"link.", show_link},
            {"capture.", show_capture},
            {"console.", show_console},
            {"machine.reset", show_reset},
            {"team.reset", show_reset},
            {"router.reset", show_reset},
            {"checkpoint.", show_checkpoint},
            {"exam.", show_exam},
            {"", show_other},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(view->event->kind, kinds[i].kind)) {
            kinds[i].fn(view);
            return;
        }
    }
}

char *cli_event_text(const struct event *event, enum cli_tone *tone)
{
    g_autofree char *at = text_clock(event->at_us);
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    g_autoptr(GString) line = g_string_new(NULL);
    struct view view = {.event = event, .body = body, .line = line};
    show(&view);
    *tone = view.tone;
    bool cut = line->len > LINE_BYTES_MAX;
    g_string_truncate(line, MIN(line->len, LINE_BYTES_MAX));
    g_autofree char *clean = text_clean_tail(line->str, line->len, LINE_BYTES_MAX);
    g_strdelimit(clean, "\n\t", ' ');
    return g_strconcat(at, " ", clean, cut ? "…" : "", NULL);
}

void cli_event_print(const struct event *event, bool json)
{
    if (json) {
        g_autofree char *line = event_to_line(event);
        g_strdelimit(line, "\r\n", ' ');
        puts(line);
        return;
    }
    static const char *const colours[] = {
            [CLI_PLAIN] = "", [CLI_GOOD] = "\33[32m", [CLI_BAD] = "\33[31m", [CLI_ODD] = "\33[33m"};
    enum cli_tone tone;
    g_autofree char *text = cli_event_text(event, &tone);
    if (tone != CLI_PLAIN && cli_colour(STDOUT_FILENO)) {
        printf("%s%s\33[0m\n", colours[tone], text);
    } else {
        puts(text);
    }
}
