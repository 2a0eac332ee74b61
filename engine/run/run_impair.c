/* run_impair.c - links are impaired and cleared through the ledger; who asked is told the end. */
#include "run/run_impair.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

#define FAILED_ALARM "impair-failed"

struct link_call {
    run_link_fn done;
    gpointer data;
};

struct link_change { /* on its way through the ledger and the world */
    struct run_link *link;
    guint serial;
};

static void link_free(gpointer data)
{
    struct run_link *link = data;
    for (guint i = 0; i < link->done->len; i++) {
        g_free(g_ptr_array_index(link->done, i));
    }
    g_ptr_array_unref(link->done);
    g_free(link->id);
    g_free(link->by);
    g_free(link->problem);
    g_free(link);
}

void run_links_init(struct exercise *exercise)
{
    exercise->links = g_ptr_array_new_with_free_func(link_free);
}

void run_links_free(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->links->len; i++) {
        run_measure_stop(g_ptr_array_index(exercise->links, i));
    }
    g_ptr_array_unref(exercise->links);
}

bool run_links_allowed(const struct exercise *exercise, GError **error)
{
    if (exercise->options.without_impairments) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "impairments are off: the exercise was started with --without-impairments");
        return false;
    }
    return true;
}

static struct run_link *find_link(struct exercise *exercise, int machine, int card, bool make)
{
    for (guint i = 0; i < exercise->links->len; i++) {
        struct run_link *link = g_ptr_array_index(exercise->links, i);
        if (link->machine == machine && link->card == card) {
            return link;
        }
    }
    if (!make) {
        return NULL;
    }
    struct run_link *link = g_new0(struct run_link, 1);
    link->exercise = exercise;
    link->machine = machine;
    link->card = card;
    const struct plan_machine *plan = run_machine_plan(exercise, machine);
    const struct plan_card *of = g_ptr_array_index(plan->cards, (guint)card);
    link->team = ((const struct plan_network *)g_ptr_array_index(
                          exercise->options.plan->networks, (guint)of->network))
                         ->team;
    link->id = plan_link_id(exercise->options.plan, machine, card);
    link->done = g_ptr_array_new();
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        link->directions[d] =
                (struct run_direction){.link = link, .direction = d, .recorded_at_us = -1};
    }
    g_ptr_array_add(exercise->links, link);
    return link;
}

struct plan_link_ask run_link_asked(struct exercise *exercise, int machine, int card)
{
    const struct run_link *link = find_link(exercise, machine, card, false);
    return link ? link->ask : (struct plan_link_ask){0};
}

/* ---- recording ----------------------------------------------------------------------------- */

static cJSON *link_body(const struct run_link *link)
{
    const struct plan_machine *plan = run_machine_plan(link->exercise, link->machine);
    const struct plan_card *card = g_ptr_array_index(plan->cards, (guint)link->card);
    const struct plan_network *network =
            g_ptr_array_index(link->exercise->options.plan->networks, (guint)card->network);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "machine", plan->id);
    cJSON_AddStringToObject(body, "network", network->id);
    return body;
}

/* The device that the way out goes through: a resource of its own. */
static void record_detour(struct run_link *link, bool opening)
{
    const struct plan_machine *plan = run_machine_plan(link->exercise, link->machine);
    const struct plan_card *card = g_ptr_array_index(plan->cards, (guint)link->card);
    g_autofree char *name = net_impair_device(card->tap, PLAN_OUT);
    g_autofree char *subject = g_strdup_printf("ifb:%s", name);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "type", "ifb");
    cJSON_AddStringToObject(body, "name", name);
    link->opened = opening;
    run_record(link->exercise, opening ? "resource.opening" : "resource.closed", link->team,
            subject, body);
}

static void record_cleared(struct run_link *link, const char *by)
{
    if (link->opened) { /* first: a resume closes it by the link that is not yet cleared */
        record_detour(link, false);
    }
    cJSON *body = link_body(link);
    cJSON_AddStringToObject(body, "by", by);
    run_record(link->exercise, "link.cleared", link->team, link->id, body);
}

void run_links_closed(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->links->len; i++) {
        struct run_link *link = g_ptr_array_index(exercise->links, i);
        if (!plan_link_ask_is_nothing(&link->ask) || link->opened || link->unsure) {
            record_cleared(link, "engine");
        }
    }
}

/* ---- making -------------------------------------------------------------------------------- */

static void tell_all(struct run_link *link, const GError *error)
{
    g_autoptr(GPtrArray) calls = g_steal_pointer(&link->done);
    link->done = g_ptr_array_new();
    for (guint i = 0; i < calls->len; i++) {
        g_autofree struct link_call *call = g_ptr_array_index(calls, i);
        call->done(link->exercise, link, error, call->data);
    }
}

static void note_problem(struct run_link *link, const GError *error)
{
    struct exercise *exercise = link->exercise;
    g_clear_pointer(&link->problem, g_free);
    run_alarm_clear(exercise, FAILED_ALARM, link->id);
    if (error) {
        link->problem = text_clean_tail(error->message, strlen(error->message), RUN_REASON_MAX);
        g_autofree char *text = g_strdup_printf("%s: %s", link->id, link->problem);
        run_alarm(exercise, FAILED_ALARM, link->team, link->id, text);
    }
}

