/* account.c - from root to an ordinary account, for good. */
#include "cell/cell.h"

#include "base/error.h"
#include "cell/reach.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(GError **error, const char *what, const char *user)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot become user %s (%s): %s",
            user, what, g_strerror(errno));
    return false;
}

bool cell_account(const char *user, char **ret_name, GError **error)
{
    const char *sudo = g_getenv("SUDO_USER");
    const char *name = user ? user : sudo && strcmp(sudo, "root") != 0 ? sudo : "sandtable";
    errno = 0;
    const struct passwd *entry = getpwnam(name);
    if (!entry) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "no account \"%s\" to run machines as: run `./dev setup` once, or give --user NAME",
                name);
        return false;
    }
    if (entry->pw_uid == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "account \"%s\" is root: machines never run as root; give another --user", name);
        return false;
    }
    *ret_name = g_strdup(name);
    return true;
}

/* Forgets XDG folders that the account does not own: they are root's. */
static void set_environment(const struct passwd *entry)
{
    static const char *const folders[] = {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_DATA_HOME",
            "XDG_CONFIG_HOME", "XDG_CACHE_HOME"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        const char *value = g_getenv(folders[i]);
        struct stat st;
        if (value && (stat(value, &st) != 0 || st.st_uid != entry->pw_uid)) {
            g_unsetenv(folders[i]);
        }
    }
    g_setenv("HOME", entry->pw_dir, TRUE);
    g_setenv("USER", entry->pw_name, TRUE);
    g_setenv("LOGNAME", entry->pw_name, TRUE);
}

static bool set_ids(const struct passwd *entry, GError **error)
{
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (initgroups(entry->pw_name, gid) != 0) {
        return fail(error, "initgroups", entry->pw_name);
    }
    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return fail(error, "setresuid", entry->pw_name);
    }
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "user %s could become root again",
                entry->pw_name);
        return false;
    }
    /* leaving root makes /proc/self root's; a cell needs /proc/self/uid_map */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) {
        return fail(error, "PR_SET_DUMPABLE", entry->pw_name);
    }
    return true;
}

bool cell_drop_root(const char *user, char **paths, GError **error)
{
    if (geteuid() != 0) {
        return true;
    }
    errno = 0;
    const struct passwd *entry = user ? getpwnam(user) : NULL;
    if (!entry || entry->pw_uid == 0 || entry->pw_gid == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "\"%s\" is no ordinary account",
                user ? user : "");
        return false;
    }
    if (!reach_prepare(entry->pw_name, entry->pw_uid, entry->pw_gid, paths, error) ||
            !set_ids(entry, error)) {
        return false;
    }
    set_environment(entry);
    return reach_verify(paths, entry->pw_name, error);
}
