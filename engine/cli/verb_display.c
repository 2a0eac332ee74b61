/* verb_display.c - sandtable display: hands over to the program sandtable-display. */
#include "cli/cli_view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

extern const struct verb verb_display;

/* The display stands beside this program; only there, so that PATH cannot put another in its place.
 */
static char *find_program(GError **error)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "/proc/self/exe: %s",
                g_strerror(errno));
        return NULL;
    }
    self[length] = '\0';
    g_autofree char *dir = g_path_get_dirname(self);
    g_autofree char *path = g_build_filename(dir, "sandtable-display", NULL);
    if (access(path, X_OK) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s: %s; the display is a program of its own that is built beside this one", path,
                g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&path);
}

static void add(GPtrArray *argv, const char *option, const char *value)
{
    if (value) {
        g_ptr_array_add(argv, (gpointer)option);
        g_ptr_array_add(argv, (gpointer)value);
    }
}

static void add_source(GPtrArray *argv, const char *events, const struct cli_target *target)
{
    add(argv, "--events", events);
    if (!events) {
        add(argv, target->socket ? "--socket" : "--ledger",
                target->socket ? target->socket : target->ledger);
    }
    add(argv, "--name", target->name);
}

/* As root: the picture goes where root may write, although another account will draw it. */
static bool open_for_account(char **file, GError **error)
{
    int fd = open(*file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s: %s", *file,
                g_strerror(errno));
        return false;
    }
    g_free(*file);
    *file = g_strdup("-");
    return true;
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *screenshot = NULL;
    g_autofree char *at = NULL;
    g_autofree char *size = NULL;
    g_autofree char *events = NULL;
    g_autofree char *view = NULL;
    g_autofree char *team = NULL;
    g_autofree char *language = NULL;
    g_autofree char *person = NULL;
    g_autofree char *theme = NULL;
    gboolean fullscreen = FALSE;
    const GOptionEntry entries[] = {
            {"screenshot", 0, 0, G_OPTION_ARG_FILENAME, &screenshot, "write one picture and end",
                    "FILE"},
            {"at", 0, 0, G_OPTION_ARG_STRING, &at, "show this exercise time (m:ss)", "T"},
            {"size", 0, 0, G_OPTION_ARG_STRING, &size, "of the window or picture", "WxH"},
            {"view", 0, 0, G_OPTION_ARG_STRING, &view, "control, wall, public or instructor", "V"},
            {"team", 0, 0, G_OPTION_ARG_STRING, &team, "of the instructor's view", "TEAM"},
            {"operator", 0, 0, G_OPTION_ARG_STRING, &person, "who sits here, for the record",
                    "PERSON"},
            {"language", 0, 0, G_OPTION_ARG_STRING, &language, "en or zh", "L"},
            {"theme", 0, 0, G_OPTION_ARG_FILENAME, &theme, "dark, light, contrast or a file", "T"},
            {"fullscreen", 0, 0, G_OPTION_ARG_NONE, &fullscreen, "fill the screen", NULL},
            {"events", 0, 0, G_OPTION_ARG_FILENAME, &events, "show a file of events, one a line",
                    "FILE"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_display, entries, &argc, &argv, 0, events ? 0 : 1, error) ||
            (screenshot && geteuid() == 0 && !open_for_account(&screenshot, error)) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    struct cli_target target = {0};
    g_autofree char *program = find_program(error);
    if (!program || (!events && !cli_target(argc > 1 ? argv[1] : NULL, &target, error))) {
        return sandtable_exit_code(*error);
    }
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, program);
    add_source(words, events, &target);
    add(words, "--screenshot", screenshot);
    add(words, "--at", at);
    add(words, "--size", size);
    add(words, "--view", view);
    add(words, "--team", team);
    add(words, "--operator", person);
    add(words, "--language", language);
    add(words, "--theme", theme);
    if (fullscreen) {
        g_ptr_array_add(words, (gpointer) "--fullscreen");
    }
    g_ptr_array_add(words, NULL);
    execv(program, (char **)words->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s: %s", program, g_strerror(errno));
    cli_target_clear(&target);
    return 3;
}

const struct verb verb_display = {
        .name = "display",
        .usage = "display [NAME|LEDGER] [--view V] [--screenshot FILE] [--at T] [--size WxH] "
                 "[--fullscreen]",
        .summary = "show an exercise on the screen",
        .order = 50,
        .keeps_root = true,
        .run = run,
};
