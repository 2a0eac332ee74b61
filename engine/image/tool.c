/* tool.c - runs one tool with limits and gives back what it printed. */
#include "image/tool.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define OUTPUT_MAX (1 << 20)
#define CPU_S 60
#define MEMORY_BYTES ((rlim_t)4 << 30) /* of address space: threads' stacks count whole */

char *tool_find(const char *name, const char *package, GError **error)
{
    static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin"};
    char *found = g_find_program_in_path(name);
    for (gsize i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        found = g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&path) : NULL;
    }
    if (!found) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s is not installed; remedy: apt-get install %s", name, package);
    }
    return found;
}

static void set_limit(int resource, rlim_t value)
{
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* In the child. */
static void confine(gpointer data)
{
    const struct tool_limits *limits = data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_AS, MEMORY_BYTES);
    set_limit(RLIMIT_CPU, (rlim_t)(limits->cpu_s ? limits->cpu_s : CPU_S));
    if (limits->file_bytes) {
        set_limit(RLIMIT_FSIZE, (rlim_t)limits->file_bytes);
    }
}

/* Reads to the end, keeping the first OUTPUT_MAX bytes. */
static GString *read_output(GInputStream *stream)
{
    GString *text = g_string_new(NULL);
    char part[8192];
    gssize n = 0;
    while ((n = g_input_stream_read(stream, part, sizeof(part), NULL, NULL)) > 0) {
        g_string_append_len(text, part, MIN(n, (gssize)(OUTPUT_MAX - text->len)));
    }
    return text;
}

char *tool_run(const char *const *argv, const struct tool_limits *limits, GError **error)
{
    static const struct tool_limits usual = {0};
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
            G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    g_subprocess_launcher_set_child_setup(
            launcher, confine, (gpointer)(limits ? limits : &usual), NULL);
    g_autofree char *name = g_path_get_basename(argv[0]);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!process) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    GString *output = read_output(g_subprocess_get_stdout_pipe(process));
    g_autoptr(GError) problem = NULL;
    if (!g_subprocess_wait_check(process, NULL, &problem)) {
        g_autofree char *tail = text_clean_tail(output->str, output->len, 600);
        g_strchomp(tail);
        g_string_free(output, TRUE);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s failed (%s): %s", name,
                problem->message, tail);
        return NULL;
    }
    return g_string_free(output, FALSE);
}

bool tool_set_mode(const char *path, int mode, GError **error)
{
    if (g_chmod(path, mode) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot set the mode of %s: %s",
                path, g_strerror(errno));
        return false;
    }
    return true;
}
