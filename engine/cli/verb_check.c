/* verb_check.c - sandtable check SCENARIO: validate; nothing is started. */
#include "cli/cli.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/accel.h"
#include "cli/impair_host.h"
#include "cli/load_scenario.h"
#include "cli/preflight.h"
#include "cli/routing_host.h"
#include "image/image.h"
#include "script/script.h"
#include "virt/virt.h"

#include <stdio.h>
#include <string.h>

extern const struct verb verb_check;

static void print_steps(const struct plan *plan)
{
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan->steps->pdata[i];
        printf("  %-16s %-10s %s -> %s  %s\n", step->name, step->attack.id, step->from, step->to,
                step->title);
    }
}

static void print_timeline(const struct plan *plan)
{
    for (guint i = 0; i < plan->injects->len; i++) {
        const struct plan_inject *inject = plan->injects->pdata[i];
        g_autofree char *at = inject->at_us < 0 ? g_strdup("off list") : text_clock(inject->at_us);
        g_autofree char *link =
                inject->entry->impair ? plan_impair_title(inject->entry->impair) : NULL;
        const char *what = inject->step          ? inject->step->title
                           : inject->entry->note ? inject->entry->note
                           : link                ? link
                                                 : "a function of the scenario";
        printf("  %-9s %-20s %s\n", at, inject->id, what);
    }
}

static void print_summary(const struct plan *plan)
{
    g_autofree char *length = text_clock(plan->duration_us);
    printf("%s (%s), version %s, %s\n", plan->title, plan->name, plan->version, length + 2);
    printf("teams:    ");
    for (guint i = 0; i < plan->teams->len; i++) {
        const struct plan_team *team = plan->teams->pdata[i];
        printf("%s%s (%s)", i ? ", " : "", team->id, team->title);
    }
    printf("\nmachines: %u on %u networks, %d MiB of memory\nservices: ", plan->machines->len,
            plan->networks->len, plan_memory_mib(plan));
    for (guint i = 0; i < plan->services->len; i++) {
        const struct plan_service *service = plan->services->pdata[i];
        printf("%s%s (%s)", i ? ", " : "", service->name,
                plan_protocol_name(service->probe->protocol));
    }
    printf("\nsteps:\n");
    print_steps(plan);
    printf("timeline:\n");
    print_timeline(plan);
}

static cJSON *problems_json(const GPtrArray *problems)
{
    cJSON *out = cJSON_CreateArray();
    for (guint i = 0; i < problems->len; i++) {
        const struct plan_problem *problem = problems->pdata[i];
        cJSON *item = cJSON_CreateObject();
        json_add_int(item, "line", problem->line);
        cJSON_AddStringToObject(item, "text", problem->text);
        cJSON_AddItemToArray(out, item);
    }
    return out;
}

/* What the host would give to machines, without a trial boot: a verdict known from before, else the
 * slower one. */
static enum virt_accel accel_for(const struct plan *plan)
{
    const struct plan_host *first = plan->hosts->len ? g_ptr_array_index(plan->hosts, 0) : NULL;
    struct image *image = first ? image_find(first->image, NULL) : NULL;
    enum virt_accel accel = VIRT_ACCEL_TCG;
    if (image && image->kernel) {
        g_autofree char *why = NULL;
        accel = accel_known(image, &why);
        if (!why) {
            cli_say("KVM was not tried here yet, so all is reckoned without it; `sandtable doctor` "
                    "tries it");
        }
    }
    image_free(image);
    return accel;
}

struct asked {
    gboolean json, host;
    int teams;
};

static void error_free(gpointer error)
{
    g_error_free(error);
}

/* What the scenario needs of the kernel or of programs and is not here: GErrors with the remedy. */
static GPtrArray *find_missing(const struct plan *plan)
{
    GPtrArray *missing = g_ptr_array_new_with_free_func(error_free);
    bool (*const fits[])(const struct plan *, GError **) = {routing_host_fits, impair_host_fits};
    for (gsize i = 0; i < G_N_ELEMENTS(fits); i++) {
        GError *error = NULL;
        if (!fits[i](plan, &error)) {
            g_ptr_array_add(missing, error);
        }
    }
    return missing;
}