static void change(
        struct run_link *link, const struct plan_link_ask *ask, const char *by, bool reverting);

/* What was asked cannot be: the link is again what it was before, half of the new undone. Who asked
 * is told; where nobody waits, an alarm says it. */
static void revert(struct run_link *link, const GError *error)
{
    if (link->done->len == 0) {
        note_problem(link, error);
    }
    tell_all(link, error);
    const struct plan_link_ask made = link->made;
    change(link, &made, "engine", true);
}

static void on_made(const GError *error, gpointer data)
{
    g_autofree struct link_change *change = data;
    struct run_link *link = change->link;
    if (link->exercise->ending) {
        tell_all(link, error);
        return;
    }
    if (change->serial != link->serial) {
        return; /* another change is on its way, which will tell */
    }
    link->making = false;
    link->unsure = false;
    if (error && !link->reverting && !plan_link_ask_is_same(&link->ask, &link->made)) {
        revert(link, error);
        return;
    }
    if (error || !link->reverting) {
        note_problem(link, error);
    }
    link->reverting = false;
    link->broken = error != NULL;
    link->made = error ? link->made : link->ask;
    if (!error && plan_link_ask_is_nothing(&link->ask)) {
        record_cleared(link, link->by);
    } else if (!error) {
        run_measure_begin(link);
    }
    tell_all(link, error);
}

static void make(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct link_change *change = data;
    struct run_link *link = change->link;
    if (exercise->ending) {
        g_autoptr(GError) error = g_error_new(
                SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "cancelled, the exercise ends");
        on_made(error, change);
        return;
    }
    if (refused) {
        on_made(refused, change);
        return;
    }
    if (change->serial != link->serial) {
        g_free(change);
        return;
    }
    struct world *world = exercise->options.world;
    world->ops->impair(world, link->machine, link->card, &link->ask, on_made, change);
}

static struct link_change *change_new(struct run_link *link)
{
    struct link_change *change = g_new(struct link_change, 1);
    *change = (struct link_change){link, ++link->serial};
    link->making = true;
    return change;
}

/* What was known of the link's directions is known no more. */
static void forget(struct run_link *link)
{
    run_measure_stop(link);
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        link->directions[d] =
                (struct run_direction){.link = link, .direction = d, .recorded_at_us = -1};
    }
}

static void change(
        struct run_link *link, const struct plan_link_ask *ask, const char *by, bool reverting)
{
    struct exercise *exercise = link->exercise;
    forget(link);
    link->reverting = reverting;
    link->ask = *ask;
    link->since_us = clock_now(exercise->options.clock);
    g_free(link->by);
    link->by = g_strdup(by);
    if (!plan_impairment_is_nothing(&ask->direction[PLAN_OUT]) && !link->opened) {
        record_detour(link, true);
    }
    cJSON *body = link_body(link);
    cJSON_AddItemToObject(body, "asked", plan_link_ask_to_json(ask));
    cJSON_AddStringToObject(body, "by", by);
    run_record_then(exercise, run_event(exercise, "link.impaired", link->team, link->id, body),
            make, change_new(link));
}

void run_link_ask(struct exercise *exercise, int machine, int card, const struct plan_link_ask *ask,
        const char *by, run_link_fn done, gpointer data)
{
    struct run_link *link = find_link(exercise, machine, card, true);
    if (done) {
        struct link_call *call = g_new(struct link_call, 1);
        *call = (struct link_call){done, data};
        g_ptr_array_add(link->done, call);
    }
    change(link, ask, by, false);
}

/* ---- wishes -------------------------------------------------------------------------------- */

static void ask_wish(struct exercise *exercise, int machine, int card,
        const struct plan_impair *wish, const char *by)
{
    struct plan_link_ask ask = run_link_asked(exercise, machine, card);
    plan_impair_apply(wish, &ask);
    run_link_ask(exercise, machine, card, &ask, by, NULL, NULL);
}

bool run_link_wish(struct exercise *exercise, const struct plan_impair *wish, int team,
        const char *by, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int machine = plan_machine_for(plan, wish->machine, team);
    if (machine < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "%s has no machine \"%s\"",
                run_team_id(exercise, team), wish->machine);
        return false;
    }
    if (!run_links_allowed(exercise, error)) {
        return false;
    }
    g_autoptr(GArray) cards = plan_link_cards(plan, machine, wish->network, team);
    for (guint i = 0; i < cards->len; i++) {
        ask_wish(exercise, machine, g_array_index(cards, int, i), wish, by);
    }
    return true;
}

void run_links_start(struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    for (guint i = 0; i < plan->links->len; i++) {
        const struct plan_impair *wish = g_ptr_array_index(plan->links, i);
        for (guint m = 0; m < plan->machines->len; m++) {
            const struct plan_machine *machine = g_ptr_array_index(plan->machines, m);
            if (strcmp(machine->host->name, wish->machine) != 0 ||
                    !run_links_allowed(exercise, NULL)) {
                continue;
            }
            g_autoptr(GArray) cards = plan_link_cards(plan, (int)m, wish->network, -1);
            for (guint k = 0; k < cards->len; k++) {
                ask_wish(exercise, (int)m, g_array_index(cards, int, k), wish, "scenario");
            }
        }
    }
}

