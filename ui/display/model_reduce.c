/* model_reduce.c - one handler a kind of event; unknown kinds change nothing. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

static void on_created(struct model *model, const struct event *event, const cJSON *body)
{
    g_free(model->accel);
    g_autofree char *accel = g_utf8_make_valid(json_string(body, "accel", ""), -1);
    model->accel = g_utf8_substring(accel, 0, MIN(g_utf8_strlen(accel, -1), 12));
    model_plan_read(model, json_object(body, "plan"));
    model->state = MODEL_SETUP;
    model_say(model, event, TONE_PLAIN, tr("Exercise created: %u machines, %u networks"),
            model->machines->len, model->networks->len);
}

static void on_state(struct model *model, const struct event *event, const cJSON *body)
{
    static const char *const names[] = {"", "setup", "ready", "running", "paused", "ended", "down"};
    static const char *const words[] = {"", WORD("setup"), WORD("ready"), WORD("running"),
            WORD("paused"), WORD("ended"), WORD("torn down")};
    const char *state = json_string(body, "state", "");
    for (int i = MODEL_SETUP; i <= MODEL_DOWN; i++) {
        if (!strcmp(state, names[i])) {
            model->state = (enum model_state)i;
            model->clock_only = i == MODEL_PAUSED && json_bool(body, "clock_only", false);
            const char *word = model->clock_only ? WORD("paused, the machines run on") : words[i];
            if (i >= MODEL_ENDED) {
                model_attacks_end(model);
            }
            const char *by = json_string(body, "by", "");
            if (*by) {
                model_say(model, event, TONE_PLAIN, tr("Exercise %s, by %s"), tr_name(word),
                        tr_name(by));
            } else {
                model_say(model, event, TONE_PLAIN, tr("Exercise %s"), tr_name(word));
            }
        }
    }
}

static enum status machine_status(const char *state)
{
    static const struct {
        const char *state;
        enum status status;
    } map[] = {{"defined", STATUS_DEPLOYING}, {"starting", STATUS_DEPLOYING},
            {"booted", STATUS_DEPLOYING}, {"ready", STATUS_UP}, {"paused", STATUS_HELD},
            {"stopped", STATUS_UNKNOWN}, {"crashed", STATUS_DOWN}};
    for (guint i = 0; i < G_N_ELEMENTS(map); i++) {
        if (!strcmp(map[i].state, state)) {
            return map[i].status;
        }
    }
    return STATUS_UNKNOWN;
}

static void on_machine(struct model *model, const struct event *event, const cJSON *body)
{
    int index = model_machine_index(model, event->subject);
    if (index < 0) {
        return;
    }
    struct model_machine *machine = model->machines->pdata[index];
    const char *state = json_string(body, "state", "");
    if (!event_name_is_valid(state)) {
        return;
    }
    machine->status = machine_status(state);
    g_strlcpy(machine->state, state, sizeof machine->state);
    g_autofree char *valid = g_utf8_make_valid(machine->state, -1); /* may have cut a character */
    g_strlcpy(machine->state, valid, sizeof machine->state - 3);
    if (machine->status == STATUS_DOWN) {
        model_mark(model, event->at_us, TONE_BAD, false);
        model_say(model, event, TONE_BAD, tr("Machine %s %s: %s"), machine->id, tr_name(state),
                json_string(body, "reason", tr("no reason given")));
    } else if (!strcmp(state, "ready")) {
        model_say(model, event, TONE_DIM, tr("Machine %s ready"), machine->id);
    }
}

