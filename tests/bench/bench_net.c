/* bench_net.c - 100 bridges with 500 taps: a batch of ours against `ip -batch`, in fresh
 * namespaces.
 *
 * The kernel takes a namespace apart in the background, under the lock that all of this needs. A
 * veth pair into each sample's namespace shows when it is gone; the next sample starts after that.
 *
 * Both leave the same behind: bridges without spanning tree, delay and snooping, and no IPv6
 * address on anything. Almost all of the time is the kernel's, under one lock, for both.
 */
#include "bench/bench.h"

#include "cell/cell.h"
#include "net/net.h"

#include <cap-ng.h>
#include <net/if.h>
#include <sched.h>

#define BRIDGES 100
#define TAPS 500
#define SAMPLES 7
#define GOAL 0.9

static bool build_ours(GError **error)
{
    struct net *net = net_open(NULL, error);
    if (!net) {
        return false;
    }
    struct net_batch *batch = net_batch_new();
    for (int i = 0; i < BRIDGES; i++) {
        g_autofree char *name = g_strdup_printf("br%d", i);
        net_batch_bridge(batch, name);
    }
    for (int i = 0; i < TAPS; i++) {
        g_autofree char *name = g_strdup_printf("tap%d", i);
        g_autofree char *bridge = g_strdup_printf("br%d", i % BRIDGES);
        net_batch_tap(batch, name, bridge);
    }
    bool ok = net_apply(net, batch, error);
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
    for (int i = 0; i < TAPS; i++) {
        g_string_append_printf(script,
                "tuntap add dev tap%d mode tap user %d vnet_hdr\n"
                "link set tap%d addrgenmode none\nlink set tap%d master br%d up\n",
                i, (int)geteuid(), i, i, i % BRIDGES);
    }
    return g_string_free(script, FALSE);
}

static bool build_peer(GError **error)
{
    g_autofree char *script = peer_script();
    int ends[2];
    if (pipe(ends) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 17) < (int)strlen(script) ||
            write(ends[1], script, strlen(script)) != (ssize_t)strlen(script)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PIPE, "no pipe for the script");
        return false;
    }
    close(ends[1]);
    (void)dup2(ends[0], STDIN_FILENO);
    const char *argv[] = {"ip", "-batch", "-", NULL};
    int status = 0;
    return g_spawn_sync(NULL, (char **)argv, NULL,
                   G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
                   &status, error) &&
           g_spawn_check_wait_status(status, error);
}

/* ip has to keep CAP_NET_ADMIN over its exec. */
static bool lend_capability(void)
{
    capng_get_caps_process();
    return capng_update(CAPNG_ADD, CAPNG_INHERITABLE | CAPNG_AMBIENT, CAP_NET_ADMIN) == 0 &&
           capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) == 0;
}

/* In a child, inside space: seconds that build takes, or a negative number and why on stderr. */
static double measure(int space, bool (*build)(GError **error))
{
    g_autoptr(GError) error = NULL;
    if (setns(space, CLONE_NEWNET) != 0 || !lend_capability()) {
        fprintf(stderr, "bench_net: no namespace or no ambient capabilities\n");
        return -1;
    }
    gint64 start_us = g_get_monotonic_time();
    if (!build(&error)) {
        fprintf(stderr, "bench_net: %s\n", error ? error->message : "failed");
        return -1;
    }
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

static double measure_in_child(int space, bool (*build)(GError **error))
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        double seconds = measure(space, build);
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

/* One sample in a namespace of its own; back when the kernel has taken that apart. */
static double sample(struct net *net, bool (*build)(GError **error))
{
    g_autoptr(GError) error = NULL;
    int space = cell_space_new(&error);
    struct net_batch *batch = net_batch_new();
    net_batch_veth(batch, "witness", "inside", NULL, space, 0x0a000001, 24);
    if (space < 0 || !net_apply(net, batch, &error)) {
        fprintf(stderr, "bench_net: %s\n", error->message);
        return -1;
    }
    double seconds = measure_in_child(space, build);
    close(space);
    gint64 end_us = g_get_monotonic_time() + (gint64)60 * G_USEC_PER_SEC;
    while (if_nametoindex("witness") > 0 && g_get_monotonic_time() < end_us) {
        g_usleep(1000);
    }
    return seconds;
}

int main(void)
{
    double ours[SAMPLES];
    double peer[SAMPLES];
    g_autoptr(GError) error = NULL;
    struct net *net = NULL;
    if (cell_drop_root("nobody", NULL, &error) && cell_enter(false, NULL, &error)) {
        net = net_open(NULL, &error);
    }
    if (!net) {
        fprintf(stderr, "bench_net: %s\n", error->message);
        return 3;
    }
    for (int i = 0; i < SAMPLES; i++) {
        ours[i] = sample(net, build_ours);
        peer[i] = ours[i] < 0 ? -1 : sample(net, build_peer);
        if (ours[i] < 0 || peer[i] < 0) {
            return 3;
        }
        fprintf(stderr, "round %d: ours %.3f s, ip -batch %.3f s\n", i + 1, ours[i], peer[i]);
    }
    net_close(net);
    bool ok = bench_print("net: 100 bridges with 500 taps / ip -batch", bench_median(ours, SAMPLES),
            bench_median(peer, SAMPLES), "s", GOAL, BENCH_AT_MOST);
    return ok ? 0 : 1;
}
