/* plan.c - making and freeing plans, and where their members were written. */
#include "plan/plan.h"
#include "plan/exam.h"
#include "plan/router.h"

#include "plan/plan_impair.h"

static void group_free(gpointer data)
{
    struct plan_group *group = data;
    g_free(group->name);
    g_ptr_array_unref(group->titles);
    g_free(group);
}

static void subnet_free(gpointer data)
{
    struct plan_subnet *subnet = data;
    g_free(subnet->name);
    g_free(subnet->group);
    g_free(subnet->gateway);
    g_free(subnet);
}

static void nic_free(gpointer data)
{
    struct plan_nic *nic = data;
    g_free(nic->network);
    g_clear_pointer(&nic->trunk, g_array_unref);
    g_free(nic);
}

static void file_free(gpointer data)
{
    struct plan_file *file = data;
    g_free(file->path);
    g_free(file->content);
    g_free(file);
}

static void argv_free(gpointer argv)
{
    g_strfreev(argv);
}

static void host_free(gpointer data)
{
    struct plan_host *host = data;
    g_free(host->name);
    g_free(host->group);
    g_free(host->image);
    g_ptr_array_unref(host->nics);
    g_ptr_array_unref(host->files);
    g_ptr_array_unref(host->setup);
    g_ptr_array_unref(host->logs);
    plan_hardware_clear(&host->hardware);
    g_free(host);
}

void plan_probe_free(struct plan_probe *probe)
{
    if (probe) {
        g_free(probe->machine);
        g_free(probe->path);
        g_free(probe->contains);
        g_free(probe->table);
        g_free(probe->via);
        g_free(probe);
    }
}

void plan_predicate_free(struct plan_predicate *predicate)
{
    if (predicate) {
        g_ptr_array_unref(predicate->parts);
        plan_probe_free(predicate->probe);
        g_free(predicate->machine);
        g_free(predicate->path);
        g_free(predicate->rule);
        g_strfreev(predicate->argv);
        g_free(predicate->contains);
        g_free(predicate);
    }
}

bool plan_predicate_looks_back(const struct plan_predicate *predicate)
{
    bool back = predicate->kind == PLAN_LOG || predicate->kind == PLAN_GREW ||
                predicate->kind == PLAN_COUNTER;
    for (guint i = 0; !back && predicate->parts && i < predicate->parts->len; i++) {
        back = plan_predicate_looks_back(predicate->parts->pdata[i]);
    }
    return back;
}

static void predicate_free(gpointer predicate)
{
    plan_predicate_free(predicate);
}

static void service_free(gpointer data)
{
    struct plan_service *service = data;
    g_free(service->name);
    g_free(service->title);
    plan_probe_free(service->probe);
    g_free(service);
}

static void step_free(gpointer data)
{
    struct plan_step *step = data;
    g_free(step->name);
    g_free(step->title);
    g_free(step->attack.domain);
    g_free(step->attack.version);
    g_free(step->attack.id);
    g_free(step->from);
    g_free(step->to);
    g_free(step->needs);
    g_ptr_array_unref(step->act);
    plan_predicate_free(step->effect);
    plan_predicate_free(step->blocked_by);
    g_free(step->repair);
    g_free(step->repair_zh);
    plan_probe_free(step->probe);
    g_ptr_array_unref(step->undo);
    g_free(step);
}

static void player_free(gpointer data)
{
    struct plan_player *player = data;
    g_free(player->name);
    g_free(player->team);
    g_free(player->title);
    g_free(player);
}

static void impair_free(gpointer data)
{
    plan_impair_free(data);
}

static void entry_free(gpointer data)
{
    struct plan_entry *entry = data;
    g_free(entry->step);
    g_free(entry->team);
    g_free(entry->note);
    plan_impair_free(entry->impair);
    g_free(entry);
}

static void team_free(gpointer data)
{
    struct plan_team *team = data;
    g_free(team->id);
    g_free(team->title);
    g_free(team);
}

static void network_free(gpointer data)
{
    struct plan_network *network = data;
    g_free(network->id);
    g_free(network->bridge);
    g_free(network);
}

static void card_free(gpointer data)
{
    struct plan_card *card = data;
    g_free(card->tap);
    g_free(card->space);
    g_free(card);
}

static void machine_free(gpointer data)
{
    struct plan_machine *machine = data;
    g_free(machine->id);
    g_free(machine->domain);
    g_ptr_array_unref(machine->cards);
    g_free(machine);
}

