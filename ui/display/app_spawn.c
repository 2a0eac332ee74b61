/* app_spawn.c - a machine's console in a terminal window of its own. */
#include "app_private.h"

#include "words.h"

char *spawn_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : NULL;
    return dir ? g_build_filename(dir, "sandtable", NULL) : NULL;
}

void spawn_console(struct app *app, const char *machine)
{
    static const char *const terminals[] = {"x-terminal-emulator", "xterm", "foot", "konsole"};
    g_autofree char *program = spawn_program();
    g_autofree char *terminal = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(terminals) && !terminal; i++) {
        terminal = g_find_program_in_path(terminals[i]);
    }
    if (!terminal || !program) {
        app_say(app, true, g_strdup(tr("No terminal is installed; `sandtable console` does it")));
        return;
    }
    const char *const argv[] = {terminal, "-e", program, "console", app->name, machine, NULL};
    g_autoptr(GError) error = NULL;
    if (g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &error)) {
        app_say(app, false, g_strdup_printf(tr("The console of %s opens"), machine));
    } else {
        app_say(app, true, g_strdup(error->message));
    }
}
