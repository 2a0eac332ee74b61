/* app_ime.c - input methods: what is being composed, and the keys that are the method's meanwhile. */
#include "app_private.h"

#define COMPOSE_MAX 256 /* characters */

static void forget(struct app *app)
{
    if (app->view.compose.text) {
        g_clear_pointer(&app->view.compose.text, g_free);
        app->dirty = true;
    }
}

static bool takes_text(const struct app *app)
{
    const struct form *form = &app->view.form;
    return form->action != ACTION_NONE ? !form->fields[form->at].chooses
                                       : app_console_has_keys(app);
}

static void take(struct app *app, const char *text, int start, int length)
{
    struct compose *compose = &app->view.compose;
    forget(app);
    if (!takes_text(app) || !text || !*text) {
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    int count = (int)MIN(g_utf8_strlen(valid, -1), COMPOSE_MAX);
    compose->text = g_utf8_substring(valid, 0, count);
    compose->start = CLAMP(start, 0, count);
    compose->length = CLAMP(length, 0, count - compose->start);
    app->dirty = true;
}

void ime_drop(struct app *app)
{
    if (app->view.compose.text) {
        SDL_ClearComposition();
        forget(app);
    }
}

void ime_place(const struct app *app)
{
    struct rect at = app->view.compose.caret;
    if (SDL_IsTextInputActive() && at.h > 0) {
        SDL_Rect caret = {(int)at.x, (int)at.y, (int)at.w, (int)at.h};
        SDL_SetTextInputRect(&caret);
    }
}

bool ime_input(struct app *app, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_TEXTEDITING:
        take(app, event->edit.text, event->edit.start, event->edit.length);
        return true;
    case SDL_TEXTEDITING_EXT:
        take(app, event->editExt.text, event->editExt.start, event->editExt.length);
        SDL_free(event->editExt.text);
        return true;
    case SDL_KEYDOWN: /* Return takes a candidate, Escape gives up: not the form's, nor a guest's */
        return app->view.compose.text != NULL;
    case SDL_TEXTINPUT: /* settled */
        forget(app);
        return false;
    case SDL_MOUSEBUTTONDOWN:
        ime_drop(app);
        return false;
    case SDL_WINDOWEVENT: /* a method that was left says nothing more, and would keep the keys */
        if (event->window.event == SDL_WINDOWEVENT_FOCUS_LOST) {
            ime_drop(app);
        }
        return false;
    default:
        return false;
    }
}
