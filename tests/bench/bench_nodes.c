/* bench_nodes.c - 500 nodes with a namespace and a veth pair each on shared bridges: a batch of
 * ours against `ip -batch`, each sample in a fresh cell, when the kernel is done with the last.
 *
 * Both leave the same behind: a namespace with lo and eth0 up, an address on it, the other end in a
 * bridge. `ip` keeps namespaces as files under /run/netns, which is the cell's own here, and needs
 * a process of its own for what happens inside one (a batch too).
 */
#include "bench/bench.h"

#include "cell/cell.h"
#include "net/net.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define BRIDGES 10
#define NODES 500
#define SAMPLES 5
#define GOAL 0.3
#define FIRST 0x0a000001U /* 10.0.0.1 */
#define SETTLE_S 20
#define LOOK_US 20000
#define STILL_LOOKS 100

static bool build_ours(GError **error)
{
    static int spaces[NODES];
    struct net *net = net_open(NULL, error);
    struct net_batch *batch = net_batch_new();
    bool ok = net != NULL && cell_spaces_new(spaces, NODES, error);
    for (int i = 0; i < BRIDGES; i++) {
        g_autofree char *name = g_strdup_printf("br%d", i);
        net_batch_bridge(batch, name);
    }
    for (int i = 0; ok && i < NODES; i++) {
        g_autofree char *outer = g_strdup_printf("v%d", i);
        g_autofree char *bridge = g_strdup_printf("br%d", i % BRIDGES);
        net_batch_veth(batch, outer, "eth0", bridge, spaces[i], FIRST + (guint)i, 16);
    }
    if (!ok) {
        net_batch_free(batch);
        return false;
    }
    ok = net_apply(net, batch, error);
    net_close(net);
    return ok;
}

static char *peer_script(void)
{
    GString *script = g_string_new(NULL);
    for (int i = 0; i < BRIDGES; i++) {
        g_string_append_printf(script,
                "link add name br%d type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n"
                "link set br%d addrgenmode none\nlink set br%d up\n",
                i, i, i);
    }
    for (int i = 0; i < NODES; i++) {
        g_string_append_printf(script,
                "netns add n%d\n"
                "link add v%d type veth peer name eth0 netns n%d\n"
                "link set v%d addrgenmode none\nlink set v%d master br%d up\n"
                "netns exec n%d ip -batch /run/n%d\n",
                i, i, i, i, i, i % BRIDGES, i, i);
    }
    return g_string_free(script, FALSE);
}

/* What happens inside each node, as one process for each. */
static bool write_inner(GError **error)
{
    bool ok = true;
    for (int i = 0; ok && i < NODES; i++) {
        guint32 address = FIRST + (guint32)i;
        g_autofree char *path = g_strdup_printf("/run/n%d", i);
        g_autofree char *text = g_strdup_printf("link set lo up\nlink set eth0 addrgenmode none\n"
                                                "address add 10.0.%u.%u/16 brd + dev eth0\n"
                                                "link set eth0 up\n",
                address >> 8 & 255, address & 255);
        ok = g_file_set_contents(path, text, -1, error);
    }
    return ok;
}

/* The children of ip have to keep what it has. */
static bool lend_capabilities(void)
{
    capng_get_caps_process();
    return capng_updatev(CAPNG_ADD, CAPNG_INHERITABLE | CAPNG_AMBIENT, CAP_NET_ADMIN, CAP_SYS_ADMIN,
                   -1) == 0 &&
           capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) == 0;
}

static bool build_peer(GError **error)
{
    g_autofree char *script = peer_script();
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("st-bench-XXXXXX", &path, error);
    if (fd < 0 || write(fd, script, strlen(script)) != (ssize_t)strlen(script)) {
        return false;
    }
    close(fd);
    const char *argv[] = {"ip", "-batch", path, NULL};
    int status = 0;
    bool ok = g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                      &status, error) &&
              g_spawn_check_wait_status(status, error);
    unlink(path);
    return ok;
}

/* In a child, in a cell of its own: seconds that build takes, or a negative number and why. */
static double measure(bool (*build)(GError **error))
{
    g_autoptr(GError) error = NULL;
    const struct rlimit many = {4096, 4096};
    if (setrlimit(RLIMIT_NOFILE, &many) != 0 || !cell_drop_root("nobody", NULL, &error) ||
            !cell_enter(false, NULL, &error) || !lend_capabilities() ||
            mount("none", "/run", "tmpfs", 0, NULL) != 0 || !write_inner(&error)) {
        fprintf(stderr, "bench_nodes: %s\n", error ? error->message : g_strerror(errno));
        return -1;
    }
    gint64 start_us = g_get_monotonic_time();
    if (!build(&error)) {
        fprintf(stderr, "bench_nodes: %s\n", error ? error->message : "failed");
        return -1;
    }
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

/* Network namespaces that the kernel holds, of any process; 0: only root may know. */
static long spaces_now(void)
{
    g_autofree char *text = NULL;
    const char *row = g_file_get_contents("/proc/slabinfo", &text, NULL, NULL)
                              ? strstr(text, "\nnet_namespace ")
                              : NULL;
    return row ? strtol(row + strlen("\nnet_namespace "), NULL, 10) : 0;
}

/* A cell's namespaces are taken apart after it has ended, and whoever makes links waits meanwhile:
 * the next sample begins when their number has stood still for a while. */
static void settle(void)
{
    gint64 limit = g_get_monotonic_time() + (gint64)SETTLE_S * G_USEC_PER_SEC;
    long last = -1;
    for (int same = 0; same < STILL_LOOKS && g_get_monotonic_time() < limit; same++) {
        long now = spaces_now();
        same = now == last ? same : 0;
        last = now;
        g_usleep(LOOK_US);
    }
}

static double sample(bool (*build)(GError **error))
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        double seconds = measure(build);
        _exit(write(ends[1], &seconds, sizeof(seconds)) == sizeof(seconds) ? 0 : 1);
    }
    close(ends[1]);
    double seconds = -1;
    if (read(ends[0], &seconds, sizeof(seconds)) != sizeof(seconds)) {
        seconds = -1;
    }
    close(ends[0]);
    (void)waitpid(pid, NULL, 0);
    return seconds;
}

int main(void)
{
    double ours[SAMPLES];
    double peer[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        ours[i] = sample(build_ours);
        settle();
        peer[i] = ours[i] < 0 ? -1 : sample(build_peer);
        settle();
        if (ours[i] < 0 || peer[i] < 0) {
            return 3;
        }
        fprintf(stderr, "round %d: ours %.3f s, ip -batch %.3f s\n", i + 1, ours[i], peer[i]);
    }
    bool ok = bench_print("net: 500 nodes with a namespace and a veth pair / ip -batch",
            bench_median(ours, SAMPLES), bench_median(peer, SAMPLES), "s", GOAL, BENCH_AT_MOST);
    return ok ? 0 : 1;
}