void run_links_ready(struct exercise *exercise, int machine)
{
    for (guint i = 0; i < exercise->links->len; i++) {
        struct run_link *link = g_ptr_array_index(exercise->links, i);
        if (link->machine == machine && !link->making && !exercise->ending &&
                (link->unsure || !plan_link_ask_is_nothing(&link->ask))) {
            make(exercise, NULL, change_new(link));
        }
    }
}

/* ---- keeping ------------------------------------------------------------------------------- */

cJSON *run_links_save(const struct exercise *exercise, int team)
{
    cJSON *saved = cJSON_CreateArray();
    for (guint i = 0; i < exercise->links->len; i++) {
        const struct run_link *link = g_ptr_array_index(exercise->links, i);
        if ((team < 0 || link->team == team) && !plan_link_ask_is_nothing(&link->ask)) {
            cJSON *json = plan_link_ask_to_json(&link->ask);
            cJSON_AddStringToObject(json, "link", link->id);
            cJSON_AddItemToArray(saved, json);
        }
    }
    return saved;
}

static const cJSON *saved_of(const cJSON *saved, const char *id)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, saved)
    {
        if (!strcmp(json_string(item, "link", ""), id)) {
            return item;
        }
    }
    return NULL;
}

cJSON *run_links_differ(struct exercise *exercise, const cJSON *saved, int team)
{
    const struct plan *plan = exercise->options.plan;
    cJSON *changes = cJSON_CreateArray();
    for (guint m = 0; m < plan->machines->len; m++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, m);
        for (guint k = 0; k < machine->cards->len; k++) {
            g_autofree char *id = plan_link_id(plan, (int)m, (int)k);
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            const struct plan_network *network =
                    g_ptr_array_index(plan->networks, (guint)card->network);
            const cJSON *item = saved_of(saved, id);
            struct plan_link_ask ask = {0};
            struct plan_link_ask now = run_link_asked(exercise, (int)m, (int)k);
            bool known = !item || plan_link_ask_from_json(item, &ask);
            if ((team < 0 || network->team == team) && known &&
                    !plan_link_ask_is_same(&ask, &now)) {
                cJSON *change = link_body(find_link(exercise, (int)m, (int)k, true));
                cJSON_AddStringToObject(change, "link", id);
                cJSON_AddItemToObject(change, "asked", plan_link_ask_to_json(&ask));
                cJSON_AddItemToArray(changes, change);
            }
        }
    }
    return changes;
}

static void ask_one(struct exercise *exercise, const cJSON *change, const char *by)
{
    int machine = -1;
    int card = -1;
    struct plan_link_ask ask;
    if (plan_link_find(exercise->options.plan, json_string(change, "machine", ""),
                json_string(change, "network", ""), &machine, &card, NULL) &&
            plan_link_ask_from_json(json_object(change, "asked"), &ask)) {
        struct plan_link_ask now = run_link_asked(exercise, machine, card);
        if (!plan_link_ask_is_same(&ask, &now)) {
            run_link_ask(exercise, machine, card, &ask, by, NULL, NULL);
        }
    }
}

void run_links_ask_all(struct exercise *exercise, const cJSON *changes)
{
    const cJSON *change = NULL;
    cJSON_ArrayForEach(change, changes)
    {
        ask_one(exercise, change, json_string(change, "by", "operator"));
    }
}

void run_links_restore(struct exercise *exercise, const cJSON *saved, int team, const char *by)
{
    auto_json changes = run_links_differ(exercise, saved, team);
    const cJSON *change = NULL;
    cJSON_ArrayForEach(change, changes)
    {
        ask_one(exercise, change, by);
    }
}

static void take_link(struct exercise *exercise, const cJSON *item)
{
    int machine = -1;
    int card = -1;
    struct plan_link_ask ask;
    if (!plan_link_find(exercise->options.plan, json_string(item, "machine", ""),
                json_string(item, "network", ""), &machine, &card, NULL) ||
            !plan_link_ask_from_json(json_object(item, "asked"), &ask)) {
        return;
    }
    struct run_link *link = find_link(exercise, machine, card, true);
    link->ask = ask;
    link->since_us = json_int(item, "at_us", 0);
    link->unsure = true;
    g_free(link->by);
    link->by = g_strdup(json_string(item, "by", ""));
    /* a detour that is open in the ledger is closed by the link's end */
    const struct plan_machine *plan = run_machine_plan(exercise, machine);
    const struct plan_card *of = g_ptr_array_index(plan->cards, (guint)card);
    g_autofree char *name = net_impair_device(of->tap, PLAN_OUT);
    g_autofree char *subject = g_strdup_printf("ifb:%s", name);
    link->opened = g_hash_table_contains(exercise->resume->open, subject);
}

void run_links_take(struct exercise *exercise, const cJSON *links)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, links)
    {
        take_link(exercise, item);
    }
}