static void on_check(struct model *model, const struct event *event, const cJSON *body)
{
    int s = model_service_index(model, event->subject);
    int t = model_team_index(model, event->team);
    struct model_cell *cell = model_cell_at(model, s, t);
    if (!cell) {
        return;
    }
    cell->exists = true;
    cell->at_us = event->at_us;
    model->round = MAX(model->round, (guint64)CLAMP(json_int(body, "round", 0), 0, G_MAXINT32));
    if (!strcmp(event->kind, "check.fault")) {
        cell->status = STATUS_UNKNOWN;
        model_touch(model, TOUCH(PART_TOPOLOGY));
        return;
    }
    bool passed = !strcmp(event->kind, "check.ok");
    enum status before = cell->status;
    bool mumble = !strcmp(json_string(body, "status", "down"), "mumble");
    cell->status = passed ? STATUS_UP : mumble ? STATUS_DEGRADED : STATUS_DOWN;
    cell->passed += passed;
    cell->failed += !passed;
    cell->history = cell->history << 1 | passed;
    cell->checks = MIN(cell->checks + 1, 32U);
    if (before != cell->status) {
        model_touch(model, TOUCH(PART_TOPOLOGY));
    }
    const char *title = model_service_at(model, s)->title;
    const char *team = model_team_title(model, event->team);
    if (passed && (before == STATUS_DOWN || before == STATUS_DEGRADED)) {
        model_say(model, event, TONE_GOOD, tr("%s: %s up again"), team, title);
    } else if (!passed && before != cell->status) {
        model_say(model, event, mumble ? TONE_WARN : TONE_BAD,
                mumble ? tr("%s: %s answers wrongly, %s") : tr("%s: %s down, %s"), team, title,
                json_string(body, "detail", tr("no detail")));
        model_mark(model, event->at_us, mumble ? TONE_WARN : TONE_BAD, true);
    }
}

static void on_player(struct model *model, const struct event *event, const cJSON *body)
{
    if (!strcmp(json_string(body, "state", ""), "asked")) {
        return; /* said once, when it is done */
    }
    const char *action = json_string(body, "action", "");
    const char *machine = json_string(body, "machine", "");
    const char *what = json_string(body, "path", "");
    g_autofree char *argv = NULL;
    g_auto(GStrv) words = json_to_strv(json_array(body, "argv"));
    if (words) {
        argv = g_strjoinv(" ", words);
        what = argv;
    }
    g_autofree char *where = *machine ? g_strdup_printf(tr(" on %s"), machine) : g_strdup("");
    model_say(model, event, TONE_DIM, "%s, %s: %s%s%s%s", model_team_title(model, event->team),
            event->subject, action, where, *what ? ": " : "", what);
}

static void on_operator(struct model *model, const struct event *event, const cJSON *body)
{
    const char *inject = json_string(body, "inject", "");
    model_say(model, event, TONE_PLAIN, tr("Operator %s: %s %s"), json_string(body, "by", "?"),
            tr_name(json_string(body, "action", event->kind)), inject);
}

/* Once: its result is in the ledger. */
static void on_exec(struct model *model, const struct event *event, const cJSON *body)
{
    if (strcmp(json_string(body, "state", "asked"), "asked") == 0) {
        const cJSON *program = json_array(body, "argv") ? json_array(body, "argv")->child : NULL;
        model_say(model, event, TONE_PLAIN, tr("Operator %s: %s on %s"),
                json_string(body, "by", "?"),
                program && cJSON_IsString(program) ? program->valuestring : tr("a command"),
                event->subject);
    }
}

static void on_console(struct model *model, const struct event *event, const cJSON *body)
{
    bool opened = !strcmp(event->kind, "console.opened");
    model_say(model, event, TONE_PLAIN,
            opened ? tr("Operator %s opened the console of %s")
                   : tr("Operator %s left the console of %s"),
            json_string(body, "by", "?"), event->subject);
}

static void on_signed(struct model *model, const struct event *event, const cJSON *body)
{
    (void)event;
    g_strlcpy(model->code, json_string(body, "code", ""), sizeof model->code);
}

static void on_correction(struct model *model, const struct event *event, const cJSON *body)
{
    g_autofree char *reason = g_utf8_make_valid(json_string(body, "reason", ""), -1);
    if (!strcmp(event->kind, "score.adjusted")) {
        model->adjusted_seq = event->seq;
        model->adjusted_team = model_team_index(model, event->team);
        model->adjusted_points = json_number(body, "points", 0);
        model_say(model, event, TONE_PLAIN, tr("%s: %+g points by hand: %s"),
                model_team_title(model, event->team), json_number(body, "points", 0), reason);
    } else {
        if (json_int(body, "seq", 0) == model->adjusted_seq) {
            model->adjusted_seq = 0;
        }
        model_say(model, event, TONE_PLAIN, tr("Taken out of the score: %s"), reason);
    }
}

