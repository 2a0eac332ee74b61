/* model_attack.c - attack steps in the model: arrows while they run, verdicts when they end. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

#define ATTACKS_MAX 1024

static struct model_attack *attack_touch(
        struct model *model, const struct event *event, const cJSON *body)
{
    int step = model_step_index(model, json_string(body, "step", event->subject));
    int team = model_team_index(model, event->team);
    if (step < 0) {
        return NULL;
    }
    struct model_attack *attack = (struct model_attack *)model_attack_of(model, step, team);
    if (!attack) {
        if (model->attacks->len >= ATTACKS_MAX) {
            return NULL;
        }
        struct model_attack fresh = {.step = step, .team = team, .from = -1, .to = -1};
        g_array_append_val(model->attacks, fresh);
        attack = &g_array_index(model->attacks, struct model_attack, model->attacks->len - 1);
    }
    int from = model_machine_index(model, json_string(body, "from", ""));
    int to = model_machine_index(model, json_string(body, "to", ""));
    attack->from = from >= 0 ? from : attack->from;
    attack->to = to >= 0 ? to : attack->to;
    attack->since_us = event->at_us;
    return attack;
}

static const char *technique(const struct model *model, const struct model_attack *attack)
{
    return ((const struct model_step *)model->steps->pdata[attack->step])->technique;
}

void model_attacks_end(struct model *model)
{
    for (guint i = 0; i < model->attacks->len; i++) {
        struct model_attack *attack = &g_array_index(model->attacks, struct model_attack, i);
        if (attack->state == ATTACK_RUNNING) {
            attack->state = ATTACK_INERT;
            g_strlcpy(attack->verdict, "unfinished", sizeof attack->verdict);
        }
    }
    model_touch(model, TOUCH(PART_TOPOLOGY) | TOUCH(PART_STEPS));
}

void model_on_step_state(struct model *model, const struct event *event, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    bool begins = !strcmp(state, "running");
    if (!begins && strcmp(state, "settling") != 0) {
        return; /* undoing does not change the picture */
    }
    struct model_attack *attack = attack_touch(model, event, body);
    if (!attack) {
        return;
    }
    attack->state = ATTACK_RUNNING;
    g_strlcpy(attack->verdict, state, sizeof attack->verdict);
    if (!begins) {
        return; /* its commands are done, its effect is awaited: no news for the feed */
    }
    const struct model_step *step = model->steps->pdata[attack->step];
    model_say(model, event, TONE_ATTACK, tr("%s running → %s: %s"), step->technique,
            model_team_title(model, event->team), step->title);
}

void model_on_step_verdict(struct model *model, const struct event *event, const cJSON *body)
{
    static const struct {
        const char *verdict;
        enum attack_state state;
        enum tone tone;
    } verdicts[] = {{"effect", ATTACK_EFFECT, TONE_ATTACK}, {"blocked", ATTACK_BLOCKED, TONE_BLOCK},
            {"inert", ATTACK_INERT, TONE_DIM}, {"fault", ATTACK_INERT, TONE_WARN},
            {"skipped", ATTACK_INERT, TONE_DIM}};
    const char *verdict = json_string(body, "verdict", "");
    guint which = 0;
    while (which < G_N_ELEMENTS(verdicts) && strcmp(verdict, verdicts[which].verdict) != 0) {
        which++;
    }
    struct model_attack *attack =
            which < G_N_ELEMENTS(verdicts) ? attack_touch(model, event, body) : NULL;
    if (!attack) {
        return;
    }
    attack->state = verdicts[which].state;
    g_strlcpy(attack->verdict, verdict, sizeof attack->verdict);
    if (attack->state == ATTACK_EFFECT && attack->to >= 0) {
        struct model_machine *machine = model->machines->pdata[attack->to];
        g_strlcpy(machine->struck, technique(model, attack), sizeof machine->struck);
    }
    model->stale = true;
    model_mark(model, event->at_us, verdicts[which].tone);
    const struct model_step *step = model->steps->pdata[attack->step];
    model_say(model, event, verdicts[which].tone, "%s %s → %s: %s", step->technique,
            tr_name(verdict), model_team_title(model, event->team), step->title);
}
