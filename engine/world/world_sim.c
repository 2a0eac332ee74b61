/* world_sim.c - a range in memory on a virtual clock: states, files, scripted answers. */
#include "world/world_sim.h"

#include "base/error.h"
#include "plan/router.h"
#include "world/world_sim_impair.h"
#include "world/world_sim_seeing.h"

#include <string.h>

/* An answer on its way: callbacks never come from inside the call. */
struct answer {
    struct sim_world *world;
    int machine;
    guint source; /* GSource id; 0 while it waits for its machine */
    enum {
        ANSWER_DONE,
        ANSWER_SAVED,
        ANSWER_EXEC,
        ANSWER_READ,
        ANSWER_PROBE,
        ANSWER_COUNTERS,
        ANSWER_MEASURE,
    } kind;
    union {
        world_done_fn done;
        world_saved_fn saved;
        world_exec_fn exec;
        world_read_fn read;
        world_probe_fn probe;
        world_counters_fn counters;
        world_measure_fn measure;
    } fn;
    gpointer data;
    GError *error;
    int status;
    char *out, *err;
    gsize length;
    gint64 size;
    struct world_probe_result probe;
    GArray *counters; /* struct world_counter */
    struct world_measurement measured;
    GArray *delays;         /* of the measurement, or NULL */
    struct world_save save; /* its own copy */
};

/* What a real machine's program would be heard of. */
static const char *kept(char *text, gsize *ret_length, bool *ret_cut)
{
    *ret_length = text ? strlen(text) : 0;
    *ret_cut = *ret_length > VIRT_OUTPUT_MAX;
    if (*ret_cut) {
        *ret_length = VIRT_OUTPUT_MAX;
        text[VIRT_OUTPUT_MAX] = '\0';
    }
    return text ? text : "";
}

static gboolean deliver(gpointer data)
{
    struct answer *a = data;
    g_ptr_array_remove(a->world->answers, a);
    struct world_exec_result exec = {.status = a->status};
    exec.out = kept(a->out, &exec.out_length, &exec.out_cut);
    exec.err = kept(a->err, &exec.err_length, &exec.err_cut);
    switch (a->kind) {
    case ANSWER_DONE:
        a->fn.done(a->error, a->data);
        break;
    case ANSWER_SAVED:
        if (!a->error) {
            a->save.cut(a->data);
            sim_save_now(a->world, &a->save, &a->error);
        }
        a->fn.saved(0, a->error, a->data);
        break;
    case ANSWER_EXEC:
        a->fn.exec(a->error ? NULL : &exec, a->error, a->data);
        break;
    case ANSWER_READ:
        a->fn.read(a->out, a->length, a->size, a->error, a->data);
        break;
    case ANSWER_PROBE:
        a->probe.detail = a->out ? a->out : "";
        a->fn.probe(&a->probe, a->data);
        break;
    case ANSWER_COUNTERS:
        a->fn.counters((struct world_counter *)(void *)a->counters->data, a->counters->len,
                a->error, a->data);
        break;
    case ANSWER_MEASURE:
        a->fn.measure(a->error ? NULL : &a->measured, a->error, a->data);
        g_array_unref(a->delays);
        break;
    }
    g_clear_error(&a->error);
    g_clear_pointer(&a->counters, g_array_unref);
    g_free((gpointer)a->save.machines);
    g_free((gpointer)a->save.folder);
    g_free(a->out);
    g_free(a->err);
    g_free(a);
    return G_SOURCE_REMOVE;
}

static bool is_slow(const struct sim_world *world, int machine)
{
    const struct sim_machine *m = machine < 0 ? NULL : &world->machines[machine];
    return m && (m->state == MACHINE_PAUSED || (m->held && m->state == MACHINE_READY));
}

static void set_gone(struct answer *answer)
{
    const struct sim_world *world = answer->world;
    const struct plan_machine *plan =
            g_ptr_array_index(world->head.plan->machines, (guint)answer->machine);
    g_clear_error(&answer->error);
    g_set_error(&answer->error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s is %s",
            plan->id, machine_state_name(world->machines[answer->machine].state));
}

