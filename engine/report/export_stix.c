/* export_stix.c - a STIX 2.1 bundle: who took part, what was tried, what was seen.
 *
 * Ids are UUIDs of version 5 over the ledger's head and the thing's own name: the same ledger gives
 * the same bundle, and no two exercises share an id.
 */
#include "report/export_internal.h"

#include "base/json.h"

#include <string.h>

struct stix {
    const cJSON *document;
    const char *head;
    char *created;
    char *range; /* the identity that says all this */
    cJSON *objects;
};

static char *id_of(const struct stix *stix, const char *type, const char *name)
{
    g_autofree char *text = g_strdup_printf("%s/%s/%s", stix->head, type, name);
    g_autofree char *uuid = export_uuid(text);
    return g_strdup_printf("%s--%s", type, uuid);
}

static cJSON *object_new(struct stix *stix, const char *type, const char *name)
{
    g_autofree char *id = id_of(stix, type, name);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "type", type);
    cJSON_AddStringToObject(out, "spec_version", "2.1");
    cJSON_AddStringToObject(out, "id", id);
    cJSON_AddStringToObject(out, "created", stix->created);
    cJSON_AddStringToObject(out, "modified", stix->created);
    if (strcmp(id, stix->range) != 0) {
        cJSON_AddStringToObject(out, "created_by_ref", stix->range);
    }
    cJSON_AddItemToArray(stix->objects, out);
    return out;
}

static cJSON *refs(const char *id)
{
    const char *const list[] = {id, NULL};
    return json_from_strv(list);
}

static void add_identities(struct stix *stix)
{
    const cJSON *row = NULL;
    cJSON *range = object_new(stix, "identity", "/range");
    cJSON_AddStringToObject(range, "name", "Sandtable");
    cJSON_AddStringToObject(range, "identity_class", "system");
    cJSON_ArrayForEach(row, json_array(json_object(stix->document, "score"), "teams"))
    {
        const char *team = json_string(row, "team", "");
        cJSON *out = object_new(stix, "identity", team);
        cJSON_AddStringToObject(out, "name", *team ? team : "team");
        cJSON_AddStringToObject(out, "description", json_string(row, "title", ""));
        cJSON_AddStringToObject(out, "identity_class", "group");
    }
}

static char *pattern_name(const cJSON *attack)
{
    return g_strdup_printf(
            "%s/%s", json_string(attack, "domain", ""), json_string(attack, "id", ""));
}

static void add_patterns(struct stix *stix)
{
    const cJSON *technique = NULL;
    cJSON_ArrayForEach(technique, json_array(stix->document, "coverage"))
    {
        g_autofree char *key = pattern_name(technique);
        const char *id = json_string(technique, "id", "");
        const char *name = json_string(technique, "name", "");
        cJSON *out = object_new(stix, "attack-pattern", key);
        cJSON_AddStringToObject(out, "name", *name ? name : *id ? id : "unnamed");
        cJSON *list = cJSON_AddArrayToObject(out, "external_references");
        cJSON *ref = cJSON_CreateObject();
        cJSON_AddStringToObject(ref, "source_name", "mitre-attack");
        cJSON_AddStringToObject(ref, "external_id", id);
        cJSON_AddItemToArray(list, ref);
    }
}

/* The first command as a process, for an observed-data has to refer to something. */
static char *add_process(struct stix *stix, const cJSON *run, const char *key)
{
    const cJSON *command = cJSON_GetArrayItem(json_array(run, "commands"), 0);
    const char *line = json_string(command, "argv", "");
    char *id = id_of(stix, "process", key);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "type", "process");
    cJSON_AddStringToObject(out, "spec_version", "2.1");
    cJSON_AddStringToObject(out, "id", id);
    cJSON_AddStringToObject(out, "command_line", *line ? line : json_string(run, "step", "step"));
    cJSON_AddItemToArray(stix->objects, out);
    return id;
}

static void add_run(struct stix *stix, const cJSON *run)
{
    const cJSON *attack = json_object(run, "attack");
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, json_int(run, "start_seq", 0));
    g_autofree char *pattern_key = pattern_name(attack);
    gint64 wall_us = json_int(run, "wall_us", 0);
    gint64 took_us = json_int(run, "ended_us", 0) - json_int(run, "started_us", 0);
    g_autofree char *first = export_time(wall_us);
    g_autofree char *last = export_time(wall_us + MAX(took_us, 0));
    g_autofree char *process = add_process(stix, run, key);
    g_autofree char *pattern = id_of(stix, "attack-pattern", pattern_key);
    g_autofree char *team = id_of(stix, "identity", json_string(run, "team", ""));
    g_autofree char *observed = id_of(stix, "observed-data", key);
    g_autofree char *told = g_strdup_printf("%s: %s%s%s", json_string(run, "title", ""),
            json_string(run, "verdict", "open"), *json_string(run, "reason", "") ? ": " : "",
            json_string(run, "reason", ""));

    cJSON *data = object_new(stix, "observed-data", key);
    cJSON_AddStringToObject(data, "first_observed", first);
    cJSON_AddStringToObject(data, "last_observed", last);
    json_add_int(data, "number_observed", 1);
    cJSON_AddItemToObject(data, "object_refs", refs(process));

    cJSON *sighting = object_new(stix, "sighting", key);
    cJSON_AddStringToObject(sighting, "description", told);
    cJSON_AddStringToObject(sighting, "first_seen", first);
    cJSON_AddStringToObject(sighting, "last_seen", last);
    json_add_int(sighting, "count", 1);
    cJSON_AddStringToObject(sighting, "sighting_of_ref", pattern);
    cJSON_AddItemToObject(sighting, "observed_data_refs", refs(observed));
    cJSON_AddItemToObject(sighting, "where_sighted_refs", refs(team));
}

/* A step against a team that has no row (a reference) is nobody's sighting. */
static bool is_sighted(const cJSON *document, const cJSON *run)
{
    const cJSON *row = NULL;
    bool known = false;
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        known |= !strcmp(json_string(row, "team", ""), json_string(run, "team", ""));
    }
    return known && strcmp(json_string(run, "verdict", ""), "skipped") != 0 &&
           !json_bool(run, "void", false);
}

char *export_stix(const cJSON *document)
{
    const cJSON *exercise = json_object(document, "exercise");
    struct stix stix = {.document = document, .head = json_string(exercise, "head", "")};
    stix.created = export_time(json_int(exercise, "ended_us", 0));
    stix.range = id_of(&stix, "identity", "/range");
    stix.objects = cJSON_CreateArray();
    add_identities(&stix);
    add_patterns(&stix);
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (is_sighted(document, run)) {
            add_run(&stix, run);
        }
    }
    auto_json bundle = cJSON_CreateObject();
    g_autofree char *id = id_of(&stix, "bundle", "");
    cJSON_AddStringToObject(bundle, "type", "bundle");
    cJSON_AddStringToObject(bundle, "id", id);
    cJSON_AddItemToObject(bundle, "objects", stix.objects);
    g_free(stix.created);
    g_free(stix.range);
    g_autofree char *text = json_text(bundle);
    return g_strconcat(text, "\n", NULL);
}
