/* bench_boot.c - seven machines ready and gone again, against QEMU started by a shell loop.
 *
 * Both sides boot the same kernel and images with the same memory and devices, and a machine is
 * ready when its agent answers a ping. The shell loop has QEMU's own defaults: machine type, CPU
 * model, size of the translation cache, option ROMs.
 */
#include "bench/bench.h"

#include "base/error.h"
#include "cell/cell.h"
#include "image/image.h"
#include "virt/virt.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#define MACHINES 7
#define ROUNDS 3
#define LIMIT_S 300
#define PING "{\"execute\":\"guest-ping\"}\n"

struct times {
    double ready, gone; /* seconds */
};

static struct virt *open_virt; /* what die() must not leave running */

static const char *const wanted[MACHINES] = {
        "attacker", "server", "server", "plc", "server", "server", "plc"};
static struct image *images[MACHINES];

static G_NORETURN void die(const char *what)
{
    fprintf(stderr, "bench_boot: %s\n", what);
    if (open_virt) {
        virt_close(open_virt, true);
    }
    exit(3);
}

static double seconds_since(gint64 from)
{
    return (double)(g_get_monotonic_time() - from) / G_USEC_PER_SEC;
}

static int memory_of(const struct image *image)
{
    return MAX(image->memory_mib, 160);
}

/* ---- ours ----------------------------------------------------------------------------------- */

struct ours {
    struct virt *virt;
    GMainLoop *loop;
    int ready;
    char *failed; /* why, or NULL */
};

/* die() closes libvirt's connection, which no callback may: from the loop instead. */
static void fail(struct ours *ours, const char *what)
{
    g_free(ours->failed);
    ours->failed = g_strdup(what);
    g_main_loop_quit(ours->loop);
}

static void on_pong(const GError *error, gpointer data)
{
    struct ours *ours = data;
    if (error) {
        fail(ours, error->message);
    } else if (++ours->ready == MACHINES) {
        g_main_loop_quit(ours->loop);
    }
}

static void on_started(const GError *error, gpointer data)
{
    if (error && open_virt) { /* not while it closes */
        fail(data, error->message);
    }
}

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    struct ours *ours = data;
    if (state == MACHINE_CRASHED) {
        fail(ours, reason);
    }
    if (state == MACHINE_BOOTED && strcmp(reason, "agent") == 0) {
        virt_ping(ours->virt, domain, 20000, on_pong, ours);
    }
}

static gboolean on_limit(gpointer data)
{
    fail(data, "machines are not ready in time");
    return G_SOURCE_REMOVE;
}

static struct times run_ours(const char *root)
{
    g_autoptr(GError) error = NULL;
    gint64 from = g_get_monotonic_time();
    struct ours ours = {.loop = g_main_loop_new(NULL, FALSE)};
    ours.virt = virt_open(root, NULL, on_state, &ours, &error);
    if (!ours.virt) {
        die(error->message);
    }
    open_virt = ours.virt;
    for (int i = 0; i < MACHINES; i++) {
        g_autofree char *domain = g_strdup_printf("m%d", i + 1);
        g_autofree char *cmdline = g_strdup_printf("console=ttyS0 quiet st.name=%s", domain);
        const struct virt_machine machine = {.domain = domain,
                .kernel = images[i]->kernel,
                .initrd = images[i]->initrd,
                .cmdline = cmdline,
                .root = images[i]->root,
                .modules = images[i]->modules,
                .memory_mib = memory_of(images[i]),
                .vcpus = 1};
        virt_start(ours.virt, &machine, on_started, &ours);
    }
    g_timeout_add_seconds(LIMIT_S, on_limit, &ours);
    g_main_loop_run(ours.loop);
    if (ours.failed) {
        die(ours.failed);
    }

    struct times times = {.ready = seconds_since(from)};
    from = g_get_monotonic_time();
    open_virt = NULL;
    virt_close(ours.virt, true);
    times.gone = seconds_since(from);
    g_main_loop_unref(ours.loop);
    return times;
}

/* In a process of its own: libvirt's threads and its one root end with it. */
static struct times run_ours_apart(const char *root)
{
    struct times times = {0};
    int fds[2];
    int status = 0;
    if (pipe(fds) != 0) {
        die("no pipe");
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        bench_child(parent);
        times = run_ours(root);
        _exit(write(fds[1], &times, sizeof(times)) == sizeof(times) ? 0 : 3);
    }
    close(fds[1]);
    if (pid < 0 || read(fds[0], &times, sizeof(times)) != sizeof(times) ||
            waitpid(pid, &status, 0) != pid || status != 0) {
        die("our side failed");
    }
    close(fds[0]);
    return times;
}

/* ---- the peer ------------------------------------------------------------------------------- */