static cJSON *host_json(
        const struct capacity *capacity, const struct capacity_host *host, const GPtrArray *missing)
{
    cJSON *out = capacity_json(capacity, host);
    cJSON *array = cJSON_AddArrayToObject(out, "missing");
    for (guint i = 0; i < missing->len; i++) {
        const GError *error = missing->pdata[i];
        cJSON_AddItemToArray(array, cJSON_CreateString(error->message));
    }
    return out;
}

/* host is consumed; NULL when it was not asked about. */
static void print_json(const struct plan *plan, const GPtrArray *problems, cJSON *host)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "ok", problems->len == 0);
    cJSON_AddItemToObject(out, "problems", problems_json(problems));
    if (plan) {
        cJSON_AddItemToObject(out, "plan", plan_to_json(plan));
        json_add_int(out, "memory_mib", plan_memory_mib(plan));
    } else {
        cJSON_AddNullToObject(out, "plan");
    }
    if (host) {
        cJSON_AddItemToObject(out, "host", host);
    }
    cli_print_json(out);
}

/* A right scenario; 3 when the host was asked about and cannot. */
static int report(const struct plan *plan, const GPtrArray *problems, const struct asked *asked)
{
    struct capacity_host host = {0};
    struct capacity capacity = {0};
    g_autoptr(GError) small = NULL;
    g_autoptr(GPtrArray) missing = find_missing(plan);
    if (asked->host) {
        preflight(plan, accel_for(plan), 0, &host, &capacity);
    }
    if (asked->json) {
        print_json(plan, problems, asked->host ? host_json(&capacity, &host, missing) : NULL);
    } else {
        print_summary(plan);
        if (asked->host) {
            preflight_print(&capacity, &host);
            preflight_warn(&capacity, &host);
        }
    }
    for (guint i = 0; i < missing->len && (asked->host || !asked->json); i++) {
        const GError *error = missing->pdata[i];
        cli_say("%s%s", asked->host ? "" : "warning: ", error->message);
    }
    if (asked->host && missing->len > 0) {
        return sandtable_exit_code(missing->pdata[0]);
    }
    if (asked->host && !capacity_check(plan, &capacity, &small)) {
        cli_say("%s", small->message);
        return sandtable_exit_code(small);
    }
    return 0;
}

static int run(int argc, char **argv, GError **error)
{
    struct asked asked = {0};
    const GOptionEntry entries[] = {
            {"teams", 0, 0, G_OPTION_ARG_INT, &asked.teams, "as many blue teams", "K"},
            {"host", 0, 0, G_OPTION_ARG_NONE, &asked.host, "does it fit into this host?", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &asked.json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_check, entries, &argc, &argv, 1, 1, error) ||
            !cli_become_user(NULL, argc, argv, error)) {
        return 2;
    }
    if (asked.teams < 0 || asked.teams > PLAN_TEAMS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--teams: from 1 to %d",
                PLAN_TEAMS_MAX);
        return 2;
    }
    auto_plan plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script = cli_load_scenario(argv[1], &plan, problems, error);
    bool ok = script && plan_expand(plan, asked.teams, error) && plan_fits(plan, error);
    script_free(script);
    if (error && *error) {
        if (asked.json) { /* a program that reads standard output is told as well */
            plan_problem_add(problems, 1, "%s", (*error)->message);
            print_json(NULL, problems, NULL);
        }
        return sandtable_exit_code(*error);
    }
    if (ok) {
        return report(plan, problems, &asked);
    }
    if (asked.json) {
        print_json(NULL, problems, NULL);
    } else {
        g_autofree char *file = script_file(argv[1]);
        g_autofree char *text = plan_problems_text(problems, file);
        fputs(text, stderr);
    }
    return 1;
}

const struct verb verb_check = {
        .name = "check",
        .usage = "check SCENARIO [--host] [--teams K] [--json]",
        .summary = "validate a scenario; nothing is started",
        .order = 20,
        .keeps_root = true,
        .run = run,
};
