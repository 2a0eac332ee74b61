/* model_plan.c - the plan inside exercise.created, read into the model's tables. */
#include "model_private.h"

#include "base/json.h"

#include <string.h>

/* More than the largest range; what is beyond is not drawn. */
#define TEAMS_MAX 256
#define NETWORKS_MAX 1024
#define MACHINES_MAX 4096
#define SERVICES_MAX 64
#define STEPS_MAX 256
#define TITLE_MAX 80 /* characters */

char *model_label(const cJSON *object, const char *member, const char *fallback)
{
    g_autofree char *valid = g_utf8_make_valid(json_string(object, member, fallback), -1);
    char *cut = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), TITLE_MAX));
    return g_strdelimit(cut, "\n\t\r", ' ');
}

static void read_teams(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    int rank = 0;
    cJSON_ArrayForEach(item, json_array(plan, "teams"))
    {
        if (model->teams->len >= TEAMS_MAX || !*json_string(item, "id", "")) {
            continue;
        }
        struct model_team *team = g_new0(struct model_team, 1);
        team->id = model_label(item, "id", "");
        team->title = model_label(item, "title", team->id);
        team->role = model_label(item, "role", "");
        team->history = g_array_new(FALSE, TRUE, sizeof(struct sample));
        team->reference = json_bool(item, "reference", false);
        team->rank = team->reference ? -1 : rank++;
        g_ptr_array_add(model->teams, team);
    }
}

static void read_networks(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "networks"))
    {
        if (model->networks->len >= NETWORKS_MAX) {
            break;
        }
        struct model_network *network = g_new0(struct model_network, 1);
        network->id = model_label(item, "id", "");
        network->name = model_label(item, "name", network->id);
        network->cidr = model_label(item, "cidr", "");
        network->team = model_team_index(model, json_string(item, "team", ""));
        if (network->team >= 0) {
            ((struct model_team *)model->teams->pdata[network->team])->ground = true;
        }
        g_ptr_array_add(model->networks, network);
    }
}

static void read_nics(struct model *model, struct model_machine *machine, const cJSON *item)
{
    const cJSON *nic = NULL;
    cJSON_ArrayForEach(nic, json_array(item, "nics"))
    {
        const char *wanted = json_string(nic, "network", "");
        for (guint i = 0; i < model->networks->len && machine->networks->len < MODEL_NICS_MAX;
                i++) {
            const struct model_network *network = model->networks->pdata[i];
            if (!strcmp(network->id, wanted)) {
                int index = (int)i;
                g_array_append_val(machine->networks, index);
                break;
            }
        }
        if (!*machine->address) {
            g_free(machine->address);
            machine->address = model_label(nic, "address", "");
        }
    }
}

static void read_machines(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "machines"))
    {
        if (model->machines->len >= MACHINES_MAX || !*json_string(item, "id", "")) {
            continue;
        }
        struct model_machine *machine = g_new0(struct model_machine, 1);
        machine->id = model_label(item, "id", "");
        machine->name = model_label(item, "name", machine->id);
        machine->address = g_strdup("");
        machine->team = model_team_index(model, json_string(item, "team", ""));
        machine->networks = g_array_new(FALSE, TRUE, sizeof(int));
        g_strlcpy(machine->state, "planned", sizeof machine->state);
        machine->screen = json_bool(item, "display", false);
        read_nics(model, machine, item);
        g_ptr_array_add(model->machines, machine);
    }
}

static void read_services(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "services"))
    {
        if (model->services->len >= SERVICES_MAX || !*json_string(item, "name", "")) {
            continue;
        }
        struct model_service *service = g_new0(struct model_service, 1);
        service->name = model_label(item, "name", "");
        service->title = model_label(item, "title", service->name);
        service->machine = model_label(item, "machine", "");
        service->group = model_label(item, "group", "");
        g_ptr_array_add(model->services, service);
    }
    model->cells = g_new0(struct model_cell, MAX(1, model->services->len * model->teams->len));
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(plan, "teams"))
    {
        int t = model_team_index(model, json_string(team, "id", ""));
        for (guint s = 0; s < model->services->len; s++) {
            struct model_cell *cell = model_cell_at(model, (int)s, t);
            const struct model_service *service = model->services->pdata[s];
            if (cell && !strcmp(service->group, json_string(team, "group", ""))) {
                cell->exists = true;
            }
        }
    }
}

static void read_steps(struct model *model, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "steps"))
    {
        if (model->steps->len >= STEPS_MAX || !*json_string(item, "name", "")) {
            continue;
        }
        struct model_step *step = g_new0(struct model_step, 1);
        step->name = model_label(item, "name", "");
        step->title = model_label(item, "title", step->name);
        step->technique = model_label(json_object(item, "attack"), "id", "");
        g_ptr_array_add(model->steps, step);
    }
}

void model_plan_read(struct model *model, const cJSON *plan)
{
    g_free(model->name);
    g_free(model->title);
    model->name = model_label(plan, "name", "exercise");
    model->title = model_label(plan, "title", model->name);
    model->duration_us = CLAMP(json_int(plan, "duration_us", 0), 0, 366 * G_TIME_SPAN_DAY);
    read_teams(model, plan);
    read_networks(model, plan);
    read_machines(model, plan);
    read_services(model, plan);
    read_steps(model, plan);
    model_read_injects(model, plan);
}
