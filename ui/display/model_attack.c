/* model_attack.c - attack steps in the model: arrows while they run, verdicts when they end. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

#define ATTACKS_MAX 1024

static struct model_attack *attack_get(struct model *model, int step, int team)
{
    struct model_attack *attack = (struct model_attack *)model_attack_of(model, step, team);
    if (attack || model->attacks->len >= ATTACKS_MAX) {
        return attack;
    }
    struct model_attack fresh = {.step = step, .team = team, .from = -1, .to = -1};
    g_array_append_val(model->attacks, fresh);
    return &g_array_index(model->attacks, struct model_attack, model->attacks->len - 1);
}

static struct model_attack *attack_touch(
        struct model *model, const struct event *event, const cJSON *body)
{
    int step = model_step_index(model, json_string(body, "step", event->subject));
    int team = model_team_index(model, event->team);
    struct model_attack *attack = step < 0 ? NULL : attack_get(model, step, team);
    if (!attack) {
        return NULL;
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

/* A word of step.verdict. */
static const struct verdict {
    const char *word;
    enum attack_state state;
    enum tone tone;
} verdicts[] = {{"effect", ATTACK_EFFECT, TONE_ATTACK}, {"blocked", ATTACK_BLOCKED, TONE_BLOCK},
        {"inert", ATTACK_INERT, TONE_DIM}, {"fault", ATTACK_INERT, TONE_WARN},
        {"skipped", ATTACK_INERT, TONE_DIM}};

static const struct verdict *verdict_of(const char *word)
{
    for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        if (!strcmp(word, verdicts[i].word)) {
            return &verdicts[i];
        }
    }
    return NULL;
}

static void attack_judge(struct model_attack *attack, const struct verdict *verdict)
{
    attack->state = verdict->state;
    g_strlcpy(attack->verdict, verdict->word, sizeof attack->verdict);
}

static void strike(struct model *model, const struct model_attack *attack)
{
    struct model_machine *machine = model->machines->pdata[attack->to];
    g_strlcpy(machine->struck, technique(model, attack), sizeof machine->struck);
}

void model_on_step_verdict(struct model *model, const struct event *event, const cJSON *body)
{
    const struct verdict *verdict = verdict_of(json_string(body, "verdict", ""));
    struct model_attack *attack = verdict ? attack_touch(model, event, body) : NULL;
    if (!attack) {
        return;
    }
    attack_judge(attack, verdict);
    if (attack->state == ATTACK_EFFECT && attack->to >= 0) {
        strike(model, attack);
    }
    model_mark(model, event->at_us, verdict->tone, false);
    const struct model_step *step = model->steps->pdata[attack->step];
    model_say(model, event, verdict->tone, "%s %s → %s: %s", step->technique,
            tr_name(verdict->word), model_team_title(model, event->team), step->title);
}

/* ---- teams put back ------------------------------------------------------------------------ */

/* The word that body's list has for a step against a team; NULL: none. */
static const struct verdict *listed(
        const struct model *model, const struct model_attack *attack, const cJSON *body)
{
    const struct model_step *step = model->steps->pdata[attack->step];
    const char *team = model_team_at(model, attack->team)->id;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "verdicts"))
    {
        if (!strcmp(json_string(item, "step", ""), step->name) &&
                !strcmp(json_string(item, "team", ""), team)) {
            return verdict_of(json_string(item, "verdict", ""));
        }
    }
    return NULL;
}

static void forget_strike(struct model *model, int machine)
{
    if (machine >= 0) {
        ((struct model_machine *)model->machines->pdata[machine])->struck[0] = '\0';
    }
}

static void forget_unlisted(struct model *model, const bool *back, const cJSON *body)
{
    for (guint i = model->attacks->len; i-- > 0;) {
        const struct model_attack *attack = &g_array_index(model->attacks, struct model_attack, i);
        if (attack->team >= 0 && back[attack->team] && !listed(model, attack, body)) {
            forget_strike(model, attack->to);
            g_array_remove_index(model->attacks, i);
        }
    }
}

static void judge_listed(struct model *model, const bool *back, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "verdicts"))
    {
        int step = model_step_index(model, json_string(item, "step", ""));
        int team = model_team_index(model, json_string(item, "team", ""));
        const struct verdict *verdict = verdict_of(json_string(item, "verdict", ""));
        struct model_attack *attack = step >= 0 && team >= 0 && back[team] && verdict
                                              ? attack_get(model, step, team)
                                              : NULL;
        if (attack && strcmp(attack->verdict, verdict->word) != 0) {
            attack_judge(attack, verdict);
            attack->since_us = CLAMP(json_int(body, "at_us", 0), 0, model->at_us);
        }
    }
}

void model_attacks_restore(struct model *model, const bool *back, const cJSON *body)
{
    g_autofree gint64 *since = g_new0(gint64, model->machines->len + 1); /* of a strike */
    forget_unlisted(model, back, body);
    judge_listed(model, back, body);
    for (guint i = 0; i < model->machines->len; i++) {
        const struct model_machine *machine = model->machines->pdata[i];
        if (machine->team >= 0 && back[machine->team]) {
            forget_strike(model, (int)i);
        }
        since[i] = *machine->struck ? G_MAXINT64 : 0; /* what is left is nobody's to change */
    }
    for (guint i = 0; i < model->attacks->len; i++) {
        const struct model_attack *attack = &g_array_index(model->attacks, struct model_attack, i);
        if (attack->state == ATTACK_EFFECT && attack->to >= 0 &&
                attack->since_us >= since[attack->to]) {
            since[attack->to] = attack->since_us;
            strike(model, attack);
        }
    }
}
