/* virt_agent.c - the guest agent: one command at a time a machine, and running programs by it.
 *
 * A program that runs long must not keep the agent from others: only the short calls that start it
 * and look after it take the agent's turn, and between looks the machine's queue is free.
 */
#include "virt/agent_parse.h"
#include "virt/virt_private.h"

#include "base/error.h"
#include "base/json.h"

#include <libvirt/libvirt-qemu.h>
#include <string.h>

#define CALL_MAX_MS 20000 /* a guest that boots under TCG can be this slow to answer */
#define PAUSE_WAIT_MS 500 /* for the answer under way, before a machine is paused */
#define LOOK_FIRST_MS 10  /* or twice what the start took: a slow guest loses most by looks */
#define LOOK_LAST_MS 200

/* ---- turns ---------------------------------------------------------------------------------- */

static bool is_frozen(const struct vm *vm)
{
    return vm->pausing || vm->state == MACHINE_PAUSED;
}

gint64 virt_vm_clock(const struct vm *vm)
{
    return (vm->frozen_at ? vm->frozen_at : g_get_monotonic_time()) - vm->frozen_us;
}

void virt_vm_thaw(struct vm *vm)
{
    if (vm->frozen_at) {
        vm->frozen_us += g_get_monotonic_time() - vm->frozen_at;
        vm->frozen_at = 0;
    }
}

static GError *no_agent(const struct vm *vm)
{
    return g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
            "machine %s: its guest agent does not answer (the machine is %s)", vm->domain,
            machine_state_name(vm->state));
}

void virt_agent_pump(struct virt *virt, struct vm *vm)
{
    (void)virt;
    while (!vm->agent && !g_queue_is_empty(&vm->waiting)) {
        virt_job_fail(g_queue_pop_head(&vm->waiting), no_agent(vm));
    }
    if (vm->talking || vm->held || is_frozen(vm) || g_queue_is_empty(&vm->waiting)) {
        return;
    }
    vm->talking = g_queue_pop_head(&vm->waiting);
    virt_job_push(vm->talking);
}

void virt_agent_push(struct virt_job *job)
{
    struct vm *vm = virt_vm(job->virt, job->domain);
    if (job->generation != vm->generation) {
        virt_job_fail(job, g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                                   "machine %s: it was started anew meanwhile", vm->domain));
    } else if (!vm->agent) {
        virt_job_fail(job, no_agent(vm));
    } else if (is_frozen(vm) && !job->patient) {
        virt_job_fail(job, g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                                   "machine %s: it is paused; resume it first", vm->domain));
    } else {
        g_queue_push_tail(&vm->waiting, job);
        virt_agent_pump(job->virt, vm);
    }
}

static void begin_pause(struct vm *vm)
{
    if (vm->pause_timer) {
        g_source_destroy(vm->pause_timer);
        g_clear_pointer(&vm->pause_timer, g_source_unref);
        virt_job_push(vm->pausing);
    }
}

static gboolean on_pause_timer(gpointer data)
{
    begin_pause(data);
    return G_SOURCE_REMOVE;
}

void virt_agent_pause(struct virt *virt, struct vm *vm, struct virt_job *job)
{
    if (vm->pausing) { /* libvirt has no objection to a second pause */
        virt_job_push(job);
        return;
    }
    vm->pausing = job;
    vm->frozen_at = vm->frozen_at ? vm->frozen_at : g_get_monotonic_time();
    vm->pause_timer = g_timeout_source_new(vm->talking ? PAUSE_WAIT_MS : 0);
    g_source_set_callback(vm->pause_timer, on_pause_timer, vm, NULL);
    g_source_attach(vm->pause_timer, virt->context);
}

void virt_agent_ended(struct virt_job *job)
{
    struct vm *vm = virt_vm(job->virt, job->domain);
    if (vm->talking == job) {
        vm->talking = NULL;
        begin_pause(vm);
        virt_agent_pump(job->virt, vm);
    }
}

char *virt_agent_call(
        virDomainPtr domain, const char *command, int limit_ms, const char *what, GError **error)
{
    int seconds = (CLAMP(limit_ms, 1, CALL_MAX_MS) + 999) / 1000;
    const char *name = virDomainGetName(domain); /* before: any call forgets the last error */
    char *reply = virDomainQemuAgentCommand(domain, command, seconds, 0);
    if (!reply) {
        virt_error_take(error, name, what);
    }
    return reply;
}

/* ---- ping ----------------------------------------------------------------------------------- */

struct ping_job {
    struct virt_job job;
    int timeout_ms;
};

