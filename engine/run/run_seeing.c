/* run_seeing.c - what an operator can look at: traffic, screens, consoles. */
#include "base/error.h"
#include "base/json.h"
#include "run/run.h"

#include <string.h>

int run_find_machine(const struct exercise *exercise, const char *id, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int machine = plan_machine_index(plan, id);
    if (machine < 0) {
        g_autofree char *hint = plan_machine_hint(plan, id);
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no machine \"%s\"%s", id, hint);
    }
    return machine;
}

/* Has it a process? */
static bool runs(const struct exercise *exercise, int machine, GError **error)
{
    enum machine_state state = exercise->machines[machine].state;
    if (exercise->ending || state == MACHINE_DEFINED || state == MACHINE_STOPPED ||
            state == MACHINE_CRASHED) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s is %s",
                run_machine_plan(exercise, machine)->id, machine_state_name(state));
        return false;
    }
    return true;
}

static bool has_display(const struct exercise *exercise, int machine, GError **error)
{
    const struct plan_machine *plan = run_machine_plan(exercise, machine);
    if (!plan->host->display) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "machine %s has no screen: give it display = true in the scenario; `sandtable "
                "console %s %s --log` shows what its serial port says",
                plan->id, exercise->options.plan->name, plan->id);
    }
    return plan->host->display;
}

/* ---- traffic ------------------------------------------------------------------------------- */

struct links_call {
    struct exercise *exercise;
    exercise_json_fn done;
    gpointer data;
};

static cJSON *link_json(const struct exercise *exercise, const struct world_link *link)
{
    const struct plan *plan = exercise->options.plan;
    const struct plan_machine *machine = run_machine_plan(exercise, link->machine);
    const struct plan_card *card = machine->cards->pdata[link->card];
    const struct plan_network *network = plan->networks->pdata[card->network];
    g_autofree char *address = plan_address_text(card->address);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "machine", machine->id);
    cJSON_AddStringToObject(json, "network", network->id);
    cJSON_AddStringToObject(json, "address", address);
    cJSON_AddBoolToObject(json, "up", link->up);
    json_add_int(json, "rx_bytes", (gint64)link->rx_bytes);
    json_add_int(json, "tx_bytes", (gint64)link->tx_bytes);
    json_add_int(json, "rx_packets", (gint64)link->rx_packets);
    json_add_int(json, "tx_packets", (gint64)link->tx_packets);
    return json;
}

static void on_links(
        const struct world_link *links, gsize count, const GError *error, gpointer data)
{
    g_autofree struct links_call *call = data;
    if (error) {
        call->done(NULL, error, call->data);
        return;
    }
    cJSON *json = cJSON_CreateObject();
    json_add_int(json, "at_us", clock_now(call->exercise->options.clock));
    json_add_int(json, "wall_us", g_get_real_time());
    cJSON *array = cJSON_AddArrayToObject(json, "links");
    for (gsize i = 0; i < count; i++) {
        cJSON_AddItemToArray(array, link_json(call->exercise, &links[i]));
    }
    call->done(json, NULL, call->data);
}

void exercise_links(struct exercise *exercise, exercise_json_fn done, gpointer data)
{
    struct links_call *call = g_new(struct links_call, 1);
    *call = (struct links_call){exercise, done, data};
    struct world *world = exercise->options.world;
    world->ops->links(world, on_links, call);
}

/* ---- screens ------------------------------------------------------------------------------- */

struct screen_call {
    exercise_json_fn done;
    gpointer data;
};

static void on_screen(
        const char *bytes, gsize length, gint64 size, const GError *error, gpointer data)
{
    g_autofree struct screen_call *call = data;
    (void)size;
    cJSON *json = NULL;
    if (!error) {
        g_autofree char *text = g_base64_encode((const guchar *)bytes, length);
        json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "type", "image/png");
        cJSON_AddStringToObject(json, "base64", text);
    }
    call->done(json, error, call->data);
}

bool exercise_screenshot(struct exercise *exercise, const char *id, exercise_json_fn done,
        gpointer data, GError **error)
{
    int machine = run_find_machine(exercise, id, error);
    if (machine < 0 || !has_display(exercise, machine, error) || !runs(exercise, machine, error)) {
        return false;
    }
    struct screen_call *call = g_new(struct screen_call, 1);
    *call = (struct screen_call){done, data};
    struct world *world = exercise->options.world;
    world->ops->screenshot(world, machine, on_screen, call);
    return true;
}

/* ---- consoles ------------------------------------------------------------------------------ */

struct run_console { /* one that somebody uses */
    struct exercise *exercise;
    gint64 number;
    int machine;
    bool vnc;
    char *who;
    gint64 opened_us; /* wall clock */
    char *sha256;     /* of a recording, or NULL */
    gint64 bytes;
};

struct opening { /* one that is not on the record yet, and may be closed before it is */
    gint64 number;
    exercise_json_fn done;
    gpointer data;
};

