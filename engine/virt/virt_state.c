/* virt_state.c - the states of machines, from libvirt's events. */
#include "virt/virt_private.h"

#include "base/error.h"

#include <libvirt/virterror.h>
#include <string.h>

const char *machine_state_name(enum machine_state state)
{
    static const char *const names[] = {
            "defined", "starting", "booted", "ready", "paused", "stopped", "crashed"};
    return names[state];
}

char *virt_agent_socket(const char *root, const char *domain)
{
    return g_strdup_printf("%s/agent/%s", root, domain);
}

char *virt_identity_socket(const char *root, const char *domain)
{
    return g_strdup_printf("%s/agent/%s.id", root, domain);
}

/* ---- machines ------------------------------------------------------------------------------- */

struct vm *virt_vm(struct virt *virt, const char *domain)
{
    struct vm *vm = g_hash_table_lookup(virt->machines, domain);
    if (!vm) {
        vm = g_new0(struct vm, 1);
        vm->domain = g_strdup(domain);
        vm->state = MACHINE_DEFINED;
        g_queue_init(&vm->waiting);
        g_hash_table_insert(virt->machines, vm->domain, vm);
    }
    return vm;
}

void virt_vm_renew(struct vm *vm)
{
    vm->state = MACHINE_STARTING;
    vm->stopping = vm->agent = vm->said = vm->held = vm->shut_down = false;
    vm->own_stops_until = 0;
    vm->bound = AGENT_BOUND_OURS; /* it has again what a participant may have removed */
    vm->generation++;
}

void virt_vm_free(struct vm *vm)
{
    if (vm->pause_timer) {
        g_source_destroy(vm->pause_timer);
        g_source_unref(vm->pause_timer);
    }
    g_queue_clear(&vm->waiting); /* the jobs belong to virt->jobs */
    g_free(vm->domain);
    g_free(vm);
}

bool virt_has_shut_down(struct virt *virt, const char *domain)
{
    return virt_vm(virt, domain)->shut_down;
}

void virt_state_set(struct virt *virt, struct vm *vm, enum machine_state state, const char *reason)
{
    vm->state = state;
    if (virt->on_state) {
        virt->on_state(vm->domain, state, reason, virt->data);
    }
}

static bool is_over(const struct vm *vm)
{
    return vm->state == MACHINE_STOPPED || vm->state == MACHINE_CRASHED;
}

static void machine_ended(struct virt *virt, struct vm *vm, int detail)
{
    vm->agent = false;
    virt_vm_thaw(vm);
    virt_agent_pump(virt, vm); /* what waits for the agent fails now */
    if (is_over(vm)) {
        return;
    }
    if (vm->stopping) {
        virt_state_set(virt, vm, MACHINE_STOPPED, "stopped");
        return;
    }
    const char *what = "its QEMU process died";
    if (detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN) {
        /* a kernel that panics restarts, which ends the process just so */
        vm->shut_down = !virt_serial_panicked(virt->root, vm->domain);
        what = vm->shut_down ? "the guest shut itself down" : "the guest panicked";
    } else if (detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED) {
        what = "the guest panicked";
    } else if (detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED) {
        what = "somebody else destroyed it";
    }
    g_autofree char *line = virt_serial_last_line(virt->root, vm->domain);
    g_autofree char *reason =
            line ? g_strdup_printf("%s; last on its serial port: %s", what, line) : g_strdup(what);
    virt_state_set(virt, vm, MACHINE_CRASHED, reason);
}

/* A checkpoint stops a machine for a moment, and a start from one begins stopped. */
static bool is_own_stop(const struct vm *vm, int detail)
{
    return detail != VIR_DOMAIN_EVENT_SUSPENDED_IOERROR && !vm->pausing &&
           g_get_monotonic_time() < vm->own_stops_until;
}

static void agent_event(struct virt *virt, struct vm *vm, int state)
{
    vm->agent = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;
    if (vm->agent && vm->state == MACHINE_PAUSED) {
        vm->before_pause = MACHINE_BOOTED;
    } else if (vm->agent && !is_over(vm)) {
        vm->said = true;
        virt_state_set(virt, vm, MACHINE_BOOTED, "agent");
    }
    virt_agent_pump(virt, vm);
}

