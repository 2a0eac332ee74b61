/* schema.h - does an event keep docs/events.schema.json? The part of JSON Schema that it uses. */
#pragma once

#include "support/test.h"

#include "base/event.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

/* The schema, read once. */
static inline const cJSON *schema_events(void)
{
    static cJSON *schema;
    if (!schema) {
        g_autofree char *text = NULL;
        gsize length = 0;
        assert_true(g_file_get_contents(
                SANDTABLE_SOURCE_DIR "/docs/events.schema.json", &text, &length, NULL));
        schema = json_parse(text, length, NULL);
        assert_non_null(schema);
    }
    return schema;
}

static inline bool schema_type_is(const char *type, const cJSON *value)
{
    if (!strcmp(type, "integer")) {
        return cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble;
    }
    const struct {
        const char *name;
        bool is;
    } types[] = {{"object", cJSON_IsObject(value)}, {"array", cJSON_IsArray(value)},
            {"string", cJSON_IsString(value)}, {"number", cJSON_IsNumber(value)},
            {"boolean", cJSON_IsBool(value)}, {"null", cJSON_IsNull(value)}};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!strcmp(type, types[i].name)) {
            return types[i].is;
        }
    }
    fail_msg("the schema has a type \"%s\"", type);
    return false;
}

static bool schema_fits(const cJSON *schema, const cJSON *value, GString *where);

static inline bool schema_wrong(GString *where, const char *what)
{
    g_string_append_printf(where, ": %s", what);
    return false;
}

static inline bool schema_type_fits(const cJSON *type, const cJSON *value)
{
    bool any = cJSON_IsString(type) && schema_type_is(type->valuestring, value);
    const cJSON *list = cJSON_IsArray(type) ? type : NULL;
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, list)
    {
        any |= schema_type_is(one->valuestring, value);
    }
    return any;
}

static inline bool schema_is_one_of(const cJSON *list, const cJSON *value)
{
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, list)
    {
        if (cJSON_Compare(one, value, true)) {
            return true;
        }
    }
    return false;
}

static inline bool schema_members_fit(const cJSON *schema, const cJSON *value, GString *where)
{
    gsize length = where->len;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(schema, "required"))
    {
        if (!cJSON_GetObjectItemCaseSensitive(value, item->valuestring)) {
            g_string_append_printf(where, ".%s", item->valuestring);
            return schema_wrong(where, "it is missing");
        }
    }
    const cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
    cJSON_ArrayForEach(item, value)
    {
        const cJSON *of =
                cJSON_GetObjectItemCaseSensitive(json_object(schema, "properties"), item->string);
        g_string_append_printf(where, ".%s", item->string);
        if ((of || others) && !schema_fits(of ? of : others, item, where)) {
            return false;
        }
        g_string_truncate(where, length);
    }
    return true;
}

static inline bool schema_all_fit(const cJSON *schema, const cJSON *value, GString *where)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(schema, "allOf"))
    {
        g_autoptr(GString) unused = g_string_new(NULL);
        const cJSON *condition = json_object(item, "if");
        const cJSON *then = json_object(item, "then");
        if ((!condition || schema_fits(condition, value, unused)) && then &&
                !schema_fits(then, value, where)) {
            return false;
        }
    }
    return true;
}

/* Says in where what does not fit. */
static bool schema_fits(const cJSON *schema, const cJSON *value, GString *where)
{
    const char *ref = json_string(schema, "$ref", NULL);
    if (ref) {
        assert_true(g_str_has_prefix(ref, "#/$defs/"));
        const cJSON *of = json_object(json_object(schema_events(), "$defs"), ref + 8);
        assert_non_null(of);
        return schema_fits(of, value, where);
    }
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    if (type && !schema_type_fits(type, value)) {
        return schema_wrong(where, "it is of another type");
    }
    const cJSON *words = json_array(schema, "enum");
    const cJSON *only = cJSON_GetObjectItemCaseSensitive(schema, "const");
    if ((words && !schema_is_one_of(words, value)) || (only && !cJSON_Compare(only, value, true))) {
        g_autofree char *text = json_text(value);
        g_string_append_printf(where, " = %s", text);
        return schema_wrong(where, "the schema does not know it");
    }
    if (cJSON_IsNumber(value) && value->valuedouble < json_number(schema, "minimum", -HUGE_VAL)) {
        return schema_wrong(where, "it is too small");
    }
    if (cJSON_IsString(value) &&
            ((double)strlen(value->valuestring) > json_number(schema, "maxLength", HUGE_VAL) ||
                    (double)strlen(value->valuestring) < json_number(schema, "minLength", 0))) {
        return schema_wrong(where, "it is too long or too short");
    }
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
    const cJSON *list = items && cJSON_IsArray(value) ? value : NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!schema_fits(items, item, where)) {
            return false;
        }
    }
    return (!cJSON_IsObject(value) || schema_members_fit(schema, value, where)) &&
           schema_all_fit(schema, value, where);
}

static inline void assert_event_fits(const struct event *event)
{
    g_autofree char *line = event_to_line(event);
    auto_json json = json_parse(line, strlen(line), NULL);
    g_autoptr(GString) where = g_string_new(event->kind);
    if (!schema_fits(schema_events(), json, where)) {
        fail_msg("%s\n%s", where->str, line);
    }
}
