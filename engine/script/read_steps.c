/* read_steps.c - services, attack steps, players and the timeline from a scenario's table. */
#include "script/reader.h"

#include <string.h>

static void read_check(struct reader *reader, const struct node *node, gpointer target)
{
    read_probe(reader, node, &((struct plan_service *)target)->probe);
}

static void read_sla(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"after", FIELD_INTEGER, true, offsetof(struct plan_service, sla_after), NULL},
            {"penalty", FIELD_INTEGER, true, offsetof(struct plan_service, sla_penalty), NULL},
            {0},
    };
    reader_fields(reader, node, fields, target);
}

static void default_title(char **title, const char *name)
{
    if (!*title) {
        *title = g_strdup(name);
    }
}

void read_service(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"title", FIELD_TEXT, false, offsetof(struct plan_service, title), NULL},
            {"every", FIELD_DURATION, false, offsetof(struct plan_service, every_us), NULL},
            {"points", FIELD_INTEGER, false, offsetof(struct plan_service, points), NULL},
            {.key = "sla", .type = FIELD_OTHER, .read = read_sla},
            {.key = "check", .type = FIELD_OTHER, .required = true, .read = read_check},
            {0},
    };
    struct plan_service *service = g_new0(struct plan_service, 1);
    service->name = g_strdup(node->key);
    service->every_us = 15 * G_USEC_PER_SEC;
    service->points = 1;
    service->line = node->line;
    g_ptr_array_add(reader->plan->services, service);
    reader_fields(reader, node, fields, service);
    default_title(&service->title, service->name);
}

static void read_attack(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"domain", FIELD_TEXT, true, offsetof(struct plan_step, attack.domain), NULL},
            {"version", FIELD_TEXT, true, offsetof(struct plan_step, attack.version), NULL},
            {"id", FIELD_TEXT, true, offsetof(struct plan_step, attack.id), NULL},
            {0},
    };
    reader_fields(reader, node, fields, target);
}

static void read_points(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"effect", FIELD_INTEGER, false, offsetof(struct plan_step, points_effect), NULL},
            {"blocked", FIELD_INTEGER, false, offsetof(struct plan_step, points_blocked), NULL},
            {0},
    };
    reader_fields(reader, node, fields, target);
}

static void read_effect(struct reader *reader, const struct node *node, gpointer target)
{
    read_predicate(reader, node, &((struct plan_step *)target)->effect);
}

static void read_blocked_by(struct reader *reader, const struct node *node, gpointer target)
{
    read_predicate(reader, node, &((struct plan_step *)target)->blocked_by);
}

static void read_step_probe(struct reader *reader, const struct node *node, gpointer target)
{
    read_probe(reader, node, &((struct plan_step *)target)->probe);
}

void read_step(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"title", FIELD_TEXT, false, offsetof(struct plan_step, title), NULL},
            {.key = "attack", .type = FIELD_OTHER, .required = true, .read = read_attack},
            {"from", FIELD_TEXT, true, offsetof(struct plan_step, from), NULL},
            {"to", FIELD_TEXT, true, offsetof(struct plan_step, to), NULL},
            {"needs", FIELD_TEXT, false, offsetof(struct plan_step, needs), NULL},
            {"act", FIELD_ARGVS, true, offsetof(struct plan_step, act), NULL},
            {.key = "effect", .type = FIELD_OTHER, .required = true, .read = read_effect},
            {.key = "blocked_by", .type = FIELD_OTHER, .read = read_blocked_by},
            {.key = "probe", .type = FIELD_OTHER, .required = true, .read = read_step_probe},
            {"limit", FIELD_DURATION, false, offsetof(struct plan_step, limit_us), NULL},
            {"within", FIELD_DURATION, false, offsetof(struct plan_step, within_us), NULL},
            {"undo", FIELD_ARGVS, false, offsetof(struct plan_step, undo), NULL},
            {"repair", FIELD_TEXT, false, offsetof(struct plan_step, repair), NULL},
            {"repair_zh", FIELD_TEXT, false, offsetof(struct plan_step, repair_zh), NULL},
            {.key = "points", .type = FIELD_OTHER, .read = read_points},
            {0},
    };
    struct plan_step *step = plan_step_new();
    step->name = g_strdup(node->key);
    step->line = node->line;
    g_ptr_array_add(reader->plan->steps, step);
    reader_fields(reader, node, fields, step);
    default_title(&step->title, step->name);
    const struct node *act = node_get(node, "act");
    if (act && act->type == NODE_TABLE && act->entries->len == 0) {
        reader_expected(reader, act, "at least one command");
    }
}

void read_player(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"team", FIELD_TEXT, true, offsetof(struct plan_player, team), NULL},
            {"title", FIELD_TEXT, false, offsetof(struct plan_player, title), NULL},
            {"at", FIELD_DURATION, false, offsetof(struct plan_player, at_us), NULL},
            {"play", FIELD_FUNCTION, true, offsetof(struct plan_player, function), NULL},
            {0},
    };
    struct plan_player *player = g_new0(struct plan_player, 1);
    player->name = g_strdup(node->key);
    player->line = node->line;
    g_ptr_array_add(reader->plan->players, player);
    reader_fields(reader, node, fields, player);
    default_title(&player->title, player->name);
}

