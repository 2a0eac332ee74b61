/* spawn_display.c - the display as a process of its own, beside this program. */
#include "cli/spawn_display.h"

#include "base/error.h"
#include "base/paths.h"

#include <unistd.h>

bool spawn_display(const char *name, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);
    if (!self) {
        return false;
    }
    g_autofree char *bin = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(bin, "sandtable-display", NULL);
    g_autofree char *socket = paths_socket(name);
    const char *argv[] = {program, "--socket", socket, "--name", name, NULL};
    if (!g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, error)) {
        g_prefix_error(error, "the display does not start: ");
        return false;
    }
    return true;
}
