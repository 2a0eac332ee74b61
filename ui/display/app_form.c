/* app_form.c - filling in a question: keys, text, what is then asked of the engine. */
#include "app_private.h"

#include "base/json.h"
#include "words.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX 1000 /* bytes of a field */

static const struct kind { /* of a question */
    const char *title;
    struct {
        const char *label;
        bool chooses, may_be_all;
    } fields[FORM_FIELDS];
    enum action action;
    int count;
} kinds[] = {
        {WORD("Message"), {{WORD("to"), true, true}, {WORD("text"), false, false}}, ACTION_MESSAGE,
                2},
        {WORD("A note about this moment, for the white cell only"), {{WORD("text"), false, false}},
                ACTION_NOTE, 1},
        {WORD("Points by hand"),
                {{WORD("team"), true, false}, {WORD("points"), false, false},
                        {WORD("reason"), false, false}},
                ACTION_ADJUST, 3},
        {WORD("End the exercise for everybody?"), {{WORD("reason"), false, false}}, ACTION_END, 1},
        {WORD("New inject: a message, or a step's name"),
                {{WORD("team"), true, true}, {WORD("text"), false, false},
                        {WORD("time"), false, false}},
                ACTION_ADD, 3},
        {WORD("Change the inject"), {{WORD("time"), false, false}, {WORD("text"), false, false}},
                ACTION_EDIT, 2},
        {WORD("Find a machine, a team or an address"), {{WORD("find"), false, false}}, ACTION_FIND,
                1},
        {WORD("Only events that contain"), {{WORD("text"), false, false}}, ACTION_FILTER, 1},
};

void form_open(struct app *app, enum action action)
{
    struct form *form = &app->view.form;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const struct kind *kind = &kinds[i];
        if (kind->action != action) {
            continue;
        }
        form->action = action;
        form->title = kind->title;
        form->count = kind->count;
        form->about_us = app->view.clock_us;
        form->at = kind->fields[0].chooses ? 1 : 0;
        for (int f = 0; f < kind->count; f++) {
            struct field *field = &form->fields[f];
            field->label = kind->fields[f].label;
            field->chooses = kind->fields[f].chooses;
            field->may_be_all = kind->fields[f].may_be_all;
            field->team = field->may_be_all ? -1 : 0;
            g_string_truncate(field->text, 0);
        }
        if (action == ACTION_EDIT) {
            form_fill_edit(app);
        }
        for (int f = 0; f < kind->count; f++) {
            form->fields[f].at = form->fields[f].text->len;
            g_free(form->fields[f].was);
            form->fields[f].was = g_strdup(form->fields[f].text->str);
        }
        form->leaving = false;
        SDL_StartTextInput();
        SDL_FlushEvent(SDL_TEXTINPUT); /* the key that opened it is no text */
    }
}

void form_choose_team(struct app *app, int team)
{
    struct field *field = &app->view.form.fields[0];
    if (field->chooses && team >= 0 && model_team_at(app->view.model, team)) {
        field->team = team;
    }
}

static void form_close(struct app *app)
{
    app->view.form.action = ACTION_NONE;
    ime_drop(app);
    SDL_StopTextInput();
}

void form_leave(struct app *app)
{
    struct form *form = &app->view.form;
    bool written = app->view.compose.text != NULL;
    for (int f = 0; f < form->count; f++) {
        const struct field *field = &form->fields[f];
        written |= !field->chooses && g_strcmp0(field->text->str, field->was) != 0;
    }
    if (written && !form->leaving) {
        form->leaving = true;
    } else {
        form_close(app);
    }
}

static const char *team_id(const struct app *app, int index)
{
    const struct model_team *team = model_team_at(app->view.model, index);
    return team ? team->id : NULL;
}