static struct answer *answer_new(struct world *head, int machine)
{
    struct sim_world *world = (struct sim_world *)head;
    struct answer *answer = g_new0(struct answer, 1);
    answer->world = world;
    answer->machine = machine;
    g_ptr_array_add(world->answers, answer);
    if (machine >= 0 && world->machines[machine].state != MACHINE_READY &&
            world->machines[machine].state != MACHINE_PAUSED) {
        set_gone(answer);
    }
    answer->source = is_slow(world, machine) ? 0 : g_idle_add(deliver, answer);
    return answer;
}

/* What waited for a machine goes on, or fails with it. */
static void let_go(struct sim_world *world, int machine)
{
    for (guint i = 0; i < world->answers->len && !is_slow(world, machine); i++) {
        struct answer *answer = g_ptr_array_index(world->answers, i);
        if (answer->machine != machine || answer->source) {
            continue;
        }
        if (world->machines[machine].state != MACHINE_READY) {
            set_gone(answer);
        }
        answer->source = g_idle_add(deliver, answer);
    }
}

void sim_set_state(
        struct sim_world *world, int machine, enum machine_state state, const char *reason)
{
    world->machines[machine].state = state;
    let_go(world, machine);
    if (world->head.on_state) {
        world->head.on_state(machine, state, reason, world->head.on_state_data);
    }
}

static void set_all(struct sim_world *world, enum machine_state from, enum machine_state to)
{
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        if (world->machines[i].state == from) {
            sim_set_state(world, (int)i, to, "simulated");
        }
    }
}

static gboolean boot_all(gpointer data)
{
    struct sim_world *world = data;
    world->boot = 0;
    set_all(world, MACHINE_STARTING, MACHINE_BOOTED);
    set_all(world, MACHINE_BOOTED, MACHINE_READY);
    return G_SOURCE_REMOVE;
}

void sim_boot(struct sim_world *world)
{
    if (!world->boot) {
        world->boot = g_idle_add(boot_all, world);
    }
}

void sim_saved(
        struct world *head, const struct world_save *save, world_saved_fn saved, gpointer data)
{
    struct answer *answer = answer_new(head, -1);
    answer->kind = ANSWER_SAVED;
    answer->fn.saved = saved;
    answer->save = *save;
    answer->save.machines = g_memdup2(save->machines, save->n * sizeof(int));
    answer->save.folder = g_strdup(save->folder);
    answer->data = data;
}

void sim_done(struct world *head, GError *error, world_done_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, -1);
    answer->error = error;
    answer->fn.done = done;
    answer->data = data;
}

static void begin(struct sim_world *world, int machine)
{
    struct sim_machine *m = &world->machines[machine];
    enum world_begin how = world->head.begin ? world->head.begin[machine] : WORLD_FRESH;
    if (how == WORLD_LEAVE) {
        m->state = MACHINE_CRASHED;
    } else if (how == WORLD_FRESH || !m->survived) {
        sim_set_state(world, machine, MACHINE_STARTING, "simulated");
    } else {
        bool paused = m->was_paused && world->head.stay_paused;
        sim_set_state(world, machine, paused ? MACHINE_PAUSED : MACHINE_READY, "adopted");
    }
}

static void sim_up(struct world *head, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    for (guint i = 0; head->rules_at_up && i < world->rules->len; i++) {
        g_ptr_array_unref(world->rules->pdata[i]);
        world->rules->pdata[i] = plan_rules_copy(head->rules_at_up((int)i, head->on_trouble_data));
    }
    for (guint i = 0; i < head->plan->machines->len; i++) {
        begin(world, (int)i);
    }
    sim_done(head, NULL, done, data);
    sim_boot(world);
}

static void sim_down(struct world *head, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    g_clear_handle_id(&world->boot, g_source_remove);
    for (enum machine_state state = MACHINE_STARTING; state <= MACHINE_PAUSED; state++) {
        set_all(world, state, MACHINE_STOPPED);
    }
    sim_done(head, NULL, done, data);
}

static void sim_pause(struct world *head, bool paused, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    if (paused) {
        set_all(world, MACHINE_READY, MACHINE_PAUSED);
    } else {
        set_all(world, MACHINE_PAUSED, MACHINE_READY);
    }
    sim_done(head, NULL, done, data);
}

/* As the real world: nothing but the network reaches a machine without an agent, nor one that is
 * paused. */
