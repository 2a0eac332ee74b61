/* load.c - a scenario's file into a checked plan. */
#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "script/reader.h"
#include "script/score_rules.h"
#include "script/task.h"

#include <glib/gstdio.h>
#include <lauxlib.h>
#include <string.h>

#define TEXT_MAX (1024 * 1024)

/* Short enough for Lua's own messages, which cut names of chunks. */
static char *chunk_name(const char *path)
{
    if (strlen(path) < LUA_IDSIZE) {
        return g_strdup(path);
    }
    return g_path_get_basename(path);
}

/* The name of an exercise: that of the folder, or of the file without its ending. */
static char *exercise_name(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    if (strcmp(base, "scenario.lua") == 0) {
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *whole = g_canonicalize_filename(folder, NULL);
        g_free(base);
        base = g_path_get_basename(whole);
    } else if (g_str_has_suffix(base, ".lua")) {
        base[strlen(base) - 4] = '\0';
    }
    g_autofree char *name = g_ascii_strdown(base, 31);
    for (char *c = name; *c; c++) {
        *c = g_ascii_isalnum(*c) ? *c : '-';
    }
    return g_strdup(paths_name_is_valid(name) ? name : "exercise");
}

static void read_plan(struct plan *plan, struct sandbox *sandbox, const char *text, gsize length,
        const char *folder, GPtrArray *problems)
{
    lua_State *L = sandbox->L;
    struct source_map *map = source_map_new(text, length);
    g_autofree char *message = NULL;
    if (lua_type(L, -1) != LUA_TTABLE) {
        const struct source_mark *mark = source_map_find(map, "");
        plan_problem_add(problems, mark ? mark->line : 1,
                "a scenario returns one table, this one %s%s; end it with return { … }",
                lua_isnil(L, -1) ? "returns nothing" : "a ",
                lua_isnil(L, -1) ? "" : luaL_typename(L, -1));
    } else {
        struct node *root = node_from_lua(L, map, &message);
        if (root) {
            struct reader reader = {
                    .plan = plan,
                    .problems = problems,
                    .folder = folder,
                    .sandbox = sandbox,
            };
            plan_line_set(plan, &plan->path, root->line);
            read_scenario(&reader, root);
            plan_check(plan, problems);
        } else {
            plan_problem_add(problems, 1, "%s", message);
        }
        node_free(root);
    }
    lua_pop(L, 1);
    source_map_free(map);
}

static struct plan *plan_for(const char *text, gsize length, const char *path)
{
    struct plan *plan = plan_new();
    plan->path = g_strdup(path);
    plan->name = exercise_name(path);
    plan->digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, length);
    return plan;
}

static struct script *load(const char *text, gsize length, const char *path, const char *folder,
        gsize memory_limit, const char *const *images, struct plan **ret_plan, GPtrArray *problems)
{
    script_provide_score_rules(); /* score = { model = "custom" } is looked at as well */
    auto_plan plan = plan_for(text, length, path);
    g_autofree char *chunk = chunk_name(path);
    g_autofree char *message = NULL;
    int line = 1;
    struct sandbox *sandbox =
            sandbox_new(chunk, folder, memory_limit ? memory_limit : SANDBOX_MEMORY);
    if (!sandbox) {
        plan_problem_add(problems, 1, "not enough memory to read a scenario");
        return NULL;
    }
    sandbox_note_source(sandbox, "scenario.lua", text, length);
    if (sandbox_run(sandbox, text, length, &message, &line)) {
        read_plan(plan, sandbox, text, length, folder, problems);
        if (images) {
            plan_check_images(plan, images, problems);
        }
    } else {
        plan_problem_add(problems, line, "%s", message);
    }
    if (problems->len > 0) {
        sandbox_free(sandbox);
        return NULL;
    }
    *ret_plan = g_steal_pointer(&plan);
    return script_new(sandbox);
}

struct script *script_load_text(const char *text, gsize length, const char *path,
        const char *folder, gsize memory_limit, struct plan **ret_plan, GPtrArray *problems)
{
    return load(text, length, path, folder, memory_limit, NULL, ret_plan, problems);
}

char *script_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_build_filename(path, "scenario.lua", NULL)
                                                 : g_strdup(path);
}

struct script *script_load_with(const char *path, const char *const *images, struct plan **ret_plan,
        GPtrArray *problems, GError **error)
{
    g_autofree char *file = script_file(path);
    g_autofree char *folder = g_path_get_dirname(file);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) why = NULL;
    if (!g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no scenario %s; give a folder with scenario.lua or a .lua file", file);
        return NULL;
    }
    GStatBuf st;
    bool too_long = g_stat(file, &st) == 0 && st.st_size > TEXT_MAX; /* before it is read */
    if (!g_file_test(file, G_FILE_TEST_IS_REGULAR) ||
            (!too_long && !g_file_get_contents(file, &text, &length, &why))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot read %s: %s", file,
                why ? why->message : "not a regular file");
        return NULL;
    }
    if (too_long) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                "%s is larger than %d KiB; move texts into files (files = { … from = })", file,
                TEXT_MAX / 1024);
        return NULL;
    }
    return load(text, length, file, folder, 0, images, ret_plan, problems);
}

struct script *script_load(
        const char *path, struct plan **ret_plan, GPtrArray *problems, GError **error)
{
    return script_load_with(path, NULL, ret_plan, problems, error);
}
