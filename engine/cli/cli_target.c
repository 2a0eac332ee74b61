/* cli_target.c - what a NAME on the command line means. */
#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/cli_view.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void cli_target_clear(struct cli_target *target)
{
    g_clear_pointer(&target->name, g_free);
    g_clear_pointer(&target->socket, g_free);
    g_clear_pointer(&target->ledger, g_free);
}

static void target_free(gpointer data)
{
    cli_target_clear(data);
    g_free(data);
}

static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path) || access(path, F_OK) != 0) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: somebody listens and is busy */
    bool yes = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
    close(fd);
    return yes;
}

static struct cli_target *target_new(const char *name)
{
    struct cli_target *target = g_new0(struct cli_target, 1);
    g_autofree char *socket = paths_socket(name);
    target->name = g_strdup(name);
    target->ledger = paths_ledger(name);
    target->socket = answers(socket) ? g_steal_pointer(&socket) : NULL;
    return target;
}

void cli_add_names(GHashTable *names, char *dir_name, const char *const *ends)
{
    g_autofree char *owned = dir_name;
    g_autoptr(GDir) dir = g_dir_open(owned, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        for (gsize i = 0; ends[i]; i++) {
            g_autofree char *name = g_str_has_suffix(entry, ends[i])
                                            ? g_strndup(entry, strlen(entry) - strlen(ends[i]))
                                            : NULL;
            if (name && paths_name_is_valid(name)) {
                g_hash_table_add(names, g_steal_pointer(&name));
            }
        }
    }
}

/* Beside the ledger, until the exercise is down. */
const char *const cli_state_leftovers[] = {".scenario", ".disks", ".checkpoints", NULL};

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct cli_target *const *left = a;
    const struct cli_target *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

GPtrArray *cli_targets(void)
{
    GPtrArray *targets = g_ptr_array_new_with_free_func(target_free);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cli_add_names(names, paths_state_dir(), (const char *const[]){".ledger", NULL});
    cli_add_names(names, paths_runtime_dir(), (const char *const[]){".sock", NULL});
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        struct cli_target *target = target_new(name);
        if (target->socket || g_file_test(target->ledger, G_FILE_TEST_EXISTS)) {
            g_ptr_array_add(targets, target);
        } else {
            target_free(target);
        }
    }
    g_ptr_array_sort(targets, by_name);
    return targets;
}

static void take(struct cli_target *ret, struct cli_target *from)
{
    *ret = *from;
    memset(from, 0, sizeof(*from));
}

static void set_unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) targets = cli_targets();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < targets->len; i++) {
        struct cli_target *target = targets->pdata[i];
        g_ptr_array_add(names, target->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)names->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            "no exercise \"%s\"%s; `sandtable list` shows them", name, hint);
}

static gint64 age_of(const struct cli_target *target)
{
    GStatBuf st;
    return g_stat(target->ledger, &st) == 0 ? (gint64)st.st_mtime : 0;
}

/* The only running one, else the one whose ledger was written last. */
static bool choose(struct cli_target *ret, GError **error)
{
    g_autoptr(GPtrArray) targets = cli_targets();
    g_autoptr(GString) running = g_string_new(NULL);
    struct cli_target *chosen = NULL;
    guint count = 0;
    for (guint i = 0; i < targets->len; i++) {
        struct cli_target *target = targets->pdata[i];
        if (target->socket) {
            count++;
            g_string_append_printf(running, " %s", target->name);
            chosen = target;
        } else if (count == 0 && (!chosen || age_of(target) > age_of(chosen))) {
            chosen = target;
        }
    }
    if (count > 1) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%u exercises are running:%s; say which", count, running->str);
        return false;
    }
    if (!chosen) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "there is no exercise yet; `sandtable run SCENARIO` starts one");
        return false;
    }
    take(ret, chosen);
    return true;
}

bool cli_target(const char *name, struct cli_target *ret, GError **error)
{
    if (!name) {
        return choose(ret, error);
    }
    if (paths_name_is_valid(name)) {
        struct cli_target *target = target_new(name);
        bool known = target->socket || g_file_test(target->ledger, G_FILE_TEST_EXISTS);
        if (known) {
            take(ret, target);
        }
        target_free(target);
        if (known) {
            return true;
        }
    }
    if (!g_file_test(name, G_FILE_TEST_IS_REGULAR)) {
        set_unknown(name, error);
        return false;
    }
    g_autofree char *base = g_path_get_basename(name);
    gsize length = strlen(base) - (g_str_has_suffix(base, ".ledger") ? strlen(".ledger") : 0);
    ret->name = g_strndup(base, length);
    ret->socket = NULL;
    ret->ledger = g_strdup(name);
    return true;
}

bool cli_target_account(int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autofree int *from = g_new0(int, (gsize)argc + 1);
    g_ptr_array_add(files, argv[0]);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' && !paths_name_is_valid(argv[i])) {
            from[files->len] = i;
            g_ptr_array_add(files, argv[i]);
        }
    }
    if (!cli_become_user(NULL, (int)files->len, (char **)files->pdata, error)) {
        return false;
    }
    for (guint i = 1; i < files->len; i++) {
        argv[from[i]] = files->pdata[i];
    }
    return true;
}
