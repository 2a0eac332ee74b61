/* build_run.c - runs a tool of the builder, passes on what it says, keeps the end for the error. */
#include "base/error.h"
#include "base/text.h"
#include "image/build_tree.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define TAIL_BYTES 1500

static void die_with_parent(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* mmdebstrap then removes its temporary tree */
}

/* mmdebstrap marks its own lines; the package tools' are for the error only. */
static void pass_on(const struct build *build, const char *line)
{
    if (build->progress && g_str_has_prefix(line, "I: ") && g_str_has_suffix(line, "...")) {
        g_autofree char *text = g_strdup_printf("%s: %s", build->recipe->name, line + 3);
        build->progress(text, build->data);
    }
}

static char *read_all(const struct build *build, GSubprocess *process)
{
    GInputStream *pipe = g_subprocess_get_stderr_pipe(process);
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(pipe);
    g_autoptr(GString) tail = g_string_new(NULL);
    for (char *line; (line = g_data_input_stream_read_line(lines, NULL, NULL, NULL));) {
        pass_on(build, line);
        g_string_append_printf(tail, "%s\n", line);
        if (tail->len > (gsize)4 * TAIL_BYTES) {
            g_string_erase(tail, 0, (gssize)(tail->len - TAIL_BYTES));
        }
        g_free(line);
    }
    return text_clean_tail(tail->str, tail->len, TAIL_BYTES);
}

bool build_run(const struct build *build, const char *const *argv, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
            G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    g_subprocess_launcher_setenv(launcher, "DEBIAN_FRONTEND", "noninteractive", TRUE);
    g_subprocess_launcher_set_cwd(launcher, build->work);
    g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!process) {
        g_prefix_error(error, "image \"%s\": ", build->recipe->name);
        return false;
    }
    g_autofree char *tail = read_all(build, process);
    g_autoptr(GError) problem = NULL;
    if (!g_subprocess_wait_check(process, NULL, &problem)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "image \"%s\": %s failed (%s); its last lines:\n%s", build->recipe->name, argv[0],
                problem->message, tail);
        return false;
    }
    return true;
}
