/* doctor_net.c - the doctor's trial of networks: a bridge, a veth pair and a tap in a cell. */
#include "cli/doctor_checks.h"

#include "net/net.h"

#include <unistd.h>

static bool build(gpointer data, GError **error)
{
    (void)data;
    int space = cell_space_new(error);
    struct net *net = space >= 0 ? net_open(NULL, error) : NULL;
    if (!net) {
        return false;
    }
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "doctor");
    net_batch_veth(batch, "doctor-c", "doctor-i", "doctor", space, 0x0a000001, 24);
    net_batch_tap(batch, "doctor-t", "doctor");
    bool ok = net_apply(net, batch, error);
    net_close(net);
    close(space);
    return ok;
}

struct doctor_check *doctor_networks(void)
{
    static const char name[] = "networks";
    g_autoptr(GError) error = NULL;
    if (cell_try(build, NULL, &error)) {
        return doctor_check_new(name, DOCTOR_OK,
                g_strdup("a bridge, a veth pair and a tap were made in a cell"), NULL);
    }
    struct doctor_check *check = doctor_check_from_error(name, error);
    if (!check->remedy) {
        check->remedy = g_strdup("modprobe -a bridge veth tun");
    }
    return check;
}