static bool send_message(struct app *app)
{
    const struct form *form = &app->view.form;
    const char *team = team_id(app, form->fields[0].team);
    if (!*form->fields[1].text->str) {
        app_say(app, true, g_strdup(tr("The message has no text")));
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "text", form->fields[1].text->str);
    if (team) {
        cJSON_AddStringToObject(params, "team", team);
    }
    app_ask(app, "message", params);
    return true;
}

static bool send_points(struct app *app)
{
    const struct form *form = &app->view.form;
    const char *team = team_id(app, form->fields[0].team);
    const char *text = form->fields[1].text->str;
    char *end = NULL;
    double points = g_ascii_strtod(text, &end);
    if (!team || end == text || *end || !isfinite(points) || points == 0) {
        app_say(app, true, g_strdup(tr("Points are a number, such as -20")));
        return false;
    }
    if (!*form->fields[2].text->str) {
        app_say(app, true, g_strdup(tr("Points by hand need a reason")));
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "team", team);
    cJSON_AddNumberToObject(params, "points", points);
    cJSON_AddStringToObject(params, "reason", form->fields[2].text->str);
    app_ask(app, "adjust", params);
    return true;
}

static bool send_note(struct app *app)
{
    const struct form *form = &app->view.form;
    if (!*form->fields[0].text->str) {
        app_say(app, true, g_strdup(tr("The note has no text")));
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "text", form->fields[0].text->str);
    json_add_int(params, "at_us", form->about_us);
    app_tell(app, "note", params);
    return true;
}

static void set_filter(struct app *app)
{
    struct view *view = &app->view;
    g_clear_pointer(&view->filter, g_free);
    if (*view->form.fields[0].text->str) {
        view->filter = g_utf8_casefold(view->form.fields[0].text->str, -1);
    }
    view->scroll = 0;
}

static void end_exercise(struct app *app)
{
    const char *reason = app->view.form.fields[0].text->str;
    cJSON *params = cJSON_CreateObject();
    if (*reason) {
        cJSON_AddStringToObject(params, "reason", reason);
    }
    app_ask(app, "end", params);
}

static void form_done(struct app *app)
{
    bool done = true;
    switch (app->view.form.action) {
    case ACTION_MESSAGE:
        done = send_message(app);
        break;
    case ACTION_NOTE:
        done = send_note(app);
        break;
    case ACTION_ADJUST:
        done = send_points(app);
        break;
    case ACTION_ADD:
        done = form_send_add(app);
        break;
    case ACTION_EDIT:
        done = form_send_edit(app);
        break;
    case ACTION_FIND:
        done = find_begin(app, app->view.form.fields[0].text->str);
        break;
    case ACTION_FILTER:
        set_filter(app);
        break;
    case ACTION_END:
        end_exercise(app);
        break;
    default:
        break;
    }
    if (done) {
        form_close(app);
    }
}

static void choose_team(struct app *app, struct field *field, int by)
{
    int first = field->may_be_all ? -1 : 0;
    int count = (int)app->view.model->teams->len;
    field->team = CLAMP(field->team + by, first, count - 1);
}

/* ---- writing in a field -------------------------------------------------------------------- */

static gsize place_before(const struct field *field)
{
    const char *text = field->text->str;
    const char *before = g_utf8_find_prev_char(text, text + field->at);
    return before ? (gsize)(before - text) : 0;
}

static gsize place_behind(const struct field *field)
{
    const char *at = field->text->str + field->at;
    return *at ? (gsize)(g_utf8_next_char(at) - field->text->str) : field->at;
}

static void erase(struct field *field, gsize from, gsize to)
{
    g_string_erase(field->text, (gssize)from, (gssize)(to - from));
    field->at = from;
}

/* As much as there is room for, on one line. */
static void insert(struct field *field, const char *text)
{
    const char *end = NULL;
    (void)g_utf8_validate(text, -1, &end);
    for (; text < end; text = g_utf8_next_char(text)) {
        bool control = g_unichar_iscntrl(g_utf8_get_char(text));
        gsize length = control ? 1 : (gsize)(g_utf8_next_char(text) - text);
        if (field->text->len + length > TEXT_MAX) {
            return;
        }
        g_string_insert_len(field->text, (gssize)field->at, control ? " " : text, (gssize)length);
        field->at += length;
    }
}

