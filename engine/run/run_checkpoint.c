/* run_checkpoint.c - taking a checkpoint: a label, a folder, machines saved, a manifest at last. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "run/run_restart.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define CHECKPOINTS_MAX 64

struct run_save {              /* the one that is being taken */
    struct exercise *exercise; /* NULL: it was freed meanwhile; then only files are tidied up */
    char *label, *folder, *who;
    int team;
    int *machines;
    gsize n;
    gint64 begun_us; /* monotonic */
    gint64 stood_us;
    cJSON *manifest;
};

static void save_free(struct run_save *save)
{
    g_free(save->label);
    g_free(save->folder);
    g_free(save->who);
    g_free(save->machines);
    cJSON_Delete(save->manifest);
    g_free(save);
}

void run_checkpoint_free(gpointer data)
{
    struct run_checkpoint *checkpoint = data;
    cJSON_Delete(checkpoint->manifest);
    g_free(checkpoint->label);
    g_free(checkpoint);
}

char *run_checkpoint_folder(const struct exercise *exercise, const char *label)
{
    g_autofree char *all = paths_checkpoints(exercise->ledger_path);
    return g_build_filename(all, label, NULL);
}

static const struct run_checkpoint *find(const struct exercise *exercise, const char *label)
{
    for (guint i = 0; i < exercise->checkpoints->len; i++) {
        const struct run_checkpoint *one = g_ptr_array_index(exercise->checkpoints, i);
        if (!strcmp(one->label, label)) {
            return one;
        }
    }
    return NULL;
}

const struct run_checkpoint *run_checkpoint_find(
        const struct exercise *exercise, const char *label, GError **error)
{
    const struct run_checkpoint *found = find(exercise, label);
    if (found && found->leaving) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "checkpoint \"%s\" has just been removed", label);
        return NULL;
    }
    if (!found) {
        g_autoptr(GPtrArray) labels = g_ptr_array_new();
        for (guint i = 0; i < exercise->checkpoints->len; i++) {
            const struct run_checkpoint *one = g_ptr_array_index(exercise->checkpoints, i);
            g_ptr_array_add(labels, one->label);
        }
        g_ptr_array_add(labels, NULL);
        g_autofree char *hint = text_did_you_mean(label, (const char *const *)labels->pdata);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no checkpoint \"%s\"%s; `sandtable checkpoints` lists them", label, hint);
    }
    return found;
}

/* ---- the record ---------------------------------------------------------------------------- */

static void record_failed(const struct run_save *save, const char *why)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "take");
    cJSON_AddStringToObject(body, "by", save->who);
    cJSON_AddStringToObject(body, "reason", why);
    run_record(save->exercise, "checkpoint.failed", save->team, save->label, body);
}

static void record_taken(const struct run_save *save)
{
    const cJSON *state = json_object(save->manifest, "state");
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "seq", json_int(state, "seq", 0));
    json_add_int(body, "at_us", json_int(state, "at_us", 0));
    cJSON *machines = cJSON_AddArrayToObject(body, "machines");
    for (gsize i = 0; i < save->n; i++) {
        const char *id = run_machine_plan(save->exercise, save->machines[i])->id;
        cJSON_AddItemToArray(machines, cJSON_CreateString(id));
    }
    json_add_int(body, "bytes", checkpoint_bytes(save->manifest));
    json_add_int(body, "stood_us", save->stood_us);
    json_add_int(body, "took_ms", (g_get_monotonic_time() - save->begun_us) / 1000);
    cJSON_AddStringToObject(body, "by", save->who);
    run_record(save->exercise, "checkpoint.taken", save->team, save->label, body);
}

/* ---- taking -------------------------------------------------------------------------------- */

/* Nothing half stays behind. The owner lets go of save. */
static void give_up(struct run_save *save, const char *why)
{
    struct exercise *exercise = save->exercise;
    if (exercise) {
        exercise->saving = NULL;
        record_failed(save, why);
        run_checkpoint_half(exercise, save->label, save->team);
    } else {
        paths_remove_tree(save->folder, NULL);
    }
    save_free(save);
}

static void on_sealed(GObject *none, GAsyncResult *result, gpointer data)
{
    (void)none;
    (void)data;
    struct run_save *save = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) error = NULL;
    bool ok = g_task_propagate_boolean(G_TASK(result), &error);
    if (!ok || !save->exercise || save->exercise->ending) {
        give_up(save, ok ? "the exercise ended" : error->message);
        return;
    }
    struct exercise *exercise = save->exercise;
    struct run_checkpoint *whole = g_new(struct run_checkpoint, 1);
    record_taken(save);
    *whole = (struct run_checkpoint){
            .label = g_strdup(save->label),
            .team = save->team,
            .manifest = g_steal_pointer(&save->manifest),
    };
    g_ptr_array_add(exercise->checkpoints, whole);
    exercise->saving = NULL;
    save_free(save);
}

