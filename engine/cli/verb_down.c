/* verb_down.c - sandtable down: ends an exercise, or removes what a dead one left behind. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/cli_view.h"
#include "cli/engine.h"
#include "control/control.h"

#include <string.h>

extern const struct verb verb_down;

#define ASK_LIMIT_MS 10000
#define END_LIMIT_MS 30000 /* for the engine, to tear all down */

/* Asks a living engine to end; true when it said yes. */
static bool end_politely(const char *name)
{
    g_autofree char *socket = paths_socket(name);
    struct control_client *client = control_client_open(socket, NULL);
    if (!client) {
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "reason", "sandtable down");
    auto_json yes = control_client_call(client, "end", params, ASK_LIMIT_MS, NULL);
    control_client_close(client);
    return yes != NULL;
}

static bool has_leftovers(const char *name)
{
    g_autofree char *dir = paths_state_dir();
    bool any = false;
    for (gsize i = 0; cli_state_leftovers[i]; i++) {
        g_autofree char *file = g_strconcat(name, cli_state_leftovers[i], NULL);
        g_autofree char *path = g_build_filename(dir, file, NULL);
        any |= g_file_test(path, G_FILE_TEST_EXISTS);
    }
    return any;
}

static bool down_one(const char *name, GError **error)
{
    g_autofree char *ledger = paths_ledger(name);
    g_autofree char *root = paths_run_root(name);
    if (strchr(name, '/') || *name == '.') {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is a path: down takes the name of an exercise", name);
        return false;
    }
    if (!g_file_test(ledger, G_FILE_TEST_EXISTS) && !g_file_test(root, G_FILE_TEST_EXISTS) &&
            !has_leftovers(name)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no exercise \"%s\"; `sandtable list` shows them", name);
        return false;
    }
    bool was_running = end_politely(name);
    int killed = engine_undo(name, was_running, END_LIMIT_MS, error);
    if (killed < 0) {
        return false;
    }
    if (killed == 0 && was_running) {
        cli_say("%s: ended", name);
    } else if (killed > 0) {
        cli_say("%s: %d left-over process%s removed", name, killed, killed == 1 ? "" : "es");
    } else {
        cli_say("%s: is down", name);
    }
    return true;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static bool down_all(GError **error)
{
    /* after a power cut the runtime folder is empty, and exercises are up all the same */
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cli_add_names(names, paths_runtime_dir(), (const char *const[]){".d", NULL});
    cli_add_names(names, paths_state_dir(), cli_state_leftovers);
    g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), by_name);
    bool ok = true;
    for (const GList *l = sorted; l; l = l->next) {
        g_autoptr(GError) one = NULL;
        if (!down_one(l->data, &one)) {
            cli_say("%s", one->message);
            ok = false;
        }
    }
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "not all is down");
    } else if (!sorted) {
        cli_say("nothing is up");
    }
    return ok;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
            {"all", 0, 0, G_OPTION_ARG_NONE, &all, "every exercise of this user", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_down, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (all == (argc > 1)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "say which: sandtable down NAME, or sandtable down --all");
        return 2;
    }
    return (all ? down_all(error) : down_one(argv[1], error)) ? 0 : 1;
}

const struct verb verb_down = {
        .name = "down",
        .usage = "down NAME | --all",
        .summary = "end an exercise; remove what a killed one left behind",
        .order = 12,
        .run = run,
};
