/* model_inject.c - injects: those of the plan, those made since, what became of each. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

#define APPROVALS_MAX 99

void model_inject_free(gpointer data)
{
    struct model_inject *inject = data;
    g_free(inject->id);
    g_free(inject->title);
    g_free(inject->state);
    g_free(inject->by);
    g_free(inject->step);
    g_free(inject);
}

struct model_inject *model_inject_add(struct model *model)
{
    struct model_inject *inject = g_new0(struct model_inject, 1);
    inject->id = g_strdup("");
    inject->step = g_strdup("");
    inject->title = g_strdup("");
    inject->state = g_strdup("scheduled");
    inject->by = g_strdup("");
    inject->team = -1;
    inject->fired_us = -1;
    g_ptr_array_add(model->injects, inject);
    return inject;
}

static void set(char **to, char *text)
{
    g_free(*to);
    *to = text;
}

/* id, step, title, team, time and approvals, as plan and inject.added have them. */
static void read_inject(struct model *model, const cJSON *item, const char *id, const char *team)
{
    if (model->injects->len >= MODEL_INJECTS_MAX || !*id) {
        return;
    }
    struct model_inject *inject = model_inject_add(model);
    set(&inject->id, g_strdup(id));
    model_clean(&inject->id, 80);
    set(&inject->step, model_label(item, "step", ""));
    set(&inject->title, model_label(item, "title", *inject->step ? inject->step : inject->id));
    inject->team = model_team_index(model, team);
    inject->planned_us = MAX(json_int(item, "at_us", 0), -1);
    inject->approvals = (int)CLAMP(json_int(item, "approvals", 0), 0, APPROVALS_MAX);
    inject->missing = inject->approvals;
}

static int by_time(gconstpointer a, gconstpointer b)
{
    const struct model_inject *left = *(struct model_inject *const *)a;
    const struct model_inject *right = *(struct model_inject *const *)b;
    if (left->planned_us != right->planned_us) {
        guint64 x = (guint64)left->planned_us; /* off the list, -1: last */
        guint64 y = (guint64)right->planned_us;
        return x < y ? -1 : 1;
    }
    return strcmp(left->id, right->id);
}

void model_read_injects(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "injects"))
    {
        read_inject(model, item, json_string(item, "id", ""), json_string(item, "team", ""));
    }
    g_ptr_array_sort(model->injects, by_time);
}

void model_on_inject(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_inject *inject = model_inject_find(model, event->subject);
    const char *state = json_string(body, "state", "");
    if (!inject || !event_name_is_valid(state)) {
        return;
    }
    set(&inject->state, g_strdup(state));
    set(&inject->by, g_strdup(json_string(body, "by", "")));
    model_clean(&inject->by, 40);
    inject->planned_us = MAX(json_int(body, "at_us", inject->planned_us), -1);
    if (!strcmp(state, "fired")) {
        inject->fired_us = event->at_us;
        inject->missing = inject->approvals;
    } else if (!strcmp(state, "held") || !strcmp(state, "skipped")) {
        model_say(model, event, TONE_PLAIN, tr("Inject %s %s, by %s"), inject->id, tr_name(state),
                *inject->by ? tr_name(inject->by) : "?");
    }
}

void model_on_inject_change(struct model *model, const struct event *event, const cJSON *body)
{
    g_autofree char *by = model_label(body, "by", "?");
    struct model_inject *inject = model_inject_find(model, event->subject);
    if (!strcmp(event->kind, "inject.added") && !inject) {
        read_inject(model, body, event->subject, event->team);
        inject = model_inject_find(model, event->subject);
        if (inject) {
            inject->added = true;
            model_say(model, event, TONE_PLAIN, tr("%s adds inject %s: %s"), by, inject->id,
                    inject->title);
        }
    } else if (inject && !strcmp(event->kind, "inject.edited")) {
        if (json_string(body, "title", NULL)) {
            set(&inject->title, model_label(body, "title", ""));
        }
        model_say(model, event, TONE_PLAIN, tr("%s changes inject %s"), by, inject->id);
    } else if (inject && !strcmp(event->kind, "inject.approved")) {
        inject->missing = (int)CLAMP(json_int(body, "missing", 0), 0, APPROVALS_MAX);
        model_say(model, event, TONE_PLAIN, tr("%s approves inject %s"), by, inject->id);
    }
}
