/* world_real_dns.c - a dnsmasq for each team that needs DHCP or DNS, and for each router that
 * advertises itself by IPv6: started in that namespace, kept running, ended with the engine.
 *
 * It is the ordinary user's process with CAP_NET_ADMIN and CAP_NET_RAW over its namespaces (DHCP
 * answers go to who has no address yet) and nothing else; the namespace lets anybody have low
 * ports. See docs/decisions/0001-capabilities-of-children.md.
 */
#include "world/world_real.h"

#include "base/error.h"
#include "base/file_tail.h"
#include "base/paths.h"
#include "base/text.h"
#include "cell/doctor.h"
#include "net/net_dns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTARTS_MAX 3
#define RESTART_MS 1000
#define BOUND_S 2
#define TAIL 2048

struct real_dns {
    struct real_world *world;
    int team;
    const struct plan_gate *gate; /* NULL: the team's */
    int space;
    char *folder;
    GPid pid;    /* 0: does not run */
    guint watch; /* GSource ids, 0: none */
    guint restart;
    guint bound;
    int restarts;
};

char *real_net_inner(const struct plan_network *network)
{
    return g_strdup_printf("c-%s", network->bridge);
}

static const char *whose(const struct real_dns *dns)
{
    if (dns->gate) {
        return dns->gate->id;
    }
    const struct plan_team *team =
            g_ptr_array_index(dns->world->head.plan->teams, (guint)dns->team);
    return team->id;
}

/* ---- the child ----------------------------------------------------------------------------- */

struct child { /* made before the fork */
    int space;
    pid_t parent;
};

/* Between fork and exec: nothing but system calls. */
static void become_child(gpointer data)
{
    const struct child *child = data;
    const __u32 keep = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {
            {.effective = keep, .permitted = keep, .inheritable = keep}};
    if (setns(child->space, CLONE_NEWNET) != 0 || syscall(SYS_capset, &header, caps) != 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) != 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != child->parent) {
        _exit(126);
    }
}

static bool open_low_ports(gpointer data, GError **error)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    (void)data;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "0", 1) == 1;
    if (!ok) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s: %s", path, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool start(struct real_dns *dns, GError **error);

static void alarm_raise(const struct real_dns *dns, const char *what)
{
    const struct world *head = &dns->world->head;
    g_autofree char *log = g_build_filename(dns->folder, "log", NULL);
    gsize length = 0;
    g_autofree char *text = file_tail(log, TAIL, &length);
    g_autofree char *tail = text_clean_tail(text, length, 200);
    g_strstrip(tail);
    const char *last = strrchr(tail, '\n');
    g_autofree char *whole = g_strdup_printf("%s of %s %s%s%s",
            dns->gate ? "IPv6's router advertisements" : "DHCP and DNS", whose(dns), what,
            *tail ? ": " : "", last ? last + 1 : tail);
    if (head->on_trouble) {
        head->on_trouble("dns-ended", dns->team, whose(dns), whole, head->on_trouble_data);
    }
}

