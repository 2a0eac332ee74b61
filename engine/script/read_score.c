/* read_score.c - score = …: which models count the points, and how. */
#include "script/reader.h"

#include "base/json.h"
#include "score/custom.h"
#include "score/score.h"

#include <glib/gstdio.h>
#include <string.h>

static cJSON *scalar(const struct node *node)
{
    switch (node->type) {
    case NODE_NUMBER:
        return cJSON_CreateNumber(node->number);
    case NODE_STRING:
        return cJSON_CreateString(node->text);
    case NODE_BOOLEAN: /* switches are 0 and 1 to a model */
        return cJSON_CreateNumber(node->boolean);
    default:
        return NULL;
    }
}

/* from = "rules.lua": the text goes into the plan, so that a ledger can be scored without the
 * scenario's folder. */
static bool add_code(struct reader *reader, const struct node *node, cJSON *model)
{
    const struct node *from = node_get(node, "from");
    g_autofree char *name =
            from ? reader_text(reader, from, "the path of a file in the scenario's folder") : NULL;
    g_autofree char *path = name ? reader_inside(reader->folder, name) : NULL;
    g_autofree char *code = NULL;
    gsize length = 0;
    GStatBuf st;
    if (!path || g_stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
            st.st_size > SCORE_CUSTOM_CODE_MAX ||
            !g_file_get_contents(path, &code, &length, NULL) || strlen(code) != length ||
            !g_utf8_validate(code, (gssize)length, NULL)) {
        reader_expected(reader, from ? from : node,
                "from = \"FILE.lua\": a text of at most 64 KiB inside the scenario's folder");
        return false;
    }
    sandbox_note_source(reader->sandbox, name, code, length);
    cJSON_DeleteItemFromObjectCaseSensitive(model, "code");
    cJSON_AddStringToObject(model, "code", code);
    return true;
}

/* One { model = "faust", … } into list. */
static void read_model(struct reader *reader, const struct node *node, cJSON *list)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a model such as { model = \"uptime\" }");
        return;
    }
    auto_json one = cJSON_CreateArray();
    cJSON *model = cJSON_CreateObject();
    cJSON_AddItemToArray(one, model);
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = g_ptr_array_index(node->entries, i);
        cJSON *value = entry->key ? scalar(entry) : NULL;
        if (!value) {
            reader_expected(reader, entry, "a setting such as weight = 0.4");
            return;
        }
        cJSON_AddItemToObject(model, entry->key, value);
    }
    if (!strcmp(json_string(model, "model", ""), "custom") && !add_code(reader, node, model)) {
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!score_check(one, &error)) {
        g_autofree char *path = node_path(node);
        const char *what = strstr(error->message, ": ");
        plan_problem_add(
                reader->problems, node->line, "%s: %s", path, what ? what + 2 : error->message);
        return;
    }
    cJSON_AddItemToArray(list, cJSON_DetachItemFromArray(one, 0));
}

/* How many models there may be is said by score_check(), of the whole. */
static void check_whole(struct reader *reader, const struct node *node, const cJSON *list)
{
    g_autoptr(GError) error = NULL;
    if (cJSON_GetArraySize(list) > 0 && !score_check(list, &error)) {
        plan_problem_add(reader->problems, node->line, "%s", error->message);
    }
}

void read_score(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan *plan = target;
    cJSON_Delete(plan->score);
    plan->score = cJSON_CreateArray();
    if (node->type == NODE_TABLE && node_get(node, "model")) {
        read_model(reader, node, plan->score);
        return;
    }
    if (!reader_is_list(
                reader, node, "a model such as { model = \"uptime\" }, or a list of them")) {
        return;
    }
    if (node->entries->len == 0) {
        reader_expected(reader, node, "at least one model");
    }
    for (guint i = 0; i < node->entries->len; i++) {
        read_model(reader, node->entries->pdata[i], plan->score);
    }
    check_whole(reader, node, plan->score);
}