static void ping_work(struct virt_job *job, virDomainPtr domain)
{
    const struct ping_job *ping = (struct ping_job *)job;
    free(virt_agent_call(domain, "{\"execute\":\"guest-ping\"}", ping->timeout_ms, "ping its agent",
            &job->error));
}

void virt_ping(
        struct virt *virt, const char *domain, int timeout_ms, virt_done_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct ping_job), domain, VIRT_POOL_AGENT);
    ((struct ping_job *)job)->timeout_ms = timeout_ms;
    job->work = ping_work;
    job->fn.done = done;
    job->data = data;
    virt_agent_push(job);
}

/* ---- exec ----------------------------------------------------------------------------------- */

enum exec_step { EXEC_START, EXEC_LOOK, EXEC_KILL };

struct exec_job {
    struct virt_job job;
    enum exec_step step;
    char *command; /* guest-exec, as JSON */
    char *program; /* for messages */
    char **argv;   /* what the command runs; NULL: nothing bounds its output */
    enum agent_bound bound;
    gint64 pid;
    gint64 deadline; /* of virt_vm_clock(): a paused program's limit stands still */
    int timeout_ms;
    int look_ms;
    GSource *timer;
    bool exited;
    struct virt_exec_result result;
};

static char *exec_command(const char *const *argv, bool capture, const char *input, gsize length)
{
    auto_json command = cJSON_CreateObject();
    cJSON_AddStringToObject(command, "execute", "guest-exec");
    cJSON *arguments = cJSON_AddObjectToObject(command, "arguments");
    cJSON_AddStringToObject(arguments, "path", argv[0]);
    cJSON_AddItemToObject(arguments, "arg", json_from_strv(argv + 1));
    cJSON_AddBoolToObject(arguments, "capture-output", capture);
    if (input) {
        g_autofree char *text = g_base64_encode((const guchar *)input, length);
        cJSON_AddStringToObject(arguments, "input-data", text);
    }
    return json_text(command);
}

static char *bound_command(enum agent_bound how, const char *const *argv)
{
    g_autofree const char **bound = agent_bound_argv(how, argv);
    return exec_command(bound, true, NULL, 0);
}

char *virt_agent_exec(const char *const *argv, bool capture)
{
    return exec_command(argv, capture, NULL, 0);
}

char *virt_agent_exec_input(const char *const *argv, const char *input, gsize length)
{
    return exec_command(argv, true, input, length);
}

char *virt_agent_exec_status(gint64 pid)
{
    return g_strdup_printf("{\"execute\":\"guest-exec-status\","
                           "\"arguments\":{\"pid\":%" G_GINT64_FORMAT "}}",
            pid);
}

/* The program and all that it started, leaves last: nothing is left to hold its output open. */
static char *kill_command(gint64 pid)
{
    static const char script[] =
            "k() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do k $c; done; "
            "kill -9 $1; }; k \"$0\"";
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, pid);
    const char *const argv[] = {"sh", "-c", script, number, NULL};
    return virt_agent_exec(argv, false);
}

static GError *exec_timeout(const struct exec_job *exec)
{
    return g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
            "machine %s: %s did not end within %.1f s", exec->job.domain, exec->program,
            exec->timeout_ms / 1000.0);
}

static void exec_work(struct virt_job *job, virDomainPtr domain)
{
    struct exec_job *exec = (struct exec_job *)job;
    g_autofree char *command = exec->step == EXEC_START  ? g_strdup(exec->command)
                               : exec->step == EXEC_KILL ? kill_command(exec->pid)
                                                         : virt_agent_exec_status(exec->pid);
    g_autofree char *what = g_strdup_printf("run %s", exec->program);
    /* looking and killing have their own limit: a result that is there is worth a late look */
    int limit_ms = exec->step == EXEC_START ? exec->timeout_ms : CALL_MAX_MS;
    gint64 from_us = g_get_monotonic_time();
    char *reply = virt_agent_call(domain, command, limit_ms, what, &job->error);
    if (reply && exec->step == EXEC_START) {
        int took_ms = (int)((g_get_monotonic_time() - from_us) / 1000);
        exec->look_ms = CLAMP(2 * took_ms, LOOK_FIRST_MS, LOOK_LAST_MS);
        agent_parse_number(reply, "pid", &exec->pid, &job->error);
    } else if (reply && exec->step == EXEC_LOOK &&
               agent_parse_status(reply, &exec->exited, &exec->result, &job->error) &&
               exec->exited && exec->argv) {
        job->error = agent_bound_error(&exec->result, exec->program, job->domain, what);
    }
    free(reply);
}

