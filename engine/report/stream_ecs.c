/* stream_ecs.c - a line as of the Elastic Common Schema, 8.11. Values of event.kind, category, type
 * and outcome are those that the schema allows, in combinations that it allows. */
#include "report/stream_internal.h"

#include "base/json.h"
#include "report/export_internal.h"

static const struct {
    const char *kind, *category, *type, *dataset;
} classes[] = {
        [STREAM_CHECK] = {"state", "network", "info", "sandtable.check"},
        [STREAM_MACHINE] = {"event", "host", "info", "sandtable.machine"},
        [STREAM_ACTION] = {"event", "process", "info", "sandtable.action"},
        [STREAM_NOTICE] = {"event", "configuration", "info", "sandtable.notice"},
        [STREAM_LOG] = {"event", "host", "info", "sandtable.log"},
        [STREAM_ATTACK] = {"signal", "intrusion_detection", "info", "sandtable.step"},
};

static void add_list(cJSON *object, const char *name, const char *value)
{
    const char *const list[] = {value, NULL};
    cJSON_AddItemToObject(object, name, json_from_strv(list));
}

static void add_threat(cJSON *out, const struct stream_fact *fact)
{
    cJSON *threat = cJSON_AddObjectToObject(out, "threat");
    cJSON_AddStringToObject(threat, "framework", "MITRE ATT&CK");
    cJSON *technique = cJSON_AddObjectToObject(threat, "technique");
    add_list(technique, "id", json_string(fact->attack, "id", ""));
    if (fact->attack_name) {
        add_list(technique, "name", fact->attack_name);
    }
}

static void add_process(cJSON *out, const struct stream_fact *fact)
{
    cJSON *process = cJSON_AddObjectToObject(out, "process");
    g_autofree char *line = g_strjoinv(" ", fact->argv);
    cJSON_AddStringToObject(process, "command_line", line);
    cJSON_AddItemToObject(process, "args", json_from_strv((const char *const *)fact->argv));
    json_add_int(process, "args_count", g_strv_length(fact->argv));
    json_add_int(process, "exit_code", fact->status);
}

static void add_event(cJSON *out, const struct stream_fact *fact)
{
    cJSON *event = cJSON_AddObjectToObject(out, "event");
    cJSON_AddStringToObject(event, "kind", classes[fact->class].kind);
    add_list(event, "category", classes[fact->class].category);
    add_list(event, "type", classes[fact->class].type);
    cJSON_AddStringToObject(event, "action", fact->action);
    if (fact->outcome) {
        cJSON_AddStringToObject(event, "outcome", fact->outcome);
    }
    cJSON_AddStringToObject(event, "module", "sandtable");
    cJSON_AddStringToObject(event, "dataset", classes[fact->class].dataset);
    json_add_int(event, "sequence", fact->number);
    if (fact->took_us > 0) {
        json_add_int(event, "duration", MIN(fact->took_us, G_MAXINT64 / 1000) * 1000); /* ns */
    }
}

cJSON *stream_ecs(const struct stream_fact *fact)
{
    cJSON *out = cJSON_CreateObject();
    g_autofree char *time = export_time(fact->wall_us);
    cJSON_AddStringToObject(out, "@timestamp", time);
    cJSON *ecs = cJSON_AddObjectToObject(out, "ecs");
    cJSON_AddStringToObject(ecs, "version", "8.11.0");
    add_event(out, fact);
    cJSON_AddStringToObject(out, "message", fact->message);
    if (fact->host) {
        cJSON *host = cJSON_AddObjectToObject(out, "host");
        cJSON_AddStringToObject(host, "name", fact->host);
    }
    if (fact->file) {
        cJSON *log = cJSON_AddObjectToObject(out, "log");
        cJSON *file = cJSON_AddObjectToObject(log, "file");
        cJSON_AddStringToObject(file, "path", fact->file);
    }
    if (fact->service) {
        cJSON *service = cJSON_AddObjectToObject(out, "service");
        cJSON_AddStringToObject(service, "name", fact->service);
        cJSON_AddStringToObject(service, "state", fact->state);
    }
    if (fact->argv) {
        add_process(out, fact);
    }
    if (fact->attack) {
        add_threat(out, fact);
        cJSON *rule = cJSON_AddObjectToObject(out, "rule");
        cJSON_AddStringToObject(rule, "name", fact->rule);
    }
    cJSON *observer = cJSON_AddObjectToObject(out, "observer");
    cJSON_AddStringToObject(observer, "vendor", "Sandtable");
    cJSON_AddStringToObject(observer, "version", fact->engine);
    cJSON *labels = cJSON_AddObjectToObject(out, "labels");
    cJSON_AddStringToObject(labels, "exercise", fact->exercise);
    cJSON_AddStringToObject(labels, "team", fact->team);
    if (fact->verdict) {
        cJSON_AddStringToObject(labels, "verdict", fact->verdict);
    }
    return out;
}