static void paste(struct field *field)
{
    char *text = SDL_GetClipboardText();
    g_autofree char *line = g_strchomp(g_strdup(text ? text : ""));
    SDL_free(text);
    insert(field, line);
}

/* False: not a key that writes. */
static bool write_key(struct field *field, const SDL_Keysym *key)
{
    switch (key->sym) {
    case SDLK_BACKSPACE:
        erase(field, place_before(field), field->at);
        return true;
    case SDLK_DELETE:
        erase(field, field->at, place_behind(field));
        return true;
    case SDLK_LEFT:
        field->at = place_before(field);
        return true;
    case SDLK_RIGHT:
        field->at = place_behind(field);
        return true;
    case SDLK_HOME:
        field->at = 0;
        return true;
    case SDLK_END:
        field->at = field->text->len;
        return true;
    case SDLK_v:
        if (key->mod & KMOD_CTRL) {
            paste(field);
        }
        return true;
    default:
        return false;
    }
}

static void form_key(struct app *app, const SDL_Keysym *key)
{
    struct form *form = &app->view.form;
    struct field *field = &form->fields[form->at];
    bool back = key->mod & KMOD_SHIFT;
    if (form->leaving) {
        form->leaving = false;
        SDL_FlushEvent(SDL_TEXTINPUT); /* the answer is no text */
        if (key->sym == SDLK_y) {
            form_close(app);
        }
        return;
    }
    if (!field->chooses && write_key(field, key)) {
        return;
    }
    switch (key->sym) {
    case SDLK_ESCAPE:
        form_leave(app);
        break;
    case SDLK_RETURN:
    case SDLK_KP_ENTER:
        form_done(app);
        break;
    case SDLK_TAB:
        form->at = (form->at + (back ? form->count - 1 : 1)) % form->count;
        break;
    case SDLK_UP:
    case SDLK_DOWN:
        if (field->chooses) {
            choose_team(app, field, key->sym == SDLK_UP ? -1 : 1);
        }
        break;
    default:
        break;
    }
}

static bool hit(struct rect r, float x, float y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

/* Only the form: what lies under it is not meant. The right button is Escape, the middle one
 * pastes. */
static void form_click(struct app *app, const SDL_MouseButtonEvent *button)
{
    struct form *form = &app->view.form;
    float x = (float)button->x;
    float y = (float)button->y;
    if (button->button == SDL_BUTTON_RIGHT || hit(form->leave, x, y)) {
        form_leave(app);
        return;
    }
    form->leaving = false;
    if (hit(form->ok, x, y)) {
        form_done(app);
        return;
    }
    for (int i = 0; i < form->count; i++) {
        struct field *field = &form->fields[i];
        if (!hit(form->boxes[i], x, y)) {
            continue;
        }
        form->at = i;
        if (field->chooses) { /* round and round */
            bool last = field->team + 1 >= (int)app->view.model->teams->len;
            field->team = last ? (field->may_be_all ? -1 : 0) : field->team + 1;
        } else {
            field->at = view_form_place(&app->view, i, x);
            if (button->button == SDL_BUTTON_MIDDLE) {
                paste(field);
            }
        }
    }
}

bool form_input(struct app *app, const SDL_Event *event)
{
    struct form *form = &app->view.form;
    struct field *field = &form->fields[form->at];
    switch (event->type) {
    case SDL_KEYDOWN:
        form_key(app, &event->key.keysym);
        break;
    case SDL_TEXTINPUT:
        if (!field->chooses && !form->leaving) {
            insert(field, event->text.text);
        }
        break;
    case SDL_MOUSEBUTTONDOWN:
        form_click(app, &event->button);
        break;
    default:
        return false;
    }
    app->dirty = true;
    return true;
}
