/* node.c - copies the table a scenario returns out of Lua. */
#include "script/node.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 24
#define NODES_MAX 100000
#define BYTES_MAX (32 * 1024 * 1024)

struct copy {
    struct node *root;
    const struct source_map *map;
    guint nodes;
    gsize bytes;
    GString *path; /* of the value at work on, as the source map writes it */
};

void node_free(struct node *node)
{
    if (node) {
        if (node->entries) {
            g_ptr_array_unref(node->entries);
        }
        g_free(node->key);
        g_free(node->text);
        g_free(node);
    }
}

static void free_entry(gpointer data)
{
    node_free(data);
}

static void fill(lua_State *L, struct copy *copy, struct node *node, int depth);

static gint by_place(gconstpointer a, gconstpointer b)
{
    const struct node *x = *(const struct node *const *)a;
    const struct node *y = *(const struct node *const *)b;
    if (!x->key != !y->key) {
        return x->key ? 1 : -1; /* positional ones first */
    }
    if (!x->key) {
        return x->index < y->index ? -1 : x->index > y->index;
    }
    if (x->order != y->order) {
        return x->order < y->order ? -1 : 1;
    }
    return strcmp(x->key, y->key);
}

/* A node for the value at the top, its key below; attached first, so that an error leaks nothing.
 */
static struct node *add_entry(lua_State *L, struct copy *copy, struct node *table)
{
    struct node *node = g_new0(struct node, 1);
    node->parent = table;
    g_ptr_array_add(table->entries, node);
    if (++copy->nodes > NODES_MAX) {
        luaL_error(L, "the scenario's table has more than %d values", NODES_MAX);
    }
    if (lua_type(L, -2) == LUA_TSTRING) {
        gsize length = 0;
        const char *key = lua_tolstring(L, -2, &length);
        if (strlen(key) != length || length > 4096 || !g_utf8_validate(key, -1, NULL)) {
            luaL_error(L, "a key of the scenario's table is not plain text of at most 4096 bytes");
        }
        node->key = g_strdup(key);
    } else if (lua_isinteger(L, -2)) {
        node->index = lua_tointeger(L, -2);
    } else {
        luaL_error(L, "a key of the scenario's table is a %s; keys are names or 1, 2, 3 …",
                luaL_typename(L, -2));
    }
    return node;
}

static void fill_table(lua_State *L, struct copy *copy, struct node *node, int depth)
{
    if (depth >= DEPTH_MAX) {
        luaL_error(
                L, "the scenario's table is nested more than %d deep, or holds itself", DEPTH_MAX);
    }
    luaL_checkstack(L, 8, NULL);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        struct node *entry = add_entry(L, copy, node);
        gsize length = copy->path->len;
        source_map_path(copy->path, entry->key, entry->index);
        const struct source_mark *mark = source_map_find(copy->map, copy->path->str);
        entry->line = mark ? mark->line : node->line;
        entry->order = mark ? mark->order : G_MAXUINT;
        fill(L, copy, entry, depth + 1);
        g_string_truncate(copy->path, length);
        lua_pop(L, 1);
    }
    g_ptr_array_sort(node->entries, by_place);
}

static void fill_text(lua_State *L, struct copy *copy, struct node *node)
{
    const char *text = lua_tolstring(L, -1, &node->length);
    copy->bytes += node->length;
    if (copy->bytes > BYTES_MAX) {
        luaL_error(L, "the scenario's texts are larger than %d MiB", BYTES_MAX / 1024 / 1024);
    }
    node->text = g_malloc(node->length + 1);
    memcpy(node->text, text, node->length + 1);
}

static void fill(lua_State *L, struct copy *copy, struct node *node, int depth)
{
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        node->type = NODE_BOOLEAN;
        node->boolean = lua_toboolean(L, -1);
        break;
    case LUA_TNUMBER:
        node->type = NODE_NUMBER;
        node->number = lua_tonumber(L, -1);
        node->whole =
                floor(node->number) == node->number && fabs(node->number) <= 9007199254740992.0;
        break;
    case LUA_TSTRING:
        node->type = NODE_STRING;
        fill_text(L, copy, node);
        break;
    case LUA_TFUNCTION:
        node->type = NODE_FUNCTION;
        lua_pushvalue(L, -1);
        node->function = luaL_ref(L, LUA_REGISTRYINDEX);
        break;
    case LUA_TTABLE:
        node->type = NODE_TABLE;
        node->entries = g_ptr_array_new_with_free_func(free_entry);
        fill_table(L, copy, node, depth);
        break;
    default:
        node->type = NODE_OTHER;
        break;
    }
}

static int protected_copy(lua_State *L)
{
    struct copy *copy = lua_touserdata(L, 2);
    lua_settop(L, 1);
    fill(L, copy, copy->root, 0);
    return 0;
}

struct node *node_from_lua(lua_State *L, const struct source_map *map, char **ret_error)
{
    const struct source_mark *mark = source_map_find(map, "");
    g_autoptr(GString) path = g_string_new(NULL); /* outside the protected call: nothing leaks */
    struct copy copy = {.root = g_new0(struct node, 1), .map = map, .path = path};
    copy.root->line = mark ? mark->line : 1;
    lua_pushcfunction(L, protected_copy);
    lua_pushvalue(L, -2);
    lua_pushlightuserdata(L, &copy);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        const char *message = lua_tostring(L, -1);
        *ret_error = g_strdup(message ? message : "not enough memory");
        lua_pop(L, 1);
        node_free(copy.root);
        return NULL;
    }
    return copy.root;
}

const struct node *node_get(const struct node *table, const char *key)
{
    for (guint i = 0; table->type == NODE_TABLE && i < table->entries->len; i++) {
        const struct node *entry = table->entries->pdata[i];
        if (g_strcmp0(entry->key, key) == 0) {
            return entry;
        }
    }
    return NULL;
}

static bool is_identifier(const char *key)
{
    return g_regex_match_simple("^[A-Za-z_][A-Za-z0-9_]*\\z", key, 0, 0);
}

char *node_path(const struct node *node)
{
    if (!node->parent) {
        return g_strdup("");
    }
    g_autofree char *parent = node_path(node->parent);
    if (!node->key) {
        return g_strdup_printf("%s[%" G_GINT64_FORMAT "]", parent, node->index);
    }
    if (is_identifier(node->key)) {
        return g_strdup_printf("%s%s%s", parent, *parent ? "." : "", node->key);
    }
    return g_strdup_printf("%s[\"%s\"]", parent, node->key);
}

const char *node_type_name(const struct node *node)
{
    static const char *const names[] = {
            "a boolean", "a number", "a longer text", "a function", "a table", "something else"};
    bool empty = node->type == NODE_TABLE && node->entries->len == 0;
    return empty ? "an empty table" : names[node->type];
}
