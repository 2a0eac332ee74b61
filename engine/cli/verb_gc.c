/* verb_gc.c - sandtable gc: removes what no ledger owns any more, and says what. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/cli_view.h"
#include "cli/engine.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

extern const struct verb verb_gc;

#define KILL_LIMIT_MS 5000
#define NO_KVM_PREFIX "sandtable-no-kvm-"
#define NO_KVM_OLD_S 60 /* an engine has it for a moment */

struct gc {
    bool dry;
    bool failed;
    cJSON *removed, *kept;
};

/* ---- what was found -------------------------------------------------------------------------- */

static void note(struct gc *gc, const char *kind, const char *name, const char *exercise)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "kind", kind);
    cJSON_AddStringToObject(item, "name", name);
    cJSON_AddStringToObject(item, "exercise", exercise);
    cJSON_AddItemToArray(gc->removed, item);
}

static void keep(struct gc *gc, const char *exercise, const char *why)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "exercise", exercise);
    cJSON_AddStringToObject(item, "why", why);
    cJSON_AddItemToArray(gc->kept, item);
}

static void fail(struct gc *gc, const char *text)
{
    cli_say("%s", text);
    gc->failed = true;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The exercise whose run folder a command line names: …/NAME.d/… */
static char *name_in(const char *line, gsize length, const char *runtime)
{
    g_autofree char *prefix = g_strconcat(runtime, "/", NULL);
    const char *hit = memmem(line, length, prefix, strlen(prefix));
    if (!hit) {
        return NULL;
    }
    const char *from = hit + strlen(prefix);
    gsize left = length - (gsize)(from - line);
    gsize n = 0;
    while (n < left && n < 32 && from[n] && from[n] != '/' && from[n] != '.') {
        n++;
    }
    g_autofree char *name = g_strndup(from, n);
    bool fits = n + 1 < left && !strncmp(from + n, ".d", 2) && paths_name_is_valid(name);
    return fits ? g_steal_pointer(&name) : NULL;
}

/* Machines whose folder is gone are known by their command lines only. */
static void add_processes(GHashTable *names)
{
    g_autofree char *runtime = paths_runtime_dir();
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *entry = NULL;
    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", entry);
        g_autofree char *line = NULL;
        gsize length = 0;
        if (g_ascii_isdigit(*entry) && g_file_get_contents(path, &line, &length, NULL)) {
            char *name = name_in(line, length, runtime);
            if (name) {
                g_hash_table_add(names, name);
            }
        }
    }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static GList *all_names(GHashTable *names)
{
    static const char *const runtime[] = {".d", ".sock", NULL};
    static const char *const locks[] = {".ledger.lock", ".ledger.answers", NULL};
    cli_add_names(names, paths_runtime_dir(), runtime);
    cli_add_names(names, paths_state_dir(), cli_state_leftovers);
    cli_add_names(names, paths_state_dir(), locks);
    add_processes(names);
    return g_list_sort(g_hash_table_get_keys(names), by_name);
}

/* ---- one exercise ---------------------------------------------------------------------------- */

/* Why the name is somebody's; NULL when nobody owns what is left of it. */
static const char *owner_of(const char *name)
{
    g_autofree char *ledger = paths_ledger(name);
    if (ledger_is_locked(ledger, NULL)) {
        return "it runs";
    }
    if (!g_file_test(ledger, G_FILE_TEST_EXISTS)) {
        return NULL;
    }
    struct resume *resume = resume_read(ledger, NULL);
    bool is_down = resume && resume->down;
    bool is_readable = resume != NULL;
    resume_free(resume);
    if (!is_readable) {
        return "its ledger cannot be read: `sandtable down` removes what it left";
    }
    return is_down ? NULL : "it was interrupted: `sandtable run --resume` or `sandtable down` it";
}

/* A descriptor of the run folder with its lock; -1 when there is none, -2 when it is taken. */
static int lock_root(const char *root)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -2;
    }
    return fd;
}

static void remove_processes(struct gc *gc, const char *name, const char *root)
{
    const struct cell_identity any = {0};
    g_autoptr(GError) error = NULL;
    int n = gc->dry ? cell_count(&any, root, &error) : cell_kill(&any, root, KILL_LIMIT_MS, &error);
    if (n > 0) {
        g_autofree char *text = g_strdup_printf("%d", n);
        note(gc, "processes", text, name);
    } else if (n < 0) {
        fail(gc, error->message);
    }
}

