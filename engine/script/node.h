/* node.h - a Lua value as plain data, with the line it was written on.
 *
 * The scenario's table is copied into nodes in one protected call; everything after works on nodes,
 * so no Lua error can cross the reading of a plan.
 */
#pragma once

#include "script/source_map.h"

#include <glib.h>
#include <lua.h>
#include <stdbool.h>

enum node_type {
    NODE_BOOLEAN,
    NODE_NUMBER,
    NODE_STRING,
    NODE_FUNCTION,
    NODE_TABLE,
    NODE_OTHER, /* userdata, thread */
};

struct node {
    enum node_type type;
    const struct node *parent;
    char *key;    /* NULL: positional */
    gint64 index; /* of a positional one, from 1 */
    int line;
    guint order; /* place in the text; G_MAXUINT when unknown */
    bool boolean;
    double number;
    bool whole; /* the number is an integer within ±2^53 */
    char *text; /* STRING, followed by a zero byte */
    gsize length;
    int function;       /* registry reference, owned by the lua_State */
    GPtrArray *entries; /* TABLE: struct node *, in the order they were written, then by key */
};

/* Copies the table at the top of the stack. NULL and a message in *ret_error (the caller frees it)
 * when it is too deep, too large, has keys that are neither names nor 1, 2, 3 …, or memory ends. */
struct node *node_from_lua(lua_State *L, const struct source_map *map, char **ret_error);
void node_free(struct node *node); /* accepts NULL */

const struct node *node_get(const struct node *table, const char *key);

/* machines.web.memory, files["/etc/motd"], act[1]; the caller frees it. */
char *node_path(const struct node *node);
const char *node_type_name(const struct node *node);
