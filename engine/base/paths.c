/* paths.c - where state, runtime files, images and shared data lie. */
#include "base/paths.h"

#include "base/error.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An XDG variable counts only when absolute (base directory specification). Read from the
 * environment each time: GLib caches its own answers, and the engine may change account. */
static char *xdg(const char *variable, const char *below_home)
{
    const char *value = g_getenv(variable);
    if (value && g_path_is_absolute(value)) {
        return g_build_filename(value, "sandtable", NULL);
    }
    const char *home = g_getenv("HOME");
    return g_build_filename(home ? home : g_get_home_dir(), below_home, "sandtable", NULL);
}

char *paths_state_dir(void)
{
    return xdg("XDG_STATE_HOME", ".local/state");
}

char *paths_runtime_dir(void)
{
    const char *value = g_getenv("XDG_RUNTIME_DIR");
    struct stat st;
    /* a session's folder outlives su; somebody else's is of no use */
    if (value && g_path_is_absolute(value) && stat(value, &st) == 0 && st.st_uid == geteuid()) {
        return g_build_filename(value, "sandtable", NULL);
    }
    return g_strdup_printf("/tmp/sandtable-%d", (int)geteuid());
}

char *paths_images_dir(void)
{
    g_autofree char *data = xdg("XDG_DATA_HOME", ".local/share");
    return g_build_filename(data, "images", NULL);
}

char *paths_data_dir(void)
{
    const char *value = g_getenv("SANDTABLE_DATA");
    if (value) {
        return g_strdup(value);
    }
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n > 0) {
        self[n] = '\0';
        /* BUILD/bin/sandtable in a source tree, PREFIX/bin/sandtable when installed */
        static const char *const places[] = {"../..", "../share/sandtable"};
        g_autofree char *bin = g_path_get_dirname(self);
        for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
            g_autofree char *relative = g_build_filename(bin, places[i], NULL);
            g_autofree char *dir = g_canonicalize_filename(relative, NULL);
            g_autofree char *mark = g_build_filename(dir, "images", "README.md", NULL);
            if (g_file_test(mark, G_FILE_TEST_EXISTS)) {
                return g_steal_pointer(&dir);
            }
        }
    }
    return g_strdup(SANDTABLE_SOURCE_DIR);
}

static char *named(char *dir, const char *name, const char *suffix)
{
    g_autofree char *owned = dir;
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    return g_build_filename(owned, file, NULL);
}

char *paths_ledger(const char *name)
{
    return named(paths_state_dir(), name, ".ledger");
}

char *paths_socket(const char *name)
{
    return named(paths_runtime_dir(), name, ".sock");
}

char *paths_scenario(const char *name)
{
    return named(paths_state_dir(), name, ".scenario");
}

char *paths_run_root(const char *name)
{
    return named(paths_runtime_dir(), name, ".d");
}

char *paths_checkpoints(const char *ledger_path)
{
    gsize length = strlen(ledger_path);
    length -= g_str_has_suffix(ledger_path, ".ledger") ? strlen(".ledger") : 0;
    return g_strdup_printf("%.*s.checkpoints", (int)length, ledger_path);
}

bool paths_make(const char *dir, GError **error)
{
    struct stat st;
    if (g_mkdir_with_parents(dir, 0700) != 0 || lstat(dir, &st) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", dir,
                g_strerror(errno));
        return false;
    }
    if (st.st_uid != geteuid() || !S_ISDIR(st.st_mode)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s is not a folder of user %d: remove it or set XDG_RUNTIME_DIR", dir,
                (int)geteuid());
        return false;
    }
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

bool paths_remove_tree(const char *dir, GError **error)
{
    if (nftw(dir, remove_one, 16, FTW_PHYS | FTW_DEPTH | FTW_MOUNT) != 0 && errno != ENOENT) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot remove %s: %s", dir,
                g_strerror(errno));
        return false;
    }
    return true;
}

bool paths_name_is_valid(const char *name)
{
    gsize length = strlen(name);
    if (length < 1 || length > 31 || !g_ascii_islower(name[0])) {
        return false;
    }
    for (const char *c = name; *c; c++) {
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-') {
            return false;
        }
    }
    return true;
}