static void remove_path(struct gc *gc, const char *name, const char *kind, char *path)
{
    g_autofree char *owned = path;
    g_autoptr(GError) error = NULL;
    GStatBuf st;
    if (g_lstat(owned, &st) != 0) {
        return;
    }
    if (!gc->dry && !paths_remove_tree(owned, &error)) {
        fail(gc, error->message);
        return;
    }
    note(gc, kind, owned, name);
}

static void look_at(struct gc *gc, const char *name)
{
    g_autofree char *root = paths_run_root(name);
    g_autofree char *ledger = paths_ledger(name);
    int lock = lock_root(root);
    const char *owner = lock == -2 ? "somebody starts, resumes or ends it" : owner_of(name);
    if (owner) {
        keep(gc, name, owner);
    } else {
        remove_processes(gc, name, root);
        remove_path(gc, name, "folder", g_strdup(root));
        remove_path(gc, name, "socket", paths_socket(name));
        remove_path(gc, name, "scenario", paths_scenario(name));
        remove_path(gc, name, "disks", paths_disks(name));
        remove_path(gc, name, "checkpoints", paths_checkpoints(ledger));
        remove_path(gc, name, "lock", g_strconcat(ledger, ".lock", NULL));
        if (!g_file_test(ledger, G_FILE_TEST_EXISTS)) { /* else they are that exam's evidence */
            remove_path(gc, name, "answers", g_strconcat(ledger, ".answers", NULL));
        }
    }
    if (lock >= 0) {
        close(lock);
    }
}

/* What an engine puts over /dev/kvm and takes away at once, unless it is killed in between. */
static void look_at_temporary(struct gc *gc)
{
    g_autoptr(GDir) dir = g_dir_open(g_get_tmp_dir(), 0, NULL);
    const char *entry = NULL;
    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(g_get_tmp_dir(), entry, NULL);
        GStatBuf st;
        gint64 now_s = g_get_real_time() / G_USEC_PER_SEC;
        if (!g_str_has_prefix(entry, NO_KVM_PREFIX) || g_lstat(path, &st) != 0 ||
                st.st_uid != geteuid() || !S_ISREG(st.st_mode) ||
                now_s - st.st_mtime < NO_KVM_OLD_S) {
            continue;
        }
        remove_path(gc, "", "file", g_steal_pointer(&path));
    }
}

/* ---- the verb -------------------------------------------------------------------------------- */

static void print(const struct gc *gc)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, gc->removed)
    {
        const char *exercise = json_string(item, "exercise", "");
        printf("%s %s %s%s%s\n", gc->dry ? "would remove" : "removed",
                json_string(item, "kind", ""), json_string(item, "name", ""),
                *exercise ? " of " : "", exercise);
    }
    cJSON_ArrayForEach(item, gc->kept)
    {
        cli_say("%s is kept: %s", json_string(item, "exercise", ""), json_string(item, "why", ""));
    }
    if (cJSON_GetArraySize(gc->removed) == 0) {
        cli_say("nothing is left over");
    }
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    gboolean dry = FALSE;
    const GOptionEntry entries[] = {
            {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry, "only say what would be removed", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_gc, entries, &argc, &argv, 0, 0, error)) {
        return 2;
    }
    auto_json out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "dry_run", dry);
    struct gc gc = {
            .dry = dry,
            .removed = cJSON_AddArrayToObject(out, "removed"),
            .kept = cJSON_AddArrayToObject(out, "kept"),
    };
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GList) sorted = all_names(names);
    for (const GList *l = sorted; l; l = l->next) {
        look_at(&gc, l->data);
    }
    look_at_temporary(&gc);
    if (json) {
        cli_print_json(g_steal_pointer(&out));
    } else {
        print(&gc);
    }
    return gc.failed ? 1 : 0;
}

const struct verb verb_gc = {
        .name = "gc",
        .usage = "gc [--dry-run] [--json]",
        .summary = "remove what no ledger owns any more",
        .order = 13,
        .run = run,
};
