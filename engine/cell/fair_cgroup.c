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

/* The path of the line "NUMBER:CONTROLLERS:PATH" when its controllers include that one; cgroup v2's
 * line has none, "". cgroups(7). */
static char *path_of_line(const char *line, const char *controller)
{
    g_auto(GStrv) parts = g_strsplit(line, ":", 3);
    if (g_strv_length(parts) < 3 || parts[2][0] != '/') {
        return NULL;
    }
    g_auto(GStrv) controllers = g_strsplit(parts[1], ",", -1);
    bool meant = *controller ? g_strv_contains((const char *const *)controllers, controller)
                             : !*parts[1];
    return meant ? g_strdup(parts[2]) : NULL;
}

static char *own_path(const char *self, const char *controller)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(self, &text, NULL, NULL)) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *path = NULL;
    for (char **line = lines; *line && !path; line++) {
        path = path_of_line(*line, controller);
    }
    return path;
}

static bool has_file(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
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
    g_autofree char *path = own_path(self, "");
    g_autofree char *dir = path ? g_build_filename(mount, path, NULL) : NULL;
    g_autofree char *procs = dir ? g_build_filename(dir, "cgroup.procs", NULL) : NULL;
    const char *why = NULL;
    if (!dir || !has_word(dir, "cgroup.controllers", "cpu")) {
        why = "no cgroup v2 with the cpu controller here";
    } else if (access(dir, W_OK) != 0 || access(procs, W_OK) != 0) {
        why = "this cgroup is not delegated";
    } else if (!is_alone(dir)) {
        why = "other processes share this cgroup";
    }
    if (why && ret_why) {
        *ret_why = g_strdup(why);
    }
    return why ? NULL : g_steal_pointer(&dir);
}

/* A group below the root has the controller's file when its parent handed the controller down; one
 * without belongs, for that controller, to the nearest above that has it. */
static const char *why_no_root_v2(const char *mount, const char *path)
{
    g_autofree char *dir = g_build_filename(mount, path, NULL);
    if (!has_file(dir, "cgroup.procs")) { /* not mounted, or outside of what is */
        return strcmp(path, "/") != 0 ? "this process is in a cgroup that cannot be seen" : NULL;
    }
    while (g_str_has_prefix(dir, mount)) {
        if (has_file(dir, "cpu.weight")) {
            return "this process is in a cgroup with the cpu controller, where the kernel makes no "
                   "automatic groups";
        }
        char *above = g_path_get_dirname(dir);
        g_free(dir);
        dir = above;
    }
    /* only the real root has no such file: in a container what is above may have the controller */
    return has_file(mount, "cgroup.events") ? "the cgroups above this one cannot be seen" : NULL;
}

const char *fair_why_no_autogroup(const char *mount, const char *self)
{
    g_autofree char *old = own_path(self, "cpu");
    g_autofree char *path = old ? NULL : own_path(self, "");
    if (!old) {
        return path ? why_no_root_v2(mount, path) : NULL;
    }
    g_autofree char *root = g_build_filename(mount, "cpu", NULL);
    bool is_root =
            !strcmp(old, "/") && (!has_file(root, "tasks") || has_file(root, "release_agent"));
    return is_root ? NULL
                   : "this process is in a cgroup of the cpu controller, where the kernel makes no "
                     "automatic groups";
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
