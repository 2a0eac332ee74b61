/* verb_down.c - sandtable down: ends an exercise, or removes what a dead one left behind. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/cli.h"
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

static bool down_one(const char *name, GError **error)
{
    g_autofree char *ledger = paths_ledger(name);
    g_autofree char *root = paths_run_root(name);
    if (strchr(name, '/') || *name == '.') {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is a path: down takes the name of an exercise", name);
        return false;
    }
    if (!g_file_test(ledger, G_FILE_TEST_EXISTS) && !g_file_test(root, G_FILE_TEST_EXISTS)) {
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

static bool down_all(GError **error)
{
    g_autofree char *dir_name = paths_runtime_dir();
    g_autoptr(GDir) dir = g_dir_open(dir_name, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *entry = NULL;
    while (dir && (entry = g_dir_read_name(dir))) {
        if (g_str_has_suffix(entry, ".d")) {
            g_ptr_array_add(names, g_strndup(entry, strlen(entry) - 2));
        }
    }
    bool ok = true;
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GError) one = NULL;
        if (!down_one(g_ptr_array_index(names, i), &one)) {
            cli_say("%s", one->message);
            ok = false;
        }
    }
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "not all is down");
    } else if (names->len == 0) {
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
