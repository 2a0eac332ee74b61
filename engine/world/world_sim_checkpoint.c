/* world_sim_checkpoint.c - simulated machines reset, saved and put back: their files are their all.
 *
 * FOLDER/DOMAIN.ram is {"files": {PATH: BASE64}}.
 */
#include "world/world_sim.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static void file_free(gpointer file)
{
    g_string_free(file, TRUE);
}

static GHashTable *no_files(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
}

GHashTable *sim_first_files(const struct plan_machine *machine)
{
    GHashTable *files = no_files();
    for (guint k = 0; k < machine->host->files->len; k++) {
        const struct plan_file *file = g_ptr_array_index(machine->host->files, k);
        g_hash_table_insert(
                files, g_strdup(file->path), g_string_new_len(file->content, (gssize)file->length));
    }
    return files;
}

static const struct plan_machine *plan_of(const struct world *head, int machine)
{
    return g_ptr_array_index(head->plan->machines, (guint)machine);
}

/* Its process ends, another begins. files is consumed. */
static void start_again(struct sim_world *world, int machine, GHashTable *files)
{
    struct sim_machine *one = &world->machines[machine];
    g_hash_table_unref(one->files);
    one->files = files;
    one->held = false;
    if (one->state != MACHINE_STOPPED && one->state != MACHINE_CRASHED) {
        sim_set_state(world, machine, MACHINE_STOPPED, "simulated");
    }
    sim_set_state(world, machine, MACHINE_STARTING, "simulated");
    sim_boot(world);
}

void sim_reset(struct world *head, const int *machines, gsize n, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    for (gsize i = 0; i < n; i++) {
        start_again(world, machines[i], sim_first_files(plan_of(head, machines[i])));
    }
    sim_done(head, NULL, done, data);
}

static bool save_one(const struct sim_world *world, int machine, const char *folder, GError **error)
{
    auto_json root = cJSON_CreateObject();
    cJSON *files = cJSON_AddObjectToObject(root, "files");
    GHashTableIter iter;
    gpointer path = NULL;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, world->machines[machine].files);
    while (g_hash_table_iter_next(&iter, &path, &value)) {
        const GString *file = value;
        g_autofree char *code = g_base64_encode((const guchar *)file->str, file->len);
        cJSON_AddStringToObject(files, path, code);
    }
    g_autofree char *text = json_text(root);
    g_autofree char *to =
            virt_checkpoint_file(folder, plan_of(&world->head, machine)->domain, "ram");
    g_autoptr(GError) cause = NULL;
    if (!g_file_set_contents(to, text, -1, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", to,
                cause->message);
        return false;
    }
    return true;
}

void sim_save_now(struct sim_world *world, const struct world_save *save, GError **error)
{
    for (gsize i = 0; i < save->n; i++) {
        if (!save_one(world, save->machines[i], save->folder, error)) {
            return;
        }
    }
}

static GHashTable *load_one(const char *folder, const char *domain, GError **error)
{
    g_autofree char *from = virt_checkpoint_file(folder, domain, "ram");
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(from, &text, &length, error)) {
        return NULL;
    }
    auto_json root = json_parse(text, length, error);
    if (!root) {
        return NULL;
    }
    GHashTable *files = no_files();
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_object(root, "files"))
    {
        gsize size = 0;
        const char *code = cJSON_IsString(file) ? file->valuestring : "";
        g_autofree guchar *bytes = g_base64_decode(code, &size);
        g_hash_table_insert(
                files, g_strdup(file->string), g_string_new_len((const char *)bytes, (gssize)size));
    }
    return files;
}

void sim_restore(
        struct world *head, const struct world_save *save, world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    GError *error = NULL;
    for (gsize i = 0; i < save->n && !error; i++) {
        int machine = save->machines[i];
        GHashTable *files = load_one(save->folder, plan_of(head, machine)->domain, &error);
        if (files) {
            start_again(world, machine, files);
        } else {
            sim_set_state(world, machine, MACHINE_CRASHED, error->message);
        }
    }
    sim_done(head, error, done, data);
}