static bool refuse_agent(struct answer *answer)
{
    const struct plan_machine *plan =
            g_ptr_array_index(answer->world->head.plan->machines, (guint)answer->machine);
    if (answer->world->machines[answer->machine].state == MACHINE_PAUSED) {
        g_set_error(&answer->error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                "machine %s: it is paused; resume it first", plan->id);
        answer->source = g_idle_add(deliver, answer);
    }
    if (!answer->error && plan->host->hardware.agent == 0) {
        g_set_error(&answer->error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "machine %s has no guest agent (image \"%s\"): no command or file reaches it",
                plan->id, plan->host->image);
    }
    return answer->error != NULL;
}

static void sim_exec(struct world *head, int machine, const char *const *argv, int timeout_ms,
        world_exec_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, machine);
    answer->kind = ANSWER_EXEC;
    answer->fn.exec = done;
    answer->data = data;
    const struct world_sim_hooks *hooks = &answer->world->hooks;
    if (!refuse_agent(answer) && hooks->exec) {
        answer->status = hooks->exec(hooks->data, machine, argv, &answer->out, &answer->err);
        if (answer->status < 0) {
            g_set_error(&answer->error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                    "%s did not end in %d ms", argv[0], timeout_ms);
        }
    }
}

static void sim_write(struct world *head, int machine, const char *path, const char *bytes,
        gsize length, world_done_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, machine);
    answer->fn.done = done;
    answer->data = data;
    if (!refuse_agent(answer)) {
        GHashTable *files = answer->world->machines[machine].files;
        g_hash_table_insert(files, g_strdup(path), g_string_new_len(bytes, (gssize)length));
    }
}

static void sim_read(struct world *head, int machine, const char *path, gint64 offset, gsize max,
        world_read_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, machine);
    answer->kind = ANSWER_READ;
    answer->fn.read = done;
    answer->data = data;
    answer->size = -1;
    const GString *file = g_hash_table_lookup(answer->world->machines[machine].files, path);
    if (!refuse_agent(answer) && file) {
        gsize from = MIN((gsize)offset, file->len);
        answer->size = (gint64)file->len;
        answer->length = MIN(max, file->len - from);
        answer->out = g_strndup(file->str + from, answer->length);
    }
}

static struct answer *probe_answer(struct world *head, world_probe_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, -1);
    answer->kind = ANSWER_PROBE;
    answer->fn.probe = done;
    answer->data = data;
    return answer;
}

static void sim_probe(struct world *head, int team, const struct plan_probe *probe,
        world_probe_fn done, gpointer data)
{
    struct answer *answer = probe_answer(head, done, data);
    int machine = plan_machine_for(head->plan, probe->machine, team);
    sim_seeing_probe(answer->world->seeing, machine, team);
    const struct world_sim_hooks *hooks = &answer->world->hooks;
    if (machine < 0 || answer->world->machines[machine].state != MACHINE_READY) {
        answer->probe.status = WORLD_DOWN;
        answer->out = g_strdup("no answer");
    } else if (hooks->probe) {
        answer->probe.status =
                hooks->probe(hooks->data, team, probe, &answer->out, &answer->probe.value);
    }
}

static void sim_control(struct world *head, int team, world_probe_fn done, gpointer data)
{
    struct answer *answer = probe_answer(head, done, data);
    const struct world_sim_hooks *hooks = &answer->world->hooks;
    answer->probe.status =
            hooks->control ? hooks->control(hooks->data, team, &answer->out) : WORLD_OK;
}

static void sim_rules(struct world *head, int gate, G_GNUC_UNUSED const GPtrArray *before,
        const GPtrArray *rules, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    g_ptr_array_unref(world->rules->pdata[gate]);
    world->rules->pdata[gate] = plan_rules_copy(rules);
    sim_done(head, NULL, done, data);
}

static void add_counter(
        GArray *counters, const struct world_sim_hooks *hooks, int gate, const char *rule)
{
    struct world_counter one = {.rule = rule};
    if (hooks->counter) {
        one.packets = hooks->counter(hooks->data, gate, rule);
        one.bytes = one.packets * 60;
    }
    g_array_append_val(counters, one);
}