#define ALWAYS (TOUCH(PART_EVENTS) | TOUCH(PART_BAR)) /* the feed, the count of events */
#define ALL ((1U << PARTS) - 1)

static const struct handler {
    const char *kind;
    void (*run)(struct model *model, const struct event *event, const cJSON *body);
    guint touches; /* besides ALWAYS */
} handlers[] = {
        {"check.ok", on_check, TOUCH(PART_SERVICES)},
        {"check.down", on_check, TOUCH(PART_SERVICES)},
        {"check.fault", on_check, TOUCH(PART_SERVICES)},
        {"machine.state", on_machine, TOUCH(PART_TOPOLOGY)},
        {"exercise.created", on_created, ALL},
        {"exercise.state", on_state, ALL},
        {"inject.state", model_on_inject, TOUCH(PART_INJECTS) | TOUCH(PART_LINE)},
        {"inject.added", model_on_inject_change, TOUCH(PART_INJECTS) | TOUCH(PART_LINE)},
        {"inject.edited", model_on_inject_change, TOUCH(PART_INJECTS) | TOUCH(PART_LINE)},
        {"inject.approved", model_on_inject_change, TOUCH(PART_INJECTS)},
        {"step.state", model_on_step_state, TOUCH(PART_TOPOLOGY) | TOUCH(PART_STEPS)},
        {"checkpoint.restored", model_on_restored,
                TOUCH(PART_SERVICES) | TOUCH(PART_TOPOLOGY) | TOUCH(PART_STEPS)},
        {"step.verdict", model_on_step_verdict, TOUCH(PART_TOPOLOGY) | TOUCH(PART_STEPS)},
        {"player.action", on_player, 0},
        {"operator.action", on_operator, 0},
        {"operator.exec", on_exec, 0},
        {"console.opened", on_console, 0},
        {"console.closed", on_console, 0},
        {"note", model_on_note, TOUCH(PART_MESSAGES)},
        {"operator.note", model_on_private, TOUCH(PART_LINE)},
        {"message.sent", model_on_message, TOUCH(PART_MESSAGES)},
        {"score.frozen", model_on_board, ALL},
        {"score.adjusted", on_correction, TOUCH(PART_SCORES)},
        {"score.voided", on_correction, TOUCH(PART_SCORES)},
        {"ledger.signed", on_signed, 0},
        {"alarm.raised", model_on_alarm, 0},
        {"alarm.acknowledged", model_on_alarm, 0},
        {"alarm.cleared", model_on_alarm, 0},
        {"link.impaired", model_on_impaired, TOUCH(PART_TOPOLOGY)},
        {"link.cleared", model_on_cleared, TOUCH(PART_TOPOLOGY)},
        {"link.measured", model_on_measured, TOUCH(PART_TOPOLOGY)},
};

void model_reduce(struct model *model, const struct event *event)
{
    if (!strcmp(event->kind, "exercise.created")) {
        model_reset(model);
    }
    if (model->stale && event->at_us >= model->sample_us + model->sample_gap_us) {
        model_settle(model); /* the totals as they stood before time moved on */
    }
    model->seq = event->seq;
    model->at_us = CLAMP(MAX(model->at_us, event->at_us), 0, 366 * G_TIME_SPAN_DAY);
    model->wall_us = event->wall_us;
    model->stale |= model->score && score_apply(model->score, event);
    model_touch(model, ALWAYS);
    for (guint i = 0; i < G_N_ELEMENTS(handlers); i++) {
        if (!strcmp(handlers[i].kind, event->kind)) {
            auto_json body = json_parse(event->body, strlen(event->body), NULL);
            if (body) {
                handlers[i].run(model, event, body);
                model_touch(model, handlers[i].touches);
            }
            return;
        }
    }
}