static void inject_free(gpointer data)
{
    struct plan_inject *inject = data;
    g_free(inject->id);
    g_free(inject);
}

struct plan *plan_new(void)
{
    struct plan *plan = g_new0(struct plan, 1);
    plan->groups = g_ptr_array_new_with_free_func(group_free);
    plan->subnets = g_ptr_array_new_with_free_func(subnet_free);
    plan->hosts = g_ptr_array_new_with_free_func(host_free);
    plan->services = g_ptr_array_new_with_free_func(service_free);
    plan->steps = g_ptr_array_new_with_free_func(step_free);
    plan->players = g_ptr_array_new_with_free_func(player_free);
    plan->timeline = g_ptr_array_new_with_free_func(entry_free);
    plan->links = g_ptr_array_new_with_free_func(impair_free);
    plan->teams = g_ptr_array_new_with_free_func(team_free);
    plan->networks = g_ptr_array_new_with_free_func(network_free);
    plan->machines = g_ptr_array_new_with_free_func(machine_free);
    plan->injects = g_ptr_array_new_with_free_func(inject_free);
    plan->routers = g_ptr_array_new_with_free_func(plan_router_free);
    plan->gates = g_ptr_array_new_with_free_func(plan_gate_free);
    plan->lines = g_hash_table_new(NULL, NULL);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (!plan) {
        return;
    }
    GPtrArray *arrays[] = {plan->gates, plan->routers, plan->injects, plan->machines,
            plan->networks, plan->teams, plan->timeline, plan->players, plan->steps, plan->services,
            plan->hosts, plan->subnets, plan->groups, plan->links};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++) {
        g_ptr_array_unref(arrays[i]);
    }
    g_hash_table_unref(plan->lines);
    g_free(plan->name);
    g_free(plan->path);
    g_free(plan->digest);
    g_free(plan->title);
    g_free(plan->version);
    g_free(plan->briefing);
    cJSON_Delete(plan->score);
    plan_exam_free(plan->exam);
    g_free(plan);
}

int plan_line(const struct plan *plan, gconstpointer field, int fallback)
{
    int line = GPOINTER_TO_INT(g_hash_table_lookup(plan->lines, field));
    return line ? line : fallback;
}

void plan_line_set(struct plan *plan, gconstpointer field, int line)
{
    g_hash_table_insert(plan->lines, (gpointer)field, GINT_TO_POINTER(line));
}

struct plan_group *plan_group_new(void)
{
    struct plan_group *group = g_new0(struct plan_group, 1);
    group->role = PLAN_ROLE_WHITE;
    group->count = 1;
    group->titles = g_ptr_array_new_with_free_func(g_free);
    return group;
}

struct plan_host *plan_host_new(void)
{
    struct plan_host *host = g_new0(struct plan_host, 1);
    host->memory_mib = 160;
    host->vcpus = 1;
    host->nics = g_ptr_array_new_with_free_func(nic_free);
    host->files = g_ptr_array_new_with_free_func(file_free);
    host->setup = g_ptr_array_new_with_free_func(argv_free);
    host->logs = g_ptr_array_new_with_free_func(g_free);
    plan_hardware_init(&host->hardware);
    return host;
}

struct plan_probe *plan_probe_new(enum plan_protocol protocol)
{
    struct plan_probe *probe = g_new0(struct plan_probe, 1);
    probe->protocol = protocol;
    probe->timeout_ms = 5000;
    probe->status = 200;
    probe->unit = 1;
    probe->max = 65535;
    return probe;
}

struct plan_predicate *plan_predicate_new(enum plan_predicate_kind kind)
{
    struct plan_predicate *predicate = g_new0(struct plan_predicate, 1);
    predicate->kind = kind;
    predicate->parts = g_ptr_array_new_with_free_func(predicate_free);
    return predicate;
}

struct plan_step *plan_step_new(void)
{
    struct plan_step *step = g_new0(struct plan_step, 1);
    step->act = g_ptr_array_new_with_free_func(argv_free);
    step->undo = g_ptr_array_new_with_free_func(argv_free);
    step->limit_us = 60 * G_USEC_PER_SEC;
    step->within_us = 10 * G_USEC_PER_SEC;
    return step;
}

struct plan_machine *plan_machine_new(void)
{
    struct plan_machine *machine = g_new0(struct plan_machine, 1);
    machine->cards = g_ptr_array_new_with_free_func(card_free);
    return machine;
}
