/* app_inject.c - the questions about an inject: its time and text, or a new one's. */
#include "app_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

static const struct model_inject *chosen(const struct app *app)
{
    return model_inject_at(app->view.model, app->view.selected);
}

static bool is_message(const struct model_inject *inject)
{
    return !*inject->step;
}

void form_fill_edit(struct app *app)
{
    struct form *form = &app->view.form;
    const struct model_inject *inject = chosen(app);
    int s = inject ? (int)(MAX(inject->planned_us, 0) / G_USEC_PER_SEC) : 0;
    g_string_printf(form->fields[0].text, "%d:%02d", s / 60, s % 60);
    if (inject && is_message(inject)) {
        g_string_assign(form->fields[1].text, inject->title);
    } else {
        form->count = 1;
    }
}

/* "90", "1:30" or "1:01:30" of exercise time, or with a + so long after now. */
static bool read_time(const struct app *app, const char *text, gint64 *ret)
{
    bool later = *text == '+';
    g_auto(GStrv) parts = g_strsplit(later ? text + 1 : text, ":", 4);
    guint count = g_strv_length(parts);
    gint64 sum = 0;
    for (guint i = 0; i < count; i++) {
        guint64 part = 0;
        if (count > 3 || !g_ascii_string_to_unsigned(parts[i], 10, 0, 999999, &part, NULL)) {
            return false;
        }
        sum = sum * 60 + (gint64)part;
    }
    *ret = sum * G_USEC_PER_SEC + (later ? app->view.play.live_us : 0);
    return count > 0;
}

static bool wrong_time(struct app *app)
{
    app_say(app, true, g_strdup(tr("A time is m:ss of the exercise, or +m:ss from now")));
    return false;
}

bool form_send_edit(struct app *app)
{
    const struct form *form = &app->view.form;
    const struct model_inject *inject = chosen(app);
    gint64 at_us = 0;
    if (!inject) {
        return true; /* a replay went back to before it was made */
    }
    if (!read_time(app, form->fields[0].text->str, &at_us)) {
        return wrong_time(app);
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "inject", inject->id);
    if (at_us / G_USEC_PER_SEC != inject->planned_us / G_USEC_PER_SEC) {
        json_add_int(params, "at_us", at_us);
    }
    if (form->count > 1 && strcmp(form->fields[1].text->str, inject->title) != 0) {
        cJSON_AddStringToObject(params, "note", form->fields[1].text->str);
    }
    app_ask(app, "inject-edit", params);
    return true;
}

static bool is_step(const struct model *model, const char *text)
{
    bool found = false;
    for (guint i = 0; i < model->steps->len; i++) {
        found |= !strcmp(((const struct model_step *)model->steps->pdata[i])->name, text);
    }
    return found;
}

bool form_send_add(struct app *app)
{
    const struct form *form = &app->view.form;
    const struct model_team *team = model_team_at(app->view.model, form->fields[0].team);
    const char *text = form->fields[1].text->str;
    const char *time = form->fields[2].text->str;
    gint64 at_us = -1;
    if (!*text) {
        app_say(app, true, g_strdup(tr("The message has no text")));
        return false;
    }
    if (*time && !read_time(app, time, &at_us)) {
        return wrong_time(app);
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, is_step(app->view.model, text) ? "step" : "note", text);
    if (team) {
        cJSON_AddStringToObject(params, "team", team->id);
    }
    if (at_us >= 0) {
        json_add_int(params, "at_us", at_us);
    }
    app_ask(app, "inject-add", params);
    return true;
}
