/* virt_network.c - isolated virtual networks of a libvirt daemon.
 *
 * Format: https://libvirt.org/formatnetwork.html. Without <forward> and <ip> the host has no
 * address there, libvirt starts no dnsmasq, and switches the bridge's IPv6 off.
 */
#include "base/error.h"
#include "virt/virt_private.h"

#include <libvirt/virterror.h>
#include <string.h>

#define TRIES 20

struct network_job {
    struct virt_job job;
    char *xml;
};

static void take_error(struct virt_job *job, const char *what)
{
    const char *why = virGetLastErrorMessage();
    const char *remedy = "";
    if (job->virt->place && strstr(why, "not permitted")) {
        remedy = "; this daemon may not make networks: use qemu:///system";
    } else if (strstr(why, "already")) {
        remedy = "; another user runs an exercise of that name: choose another --name";
    } else if (strstr(why, "iptables")) {
        remedy = "; remedy: apt-get install iptables";
    }
    g_autofree char *name = virt_full_name(job->virt, job->domain);
    g_set_error(&job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
            "network %s: cannot %s: %s%s", name, what, why, remedy);
}

/* libvirt looks for a free virbrN and makes it later: two requests at once, ours or others', find
 * the same. The kernel lets one have it; the other asks anew. */
static bool bridge_was_taken(void)
{
    const char *why = virGetLastErrorMessage();
    return why && strstr(why, "bridge") && strstr(why, "File exists");
}

static void start_work(struct virt_job *job, virDomainPtr none)
{
    static GMutex one_at_a_time;
    (void)none;
    const char *xml = ((struct network_job *)job)->xml;
    g_mutex_lock(&one_at_a_time);
    virNetworkPtr network = virNetworkCreateXML(job->virt->connection, xml);
    for (int i = 0; !network && bridge_was_taken() && i < TRIES; i++) {
        network = virNetworkCreateXML(job->virt->connection, xml);
    }
    g_mutex_unlock(&one_at_a_time);
    if (network) {
        virNetworkFree(network);
    } else {
        take_error(job, "make it");
    }
}

static void start_free(struct virt_job *job)
{
    g_free(((struct network_job *)job)->xml);
}

static char *network_xml(const struct virt *virt, const char *network)
{
    g_autofree char *metadata = virt_place_metadata(virt->place);
    g_autofree char *name = virt_full_name(virt, network);
    g_autofree char *escaped = g_markup_escape_text(name, -1);
    return g_strdup_printf("<network>\n"
                           "  <name>%s</name>\n"
                           "%s"
                           "  <bridge stp='off' delay='0'/>\n"
                           "</network>\n",
            escaped, metadata);
}

void virt_network_start(struct virt *virt, const char *network, virt_done_fn done, gpointer data)
{
    g_return_if_fail(virt->place);
    struct virt_job *job = virt_job_new(virt, sizeof(struct network_job), network, VIRT_POOL_START);
    ((struct network_job *)job)->xml = network_xml(virt, network);
    job->work = start_work;
    job->free = start_free;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}

static void stop_work(struct virt_job *job, virDomainPtr none)
{
    (void)none;
    g_autofree char *name = virt_full_name(job->virt, job->domain);
    virNetworkPtr network = virNetworkLookupByName(job->virt->connection, name);
    if (!network) {
        return;
    }
    virErrorPtr last = NULL;
    if (virNetworkDestroy(network) != 0 && (last = virGetLastError()) != NULL &&
            last->code != VIR_ERR_NO_NETWORK && last->code != VIR_ERR_OPERATION_INVALID) {
        take_error(job, "remove it");
    }
    virNetworkFree(network);
}

void virt_network_stop(struct virt *virt, const char *network, virt_done_fn done, gpointer data)
{
    g_return_if_fail(virt->place);
    struct virt_job *job = virt_job_new(virt, sizeof(*job), network, VIRT_POOL_START);
    job->work = stop_work;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}
