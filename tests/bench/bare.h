/* bare.h - the same warm states restored by QEMU itself: no libvirt, no identity, no checks.
 *
 * The command lines are those of machines that woke, read from /proc, with sockets, taps and serial
 * ports of their own: a state fits only exactly the same devices. A machine is there when the
 * program in it that waits for its identity has answered.
 */
#pragma once

#include "bench/bench.h"

#include "base/json.h"
#include "net/net.h"
#include "virt/virt_private.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BARE_WAIT_US 1000 /* between two looks */
#define BARE_LIMIT_S 120

struct bare { /* one machine */
    char **argv;
    char *state, *port; /* the state's file, the socket of its identity */
    int monitor, answer;
    GPid pid;
};

static inline char *bare_path(const char *root, int number, const char *what)
{
    return g_strdup_printf("%s/%d.%s", root, number, what);
}

/* "socket,id=NAME,fd=7,…" on a path of our own; a log to nowhere. */
static inline char *bare_chardev(const char *root, int number, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autofree char *id = NULL;
    for (char **word = words; *word; word++) {
        if (g_str_has_prefix(*word, "id=")) {
            g_free(id);
            id = g_strdup(*word + 3);
        }
    }
    if (!g_str_has_prefix(text, "socket,")) {
        return g_strdup_printf("null,id=%s", id);
    }
    g_autofree char *path = bare_path(root, number, id);
    return g_strdup_printf("socket,id=%s,path=%s,server=on,wait=off", id, path);
}

static inline char *bare_netdev(int number, int card, const char *text)
{
    auto_json old = cJSON_Parse(text);
    return g_strdup_printf("tap,id=%s,ifname=bare%d-%d,script=no,downscript=no",
            json_string(old, "id", "hostnet0"), number, card);
}

static inline bool bare_is_dropped(const char *option, const char *value)
{
    return !strcmp(option, "-add-fd") ||
           (!strcmp(option, "-object") && strstr(value, "masterKey0"));
}

