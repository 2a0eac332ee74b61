/* source_map.h - on which line of a scenario each entry of its table was written.
 *
 * Lua forgets where a value came from, so the text is scanned once more: the table constructor of
 * the chunk's return is followed through nested constructors and calls with a table (step { … }),
 * function bodies and other expressions are skipped. It never fails: what it cannot follow is not
 * in the map.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct source_map;

struct source_mark {
    int line;
    guint order; /* entries count up in the order they are written */
};

struct source_map *source_map_new(const char *text, gsize length);
void source_map_free(struct source_map *map); /* accepts NULL */

/* Makes the path of a table ("" is the returned one) that of an entry inside it: by key, or by
 * index from 1 when key is NULL. */
void source_map_path(GString *path, const char *key, gint64 index);

/* NULL when the path is not in the map. "" is the returned table. */
const struct source_mark *source_map_find(const struct source_map *map, const char *path);
