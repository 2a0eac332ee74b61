/* world_real_control.c - the control probe: does the checker see anything from a team's side?
 *
 * The engine listens in the team's space, at its own address there, and the checker connects to it
 * as it would to a service. That leaves the wires: the foot's two ends and the bridge must be up.
 */
#include "world/world_real.h"
#include "world/world_real_daemon.h"

#include "base/error.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 2000

struct control_call {
    struct real_world *world;
    int team, listener;
    world_probe_fn done;
    gpointer data;
    char *fault; /* why nobody can look, or NULL */
};

static void answer(struct control_call *call, enum world_status status, const char *detail)
{
    const struct world_probe_result out = {.status = status, .detail = detail};
    if (call->listener >= 0) {
        close(call->listener);
    }
    call->done(&out, call->data);
    g_free(call->fault);
    g_free(call);
}

/* fd: any socket of the namespace where name is. */
static bool is_up(int fd, const char *name)
{
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
           (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

/* What is broken of the team's networks; NULL when nothing is. */
static char *broken(const struct real_world *world, int team)
{
    const struct plan *plan = world->head.plan;
    int outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int inside = cell_socket(world->spaces[team], AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, NULL);
    char *what = NULL;
    for (guint i = 0; !what && outside >= 0 && inside >= 0 && i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        g_autofree char *outer = g_strdup_printf("%s-c", network->bridge);
        g_autofree char *inner = real_net_inner(network);
        if (network->team == team && (!is_up(outside, network->bridge) || !is_up(outside, outer) ||
                                             !is_up(inside, inner))) {
            what = g_strdup_printf("the network %s is down", network->id);
        }
    }
    if (outside >= 0) {
        close(outside);
    }
    if (inside >= 0) {
        close(inside);
    }
    return what;
}

static void on_check(const struct check_result *result, gpointer data)
{
    struct control_call *call = data;
    if (result->status != CHECK_OK) {
        g_autofree char *text =
                g_strdup_printf("the engine's own target does not answer its checker: %s",
                        result->detail ? result->detail : "");
        answer(call, WORLD_FAULT, text);
        return;
    }
    g_autofree char *what = call->world->daemon ? NULL : broken(call->world, call->team);
    answer(call, what ? WORLD_DOWN : WORLD_OK, what ? what : "");
}

static gboolean on_fault(gpointer data)
{
    struct control_call *call = data;
    answer(call, WORLD_FAULT, call->fault);
    return G_SOURCE_REMOVE;
}

/* The engine's own address on the first network of the team; 0: it has none. */
static guint32 own_address(const struct plan *plan, int team)
{
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        if (network->team == team) {
            return network->subnet->checker;
        }
    }
    return 0;
}

/* The kernel completes the handshake: nobody need accept. Returns the port, 0 on failure. */
static int listen_there(struct control_call *call, guint32 address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    socklen_t size = sizeof at;
    call->listener = cell_socket(
            call->world->spaces[call->team], AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, NULL);
    if (call->listener < 0 || bind(call->listener, (struct sockaddr *)&at, size) != 0 ||
            listen(call->listener, 1) != 0 ||
            getsockname(call->listener, (struct sockaddr *)&at, &size) != 0) {
        call->fault = g_strdup_printf(
                "the engine cannot listen in the team's space: %s", g_strerror(errno));
        return 0;
    }
    return ntohs(at.sin_port);
}

void real_control(struct world *head, int team, world_probe_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    guint32 address = own_address(head->plan, team);
    struct control_call *call = g_new(struct control_call, 1);
    *call = (struct control_call){world, team, -1, done, data, NULL};
    if (world->daemon && real_net_daemon_fault(world)) {
        call->fault = g_strdup(real_net_daemon_fault(world));
    }
    int port = !call->fault && address ? listen_there(call, address) : 0;
    if (!port) {
        call->fault = call->fault ? call->fault
                                  : g_strdup("the engine has no address in the team's networks");
        g_idle_add(on_fault, call);
        return;
    }
    const struct check_request request = {.protocol = CHECK_TCP,
            .space = world->spaces[team],
            .address = address,
            .port = port,
            .timeout_ms = LIMIT_MS};
    checker_run(world->checker, &request, on_check, call);
}
