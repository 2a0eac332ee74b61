/* crowd.c - the made-up exercise: teams of equal machines, checks, attacks, alarms, messages. */
#include "crowd.h"

#include "base/json.h"

#include <stdio.h>

static const char *const names[] = {"蓝鲸 Blue Whale", "Osprey", "Kestrel", "红叶 Maple",
        "Northwind", "Tern", "Gannet", "Plover", "Dunlin", "Avocet"};
static const char *const services[] = {
        "dns", "mail", "web", "shop", "db", "dc01", "vpn", "files", "voip", "scada"};
static const char *const techniques[] = {"T1190", "T1110.001", "T1021", "T1486"};

static cJSON *add(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    return object;
}

static void put(cJSON *object, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void put(cJSON *object, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    cJSON_AddStringToObject(object, name, text);
}

static void add_machines(const struct crowd *crowd, cJSON *machines, int team)
{
    for (int m = 1; m <= crowd->machines; m++) {
        cJSON *machine = add(machines);
        put(machine, "id", "blue%d/m%02d", team, m);
        put(machine, "name", "m%02d", m);
        put(machine, "team", "blue%d", team);
        cJSON *nics = cJSON_AddArrayToObject(machine, "nics");
        int cards = m % 2 ? 1 : crowd->links;
        for (int n = 0; n < cards; n++) {
            cJSON *nic = add(nics);
            put(nic, "network", n % 2 ? "blue%d/dmz" : "blue%d/lan", team);
            put(nic, "address", "10.0.%d.%d", n, 10 + m);
        }
    }
}

static void add_team(const struct crowd *crowd, cJSON *plan, int t)
{
    cJSON *team = add(cJSON_GetObjectItem(plan, "teams"));
    put(team, "id", "blue%d", t);
    if (t <= (int)G_N_ELEMENTS(names)) {
        cJSON_AddStringToObject(team, "title", names[t - 1]);
    } else {
        put(team, "title", "Team %d", t);
    }
    cJSON_AddStringToObject(team, "group", "blue");
    cJSON_AddStringToObject(team, "role", "blue");
    for (int n = 0; n < 2; n++) {
        cJSON *network = add(cJSON_GetObjectItem(plan, "networks"));
        put(network, "id", n ? "blue%d/dmz" : "blue%d/lan", t);
        cJSON_AddStringToObject(network, "name", n ? "dmz" : "lan");
        put(network, "team", "blue%d", t);
        put(network, "cidr", "10.0.%d.0/24", n);
    }
    add_machines(crowd, cJSON_GetObjectItem(plan, "machines"), t);
}

static void add_injects(const struct crowd *crowd, cJSON *plan)
{
    cJSON *injects = cJSON_AddArrayToObject(plan, "injects");
    for (int i = 0; i < 4 * crowd->teams; i++) {
        cJSON *inject = add(injects);
        put(inject, "id", "step%d@blue%d", i / crowd->teams, i % crowd->teams + 1);
        put(inject, "title", "Inject %d", i + 1);
        put(inject, "step", "step%d", i / crowd->teams);
        put(inject, "team", "blue%d", i % crowd->teams + 1);
        json_add_int(inject, "at_us", crowd->duration_us / (4 * crowd->teams + 1) * (i + 1));
    }
}

struct event *crowd_created(const struct crowd *crowd)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *plan = cJSON_AddObjectToObject(body, "plan");
    cJSON_AddStringToObject(plan, "name", "locked-harbour");
    cJSON_AddStringToObject(plan, "title", "LOCKED HARBOUR");
    json_add_int(plan, "duration_us", crowd->duration_us);
    static const char *const lists[] = {"teams", "networks", "machines", "services", "steps"};
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        cJSON_AddArrayToObject(plan, lists[i]);
    }
    for (int t = 1; t <= crowd->teams; t++) {
        add_team(crowd, plan, t);
    }
    cJSON *red = add(cJSON_GetObjectItem(plan, "teams"));
    cJSON_AddStringToObject(red, "id", "red");
    cJSON_AddStringToObject(red, "title", "Red cell");
    cJSON_AddStringToObject(red, "role", "red");
    cJSON *attacker = add(cJSON_GetObjectItem(plan, "machines"));
    cJSON_AddStringToObject(attacker, "id", "attacker");
    cJSON_AddStringToObject(attacker, "name", "attacker");
    cJSON_AddStringToObject(attacker, "team", "red");
    for (int s = 0; s < crowd->services; s++) {
        cJSON *service = add(cJSON_GetObjectItem(plan, "services"));
        cJSON_AddStringToObject(service, "name", services[s]);
        put(service, "machine", "m%02d", s + 1);
        cJSON_AddStringToObject(service, "group", "blue");
        cJSON_AddNumberToObject(service, "points", 5);
    }
    for (int i = 0; i < 4; i++) {
        cJSON *step = add(cJSON_GetObjectItem(plan, "steps"));
        put(step, "name", "step%d", i);
        cJSON_AddStringToObject(step, "attacker", "red");
        cJSON_AddStringToObject(cJSON_AddObjectToObject(step, "attack"), "id", techniques[i]);
        cJSON_AddNumberToObject(step, "points_effect", 20);
        cJSON_AddNumberToObject(step, "points_blocked", 10);
    }
    add_injects(crowd, plan);
    struct event *event = event_new("exercise.created", NULL, "locked-harbour", body);
    event->seq = 1;
    return event;
}

