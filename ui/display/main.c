/* main.c - the program sandtable-display: options, then the window or one picture. */
#include "app.h"
#include "theme.h"
#include "words.h"

#include "base/error.h"
#include "script/score_rules.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

struct options {
    char *socket, *ledger, *events, *name, *screenshot, *at, *size;
    char *view, *language, *theme, *team, *person;
    gboolean fullscreen, timing;
};

static bool usage(GError **error, const char *text)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, text);
    return false;
}

/* "150", "2:30" or "1:02:30" to microseconds. */
static bool parse_time(const char *text, gint64 *ret, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 4);
    gint64 sum = 0;
    guint count = g_strv_length(parts);
    for (guint i = 0; i < count; i++) {
        guint64 part = 0;
        if (count > 3 || !g_ascii_string_to_unsigned(parts[i], 10, 0, 9999999, &part, NULL)) {
            return usage(error, "--at wants seconds, m:ss or h:mm:ss of exercise time");
        }
        sum = sum * 60 + (gint64)part;
    }
    *ret = sum * G_USEC_PER_SEC;
    return true;
}

static bool parse_size(const char *text, int *w, int *h, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "x", 3);
    guint64 wide = 0;
    guint64 high = 0;
    if (g_strv_length(parts) != 2 ||
            !g_ascii_string_to_unsigned(parts[0], 10, 640, 7680, &wide, NULL) ||
            !g_ascii_string_to_unsigned(parts[1], 10, 400, 4320, &high, NULL)) {
        return usage(error, "--size wants WxH from 640x400 to 7680x4320, for example 1920x1080");
    }
    *w = (int)wide;
    *h = (int)high;
    return true;
}