static void console_free(gpointer data)
{
    struct run_console *console = data;
    g_free(console->who);
    g_free(console->sha256);
    g_free(console);
}

void run_consoles_init(struct exercise *exercise)
{
    exercise->consoles = g_ptr_array_new_with_free_func(console_free);
}

void run_consoles_free(struct exercise *exercise)
{
    g_ptr_array_unref(exercise->consoles);
}

static struct event *console_event(const struct run_console *console, const char *kind)
{
    const struct plan_machine *machine = run_machine_plan(console->exercise, console->machine);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", console->who);
    cJSON_AddStringToObject(body, "port", console->vnc ? "vnc" : "serial");
    if (!strcmp(kind, "console.closed")) {
        json_add_int(body, "took_us", g_get_real_time() - console->opened_us);
        if (console->sha256) {
            cJSON *recording = cJSON_AddObjectToObject(body, "recording");
            cJSON_AddStringToObject(recording, "sha256", console->sha256);
            json_add_int(recording, "bytes", console->bytes);
        }
    }
    return run_event(console->exercise, kind, machine->team, machine->id, body);
}

/* A serial port takes one client; a screen as many as come. */
static bool is_free(const struct exercise *exercise, int machine, GError **error)
{
    for (guint i = 0; i < exercise->consoles->len; i++) {
        const struct run_console *other = exercise->consoles->pdata[i];
        if (other->machine == machine && !other->vnc) {
            const char *id = run_machine_plan(exercise, machine)->id;
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    "%s is at the console of %s; `sandtable console %s %s --log --follow` reads "
                    "along",
                    other->who, id, exercise->options.plan->name, id);
            return false;
        }
    }
    return true;
}

static struct run_console *console_find(const struct exercise *exercise, gint64 number)
{
    for (guint i = 0; i < exercise->consoles->len; i++) {
        struct run_console *console = exercise->consoles->pdata[i];
        if (console->number == number) {
            return console;
        }
    }
    return NULL;
}

static char *console_path(const struct exercise *exercise, gint64 number, GError **error)
{
    const struct run_console *console = console_find(exercise, number);
    if (exercise->ending || !console) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ends");
        return NULL;
    }
    const struct world *world = exercise->options.world;
    char *path = world->ops->port(world, console->machine, console->vnc ? WORLD_VNC : WORLD_SERIAL);
    if (!path) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "a simulated machine has no console");
    }
    return path;
}

static void on_opened(struct exercise *exercise, const GError *refused, gpointer data)
{
    g_autofree struct opening *opening = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    if (refused) {
        struct run_console *console = console_find(exercise, opening->number);
        if (console) {
            g_ptr_array_remove(exercise->consoles, console);
        }
        error = g_error_copy(refused);
    } else {
        path = console_path(exercise, opening->number, &error);
    }
    cJSON *json = NULL;
    if (path) {
        json = cJSON_CreateObject();
        json_add_int(json, "console", opening->number);
        cJSON_AddStringToObject(json, "path", path);
    }
    opening->done(json, error, opening->data);
}

bool exercise_console(struct exercise *exercise, const struct exercise_console_options *options,
        exercise_json_fn done, gpointer data, GError **error)
{
    int machine = run_find_machine(exercise, options->machine, error);
    if (machine < 0 || (options->vnc && !has_display(exercise, machine, error)) ||
            !runs(exercise, machine, error) ||
            (!options->vnc && !is_free(exercise, machine, error))) {
        return false;
    }
    struct run_console *console = g_new0(struct run_console, 1);
    console->exercise = exercise;
    console->number = options->number;
    console->machine = machine;
    console->vnc = options->vnc;
    console->who = g_strdup(options->who);
    console->opened_us = g_get_real_time();
    g_ptr_array_add(exercise->consoles, console);
    struct opening *opening = g_new(struct opening, 1);
    *opening = (struct opening){console->number, done, data};
    run_record_then(exercise, console_event(console, "console.opened"), on_opened, opening);
    return true;
}

bool exercise_console_recorded(
        struct exercise *exercise, gint64 number, const char *sha256, gint64 bytes, GError **error)
{
    struct run_console *console = console_find(exercise, number);
    if (!console || bytes < 0 || strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a recording has an open console, a SHA-256 and a size");
        return false;
    }
    g_free(console->sha256);
    console->sha256 = g_strdup(sha256);
    console->bytes = bytes;
    return true;
}

void exercise_console_close(struct exercise *exercise, gint64 number)
{
    struct run_console *console = console_find(exercise, number);
    if (console) {
        run_record_then(exercise, console_event(console, "console.closed"), NULL, NULL);
        g_ptr_array_remove(exercise->consoles, console);
    }
}

char *exercise_console_log(const struct exercise *exercise, const char *id, GError **error)
{
    int machine = run_find_machine(exercise, id, error);
    if (machine < 0) {
        return NULL;
    }
    const struct world *world = exercise->options.world;
    char *path = world->ops->port(world, machine, WORLD_SERIAL_LOG);
    if (!path) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "a simulated machine has no console");
    }
    return path;
}
