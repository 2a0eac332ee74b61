/* exercise_impair.c - an operator impairs links, and everybody sees what came of it. */
#include "base/error.h"
#include "base/json.h"
#include "run/run_impair.h"

#include <string.h>

struct call { /* over one or several links */
    exercise_impair_fn done;
    gpointer data;
    int left;
    GError *error;
};

static void call_end(struct call *call)
{
    if (--call->left > 0) {
        return;
    }
    call->done(call->error, call->data);
    g_clear_error(&call->error);
    g_free(call);
}

static void on_made(
        struct exercise *exercise, const struct run_link *link, const GError *error, gpointer data)
{
    struct call *call = data;
    (void)exercise;
    (void)link;
    if (error && !call->error) {
        call->error = g_error_copy(error);
    }
    call_end(call);
}

static void on_nothing(struct exercise *exercise, const GError *refused, gpointer data)
{
    on_made(exercise, NULL, refused, data);
}

/* A machine and a card each. */
struct target {
    int machine, card;
};

static void add_cards(struct exercise *exercise, GArray *targets, int machine, const char *network)
{
    g_autoptr(GArray) cards = plan_link_cards(exercise->options.plan, machine, network, -1);
    for (guint i = 0; i < cards->len; i++) {
        const struct target target = {machine, g_array_index(cards, int, i)};
        g_array_append_val(targets, target);
    }
}

/* Of a clear: all that is impaired and meant. */
static bool find_impaired(
        struct exercise *exercise, const struct plan_impair *wish, GArray *targets, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    if (!wish->machine) {
        for (guint i = 0; i < exercise->links->len; i++) {
            const struct run_link *link = g_ptr_array_index(exercise->links, i);
            const struct target target = {link->machine, link->card};
            if (!plan_link_ask_is_nothing(&link->ask) || link->problem) {
                g_array_append_val(targets, target);
            }
        }
        return true;
    }
    int machine = plan_link_machine(plan, wish->machine, error);
    if (machine < 0) {
        return false;
    }
    add_cards(exercise, targets, machine, wish->network);
    int card = -1;
    return targets->len > 0 ||
           plan_link_find(plan, wish->machine, wish->network, &machine, &card, error);
}

static bool find_targets(
        struct exercise *exercise, const struct plan_impair *wish, GArray *targets, GError **error)
{
    struct target target = {-1, -1};
    if (wish->clear) {
        return find_impaired(exercise, wish, targets, error);
    }
    if (!plan_link_find(exercise->options.plan, wish->machine, wish->network, &target.machine,
                &target.card, error)) {
        return false;
    }
    g_array_append_val(targets, target);
    return true;
}

bool exercise_impair(struct exercise *exercise, const struct plan_impair *wish, const char *who,
        exercise_impair_fn done, gpointer data, GError **error)
{
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(struct target));
    if (exercise->state != EXERCISE_RUNNING && exercise->state != EXERCISE_PAUSED) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot impair: the exercise is %s", exercise_state_name(exercise->state));
        return false;
    }
    if (!run_links_allowed(exercise, error) || !find_targets(exercise, wish, targets, error)) {
        return false;
    }
    struct call *call = g_new0(struct call, 1);
    *call = (struct call){.done = done, .data = data, .left = (int)targets->len};
    for (guint i = 0; i < targets->len; i++) {
        const struct target *target = &g_array_index(targets, struct target, i);
        struct plan_link_ask ask = run_link_asked(exercise, target->machine, target->card);
        plan_impair_apply(wish, &ask);
        run_link_ask(exercise, target->machine, target->card, &ask, who, on_made, call);
    }
    if (targets->len == 0) {
        call->left = 1;
        cJSON *body = cJSON_CreateObject(); /* it changes nothing, but it was done */
        cJSON_AddStringToObject(body, "action", "clear");
        cJSON_AddStringToObject(body, "by", who);
        run_record_then(exercise,
                run_event(exercise, "operator.action", -1, exercise->options.plan->name, body),
                on_nothing, call);
    }
    return true;
}

static const char *state_of(const struct run_link *link)
{
    return link->making ? "making" : link->broken ? "failed" : link->ask.down ? "down" : "made";
}

static cJSON *link_json(const struct run_link *link)
{
    const struct plan_machine *plan = run_machine_plan(link->exercise, link->machine);
    const struct plan_card *card = g_ptr_array_index(plan->cards, (guint)link->card);
    const struct plan_network *network =
            g_ptr_array_index(link->exercise->options.plan->networks, (guint)card->network);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "link", link->id);
    cJSON_AddStringToObject(json, "machine", plan->id);
    cJSON_AddStringToObject(json, "network", network->id);
    cJSON_AddStringToObject(json, "team", run_team_id(link->exercise, link->team));
    cJSON_AddStringToObject(json, "by", link->by);
    json_add_int(json, "since_us", link->since_us);
    cJSON_AddStringToObject(json, "state", state_of(link));
    cJSON_AddBoolToObject(json, "down", link->ask.down);
    if (link->problem) {
        cJSON_AddStringToObject(json, "problem", link->problem);
    }
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        if (!plan_impairment_is_nothing(&link->ask.direction[d])) {
            cJSON_AddItemToObject(
                    json, plan_direction_name(d), run_direction_json(&link->directions[d]));
        }
    }
    return json;
}

cJSON *exercise_impairments(const struct exercise *exercise)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->links->len; i++) {
        const struct run_link *link = g_ptr_array_index(exercise->links, i);
        if (link->making || link->problem || !plan_link_ask_is_nothing(&link->ask)) {
            cJSON_AddItemToArray(array, link_json(link));
        }
    }
    return array;
}
