/* world_real_foot.c - frames between a foot's port and taps in the teams' spaces. */
#include "world/real_tap.h"
#include "world/world_real_daemon.h"

#include "base/error.h"
#include "base/frames.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

G_STATIC_ASSERT(FOOT_CARDS <= FRAMES_CARDS);

struct foot_wire {
    int taps[FOOT_CARDS];
    guint n;
    int socket, stop; /* stop: an eventfd that ends the thread */
    GThread *thread;
    GSourceFunc on_ready, on_lost;
    gpointer data;
    struct frames frames;
};

struct foot_wire *foot_wire_new(
        const struct real_world *world, guint first, guint n, GError **error)
{
    struct foot_wire *wire = g_new0(struct foot_wire, 1);
    wire->socket = -1;
    wire->stop = eventfd(0, EFD_CLOEXEC);
    for (guint i = 0; i < n; i++) {
        const struct plan_network *network =
                g_ptr_array_index(world->head.plan->networks, first + i);
        g_autofree char *inner = real_net_inner(network);
        const struct real_tap tap = {.name = inner,
                .address = network->subnet->checker,
                .prefix = network->subnet->prefix,
                .whose = "the checks' tap"};
        int fd = real_tap_make(world->spaces[network->team], &tap, error);
        if (fd < 0) {
            foot_wire_free(wire);
            return NULL;
        }
        wire->taps[wire->n++] = fd;
    }
    return wire;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void say_ready(struct foot_wire *wire)
{
    if (wire->on_ready) {
        g_idle_add(wire->on_ready, wire->data);
        wire->on_ready = NULL;
    }
}

static gpointer carry(gpointer data)
{
    struct foot_wire *wire = data;
    struct pollfd wait[FOOT_CARDS + 2];
    bool alive = frames_begin(&wire->frames, wire->socket, wire->taps, (int)wire->n, false);
    while (alive) {
        wait[0] = (struct pollfd){.fd = wire->stop, .events = POLLIN};
        frames_await(&wire->frames, wait + 1);
        int n = poll(wait, wire->n + 2, -1);
        if (n < 0 || wait[0].revents) {
            alive = n < 0 && errno == EINTR;
            continue;
        }
        alive = frames_carry(&wire->frames, wait + 1);
        if (wire->frames.ready) {
            say_ready(wire);
        }
    }
    shutdown(wire->socket, SHUT_RDWR);
    g_idle_add(wire->on_lost, wire->data);
    return NULL;
}

static void disconnect(struct foot_wire *wire)
{
    if (!wire->thread) {
        return;
    }
    guint64 count = 1;
    (void)!write(wire->stop, &count, sizeof(count)); /* an eventfd takes it */
    g_thread_join(wire->thread);
    wire->thread = NULL;
    (void)!read(wire->stop, &count, sizeof(count));
    close(wire->socket);
}

void foot_wire_connect(struct foot_wire *wire, int socket, GSourceFunc on_ready,
        GSourceFunc on_lost, gpointer data)
{
    disconnect(wire);
    wire->socket = socket;
    wire->on_ready = on_ready;
    wire->on_lost = on_lost;
    wire->data = data;
    wire->thread = g_thread_new("foot", carry, wire);
}

void foot_wire_free(struct foot_wire *wire)
{
    if (!wire) {
        return;
    }
    disconnect(wire);
    for (guint i = 0; i < wire->n; i++) {
        close(wire->taps[i]);
    }
    close(wire->stop);
    g_free(wire);
}

/* ---- its initramfs --------------------------------------------------------------------------- */

/* One member of an archive in the "newc" format of cpio(5), padded to four bytes. */
static void add_member(
        GByteArray *archive, const char *name, guint mode, const char *bytes, gsize length)
{
    static const guint8 zeros[4];
    g_autofree char *head =
            g_strdup_printf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1U, mode,
                    0U, 0U, 1U, 0U, (guint)length, 0U, 0U, 0U, 0U, (guint)strlen(name) + 1, 0U);
    g_byte_array_append(archive, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(archive, (const guint8 *)name, (guint)strlen(name) + 1);
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
    g_byte_array_append(archive, (const guint8 *)bytes, (guint)length);
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
}

bool foot_write_initrd(
        const char *kernel_initrd, const char *program, const char *file, GError **error)
{
    g_autofree char *base = NULL;
    g_autofree char *foot = NULL;
    gsize base_length = 0;
    gsize foot_length = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(kernel_initrd, &base, &base_length, &cause) ||
            !g_file_get_contents(program, &foot, &foot_length, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s", cause->message);
        return false;
    }
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_byte_array_append(archive, (const guint8 *)base, (guint)base_length);
    guint8 zeros[4] = {0};
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
    add_member(archive, "foot", 0100755, foot, foot_length);
    add_member(archive, "TRAILER!!!", 0, "", 0);
    if (!g_file_set_contents(file, (const char *)archive->data, archive->len, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s", cause->message);
        return false;
    }
    return true;
}