static void seal(GTask *task, gpointer none, gpointer data, GCancellable *cancellable)
{
    (void)none;
    (void)cancellable;
    struct run_save *save = data;
    GError *error = NULL;
    if (checkpoint_seal(save->folder, save->manifest, &error)) {
        g_task_return_boolean(task, TRUE);
    } else {
        g_task_return_error(task, error);
    }
}

static cJSON *manifest_of(const struct run_save *save)
{
    const struct plan *plan = save->exercise->options.plan;
    cJSON *manifest = cJSON_CreateObject();
    cJSON_AddNumberToObject(manifest, "version", CHECKPOINT_VERSION);
    cJSON_AddStringToObject(manifest, "engine", SANDTABLE_VERSION);
    cJSON_AddStringToObject(manifest, "exercise", plan->name);
    cJSON_AddStringToObject(manifest, "scenario", plan->digest ? plan->digest : "");
    cJSON_AddStringToObject(manifest, "label", save->label);
    cJSON_AddStringToObject(manifest, "team", run_team_id(save->exercise, save->team));
    json_add_int(manifest, "wall_us", g_get_real_time());
    cJSON *machines = cJSON_AddArrayToObject(manifest, "machines");
    for (gsize i = 0; i < save->n; i++) {
        const struct plan_machine *machine = run_machine_plan(save->exercise, save->machines[i]);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", machine->id);
        cJSON_AddStringToObject(json, "domain", machine->domain);
        cJSON_AddItemToArray(machines, json);
    }
    return manifest;
}

/* The machines are about to stop: this is the moment that is saved. */
static void on_cut(gpointer data)
{
    struct run_save *save = data;
    save->manifest = manifest_of(save);
    cJSON_AddItemToObject(save->manifest, "state", checkpoint_state(save->exercise, save->team));
}

static void on_saved(gint64 stood_us, const GError *error, gpointer data)
{
    struct run_save *save = data;
    if (error || save->exercise->ending) {
        give_up(save, error ? error->message : "the exercise ended");
        return;
    }
    save->stood_us = stood_us;
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_sealed, NULL);
    g_task_set_task_data(task, save, NULL);
    g_task_run_in_thread(task, seal);
}

static void begin(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct run_save *save = data;
    if (exercise->ending || refused) {
        give_up(save, refused ? refused->message : "the exercise ended");
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!paths_make(save->folder, &error)) {
        give_up(save, error->message);
        return;
    }
    const struct world_save what = {
            .machines = save->machines,
            .n = save->n,
            .folder = save->folder,
            .cut = on_cut,
    };
    exercise->options.world->ops->checkpoint(exercise->options.world, &what, on_saved, save);
}

/* ---- may it be taken? ---------------------------------------------------------------------- */

static bool label_is_free(const struct exercise *exercise, const char *label, GError **error)
{
    if (!paths_name_is_valid(label)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a label has 1 to 31 of a-z, 0-9 and -, and begins with a letter");
        return false;
    }
    const struct run_checkpoint *found = find(exercise, label);
    g_autofree char *folder = run_checkpoint_folder(exercise, label);
    if (found && !found->leaving) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "there is a checkpoint \"%s\" already; remove it or choose another label", label);
        return false;
    }
    if (found || g_file_test(folder, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "files of a former checkpoint \"%s\" are still being removed; wait, or choose "
                "another label",
                label);
        return false;
    }
    if (exercise->checkpoints->len >= CHECKPOINTS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "there are %d checkpoints, which is the most; remove some", CHECKPOINTS_MAX);
        return false;
    }
    return true;
}

static bool machines_are_fit(
        const struct exercise *exercise, const int *machines, gsize n, GError **error)
{
    bool stand = exercise->state == EXERCISE_PAUSED && !exercise->clock_only;
    enum machine_state wanted = stand ? MACHINE_PAUSED : MACHINE_READY;
    for (gsize i = 0; i < n; i++) {
        enum machine_state state = exercise->machines[machines[i]].state;
        if (state != wanted || exercise->machines[machines[i]].restart) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                    "machine %s is %s: only machines that are %s can be saved",
                    run_machine_plan(exercise, machines[i])->id,
                    exercise->machines[machines[i]].restart ? "being started"
                                                            : machine_state_name(state),
                    machine_state_name(wanted));
            return false;
        }
    }
    return true;
}

/* What the files DOMAIN.… of a machine's disks take now: they are copied. */
static gint64 disks_of(const struct exercise *exercise, const char *domain)
{
    g_autofree char *folder = paths_disks(exercise->options.plan->name);
    g_autofree char *prefix = g_strconcat(domain, ".", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gint64 bytes = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        GStatBuf st;
        if (g_str_has_prefix(name, prefix) && g_lstat(path, &st) == 0) {
            bytes += (gint64)st.st_blocks * 512;
        }
    }
    return bytes;
}