/* dnsmasq appends: it need not know. */
static gboolean on_bound(gpointer data)
{
    const struct real_dns *dns = data;
    g_autofree char *log = g_build_filename(dns->folder, "log", NULL);
    if (!file_trim(log)) {
        g_debug("%s is not bounded: %s", log, g_strerror(errno));
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_restart(gpointer data)
{
    struct real_dns *dns = data;
    g_autoptr(GError) error = NULL;
    dns->restart = 0;
    if (!start(dns, &error)) {
        alarm_raise(dns, error->message);
    }
    return G_SOURCE_REMOVE;
}

static void on_ended(GPid pid, gint status, gpointer data)
{
    struct real_dns *dns = data;
    g_spawn_close_pid(pid);
    dns->pid = 0;
    dns->watch = 0;
    bool again = dns->restarts++ < RESTARTS_MAX;
    g_autofree char *what =
            g_strdup_printf("ended (%s %d) and %s", WIFSIGNALED(status) ? "signal" : "status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                    again ? "is started again" : "is given up after three new starts");
    alarm_raise(dns, what);
    if (again) {
        dns->restart = g_timeout_add(RESTART_MS, on_restart, dns);
    }
}

static bool start(struct real_dns *dns, GError **error)
{
    g_autofree char *program = doctor_find_program("dnsmasq");
    g_autofree char *config = g_strdup_printf("--conf-file=%s/dnsmasq.conf", dns->folder);
    const char *const argv[] = {program ? program : "/usr/sbin/dnsmasq", "--keep-in-foreground",
            "--pid-file", config, NULL};
    struct child child = {.space = dns->space, .parent = getpid()};
    const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    g_autoptr(GError) why = NULL;
    if (!g_spawn_async(dns->folder, (char **)argv, (char **)environment,
                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                become_child, &child, &dns->pid, &why)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "cannot start dnsmasq for %s: %s; remedy: apt-get install dnsmasq-base", whose(dns),
                why->message);
        dns->pid = 0;
        return false;
    }
    dns->watch = g_child_watch_add(dns->pid, on_ended, dns);
    return true;
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool write_in(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) why = NULL;
    if (!g_file_set_contents(path, text, -1, &why)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s: %s", path, why->message);
        return false;
    }
    return true;
}

static struct real_dns *dns_new(
        struct real_world *world, int team, const struct plan_gate *gate, int space)
{
    struct real_dns *dns = g_new0(struct real_dns, 1);
    dns->world = world;
    dns->team = team;
    dns->gate = gate;
    dns->space = space;
    g_autofree char *name = g_strdelimit(g_strdup(whose(dns)), "/", '-');
    dns->folder = g_strdup_printf("%s/%s-%s", world->root, gate ? "ra" : "dns", name);
    dns->bound = g_timeout_add_seconds(BOUND_S, on_bound, dns);
    g_ptr_array_add(world->dns, dns);
    return dns;
}

static bool dns_up(struct real_dns *dns, const char *config, GError **error)
{
    return paths_make(dns->folder, error) && write_in(dns->folder, "dnsmasq.conf", config, error) &&
           cell_run(dns->space, open_low_ports, NULL, error) && start(dns, error);
}

static bool team_up(struct real_world *world, int team, GError **error)
{
    const struct plan *plan = world->head.plan;
    struct real_dns *dns = dns_new(world, team, NULL, world->spaces[team]);
    g_autofree char *config = net_dns_config(plan, team, dns->folder, real_net_inner);
    g_autofree char *hosts = net_dns_hosts(plan, team);
    return paths_make(dns->folder, error) && write_in(dns->folder, "hosts", hosts, error) &&
           dns_up(dns, config, error);
}

static bool gate_up(struct real_world *world, int index, GError **error)
{
    const struct plan_gate *gate = g_ptr_array_index(world->head.plan->gates, (guint)index);
    struct real_dns *dns = dns_new(world, gate->team, gate, real_gate_space(world, index));
    g_autofree char *config = net_ra_config(world->head.plan, gate, dns->folder);
    return dns_up(dns, config, error);
}

static void stop(struct real_dns *dns)
{
    g_clear_handle_id(&dns->watch, g_source_remove);
    g_clear_handle_id(&dns->restart, g_source_remove);
    if (dns->pid) {
        kill(dns->pid, SIGKILL); /* it keeps nothing that must be saved */
        while (waitpid(dns->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        dns->pid = 0;
    }
}

static void dns_free(gpointer data)
{
    struct real_dns *dns = data;
    stop(dns);
    g_source_remove(dns->bound);
    g_free(dns->folder);
    g_free(dns);
}

bool real_dns_up(struct real_world *world, GError **error)
{
    world->dns = g_ptr_array_new_with_free_func(dns_free);
    for (guint i = 0; i < world->head.plan->teams->len; i++) {
        if (net_dns_wanted(world->head.plan, (int)i) && !team_up(world, (int)i, error)) {
            return false;
        }
    }
    for (guint i = 0; i < world->head.plan->gates->len; i++) {
        const struct plan_gate *gate = g_ptr_array_index(world->head.plan->gates, i);
        if (net_ra_wanted(world->head.plan, gate) && !gate_up(world, (int)i, error)) {
            return false;
        }
    }
    return true;
}

void real_dns_again(struct real_world *world)
{
    for (guint i = 0; i < world->dns->len; i++) {
        struct real_dns *dns = g_ptr_array_index(world->dns, i);
        g_autoptr(GError) error = NULL;
        stop(dns);
        if (!start(dns, &error)) {
            alarm_raise(dns, error->message);
        }
    }
}

void real_dns_down(struct real_world *world)
{
    g_clear_pointer(&world->dns, g_ptr_array_unref);
}
