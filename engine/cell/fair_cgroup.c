/* fair_cgroup.c - a control group for each team, where systemd or an administrator delegates one.
 *
 * Rules: the kernel's Documentation/admin-guide/cgroup-v2.rst, "Delegation" and "No Internal
 * Process Constraint".
 */
#include "cell/fair.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define TEAM_WEIGHT "100"
#define ENGINE_WEIGHT "1000"

/* Control files take one write and want no newer file in their place. */
static bool put(const char *dir, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

static bool has_word(const char *dir, const char *file, const char *word)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    return g_strv_contains((const char *const *)words, word);
}

/* The one line "0::/path" is cgroup v2's. */
static char *own_path(const char *self)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(self, &text, NULL, NULL)) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "0::/")) {
            return g_strdup(*line + strlen("0::"));
        }
    }
    return NULL;
}

static bool is_alone(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "cgroup.procs", NULL);
    g_autofree char *text = NULL;
    g_autofree char *own = g_strdup_printf("%d\n", (int)getpid());
    return g_file_get_contents(path, &text, NULL, NULL) && !strcmp(text, own);
}

char *fair_cgroup_find(const char *mount, const char *self, char **ret_why)
{
    g_autofree char *path = own_path(self);
    g_autofree char *dir = path ? g_build_filename(mount, path, NULL) : NULL;
    g_autofree char *procs = dir ? g_build_filename(dir, "cgroup.procs", NULL) : NULL;
    const char *why = NULL;
    if (!dir || !has_word(dir, "cgroup.controllers", "cpu")) {
        why = "no cgroup v2 with the cpu controller here";
    } else if (access(dir, W_OK) != 0 || access(procs, W_OK) != 0) {
        why = "this cgroup is not delegated (systemd-run --user --scope -p Delegate=yes sandtable "
              "run … makes one)";
    } else if (!is_alone(dir)) {
        why = "other processes share this cgroup (systemd-run --user --scope -p Delegate=yes "
              "sandtable run … makes one of its own)";
    }
    if (why && ret_why) {
        *ret_why = g_strdup(why);
    }
    return why ? NULL : g_steal_pointer(&dir);
}

static char *team_dir(const char *dir, int team)
{
    g_autofree char *name = g_strdup_printf("team%d", team);
    return g_build_filename(dir, name, NULL);
}

bool fair_cgroup_make(const char *dir, int teams)
{
    g_autofree char *engine = g_build_filename(dir, "engine", NULL);
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());
    /* processes only in leaves: out of dir first, then its controller goes down */
    if ((g_mkdir(engine, 0755) != 0 && errno != EEXIST) || !put(engine, "cgroup.procs", own) ||
            !put(dir, "cgroup.subtree_control", "+cpu")) {
        return false;
    }
    (void)put(engine, "cpu.weight", ENGINE_WEIGHT);
    for (int i = 0; i < teams; i++) {
        g_autofree char *team = team_dir(dir, i);
        if ((g_mkdir(team, 0755) != 0 && errno != EEXIST) ||
                !put(team, "cpu.weight", TEAM_WEIGHT)) {
            return false;
        }
    }
    return true;
}

bool fair_cgroup_move(const char *dir, int team, pid_t pid)
{
    g_autofree char *to = team_dir(dir, team);
    g_autofree char *text = g_strdup_printf("%d", (int)pid);
    return put(to, "cgroup.procs", text);
}

void fair_cgroup_remove(const char *dir, int teams)
{
    for (int i = 0; i < teams; i++) {
        g_autofree char *team = team_dir(dir, i);
        (void)g_rmdir(team);
    }
}
