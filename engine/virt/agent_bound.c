/* agent_bound.c - guest programs whose output is bounded in the guest, where it is made. */
#include "virt/agent_bound.h"

#include "base/error.h"

#include <string.h>

#define NO_PROGRAM "Failed to execute"
#define NOT_THERE "No such file or directory"
#define LIMIT G_STRINGIFY(65537)
G_STATIC_ASSERT(VIRT_OUTPUT_MAX == 65536);

/* $0: how much; then the program and its arguments. Descriptors 5 and 6 are the agent's pipes, 3
 * takes the status, 4 leads standard output past the pipe of standard error. The program gets none
 * of them: what it leaves running must not keep the agent waiting, and its status is not its own to
 * write. */
static const char script[] =
        "command -v \"$1\" >/dev/null 2>&1 || { echo \"cannot run $1: " NOT_THERE
        "\" >&2; exit 127; "
        "}\n"
        "echo | head -c 1 >/dev/null 2>&1 || exec \"$@\"\n"
        "n=$0\n"
        "bound() { head -c \"$n\"; cat >/dev/null; }\n"
        "exec 5>&1 6>&2\n"
        "status=$( { { {\n"
        "  (exec \"$@\" 2>&1 >&4 3>&- 4>&- 5>&- 6>&-)\n"
        "  echo $? >&3\n"
        "} 2>/dev/null | bound >&6; } 4>&1 | bound >&5; } 3>&1 )\n"
        "exit \"$status\"\n";

static const char *const ours[] = {"guest-identity", "bound", LIMIT, NULL};
static const char *const shell[] = {"sh", "-c", script, LIMIT, NULL};

const char **agent_bound_argv(enum agent_bound how, const char *const *argv)
{
    static const char *const none[] = {NULL};
    const char *const *head = how == AGENT_BOUND_OURS    ? ours
                              : how == AGENT_BOUND_SHELL ? shell
                                                         : none;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (; *head; head++) {
        g_ptr_array_add(all, (gpointer)*head);
    }
    for (; *argv; argv++) {
        g_ptr_array_add(all, (gpointer)*argv);
    }
    g_ptr_array_add(all, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
}

bool agent_bound_is_missing(const GError *error)
{
    return error && strstr(error->message, NO_PROGRAM) && strstr(error->message, NOT_THERE);
}

GError *agent_bound_error(const struct virt_exec_result *result, const char *program,
        const char *domain, const char *what)
{
    g_autofree char *said = g_strdup_printf("cannot run %s: " NOT_THERE "\n", program);
    if (result->status != 127 || result->out_length > 0 || strcmp(result->err, said) != 0) {
        return NULL;
    }
    return g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
            "machine %s: cannot %s: " NO_PROGRAM " child process \"%s\" (" NOT_THERE ")", domain,
            what, program);
}