static guint32 chance(int i)
{
    guint32 x = (guint32)i * 2654435761U;
    x ^= x >> 15;
    x *= 2246822519U;
    return x ^ x >> 13;
}

/* A step runs, and the next such event is its verdict. */
static struct event *attack(const struct crowd *crowd, int i)
{
    guint32 dice = chance(i / 40);
    int team = (int)(dice >> 4) % crowd->teams + 1;
    cJSON *body = cJSON_CreateObject();
    char step[16];
    char who[24];
    g_snprintf(step, sizeof step, "step%d", (int)(dice >> 12) % 4);
    g_snprintf(who, sizeof who, "blue%d", team);
    cJSON_AddStringToObject(body, "step", step);
    cJSON_AddStringToObject(body, "from", "attacker");
    put(body, "to", "blue%d/m%02d", team, (int)(dice >> 16) % crowd->machines + 1);
    static const char *const verdicts[] = {"effect", "blocked", "effect", "blocked", "inert"};
    bool ends = i % 40 == 8;
    cJSON_AddStringToObject(
            body, ends ? "verdict" : "state", ends ? verdicts[dice % 5] : "running");
    return event_new(ends ? "step.verdict" : "step.state", who, step, body);
}

static struct event *check(const struct crowd *crowd, int i, guint32 dice)
{
    int team = i % crowd->teams + 1;
    int service = i / crowd->teams % crowd->services;
    char who[24];
    g_snprintf(who, sizeof who, "blue%d", team);
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "round", i / (crowd->teams * crowd->services) + 1);
    bool down = dice % 100 < 6;
    bool mumble = dice % 100 >= 6 && dice % 100 < 10;
    if (down || mumble) {
        cJSON_AddStringToObject(body, "status", down ? "down" : "mumble");
    }
    return event_new(down || mumble ? "check.down" : "check.ok", who, services[service], body);
}

static struct event *rare(const struct crowd *crowd, int i, guint32 dice)
{
    char who[24];
    char machine[32];
    int team = (int)(dice >> 8) % crowd->teams + 1;
    g_snprintf(who, sizeof who, "blue%d", team);
    g_snprintf(machine, sizeof machine, "%s/m%02d", who, (int)(dice >> 16) % crowd->machines + 1);
    cJSON *body = cJSON_CreateObject();
    switch (i / 50 % 4) {
    case 0:
        cJSON_AddStringToObject(body, "text", i % 8 ? "Is mail relay in scope?" : "防火墙无法访问");
        cJSON_AddStringToObject(body, "from", i % 100 ? "white" : "team");
        cJSON_AddStringToObject(body, "by", "mira");
        return event_new("message.sent", who, "locked-harbour", body);
    case 1:
        cJSON_AddStringToObject(body, "alarm", "machine-crashed");
        cJSON_AddStringToObject(body, "text", "guest panicked");
        return event_new(i % 400 == 50 ? "alarm.raised" : "alarm.cleared", who, machine, body);
    case 2:
        cJSON_AddStringToObject(body, "state", i % 400 == 100 ? "crashed" : "ready");
        return event_new("machine.state", who, machine, body);
    default:
        cJSON_AddStringToObject(body, "state", "fired");
        return event_new("inject.state", who, machine, body);
    }
}

struct event *crowd_later(const struct crowd *crowd, int i)
{
    guint32 dice = chance(i);
    int machines = crowd->teams * crowd->machines;
    struct event *event = NULL;
    if (i < machines) {
        char id[32];
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "state", dice % 97 == 0 ? "booted" : "ready");
        g_snprintf(id, sizeof id, "blue%d/m%02d", i / crowd->machines + 1, i % crowd->machines + 1);
        event = event_new("machine.state", NULL, id, body);
    } else if (i == machines) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "state", "running");
        event = event_new("exercise.state", NULL, "locked-harbour", body);
    } else if (i % 50 == 0) {
        event = rare(crowd, i, dice);
    } else {
        event = i % 40 == 7 || i % 40 == 8 ? attack(crowd, i) : check(crowd, i, dice);
    }
    event->seq = i + 2;
    gint64 count = MAX(crowd->events - machines, 1);
    event->at_us = i <= machines ? 0 : (i - machines) * (crowd->duration_us / count);
    event->wall_us = G_GINT64_CONSTANT(1700000000000000) + event->at_us;
    return event;
}

GPtrArray *crowd_events(const struct crowd *crowd)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_ptr_array_add(events, crowd_created(crowd));
    for (int i = 0; i < crowd->events; i++) {
        g_ptr_array_add(events, crowd_later(crowd, i));
    }
    return events;
}

void crowd_write(const GPtrArray *events, const char *path)
{
    FILE *file = fopen(path, "we");
    g_assert_nonnull(file);
    for (guint i = 0; i < events->len; i++) {
        g_autofree char *line = event_to_line(events->pdata[i]);
        (void)fprintf(file, "%s\n", line);
    }
    (void)fclose(file);
}
