/* run_checkpoint_remove.c - checkpoints that go: on request, half done ones, all at the end.
 *
 * Their files may be many gigabytes, so threads remove them. A checkpoint that is asked away is none
 * from then on, but has its label until its files are gone.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "run/run_restart.h"
#include "run/run_work.h"

struct removal {
    char *folder, *label, *who;
    int team;
    GError *error;
};

static void removal_free(struct removal *removal)
{
    g_free(removal->folder);
    g_free(removal->label);
    g_free(removal->who);
    g_clear_error(&removal->error);
    g_free(removal);
}

static void remove_files(gpointer data)
{
    struct removal *removal = data;
    run_remove_tree(removal->folder, CHECKPOINT_MANIFEST, &removal->error);
}

static void record_closed(
        struct exercise *exercise, const char *label, int team, const char *folder)
{
    g_autofree char *subject = g_strdup_printf("checkpoint:%s", label);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "type", "checkpoint");
    cJSON_AddStringToObject(body, "name", label);
    cJSON_AddStringToObject(body, "path", folder);
    run_record(exercise, "resource.closed", team, subject, body);
}

/* ---- one ----------------------------------------------------------------------------------- */

static struct run_checkpoint *find(const struct exercise *exercise, const char *label)
{
    for (guint i = 0; i < exercise->checkpoints->len; i++) {
        struct run_checkpoint *one = g_ptr_array_index(exercise->checkpoints, i);
        if (!g_strcmp0(one->label, label)) {
            return one;
        }
    }
    return NULL;
}

/* Without its manifest it is none any more, whatever is left of it: `sandtable down` finds that. */
static void on_removed(struct exercise *exercise, gpointer data)
{
    struct removal *removal = data;
    struct run_checkpoint *one = exercise ? find(exercise, removal->label) : NULL;
    if (one && removal->error) {
        one->leaving = false; /* may be tried again */
        run_alarm(
                exercise, "checkpoint-not-removed", one->team, one->label, removal->error->message);
    } else if (one) {
        run_action(exercise, "checkpoint-remove", removal->who, "label", one->label);
        record_closed(exercise, one->label, one->team, removal->folder);
        g_ptr_array_remove(exercise->checkpoints, one);
    }
    removal_free(removal);
}

bool exercise_checkpoint_remove(
        struct exercise *exercise, const char *label, const char *who, GError **error)
{
    struct run_checkpoint *one = find(exercise, label);
    if (!run_checkpoint_find(exercise, label, error) || !one) {
        return false;
    }
    if (exercise->restoring || exercise->ending) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "not now: %s",
                exercise->ending ? "the exercise ends" : "a checkpoint is being restored");
        return false;
    }
    struct removal *removal = g_new0(struct removal, 1);
    removal->folder = run_checkpoint_folder(exercise, label);
    removal->label = g_strdup(label);
    removal->who = g_strdup(who);
    one->leaving = true;
    run_work(exercise, remove_files, on_removed, removal);
    return true;
}

/* ---- half a one ---------------------------------------------------------------------------- */

static void on_half_removed(struct exercise *exercise, gpointer data)
{
    struct removal *removal = data;
    if (removal->error) {
        g_printerr("sandtable: %s\n", removal->error->message);
    } else if (exercise) {
        record_closed(exercise, removal->label, removal->team, removal->folder);
    }
    removal_free(removal);
}

void run_checkpoint_half(struct exercise *exercise, const char *label, int team)
{
    struct removal *removal = g_new0(struct removal, 1);
    removal->folder = run_checkpoint_folder(exercise, label);
    removal->label = g_strdup(label);
    removal->team = team;
    run_work(exercise, remove_files, on_half_removed, removal);
}

/* ---- all ----------------------------------------------------------------------------------- */

static void on_all_removed(struct exercise *exercise, gpointer data)
{
    struct removal *removal = data;
    for (guint i = 0; exercise && !removal->error && i < exercise->checkpoints->len; i++) {
        const struct run_checkpoint *one = g_ptr_array_index(exercise->checkpoints, i);
        g_autofree char *folder = g_build_filename(removal->folder, one->label, NULL);
        record_closed(exercise, one->label, one->team, folder);
    }
    if (removal->error) {
        g_printerr("sandtable: %s\n", removal->error->message);
    } else if (exercise) {
        g_ptr_array_set_size(exercise->checkpoints, 0);
    }
    removal_free(removal);
}

/* They are of use to this exercise only. */
void run_checkpoints_end(struct exercise *exercise)
{
    g_autofree char *all = paths_checkpoints(exercise->ledger_path);
    if (exercise->checkpoints->len > 0 || g_file_test(all, G_FILE_TEST_EXISTS)) {
        struct removal *removal = g_new0(struct removal, 1);
        removal->folder = g_steal_pointer(&all);
        run_work(exercise, remove_files, on_all_removed, removal);
    }
}
