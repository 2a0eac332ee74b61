/* world_real_ready.c - when a machine without the usual set-up is ready: by TCP, ping, serial. */
#include "world/world_real_disk.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 500
#define LOOK_TIMEOUT_MS 3000
#define SERIAL_TAIL (64 * 1024)

/* One look by the checker; the machine may have been started again before it answers. */
struct look {
    struct real_machine *machine;
    guint epoch;
};

static const struct plan_ready *ready_of(const struct real_machine *machine)
{
    return &machine->plan->host->hardware.ready;
}

static void look_again(struct real_machine *machine);

static void set_ready(struct real_machine *machine, const char *how)
{
    real_disk_abandon(machine);
    real_machine_set_state(machine, MACHINE_READY, how);
}

static void give_up(struct real_machine *machine, const char *last)
{
    g_autofree char *what = plan_ready_text(ready_of(machine));
    gint64 limit = ready_of(machine)->timeout_ms;
    g_autofree char *why = g_strdup_printf("not ready after %d s: %s: %s",
            (int)((limit ? limit : PLAN_READY_TIMEOUT_MS) / 1000), what, last);
    real_disk_abandon(machine);
    real_machine_set_state(machine, MACHINE_CRASHED, why);
}

/* Time in a pause does not count. */
static bool is_late(struct real_machine *machine)
{
    struct real_disk *disk = machine->disk;
    gint64 now = g_get_monotonic_time();
    gint64 limit = ready_of(machine)->timeout_ms;
    if (machine->state == MACHINE_PAUSED) {
        disk->started_us += now - disk->looked_us;
    }
    disk->looked_us = now;
    return now - disk->started_us > (limit ? limit : PLAN_READY_TIMEOUT_MS) * 1000;
}

static void not_yet(struct real_machine *machine, const char *why)
{
    if (is_late(machine)) {
        give_up(machine, why);
    } else {
        look_again(machine);
    }
}

static void on_look(const struct check_result *result, gpointer data)
{
    g_autofree struct look *look = data;
    struct real_machine *machine = look->machine;
    if (!machine->disk || machine->disk->epoch != look->epoch) {
        return;
    }
    if (result->status == CHECK_OK) {
        set_ready(machine, ready_of(machine)->kind == PLAN_READY_TCP ? "tcp" : "ping");
    } else {
        not_yet(machine, result->detail);
    }
}

static void look_by_network(struct real_machine *machine)
{
    const struct plan_card *card = g_ptr_array_index(machine->plan->cards, 0);
    const struct plan *plan = machine->world->head.plan;
    const struct plan_network *network = g_ptr_array_index(plan->networks, (guint)card->network);
    bool tcp = ready_of(machine)->kind == PLAN_READY_TCP;
    const struct check_request request = {
            .protocol = tcp ? CHECK_TCP : CHECK_PING,
            .space = machine->world->spaces[network->team],
            .address = card->address,
            .port = ready_of(machine)->port,
            .timeout_ms = LOOK_TIMEOUT_MS,
    };
    struct look *look = g_new(struct look, 1);
    *look = (struct look){machine, machine->disk->epoch};
    checker_run(machine->world->checker, &request, on_look, look);
}

/* The guest writes what it likes: only the last part is searched. */
static bool serial_has(const struct real_machine *machine, const char *text)
{
    g_autofree char *path = virt_serial_file(machine->world->root, machine->plan->domain);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    g_autofree char *bytes = g_malloc(SERIAL_TAIL);
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, bytes, SERIAL_TAIL, MAX(end - SERIAL_TAIL, 0));
    close(fd);
    return n > 0 && memmem(bytes, (gsize)n, text, strlen(text));
}

static gboolean look(gpointer data)
{
    struct real_machine *machine = data;
    const struct plan_ready *ready = ready_of(machine);
    machine->disk->timer = 0;
    if (ready->kind == PLAN_READY_TCP || ready->kind == PLAN_READY_PING) {
        look_by_network(machine);
    } else if (serial_has(machine, ready->text)) {
        set_ready(machine, "serial");
    } else {
        not_yet(machine, "the text has not come");
    }
    return G_SOURCE_REMOVE;
}

static void look_again(struct real_machine *machine)
{
    machine->disk->timer = g_timeout_add(LOOK_EVERY_MS, look, machine);
}

bool real_disk_await(struct real_machine *machine)
{
    enum plan_ready_kind kind = ready_of(machine)->kind;
    bool by_network = kind == PLAN_READY_TCP || kind == PLAN_READY_PING;
    if (!machine->disk || (!by_network && kind != PLAN_READY_SERIAL) ||
            (by_network && machine->plan->cards->len == 0)) {
        return false;
    }
    real_disk_abandon(machine);
    machine->disk->looked_us = g_get_monotonic_time();
    look_again(machine);
    return true;
}

void real_disk_abandon(struct real_machine *machine)
{
    if (machine->disk) {
        g_clear_handle_id(&machine->disk->timer, g_source_remove);
        machine->disk->epoch++;
    }
}