static void read_entry(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"at", FIELD_DURATION, false, offsetof(struct plan_entry, at_us), NULL},
            {"manual", FIELD_BOOLEAN, false, offsetof(struct plan_entry, manual), NULL},
            {"approvals", FIELD_INTEGER, false, offsetof(struct plan_entry, approvals), NULL},
            {"step", FIELD_TEXT, false, offsetof(struct plan_entry, step), NULL},
            {"team", FIELD_TEXT, false, offsetof(struct plan_entry, team), NULL},
            {"undo", FIELD_BOOLEAN, false, offsetof(struct plan_entry, undo), NULL},
            {"note", FIELD_TEXT, false, offsetof(struct plan_entry, note), NULL},
            {"run", FIELD_FUNCTION, false, offsetof(struct plan_entry, function), NULL},
            {.key = "impair", .type = FIELD_OTHER, .read = read_entry_impair},
            {.key = "clear", .type = FIELD_OTHER, .read = read_entry_clear},
            {0},
    };
    struct plan_entry *entry = g_new0(struct plan_entry, 1);
    entry->line = node->line;
    g_ptr_array_add(reader->plan->timeline, entry);
    reader_fields(reader, node, fields, entry);
    static const char *const names[] = {"step", "note", "run", "impair", "clear"};
    int actions = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        actions += node_get(node, names[i]) != NULL;
    }
    if (node->type == NODE_TABLE && (node_get(node, "at") != NULL) == entry->manual) {
        g_autofree char *path = node_path(node);
        plan_problem_add(reader->problems, node->line,
                "%s: needs either at = \"30s\", when it happens, or manual = true: fired by hand",
                path);
    }
    if (node->type == NODE_TABLE && actions != 1) {
        g_autofree char *path = node_path(node);
        plan_problem_add(reader->problems, node->line,
                "%s: needs exactly one of step = \"NAME\", note = \"text\", run = function, "
                "impair = { … } or clear = { … }",
                path);
    }
}

void read_timeline(struct reader *reader, const struct node *node, gpointer target)
{
    (void)target;
    if (!reader_is_list(reader, node, "a list such as { { at = \"30s\", step = \"recon\" } }")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        read_entry(reader, node->entries->pdata[i]);
    }
}

#define EACH(what)                                                                                 \
    static void read_##what##s(struct reader *reader, const struct node *node, gpointer target)    \
    {                                                                                              \
        (void)target;                                                                              \
        reader_each(reader, node, read_##what);                                                    \
    }
EACH(team)
EACH(network)
EACH(machine)
EACH(router)
EACH(service)
EACH(step)
EACH(player)

void read_scenario(struct reader *reader, const struct node *root)
{
    static const struct field fields[] = {
            {"title", FIELD_TEXT, true, offsetof(struct plan, title), NULL},
            {"version", FIELD_TEXT, false, offsetof(struct plan, version), NULL},
            {"briefing", FIELD_TEXT, false, offsetof(struct plan, briefing), NULL},
            {"duration", FIELD_DURATION, true, offsetof(struct plan, duration_us), NULL},
            {"freeze", FIELD_DURATION, false, offsetof(struct plan, freeze_us), NULL},
            {"seed", FIELD_SEED, false, offsetof(struct plan, seed), NULL},
            {"score", FIELD_OTHER, false, 0, read_score},
            {"teams", FIELD_OTHER, true, offsetof(struct plan, groups), read_teams},
            {"networks", FIELD_OTHER, false, offsetof(struct plan, subnets), read_networks},
            {"machines", FIELD_OTHER, true, offsetof(struct plan, hosts), read_machines},
            {"routers", FIELD_OTHER, false, offsetof(struct plan, routers), read_routers},
            {"services", FIELD_OTHER, false, offsetof(struct plan, services), read_services},
            {"steps", FIELD_OTHER, false, offsetof(struct plan, steps), read_steps},
            {"players", FIELD_OTHER, false, offsetof(struct plan, players), read_players},
            {"timeline", FIELD_OTHER, false, offsetof(struct plan, timeline), read_timeline},
            {"links", FIELD_OTHER, false, offsetof(struct plan, links), read_links},
            {"exam", FIELD_OTHER, false, offsetof(struct plan, exam), read_exam},
            {0},
    };
    struct plan *plan = reader->plan;
    plan->duration_us = G_MAXINT64; /* stays when it cannot be read, so that no time is outside */
    reader_fields(reader, root, fields, plan);
    if (!plan->version) {
        plan->version = g_strdup("1");
    }
    if (!plan->briefing) {
        plan->briefing = g_strdup("");
    }
}
