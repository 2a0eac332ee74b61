/* virt_link.c - plugs a machine's card in or out: the guest sees its carrier come and go. */
#include "virt/virt_qmp.h"

struct link_job {
    struct virt_job base;
    guint card;
    bool up;
};

static void work(struct virt_job *job, virDomainPtr domain)
{
    const struct link_job *link = (struct link_job *)job;
    if (!domain) {
        return; /* it has none when it is started */
    }
    g_autofree char *name = g_strdup_printf("net%u", link->card); /* libvirt's alias */
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(arguments, "name", name);
    cJSON_AddBoolToObject(arguments, "up", link->up);
    virt_qmp_do(domain, "set_link", arguments, &job->error);
}

void virt_link(struct virt *virt, const char *domain, guint card, bool up, virt_done_fn done,
        gpointer data)
{
    struct link_job *job = virt_job_new(virt, sizeof(*job), domain, VIRT_POOL_CONTROL);
    job->base.work = work;
    job->base.may_be_gone = true;
    job->base.fn.done = done;
    job->base.data = data;
    job->card = card;
    job->up = up;
    virt_job_push(&job->base);
}