static gboolean exec_look(gpointer data)
{
    struct exec_job *exec = data;
    g_clear_pointer(&exec->timer, g_source_unref);
    exec->look_ms = MIN(exec->look_ms * 3 / 2, LOOK_LAST_MS);
    virt_agent_push(&exec->job);
    return G_SOURCE_REMOVE;
}

static void exec_wait(struct exec_job *exec)
{
    exec->timer = g_timeout_source_new((guint)exec->look_ms);
    g_source_set_callback(exec->timer, exec_look, exec, NULL);
    g_source_attach(exec->timer, exec->job.virt->context);
}

static bool exec_answer(struct exec_job *exec)
{
    if (exec->job.fn.exec) {
        exec->job.fn.exec(exec->job.error ? NULL : &exec->result, exec->job.error, exec->job.data);
    }
    return true;
}

/* The next best way to bound its output, once the guest has shown that it has not that one; false
 * when it is the program itself that is missing, or something else is wrong. */
static bool exec_again(struct exec_job *exec)
{
    struct vm *vm = virt_vm(exec->job.virt, exec->job.domain);
    if (exec->step != EXEC_START || !exec->argv || exec->bound == AGENT_BOUND_NONE ||
            !agent_bound_is_missing(exec->job.error)) {
        return false;
    }
    g_clear_error(&exec->job.error);
    exec->bound++;
    vm->bound = MAX(vm->bound, exec->bound);
    g_free(exec->command);
    exec->command = bound_command(exec->bound, (const char *const *)exec->argv);
    virt_agent_push(&exec->job);
    return true;
}

static bool exec_finish(struct virt_job *job)
{
    struct exec_job *exec = (struct exec_job *)job;
    const struct vm *vm = virt_vm(job->virt, job->domain);
    bool cancelled = g_error_matches(job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED);

    if (exec_again(exec)) {
        return false;
    }
    if (exec->step == EXEC_KILL && !cancelled) {
        g_clear_error(&job->error); /* the limit is what the caller must hear of */
        job->error = exec_timeout(exec);
        return exec_answer(exec);
    }
    if (job->error && exec->step == EXEC_LOOK && is_frozen(vm) && vm->agent && !cancelled) {
        g_clear_error(&job->error); /* paused under our hands: look again afterwards */
    } else if (job->error || exec->exited) {
        return exec_answer(exec);
    }
    exec->step = EXEC_LOOK;
    job->patient = true;
    if (virt_vm_clock(vm) >= exec->deadline && !is_frozen(vm)) {
        exec->step = EXEC_KILL;
        virt_agent_push(job);
    } else {
        exec_wait(exec);
    }
    return false;
}

static void exec_free(struct virt_job *job)
{
    struct exec_job *exec = (struct exec_job *)job;
    if (exec->timer) {
        g_source_destroy(exec->timer);
        g_source_unref(exec->timer);
    }
    agent_result_clear(&exec->result);
    g_free(exec->command);
    g_free(exec->program);
    g_strfreev(exec->argv);
}

static struct exec_job *exec_new(
        struct virt *virt, const char *domain, const char *program, int timeout_ms)
{
    struct exec_job *exec = virt_job_new(virt, sizeof(*exec), domain, VIRT_POOL_AGENT);
    struct virt_job *job = &exec->job;
    exec->program = g_strdup(program);
    exec->timeout_ms = timeout_ms;
    exec->deadline = virt_vm_clock(virt_vm(virt, domain)) + (gint64)timeout_ms * 1000;
    job->work = exec_work;
    job->finish = exec_finish;
    job->free = exec_free;
    return exec;
}

static void exec_push(struct exec_job *exec, virt_exec_fn done, gpointer data)
{
    exec->job.fn.exec = done;
    exec->job.data = data;
    virt_agent_push(&exec->job);
}

void virt_exec(struct virt *virt, const char *domain, const char *const *argv, int timeout_ms,
        virt_exec_fn done, gpointer data)
{
    struct exec_job *exec = exec_new(virt, domain, argv[0], timeout_ms);
    exec->argv = g_strdupv((char **)argv);
    exec->bound = virt_vm(virt, domain)->bound;
    exec->command = bound_command(exec->bound, argv);
    exec_push(exec, done, data);
}

void virt_exec_input(struct virt *virt, const char *domain, const char *const *argv,
        const char *input, gsize length, int timeout_ms, virt_exec_fn done, gpointer data)
{
    struct exec_job *exec = exec_new(virt, domain, argv[0], timeout_ms);
    exec->command = virt_agent_exec_input(argv, input, length);
    exec_push(exec, done, data);
}
