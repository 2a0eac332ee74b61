/* virt_job.c - blocking libvirt calls in threads, their results back in the context in order. */
#include "virt/virt_private.h"

#include "base/error.h"
#include "base/text.h"

#include <libvirt/virterror.h>
#include <string.h>

/* Four threads start fastest (QEMU's own start is CPU); a destroy mostly waits; an agent's call
 * does nothing else, and one a machine is under way at most. What a machine is told may be a set-up,
 * and takes as long as that. */
static const int pool_threads[VIRT_POOLS] = {
        [VIRT_POOL_START] = 4,
        [VIRT_POOL_CONTROL] = 8,
        [VIRT_POOL_AGENT] = 16,
        [VIRT_POOL_TELL] = 64,
};

gpointer virt_job_new(struct virt *virt, gsize size, const char *domain, enum virt_pool pool)
{
    struct virt_job *job = g_malloc0(size);
    job->virt = virt;
    job->domain = g_strdup(domain);
    job->pool = pool;
    job->finish = virt_job_done;
    job->generation = virt_vm(virt, domain)->generation;
    g_hash_table_add(virt->jobs, job);
    return job;
}

void virt_job_free(struct virt_job *job)
{
    if (job->free) {
        job->free(job);
    }
    g_clear_error(&job->error);
    g_free(job->domain);
    g_free(job);
}

bool virt_job_done(struct virt_job *job)
{
    if (job->fn.done) {
        job->fn.done(job->error, job->data);
    }
    return true;
}

void virt_error_take(GError **error, const char *domain, const char *what)
{
    virErrorPtr last = virGetLastError();
    const char *message = last && last->message ? last->message : "libvirt gave no reason";
    /* part of it may be the guest's words */
    g_autofree char *clean = text_clean_tail(message, strlen(message), 400);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s: cannot %s: %s",
            domain, what, clean);
}

void virt_note_free(struct virt_note *note)
{
    g_free(note->domain);
    g_free(note);
}

void virt_note_push(struct virt *virt, struct virt_note *note)
{
    g_async_queue_push(virt->notes, note);
    g_source_set_ready_time(virt->wake, 0);
}

static void note_job(struct virt_job *job)
{
    struct virt_note *note = g_new0(struct virt_note, 1);
    note->job = job;
    virt_note_push(job->virt, note);
}

void virt_job_fail(struct virt_job *job, GError *error)
{
    g_clear_error(&job->error);
    job->error = error;
    note_job(job);
}

static void run_job(gpointer data, gpointer user_data)
{
    struct virt_job *job = data;
    (void)user_data;
    virDomainPtr domain = NULL;
    if (job->pool != VIRT_POOL_START) {
        g_autofree char *name = virt_full_name(job->virt, job->domain);
        domain = virDomainLookupByName(job->virt->connection, name);
        if (!domain && !job->may_be_gone) {
            g_set_error(&job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                    "machine %s: it does not run", job->domain);
        }
    }
    if (!job->error) {
        job->work(job, domain);
    }
    if (domain) {
        virDomainFree(domain);
    }
    note_job(job);
}

void virt_job_push(struct virt_job *job)
{
    g_thread_pool_push(job->virt->pools[job->pool], job, NULL);
}

bool virt_pools_start(struct virt *virt, GError **error)
{
    for (int i = 0; i < VIRT_POOLS; i++) {
        virt->pools[i] = g_thread_pool_new(run_job, NULL, pool_threads[i], FALSE, error);
        if (!virt->pools[i]) {
            return false;
        }
    }
    return true;
}

void virt_pools_stop(struct virt *virt)
{
    for (int i = 0; i < VIRT_POOLS; i++) {
        if (virt->pools[i]) {
            g_thread_pool_free(virt->pools[i], TRUE, TRUE);
            virt->pools[i] = NULL;
        }
    }
}
