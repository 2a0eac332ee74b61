/* virt_traffic.c - the counters of a machine's cards as libvirt has them: for cards on a daemon's
 * networks, whose taps are not ours to ask.
 */
#include "virt/virt_private.h"

#include <string.h>

struct traffic_job {
    struct virt_job job;
    struct virt_traffic *cards;
    gsize n;
    virt_traffic_fn done;
};

/* What libvirt does not count is -1. */
static guint64 number(long long counter)
{
    return counter < 0 ? 0 : (guint64)counter;
}

static void look(virDomainPtr domain, struct virt_traffic *card)
{
    const unsigned char *m = card->mac;
    g_autofree char *mac =
            g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    virDomainInterfaceStatsStruct stats;
    card->there = virDomainInterfaceStats(domain, mac, &stats, sizeof(stats)) == 0;
    if (card->there) {
        card->rx_bytes = number(stats.rx_bytes);
        card->rx_packets = number(stats.rx_packets);
        card->tx_bytes = number(stats.tx_bytes);
        card->tx_packets = number(stats.tx_packets);
    }
}

static void traffic_work(struct virt_job *job, virDomainPtr domain)
{
    const struct traffic_job *traffic = (struct traffic_job *)job;
    for (gsize i = 0; domain && i < traffic->n; i++) {
        look(domain, &traffic->cards[i]);
    }
}

static bool traffic_finish(struct virt_job *job)
{
    const struct traffic_job *traffic = (struct traffic_job *)job;
    traffic->done(traffic->cards, traffic->n, job->error, job->data);
    return true;
}

static void traffic_free(struct virt_job *job)
{
    g_free(((struct traffic_job *)job)->cards);
}

void virt_traffic(struct virt *virt, const char *domain, const struct virt_traffic *cards, gsize n,
        virt_traffic_fn done, gpointer data)
{
    struct virt_job *job =
            virt_job_new(virt, sizeof(struct traffic_job), domain, VIRT_POOL_CONTROL);
    struct traffic_job *traffic = (struct traffic_job *)job;
    traffic->cards = g_memdup2(cards, n * sizeof(*cards));
    traffic->n = n;
    traffic->done = done;
    job->work = traffic_work;
    job->finish = traffic_finish;
    job->free = traffic_free;
    job->may_be_gone = true;
    job->data = data;
    virt_job_push(job);
}
