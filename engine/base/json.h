/* json.h - cJSON with automatic clean-up and checked reads of hostile documents. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* libnftables brings libjansson, which has functions of some of these names for other purposes.
 * Were ours visible to it, it would call them. */
#pragma GCC visibility push(hidden)

static inline void json_cleanup(cJSON **json)
{
    cJSON_Delete(*json);
}
#define auto_json __attribute__((cleanup(json_cleanup))) cJSON *

/* Parses exactly one document of length bytes, nested at most 64 deep; NULL and an error that names
 * the byte otherwise. */
cJSON *json_parse(const char *text, gsize length, GError **error);

/* Compact text; the caller frees it with g_free. */
char *json_text(const cJSON *json);

/* Appends a text with its quotes (text is UTF-8), or a number, written as json_text() does: for
 * documents of many alike parts, which no tree should be built for. */
void json_append_string(GString *to, const char *text);
void json_append_number(GString *to, double value);

/* Members of an object; a missing member or another type gives the fallback. The returned string
 * belongs to object. */
const char *json_string(const cJSON *object, const char *name, const char *fallback);
double json_number(const cJSON *object, const char *name, double fallback);
gint64 json_int(const cJSON *object, const char *name, gint64 fallback);
bool json_bool(const cJSON *object, const char *name, bool fallback);
const cJSON *json_array(const cJSON *object, const char *name);  /* NULL if not an array */
const cJSON *json_object(const cJSON *object, const char *name); /* NULL if not an object */

/* A JSON array of strings from a NULL-terminated vector, and back (NULL if an item is no string;
 * the caller frees with g_strfreev). */
cJSON *json_from_strv(const char *const *strv);
char **json_to_strv(const cJSON *array);

/* Every text within item (NULL: there is none) as people may see it: text_clean_tail() of at most max
 * bytes, on one line when asked for. Names of members stay as they are. */
void json_clean(cJSON *item, gsize max, bool one_line);

/* Adds an integer, exact below 2^52 (from there on cJSON takes 15 digits for good enough). */
void json_add_int(cJSON *object, const char *name, gint64 value);

#pragma GCC visibility pop
