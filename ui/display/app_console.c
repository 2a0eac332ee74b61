/* app_console.c - the console of a machine inside the window: opening it, its keys, its end. */
#include "app_private.h"

#include "words.h"

#include <string.h>

#define PASTE_MAX 4096
#define PAGE (TERMINAL_ROWS / 2)

void app_console_close(struct app *app)
{
    struct view *view = &app->view;
    if (app_console_has_keys(app)) {
        ime_drop(app);
    }
    console_close(app->console);
    app->console = NULL;
    g_clear_pointer(&view->terminal, terminal_free);
    g_clear_pointer(&view->console, g_free);
    g_clear_pointer(&view->console_note, g_free);
    view->focus = view->focus == FOCUS_CONSOLE ? 2 : view->focus;
    app->dirty = true;
}

void app_console_open(struct app *app, const char *machine)
{
    struct view *view = &app->view;
    if (!app->socket || view->play.on) {
        app_ask(app, "console", NULL); /* says why not */
        return;
    }
    if (g_strcmp0(view->console, machine) != 0 || view->console_over) {
        app_console_close(app);
        view->terminal = terminal_new();
        view->console = g_strdup(machine);
        view->console_over = false;
        app->console = console_open(app->socket, machine, app->person, app_wake());
    }
    view->console_back = 0;
    view->focus = FOCUS_CONSOLE;
    SDL_StartTextInput();
    SDL_FlushEvent(SDL_TEXTINPUT); /* the key that opened it is no input */
}

bool app_console_has_keys(const struct app *app)
{
    return app->view.terminal && app->view.focus == FOCUS_CONSOLE;
}

void app_console_take(struct app *app)
{
    struct view *view = &app->view;
    if (!app->console) {
        return;
    }
    if (view->mode != MODE_CONTROL || view->play.on) {
        app_console_close(app); /* private, and of the present */
        return;
    }
    app->dirty |= console_take(app->console, view->terminal);
    g_autofree char *why = NULL;
    enum console_state state = console_state(app->console, &why);
    const char *note = state == CONSOLE_OPENING ? tr("opening …")
                       : state == CONSOLE_OPEN  ? tr("Ctrl+] closes")
                                                : (why ? tr_name(why) : tr("it has ended"));
    view->console_over = state == CONSOLE_ENDED;
    if (g_strcmp0(note, view->console_note) != 0) {
        g_free(view->console_note);
        view->console_note = g_strdup(note);
        app->dirty = true;
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void type(struct app *app, const char *bytes, gsize length)
{
    app->view.console_back = 0;
    app->dirty = true;
    if (length > 0 && !console_send(app->console, bytes, length)) {
        app_say(app, true, g_strdup(tr("The console takes no keys now")));
    }
}

/* Lines as if they were typed; nothing else of the clipboard's control characters. */
static void paste(struct app *app)
{
    char *text = SDL_GetClipboardText();
    g_autoptr(GString) clean = g_string_new(NULL);
    for (const char *at = text ? text : ""; *at && clean->len < PASTE_MAX; at++) {
        bool line = *at == '\n';
        if (line || *at == '\t' || (unsigned char)*at >= ' ') {
            g_string_append_c(clean, line ? '\r' : *at);
        }
    }
    SDL_free(text);
    type(app, clean->str, clean->len);
}

static const char *sequence_of(const struct app *app, SDL_Keycode key)
{
    static const struct {
        SDL_Keycode key;
        const char *bytes, *other; /* other: for programs that ask for application keys */
    } keys[] = {{SDLK_RETURN, "\r", NULL}, {SDLK_KP_ENTER, "\r", NULL},
            {SDLK_BACKSPACE, "\x7F", NULL}, {SDLK_TAB, "\t", NULL}, {SDLK_ESCAPE, "\33", NULL},
            {SDLK_UP, "\33[A", "\33OA"}, {SDLK_DOWN, "\33[B", "\33OB"},
            {SDLK_RIGHT, "\33[C", "\33OC"}, {SDLK_LEFT, "\33[D", "\33OD"},
            {SDLK_HOME, "\33[1~", NULL}, {SDLK_INSERT, "\33[2~", NULL},
            {SDLK_DELETE, "\33[3~", NULL}, {SDLK_END, "\33[4~", NULL},
            {SDLK_PAGEUP, "\33[5~", NULL}, {SDLK_PAGEDOWN, "\33[6~", NULL}};
    bool application = terminal_wants_application_keys(app->view.terminal);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].key == key) {
            return application && keys[i].other ? keys[i].other : keys[i].bytes;
        }
    }
    return NULL;
}

/* Ctrl with a letter or one of @ [ \ ] ^ _; 0xFF: none. */
static guint8 control_of(SDL_Keycode key)
{
    if (key >= SDLK_a && key <= SDLK_z) {
        return (guint8)(key - SDLK_a + 1);
    }
    if (key == SDLK_SPACE || key == SDLK_AT) {
        return 0;
    }
    return key >= SDLK_LEFTBRACKET && key <= SDLK_UNDERSCORE ? (guint8)(key & 0x1F) : 0xFF;
}

void app_console_scroll(struct app *app, int by)
{
    int above = terminal_above(app->view.terminal);
    app->view.console_back = CLAMP(app->view.console_back + by, 0, above);
    app->dirty = true;
}

/* Keys that are the window's own. False: for the machine. */
static bool own_key(struct app *app, SDL_Keycode key, SDL_Keymod mod)
{
    bool shift = mod & KMOD_SHIFT;
    if (mod & KMOD_CTRL && key == SDLK_RIGHTBRACKET) {
        app_console_close(app);
    } else if (shift && (key == SDLK_PAGEUP || key == SDLK_PAGEDOWN)) {
        app_console_scroll(app, key == SDLK_PAGEUP ? PAGE : -PAGE);
    } else if (shift && (key == SDLK_INSERT || (mod & KMOD_CTRL && key == SDLK_v))) {
        paste(app);
    } else {
        return false;
    }
    return true;
}

static bool key_down(struct app *app, const SDL_Keysym *key)
{
    if (own_key(app, key->sym, key->mod)) {
        return true;
    }
    if (key->sym >= SDLK_F1 && key->sym <= SDLK_F12) {
        return false; /* the window's as ever */
    }
    const char *bytes = sequence_of(app, key->sym);
    guint8 byte = key->mod & KMOD_CTRL ? control_of(key->sym) : 0xFF;
    if (bytes) {
        type(app, bytes, strlen(bytes));
    } else if (byte != 0xFF) {
        type(app, (const char *)&byte, 1);
    }
    return true; /* letters come as text */
}

bool app_console_input(struct app *app, const SDL_Event *event)
{
    if (!app_console_has_keys(app)) {
        return false;
    }
    if (event->type == SDL_KEYDOWN) {
        return key_down(app, &event->key.keysym);
    }
    if (event->type == SDL_MOUSEBUTTONDOWN && event->button.button == SDL_BUTTON_MIDDLE) {
        paste(app);
        return true;
    }
    if (event->type == SDL_TEXTINPUT && g_utf8_validate(event->text.text, -1, NULL)) {
        type(app, event->text.text, strlen(event->text.text));
        return true;
    }
    return false;
}
