/* cli_capture.c - the captures of an exercise: from its ledger, and from the engine while it runs.
 */
#include "cli/cli_capture.h"

#include "base/json.h"
#include "report/capture_fold.h"

#include <string.h>

static bool apply(const struct event *event, gpointer data)
{
    capture_fold_apply(data, event);
    return true;
}

static cJSON *find(const cJSON *captures, const char *network)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "captures"))
    {
        if (!strcmp(json_string(item, "network", ""), network)) {
            return item;
        }
    }
    return NULL;
}

/* What the engine says of a capture that is on is newer than the ledger; the files of an earlier
 * capture of the same network are in the ledger only. */
static void take_live(cJSON *known, const cJSON *live)
{
    static const char *const members[] = {
            "state", "packets", "bytes", "dropped", "removed", "removed_step", "problem"};
    if (!strcmp(json_string(live, "state", "off"), "off") ||
            !strcmp(json_string(live, "state", "off"), "failed")) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(live, members[i]);
        if (item) {
            cJSON_DeleteItemFromObjectCaseSensitive(known, members[i]);
            cJSON_AddItemToObject(known, members[i], cJSON_Duplicate(item, true));
        }
    }
    cJSON *files = cJSON_GetObjectItemCaseSensitive(known, "files");
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(live, "files"))
    {
        cJSON_AddItemToArray(files, cJSON_Duplicate(file, true));
    }
}

static bool add_live(cJSON *captures, const struct cli_target *target, GError **error)
{
    struct control_client *client = control_client_open(target->socket, error);
    auto_json live =
            client ? control_client_call(client, "captures", NULL, CLI_CALL_MS, error) : NULL;
    control_client_close(client);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(live, "captures"))
    {
        cJSON *known = find(captures, json_string(item, "network", ""));
        if (known) {
            take_live(known, item);
        }
    }
    return live != NULL;
}

cJSON *cli_captures_read(const struct cli_target *target, GError **error)
{
    struct capture_fold *fold = capture_fold_new();
    auto_json captures = cli_read_ledger(target->ledger, 1, apply, fold, error)
                                 ? capture_fold_to_json(fold)
                                 : NULL;
    capture_fold_free(fold);
    if (!captures || (target->socket && !add_live(captures, target, error))) {
        return NULL;
    }
    return g_steal_pointer(&captures);
}