/* All of their memory would be the worst case. */
static bool has_room(const struct exercise *exercise, const int *machines, gsize n, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(exercise->ledger_path);
    struct statvfs fs;
    gint64 need = 0;
    for (gsize i = 0; i < n; i++) {
        const struct plan_machine *machine = run_machine_plan(exercise, machines[i]);
        need += (gint64)machine->host->memory_mib << 20;
        need += disks_of(exercise, machine->domain);
    }
    if (statvfs(dir, &fs) == 0 && (gint64)(fs.f_bavail * fs.f_frsize) < need) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s has room for %" G_GINT64_FORMAT " MiB, and a checkpoint may take %" //
                G_GINT64_FORMAT " MiB: make room, or remove a checkpoint",
                dir, (gint64)(fs.f_bavail * fs.f_frsize) >> 20, need >> 20);
        return false;
    }
    return true;
}

bool run_team_find(const struct exercise *exercise, const char *id, int *ret, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    *ret = id ? plan_team_index(plan, id) : -1;
    if (!id || *ret >= 0) {
        return true;
    }
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->teams->len; i++) {
        g_ptr_array_add(ids, ((struct plan_team *)plan->teams->pdata[i])->id);
    }
    g_ptr_array_add(ids, NULL);
    g_autofree char *hint = text_did_you_mean(id, (const char *const *)ids->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no team \"%s\"%s", id, hint);
    return false;
}

bool exercise_checkpoint(struct exercise *exercise, const char *label, const char *team_id,
        const char *who, GError **error)
{
    int team = -1;
    gsize n = 0;
    if (!run_team_find(exercise, team_id, &team, error) || !label_is_free(exercise, label, error)) {
        return false;
    }
    if (exercise->ending || exercise->saving || exercise->resuming ||
            (exercise->state != EXERCISE_RUNNING && exercise->state != EXERCISE_PAUSED)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "not now: %s%s",
                exercise->saving ? "a checkpoint is being taken" : "the exercise is ",
                exercise->saving ? "" : exercise_state_name(exercise->state));
        return false;
    }
    g_autofree int *machines = run_team_machines(exercise, team, &n);
    if (n == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "team %s has no machines",
                team_id);
        return false;
    }
    if (!machines_are_fit(exercise, machines, n, error) ||
            !has_room(exercise, machines, n, error)) {
        return false;
    }
    struct run_save *save = g_new0(struct run_save, 1);
    save->exercise = exercise;
    save->label = g_strdup(label);
    save->folder = run_checkpoint_folder(exercise, label);
    save->who = g_strdup(who);
    save->team = team;
    save->machines = g_steal_pointer(&machines);
    save->n = n;
    save->begun_us = g_get_monotonic_time();
    exercise->saving = save;
    run_action(exercise, "checkpoint", who, "label", label);
    g_autofree char *subject = g_strdup_printf("checkpoint:%s", label);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "type", "checkpoint");
    cJSON_AddStringToObject(body, "name", label);
    cJSON_AddStringToObject(body, "path", save->folder);
    run_record_then(
            exercise, run_event(exercise, "resource.opening", team, subject, body), begin, save);
    return true;
}

/* ---- those there are ----------------------------------------------------------------------- */

cJSON *exercise_checkpoints(const struct exercise *exercise)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < exercise->checkpoints->len; i++) {
        const struct run_checkpoint *one = g_ptr_array_index(exercise->checkpoints, i);
        const cJSON *state = json_object(one->manifest, "state");
        g_autofree char *folder = run_checkpoint_folder(exercise, one->label);
        if (one->leaving) {
            continue;
        }
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "label", one->label);
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, one->team));
        json_add_int(json, "at_us", json_int(state, "at_us", 0));
        json_add_int(json, "seq", json_int(state, "seq", 0));
        json_add_int(json, "wall_us", json_int(one->manifest, "wall_us", 0));
        json_add_int(json, "bytes", checkpoint_bytes(one->manifest));
        cJSON *machines = cJSON_AddArrayToObject(json, "machines");
        const cJSON *machine = NULL;
        cJSON_ArrayForEach(machine, json_array(one->manifest, "machines"))
        {
            cJSON_AddItemToArray(machines, cJSON_CreateString(json_string(machine, "id", "")));
        }
        cJSON_AddStringToObject(json, "path", folder);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

void run_checkpoints_free(struct exercise *exercise)
{
    if (exercise->saving) {
        exercise->saving->exercise = NULL;
    }
    g_ptr_array_unref(exercise->checkpoints);
}