static bool parse(int *argc, char ***argv, struct options *options, GError **error)
{
    const GOptionEntry entries[] = {
            {"socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket, "control socket of an engine",
                    "PATH"},
            {"ledger", 0, 0, G_OPTION_ARG_FILENAME, &options->ledger, "a ledger", "PATH"},
            {"events", 0, 0, G_OPTION_ARG_FILENAME, &options->events, "a file, one event a line",
                    "PATH"},
            {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "what to call it", "NAME"},
            {"screenshot", 0, 0, G_OPTION_ARG_FILENAME, &options->screenshot,
                    "write one picture and end", "FILE"},
            {"at", 0, 0, G_OPTION_ARG_STRING, &options->at, "show this exercise time (m:ss)", "T"},
            {"size", 0, 0, G_OPTION_ARG_STRING, &options->size, "of the picture", "WxH"},
            {"view", 0, 0, G_OPTION_ARG_STRING, &options->view,
                    "control, wall, public or instructor", "V"},
            {"team", 0, 0, G_OPTION_ARG_STRING, &options->team, "of the instructor's view", "TEAM"},
            {"operator", 0, 0, G_OPTION_ARG_STRING, &options->person, "who sits here", "PERSON"},
            {"language", 0, 0, G_OPTION_ARG_STRING, &options->language, "en or zh", "L"},
            {"theme", 0, 0, G_OPTION_ARG_FILENAME, &options->theme,
                    "dark, light, contrast or a file", "T"},
            {"fullscreen", 0, 0, G_OPTION_ARG_NONE, &options->fullscreen, "fill the screen", NULL},
            {"timing", 0, 0, G_OPTION_ARG_NONE, &options->timing,
                    "say on stderr what a redraw cost", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
            context, "Shows an exercise; usually started by `sandtable display`.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) wrong = NULL;
    if (!g_option_context_parse(context, argc, argv, &wrong)) {
        return usage(error, wrong->message);
    }
    int sources = (options->socket != NULL) + (options->ledger != NULL) + (options->events != NULL);
    if (*argc > 1 || sources != 1) {
        return usage(error, "give exactly one of --socket, --ledger and --events");
    }
    return true;
}

static bool parse_view(const char *text, enum mode *mode, GError **error)
{
    for (int i = 0; text && i < MODES; i++) {
        if (!strcmp(view_mode_name((enum mode)i), text)) {
            *mode = (enum mode)i;
            return true;
        }
    }
    return !text || usage(error, "--view wants control, wall, public or instructor");
}

static bool set_looks(const struct options *options, GError **error)
{
    enum language language = words_from_environment();
    if (options->language && !words_find(options->language, &language)) {
        return usage(error, "--language wants en or zh");
    }
    words_use(language);
    const struct theme *theme = options->theme ? theme_find(options->theme) : theme_used();
    if (!theme && options->theme) {
        if (!strpbrk(options->theme, "/.")) {
            return usage(error, "--theme wants dark, light, contrast or a file");
        }
        theme = theme_load(options->theme, error); /* as long as the program */
    }
    if (theme) {
        theme_use(theme);
    }
    return theme != NULL;
}

static struct source *open_source(const struct options *options, GError **error)
{
    if (options->socket) {
        return source_open_live(options->socket, app_wake(), NULL);
    }
    return options->ledger ? source_open_ledger(options->ledger, error)
                           : source_open_file(options->events, error);
}

static char *shown_name(const struct options *options)
{
    const char *path = options->socket   ? options->socket
                       : options->ledger ? options->ledger
                                         : options->events;
    g_autofree char *base = g_path_get_basename(path);
    char *dot = strrchr(base, '.');
    return options->name ? g_strdup(options->name)
                         : g_strndup(base, dot ? (gsize)(dot - base) : strlen(base));
}

/* A live engine's events take a moment to arrive: until it is quiet, at most ten seconds. */
static void await_live(struct app *app)
{
    gint64 end = g_get_monotonic_time() + G_GINT64_CONSTANT(10) * G_USEC_PER_SEC;
    gint64 seq = -1;
    while (g_get_monotonic_time() < end &&
            (app_model(app)->state == MODEL_NONE || app_model(app)->seq != seq)) {
        seq = app_model(app)->seq;
        g_usleep(100000);
        (void)app_drain(app, NULL);
    }
}

static bool take_picture(struct app *app, const struct options *options, GError **error)
{
    if (options->socket) {
        await_live(app);
        app_handle(app, NULL);
    }
    if (!app_drain(app, error) || !app_screenshot(app, options->screenshot, error)) {
        return false;
    }
    if (options->timing) {
        double first = app_draw_ms(app);
        double sum = 0;
        for (int i = 0; i < 20; i++) {
            if (!app_screenshot(app, "/dev/null", error)) {
                return false;
            }
            sum += app_draw_ms(app);
        }
        fprintf(stderr, "redraw: first %.1f ms, then %.2f ms\n", first, sum / 20);
    }
    return true;
}

static bool run(const struct options *options, GError **error)
{
    gint64 until = -1;
    int w = 1920;
    int h = 1080;
    enum mode mode = MODE_CONTROL;
    if ((options->at && !parse_time(options->at, &until, error)) ||
            (options->size && !parse_size(options->size, &w, &h, error)) ||
            !parse_view(options->view, &mode, error) || !set_looks(options, error)) {
        return false;
    }
    if (options->screenshot) {
        (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    }
    if (!app_sdl_start(error)) {
        return false;
    }
    g_autofree char *name = shown_name(options);
    struct app_options setup = {.source = open_source(options, error),
            .name = name,
            .w = w,
            .h = h,
            .fullscreen = options->fullscreen,
            .still = options->screenshot != NULL,
            .until_us = until,
            .ledger = options->ledger,
            .socket = options->socket,
            .mode = mode,
            .team = options->team,
            .person = options->person};
    if (!setup.source) {
        return false;
    }
    struct app *app = app_new(&setup, error);
    if (!app) {
        source_close(setup.source);
        return false;
    }
    bool done = true;
    if (options->screenshot) {
        done = take_picture(app, options, error);
    } else {
        while (app_turn(app, -1)) {
        }
    }
    app_free(app);
    return done;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    script_provide_score_rules();
    g_autoptr(GError) error = NULL;
    struct options options = {0};
    bool done = parse(&argc, &argv, &options, &error) && run(&options, &error);
    if (SDL_WasInit(SDL_INIT_VIDEO)) {
        SDL_Quit();
    }
    if (!done) {
        fprintf(stderr, "sandtable-display: %s\n", error ? error->message : "failed");
    }
    g_free(options.socket);
    g_free(options.ledger);
    g_free(options.events);
    g_free(options.name);
    g_free(options.screenshot);
    g_free(options.at);
    g_free(options.size);
    return sandtable_exit_code(error);
}
