/* range.h - servers of the real world, one a team, in a process and a cell of their own: from the
 * call until each is ready.
 */
#pragma once

#include "cell/cell.h"
#include "script/script.h"
#include "world/world.h"

#include <glib.h>
#include <stdio.h>

#define RANGE_SCENARIO TESTS_DIR "/system/two-machines"
#define RANGE_LIMIT_S 280
#define RANGE_LOOK_MS 20

struct range {
    GMainLoop *loop;
    const char *root;
    struct plan *plan;
    struct world *world;
    int machines, ready;
    const char *until; /* this on every serial port is enough; NULL: ready */
    char *failed;      /* why, or NULL */
};

static inline void range_fail(struct range *range, const char *why)
{
    if (!range->failed) {
        range->failed = g_strdup(why);
    }
    g_main_loop_quit(range->loop);
}

static inline void range_on_state(
        int machine, enum machine_state state, const char *reason, gpointer data)
{
    struct range *range = data;
    (void)machine;
    if (state == MACHINE_CRASHED) {
        range_fail(range, reason);
    } else if (state == MACHINE_READY && ++range->ready == range->machines) {
        g_main_loop_quit(range->loop);
    }
}

static inline gboolean range_look(gpointer data)
{
    struct range *range = data;
    int said = 0;
    for (guint i = 0; i < range->plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(range->plan->machines, i);
        g_autofree char *path = virt_serial_file(range->root, machine->domain);
        g_autofree char *text = NULL;
        said += g_file_get_contents(path, &text, NULL, NULL) && strstr(text, range->until);
    }
    if (said == range->machines) {
        g_main_loop_quit(range->loop);
    }
    return G_SOURCE_CONTINUE;
}

static inline void range_on_up(const GError *error, gpointer data)
{
    if (error) {
        range_fail(data, error->message);
    }
}

static inline gboolean range_on_limit(gpointer data)
{
    range_fail(data, "machines are not ready in time");
    return G_SOURCE_REMOVE;
}

static inline bool range_load(struct range *range, const char *root, enum world_boot boot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script = script_load(RANGE_SCENARIO, &range->plan, problems, &error);
    if (script && plan_expand(range->plan, range->machines, &error)) {
        const struct world_real_options options = {
                .root = root, .accel = VIRT_ACCEL_TCG, .boot = boot};
        range->world = world_real_new(range->plan, &options, &error);
    }
    script_free(script);
    range->failed = error ? g_strdup(error->message) : NULL;
    return range->world != NULL;
}

/* Seconds until all machines are ready, or have said what the caller waits for (until); failed says
 * why they are not. Once in a process, inside a cell; the caller frees the world. */
static inline double range_run(
        struct range *range, const char *root, enum world_boot boot, int machines)
{
    range->loop = g_main_loop_new(NULL, FALSE);
    range->machines = machines;
    range->root = root;
    if (!range_load(range, root, boot)) {
        return 0;
    }
    if (range->until) {
        g_timeout_add(RANGE_LOOK_MS, range_look, range);
    }
    range->world->on_state = range_on_state;
    range->world->on_state_data = range;
    gint64 from = g_get_monotonic_time();
    g_timeout_add_seconds(RANGE_LIMIT_S, range_on_limit, range);
    range->world->ops->up(range->world, range_on_up, range);
    g_main_loop_run(range->loop);
    return (double)(g_get_monotonic_time() - from) / G_USEC_PER_SEC;
}