static char *shell_loop(const char *root)
{
    GString *script = g_string_new(NULL);
    for (int i = 0; i < MACHINES; i++) {
        const struct image *image = images[i];
        g_string_append_printf(script,
                "qemu-system-x86_64 -accel tcg -m %d -display none -vga none -nodefaults"
                " -no-user-config -no-reboot"
                " -kernel %s -initrd %s -append 'console=ttyS0 quiet st.name=m%d'"
                " -drive file=%s,format=raw,if=virtio,readonly=on"
                " -drive file=%s,format=raw,if=virtio,readonly=on"
                " -serial file:%s/peer%d.log -device virtio-serial-pci"
                " -chardev socket,path=%s/peer%d,server=on,wait=off,id=agent"
                " -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0"
                " -object rng-random,filename=/dev/urandom,id=rng -device virtio-rng-pci,rng=rng"
                " >/dev/null 2>&1 &\necho $!\n",
                memory_of(image), image->kernel, image->initrd, i + 1, image->root, image->modules,
                root, i + 1, root, i + 1);
    }
    return g_string_free(script, FALSE);
}

/* One ping; true when an answer lies in the socket. What is sent before the guest has opened its
 * port is dropped by QEMU, so it is sent again each time. */
static bool answers(GSocket **socket, const char *path)
{
    char reply[256];
    if (!*socket) {
        g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
        g_autoptr(GSocket) new = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
        g_socket_set_blocking(new, FALSE);
        if (!g_socket_connect(new, address, NULL, NULL)) {
            return false;
        }
        *socket = g_steal_pointer(&new);
    }
    if (g_socket_receive(*socket, reply, sizeof(reply), NULL, NULL) > 0) {
        return true;
    }
    (void)g_socket_send(*socket, PING, strlen(PING), NULL, NULL);
    return false;
}

static void kill_all(char **pids)
{
    for (int i = 0; i < MACHINES && pids[i] && *pids[i]; i++) {
        kill((pid_t)g_ascii_strtoll(pids[i], NULL, 10), SIGKILL);
    }
}

static double run_peer(const char *root)
{
    GSocket *sockets[MACHINES] = {0};
    bool ready[MACHINES] = {false};
    g_autofree char *script = shell_loop(root);
    g_autofree char *out = NULL;
    const char *const argv[] = {"sh", "-c", script, NULL};
    gint64 from = g_get_monotonic_time();
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL,
                NULL)) {
        die("no shell");
    }
    g_auto(GStrv) pids = g_strsplit(out, "\n", -1);
    for (int left = MACHINES; left > 0;) {
        for (int i = 0; i < MACHINES; i++) {
            g_autofree char *path = g_strdup_printf("%s/peer%d", root, i + 1);
            if (!ready[i] && answers(&sockets[i], path)) {
                ready[i] = true;
                left--;
            }
        }
        if (seconds_since(from) > LIMIT_S) {
            kill_all(pids);
            die("the peer's machines are not ready in time");
        }
        g_usleep(left ? 20000 : 0);
    }
    double took = seconds_since(from);
    kill_all(pids);
    for (int i = 0; i < MACHINES; i++) {
        g_autofree char *path = g_strdup_printf("%s/peer%d", root, i + 1);
        g_clear_object(&sockets[i]);
        g_unlink(path);
    }
    return took;
}

/* ---- together ------------------------------------------------------------------------------- */

struct place { /* where this bench's machines are */
    struct cell_identity cell;
    char *root;
};

/* In the guard: also after this process was killed. */
static void clean_up(gpointer data)
{
    const struct place *place = data;
    const char *const rm[] = {"rm", "-rf", "--", place->root, NULL};
    (void)cell_kill(&place->cell, place->root, 10000, NULL);
    g_spawn_sync(NULL, (char **)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void find_images(void)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < MACHINES; i++) {
        images[i] = image_find(wanted[i], &error);
        if (!images[i]) {
            die(error->message);
        }
    }
}

int main(void)
{
    g_autoptr(GError) error = NULL;
    struct place place = {0};
    /* the images' digests cover the guests' programs, which lie beside the program, not the test */
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *guest = g_build_filename(self, "../../../bin/guest", NULL);
    g_autofree char *programs = g_canonicalize_filename(guest, NULL);
    g_setenv("SANDTABLE_GUEST", programs, FALSE);
    double ready[ROUNDS];
    double gone[ROUNDS];
    double peer[ROUNDS];

    g_autofree char *user = NULL;
    if (geteuid() == 0 &&
            (!cell_account(NULL, &user, &error) || !cell_drop_root(user, NULL, &error))) {
        die(error->message);
    }
    find_images();
    if (!cell_enter(true, &place.cell, &error)) {
        die(error->message);
    }
    g_autofree char *root = g_dir_make_tmp("st-bench-XXXXXX", &error);
    if (!root) {
        die(error->message);
    }
    place.root = root;
    bench_guard(clean_up, &place);
    for (int i = 0; i < ROUNDS; i++) {
        struct times times = run_ours_apart(root);
        ready[i] = times.ready;
        gone[i] = times.gone;
        peer[i] = run_peer(root);
        fprintf(stderr, "bench_boot: round %d: ready %.2f s, shell loop %.2f s, gone %.2f s\n",
                i + 1, ready[i], peer[i], gone[i]);
    }

    bool ok = bench_print("boot: 7 machines ready / shell loop of QEMU",
            bench_median(ready, ROUNDS), bench_median(peer, ROUNDS), "s", 1.1, BENCH_AT_MOST);
    ok = bench_print("boot: tear-down of 7 machines / limit", bench_median(gone, ROUNDS), 2.0, "s",
                 1.0, BENCH_AT_MOST) &&
         ok;
    return ok ? 0 : 1;
}