/* The words of a command line that libvirt made, as this process can start them. */
static inline void bare_take(struct bare *one, const char *root, int number, char **words)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    int cards = 0;
    g_ptr_array_add(argv, g_strdup(words[0]));
    for (char **word = words + 1; *word; word++) {
        const char *value = word[1] && word[0][0] == '-' ? word[1] : "";
        char *changed = NULL;
        if (bare_is_dropped(*word, value)) {
            word++;
            continue;
        }
        if (!strcmp(*word, "-chardev")) {
            changed = bare_chardev(root, number, value);
        } else if (!strcmp(*word, "-netdev")) {
            changed = bare_netdev(number, cards++, value);
        } else if (!strcmp(*word, "-object") && strstr(value, "mem-path=")) {
            g_autofree char *ram = g_strdup(strstr(value, "mem-path=") + strlen("mem-path="));
            ram[strcspn(ram, ",")] = '\0';
            g_autofree char *folder = g_path_get_dirname(ram);
            one->state = g_build_filename(folder, "state", NULL);
        } else if (!strcmp(*word, "-device") && strstr(value, VIRT_IDENTITY_CHANNEL)) {
            auto_json device = cJSON_Parse(value);
            one->port = bare_path(root, number, json_string(device, "chardev", ""));
        }
        g_ptr_array_add(argv, g_strdup(*word));
        if (changed) {
            g_ptr_array_add(argv, changed);
            word++;
        }
    }
    g_ptr_array_add(argv, NULL);
    one->argv = (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static inline void bare_forget(struct bare *one)
{
    g_strfreev(one->argv);
    g_free(one->state);
    g_free(one->port);
}

/* The machines that run below the libvirt root at from, to be restored below root; how many. */
static inline int bare_learn(const char *from, const char *root, struct bare *ret, int max)
{
    g_autofree char *folder = g_build_filename(from, "run", "qemu", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int n = 0;
    for (const char *name; n < max && dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *pid = NULL;
        g_autofree char *line = NULL;
        gsize length = 0;
        if (!g_str_has_suffix(name, ".pid") || !g_file_get_contents(path, &pid, NULL, NULL)) {
            continue;
        }
        g_autofree char *proc = g_strdup_printf("/proc/%s/cmdline", g_strstrip(pid));
        if (!g_file_get_contents(proc, &line, &length, NULL)) {
            continue;
        }
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        for (const char *at = line; at < line + length; at += strlen(at) + 1) {
            g_ptr_array_add(words, (gpointer)at);
        }
        g_ptr_array_add(words, NULL);
        ret[n] = (struct bare){.monitor = -1, .answer = -1};
        bare_take(&ret[n], root, n, (char **)words->pdata);
        if (ret[n].state && ret[n].port) {
            n++;
        } else { /* the driver's own pid file lies there as well */
            bare_forget(&ret[n]);
        }
    }
    return n;
}

static inline int bare_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A line that begins with start, others are passed over. */
static inline bool bare_read(int fd, const char *start, char *line, gsize size)
{
    for (gsize at = 0; at + 1 < size && read(fd, line + at, 1) == 1;) {
        if (line[at] != '\n') {
            at++;
            continue;
        }
        line[at] = '\0';
        at = 0;
        if (g_str_has_prefix(line, start) || g_str_has_prefix(line, "{\"error\"")) {
            return g_str_has_prefix(line, start);
        }
    }
    return false;
}

static inline bool bare_ask(struct bare *one, const char *command, char *line, gsize size)
{
    return write(one->monitor, command, strlen(command)) == (ssize_t)strlen(command) &&
           bare_read(one->monitor, "{\"return\"", line, size);
}

static inline bool bare_send(const char *path, const char *file)
{
    g_autofree char *bytes = NULL;
    gsize length = 0, at = 0;
    int fd = bare_connect(path);
    bool ok = fd >= 0 && g_file_get_contents(file, &bytes, &length, NULL);
    while (ok && at < length) {
        ssize_t n = write(fd, bytes + at, length - at);
        ok = n > 0;
        at += ok ? (gsize)n : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* From a process that waits to a machine that runs and is asked something. */
static inline bool bare_wake(struct bare *one, const char *root, int number)
{
    char line[4096];
    g_autofree char *monitor = bare_path(root, number, "charmonitor");
    g_autofree char *path = bare_path(root, number, "state");
    g_autofree char *incoming = g_strdup_printf("{\"execute\":\"migrate-incoming\",\"arguments\":"
                                                "{\"uri\":\"unix:%s\"}}\n",
            path);
    gint64 limit = g_get_monotonic_time() + (gint64)BARE_LIMIT_S * G_USEC_PER_SEC;
    while ((one->monitor = bare_connect(monitor)) < 0 && g_get_monotonic_time() < limit) {
        g_usleep(BARE_WAIT_US);
    }
    if (!bare_read(one->monitor, "{\"QMP\"", line, sizeof(line)) ||
            !bare_ask(one, "{\"execute\":\"qmp_capabilities\"}\n", line, sizeof(line)) ||
            !bare_ask(one,
                    "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"
                    "[{\"capability\":\"x-ignore-shared\",\"state\":true}]}}\n",
                    line, sizeof(line)) ||
            !bare_ask(one, incoming, line, sizeof(line)) || !bare_send(path, one->state)) {
        return false;
    }
    do {
        if (!bare_ask(one, "{\"execute\":\"query-status\"}\n", line, sizeof(line))) {
            return false;
        }
        g_usleep(strstr(line, "inmigrate") ? BARE_WAIT_US : 0);
    } while (strstr(line, "inmigrate") && g_get_monotonic_time() < limit);
    one->answer = bare_connect(one->port);
    return bare_ask(one, "{\"execute\":\"cont\"}\n", line, sizeof(line)) && one->answer >= 0 &&
           write(one->answer, "0\n", 2) == 2;
}

/* Taps for n machines with at most two cards, on a bridge. */
static inline bool bare_links(int n, GError **error)
{
    struct net *net = net_open(NULL, error);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "bare");
    for (int i = 0; i < 2 * n; i++) {
        g_autofree char *tap = g_strdup_printf("bare%d-%d", i / 2, i % 2);
        net_batch_tap(batch, tap, "bare");
    }
    bool ok = net && net_apply(net, batch, error);
    net_close(net);
    return ok;
}

static inline void bare_end(struct bare *machines, int n)
{
    for (int i = 0; i < n; i++) {
        if (machines[i].pid > 0) {
            kill(machines[i].pid, SIGKILL);
            waitpid(machines[i].pid, NULL, 0);
        }
        close(machines[i].monitor);
        close(machines[i].answer);
        bare_forget(&machines[i]);
    }
}

static inline void bare_child(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Seconds until all n have answered, or a negative number; none is left. */
static inline double bare_restore(struct bare *machines, int n, const char *root)
{
    gint64 from = g_get_monotonic_time();
    bool ok = n > 0;
    for (int i = 0; ok && i < n; i++) {
        ok = g_spawn_async(NULL, machines[i].argv, NULL,
                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, bare_child, NULL,
                &machines[i].pid, NULL);
    }
    for (int i = 0; ok && i < n; i++) {
        ok = bare_wake(&machines[i], root, i);
    }
    for (int i = 0; ok && i < n; i++) {
        char line[1024];
        ok = bare_read(machines[i].answer, "ok", line, sizeof(line));
    }
    double took = (double)(g_get_monotonic_time() - from) / G_USEC_PER_SEC;
    bare_end(machines, n);
    return ok ? took : -1;
}