void virt_state_event(struct virt *virt, const struct virt_note *note)
{
    struct vm *vm = virt_vm(virt, note->domain);
    if (note->agent) {
        agent_event(virt, vm, note->event);
    } else if (note->event == VIR_DOMAIN_EVENT_SUSPENDED && vm->state != MACHINE_PAUSED &&
               !is_over(vm) && !is_own_stop(vm, note->detail)) {
        vm->before_pause = vm->state;
        virt_state_set(virt, vm, MACHINE_PAUSED,
                note->detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR ? "its disk failed" : "paused");
    } else if (note->event == VIR_DOMAIN_EVENT_RESUMED && vm->state == MACHINE_PAUSED) {
        virt_vm_thaw(vm);
        virt_state_set(virt, vm, vm->before_pause, "resumed");
        virt_agent_pump(virt, vm);
    } else if (note->event == VIR_DOMAIN_EVENT_STOPPED && vm->stops_due > 0) {
        vm->stops_due--; /* of a process before this one */
    } else if (note->event == VIR_DOMAIN_EVENT_STOPPED || note->event == VIR_DOMAIN_EVENT_CRASHED) {
        machine_ended(virt, vm, note->detail);
    }
}

void virt_state_stopped(struct virt *virt, struct vm *vm)
{
    if (!is_over(vm) && vm->state != MACHINE_DEFINED) {
        vm->stops_due++;
        machine_ended(virt, vm, VIR_DOMAIN_EVENT_STOPPED_DESTROYED);
    }
}

/* ---- libvirt's events, in its thread -------------------------------------------------------- */

static void note_event(struct virt *virt, virDomainPtr domain, bool agent, int event, int detail)
{
    const char *name = virt_short_name(virt, virDomainGetName(domain));
    if (!name) {
        return;
    }
    struct virt_note *note = g_new0(struct virt_note, 1);
    note->domain = g_strdup(name);
    note->agent = agent;
    note->event = event;
    note->detail = detail;
    virt_note_push(virt, note);
}

static int on_lifecycle(
        virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
    (void)connection;
    note_event(opaque, domain, false, event, detail);
    return 0;
}

static void on_agent(
        virConnectPtr connection, virDomainPtr domain, int state, int reason, void *opaque)
{
    (void)connection;
    note_event(opaque, domain, true, state, reason);
}

bool virt_events_register(struct virt *virt, GError **error)
{
    virt->callbacks[0] = virConnectDomainEventRegisterAny(virt->connection, NULL,
            VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), virt, NULL);
    virt->callbacks[1] = virConnectDomainEventRegisterAny(virt->connection, NULL,
            VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_agent), virt, NULL);
    if (virt->callbacks[0] < 0 || virt->callbacks[1] < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "libvirt does not report events: %s", virGetLastErrorMessage());
        return false;
    }
    return true;
}

void virt_events_deregister(struct virt *virt)
{
    for (gsize i = 0; i < G_N_ELEMENTS(virt->callbacks); i++) {
        if (virt->callbacks[i] >= 0) {
            virConnectDomainEventDeregisterAny(virt->connection, virt->callbacks[i]);
            virt->callbacks[i] = -1;
        }
    }
}

/* ---- machines of an engine that is gone ------------------------------------------------------ */

static bool agent_is_connected(virDomainPtr domain)
{
    char *xml = virDomainGetXMLDesc(domain, 0);
    const char *channel = xml ? strstr(xml, "name='" VIRT_AGENT_CHANNEL "'") : NULL;
    const char *end = channel ? strchr(channel, '>') : NULL;
    bool connected = end && g_strstr_len(channel, end - channel, "state='connected'");
    free(xml);
    return connected;
}

/* As events, so that the owner hears of them from its loop and not from inside virt_open(). */
static void adopt(struct virt *virt, virDomainPtr domain)
{
    int state = VIR_DOMAIN_NOSTATE;
    if (!virt_is_ours(virt, domain)) {
        return;
    }
    struct vm *vm = virt_vm(virt, virt_short_name(virt, virDomainGetName(domain)));
    vm->state = MACHINE_STARTING;
    virt_checkpoint_forsake(domain); /* nobody waits for its file any more */
    if (agent_is_connected(domain)) {
        note_event(virt, domain, true, VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED, 0);
    }
    if (virDomainGetState(domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED) {
        note_event(
                virt, domain, false, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    }
    virt_serial_watch(virt);
}

bool virt_state_adopt(struct virt *virt, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(virt->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (n < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "libvirt does not list its machines: %s", virGetLastErrorMessage());
        return false;
    }
    for (int i = 0; i < n; i++) {
        adopt(virt, domains[i]);
        virDomainFree(domains[i]);
    }
    free(domains);
    return true;
}