static void sim_counters(struct world *head, int gate, world_counters_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    struct answer *answer = answer_new(head, -1);
    answer->kind = ANSWER_COUNTERS;
    answer->fn.counters = done;
    answer->data = data;
    answer->counters = g_array_new(FALSE, TRUE, sizeof(struct world_counter));
    const GPtrArray *rules = world->rules->pdata[gate];
    for (guint i = 0; i < rules->len; i++) {
        const struct plan_rule *rule = rules->pdata[i];
        add_counter(answer->counters, &world->hooks, gate, g_intern_string(rule->name));
    }
    add_counter(answer->counters, &world->hooks, gate, PLAN_RULE_POLICY);
}

static void sim_measure(struct world *head, int machine, int card, enum plan_direction direction,
        const struct plan_impairment *asked, world_measure_fn done, gpointer data)
{
    struct answer *answer = answer_new(head, machine);
    struct sim_world *world = answer->world;
    answer->kind = ANSWER_MEASURE;
    answer->fn.measure = done;
    answer->data = data;
    answer->delays = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct plan_link_ask *link = sim_link(world, machine, card);
    world_sim_sample(&link->direction[direction], asked, world->rand, &answer->measured.sample,
            answer->delays);
    answer->measured.queue.exists = true;
    answer->measured.other_bytes = world->traffic;
    answer->measured.took_us = 2 * G_USEC_PER_SEC;
}

static void sim_free(struct world *head)
{
    struct sim_world *world = (struct sim_world *)head;
    g_clear_handle_id(&world->boot, g_source_remove);
    while (world->answers->len > 0) {
        struct answer *answer = g_ptr_array_index(world->answers, 0);
        g_clear_handle_id(&answer->source, g_source_remove);
        if (!answer->error) {
            g_set_error(&answer->error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                    "cancelled, the exercise ends");
        }
        deliver(answer);
    }
    g_ptr_array_unref(world->answers);
    g_ptr_array_unref(world->rules);
    g_hash_table_unref(world->links);
    g_rand_free(world->rand);
    sim_seeing_free(world->seeing);
    for (guint i = 0; i < head->plan->machines->len; i++) {
        g_hash_table_unref(world->machines[i].files);
    }
    g_free(world->machines);
    g_free(world);
}

struct sim_seeing *sim_seeing_of(struct world *head)
{
    return ((struct sim_world *)head)->seeing;
}

static const char *sim_way(G_GNUC_UNUSED struct world *head, G_GNUC_UNUSED int machine)
{
    return "cold"; /* every time from nothing */
}

static const struct world_ops sim_ops = {
        .free = sim_free,
        .up = sim_up,
        .down = sim_down,
        .pause = sim_pause,
        .exec = sim_exec,
        .write = sim_write,
        .read = sim_read,
        .probe = sim_probe,
        .control = sim_control,
        .rules = sim_rules,
        .counters = sim_counters,
        .impair = sim_impair,
        .measure = sim_measure,
        .links = sim_links,
        .capture_start = sim_capture_start,
        .capture_stop = sim_capture_stop,
        .capture_hold = sim_capture_hold,
        .capture_look = sim_capture_look,
        .capture_files = sim_capture_files,
        .screenshot = sim_screenshot,
        .port = sim_port,
        .reset = sim_reset,
        .checkpoint = sim_saved,
        .restore = sim_restore,
        .way = sim_way,
        .restart = sim_restart,
};

struct world *world_sim_new(const struct plan *plan, const struct world_sim_hooks *hooks)
{
    struct sim_world *world = g_new0(struct sim_world, 1);
    world->head = (struct world){.ops = &sim_ops, .plan = plan};
    world->hooks = *hooks;
    world->answers = g_ptr_array_new();
    world->rules = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        g_ptr_array_add(world->rules, plan_rules_copy(gate->router->rules));
    }
    world->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world->rand = g_rand_new_with_seed((guint32)plan->seed);
    world->seeing = sim_seeing_new(plan);
    world->machines = g_new0(struct sim_machine, plan->machines->len + 1);
    for (guint i = 0; i < plan->machines->len; i++) {
        world->machines[i].files = sim_first_files(g_ptr_array_index(plan->machines, i));
    }
    return &world->head;
}

void world_sim_hold(struct world *head, int machine, bool held)
{
    struct sim_world *world = (struct sim_world *)head;
    world->machines[machine].held = held;
    let_go(world, machine);
}
