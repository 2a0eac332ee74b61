/* stream_ocsf.c - a line as of OCSF 1.3.0.
 *
 * Attack steps are Detection Findings (2004), commands Process Activities (1007); the rest, looks at
 * services, states of machines and lines of logs, are Application Lifecycle events (6002) of activity 99, Other,
 * named by activity_name.
 */
#include "report/stream_internal.h"

#include "base/json.h"

#include <string.h>

static cJSON *product(const struct stream_fact *fact)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", "Sandtable");
    cJSON_AddStringToObject(out, "vendor_name", "Sandtable");
    cJSON_AddStringToObject(out, "version", fact->engine);
    return out;
}

static void add_base(
        cJSON *out, const struct stream_fact *fact, int category, int class, int activity)
{
    bool is_bad = fact->outcome && !strcmp(fact->outcome, "failure");
    json_add_int(out, "category_uid", category);
    json_add_int(out, "class_uid", class);
    json_add_int(out, "activity_id", activity);
    json_add_int(out, "type_uid", (gint64) class * 100 + activity);
    json_add_int(out, "time", fact->wall_us / 1000);
    json_add_int(out, "severity_id", fact->class == STREAM_ATTACK ? 4 : is_bad ? 3 : 1);
    json_add_int(out, "status_id",
            !fact->outcome                      ? 0
            : is_bad                            ? 2
            : !strcmp(fact->outcome, "success") ? 1
                                                : 0);
    cJSON_AddStringToObject(out, "message", fact->message);
    cJSON *metadata = cJSON_AddObjectToObject(out, "metadata");
    cJSON_AddStringToObject(metadata, "version", "1.3.0");
    json_add_int(metadata, "sequence", fact->number);
    if (fact->file) {
        cJSON_AddStringToObject(metadata, "log_name", fact->file);
    }
    cJSON_AddItemToObject(metadata, "product", product(fact));
    const char *const labels[] = {fact->exercise, fact->team, NULL};
    cJSON_AddItemToObject(metadata, "labels", json_from_strv(labels));
}

static cJSON *attacks(const struct stream_fact *fact)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *attack = cJSON_CreateObject();
    cJSON_AddStringToObject(attack, "version", json_string(fact->attack, "version", ""));
    cJSON *technique = cJSON_AddObjectToObject(attack, "technique");
    cJSON_AddStringToObject(technique, "uid", json_string(fact->attack, "id", ""));
    if (fact->attack_name) {
        cJSON_AddStringToObject(technique, "name", fact->attack_name);
    }
    cJSON_AddItemToArray(list, attack);
    return list;
}

static void finding(cJSON *out, const struct stream_fact *fact)
{
    bool is_new = !strcmp(fact->action, "step-state");
    add_base(out, fact, 2, 2004, is_new ? 1 : 2);
    g_autofree char *uid = g_strdup_printf("%s/%s/%s", fact->exercise, fact->team, fact->rule);
    cJSON *info = cJSON_AddObjectToObject(out, "finding_info");
    cJSON_AddStringToObject(info, "uid", uid);
    cJSON_AddStringToObject(info, "title", fact->message);
    cJSON_AddItemToObject(info, "attacks", attacks(fact));
}

static void process(cJSON *out, const struct stream_fact *fact)
{
    add_base(out, fact, 1, 1007, 1);
    g_autofree char *line = g_strjoinv(" ", fact->argv);
    cJSON *process = cJSON_AddObjectToObject(out, "process");
    cJSON_AddStringToObject(process, "name", fact->argv[0] ? fact->argv[0] : "");
    cJSON_AddStringToObject(process, "cmd_line", line);
    cJSON *device = cJSON_AddObjectToObject(out, "device");
    json_add_int(device, "type_id", 1);
    cJSON_AddStringToObject(device, "hostname", fact->host);
    cJSON *actor = cJSON_AddObjectToObject(out, "actor");
    cJSON *user = cJSON_AddObjectToObject(actor, "user");
    cJSON_AddStringToObject(user, "name", fact->team);
    json_add_int(out, "exit_code", fact->status);
}

cJSON *stream_ocsf(const struct stream_fact *fact)
{
    cJSON *out = cJSON_CreateObject();
    if (fact->class == STREAM_ATTACK) {
        finding(out, fact);
        return out;
    }
    if (fact->argv) {
        process(out, fact);
        return out;
    }
    add_base(out, fact, 6, 6002, 99);
    cJSON_AddStringToObject(out, "activity_name", fact->action);
    cJSON *app = cJSON_AddObjectToObject(out, "app");
    cJSON_AddStringToObject(app, "name",
            fact->service ? fact->service
            : fact->host  ? fact->host
                          : fact->exercise);
    cJSON_AddStringToObject(app, "vendor_name", fact->team);
    if (fact->state) {
        cJSON_AddStringToObject(out, "status_detail", fact->state);
    }
    return out;
}
