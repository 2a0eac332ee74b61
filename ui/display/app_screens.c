/* app_screens.c - machines' screens, one after the other, a few in a minute. */
#include "app_private.h"
#include "thumb.h"

#include "base/json.h"

#include <string.h>

#define EVERY_US (5 * G_USEC_PER_SEC)
#define KEPT_MAX 64

static bool wants(const struct app *app, const struct model_machine *machine)
{
    return machine && machine->screen && machine->status == STATUS_UP &&
           view_shows_team(&app->view, machine->team);
}

/* The chosen one every other time, else the next. */
static const struct model_machine *next_machine(struct app *app)
{
    const struct model *model = app->head;
    const struct model_machine *chosen = model_machine_at(model, app->view.node);
    int count = (int)model->machines->len;
    app->screen_turn++;
    if (app->screen_turn % 2 && wants(app, chosen)) {
        return chosen;
    }
    for (int i = 1; i <= count; i++) {
        int index = (app->screen_at + i) % count;
        const struct model_machine *machine = model_machine_at(model, index);
        if (wants(app, machine)) {
            app->screen_at = index;
            return machine;
        }
    }
    return NULL;
}

void screens_tick(struct app *app, gint64 now)
{
    const struct view *view = &app->view;
    bool seen = view->mode == MODE_CONTROL || view->mode == MODE_INSTRUCTOR;
    if (!view->screens || !seen || view->play.on || view->link != LINK_LIVE ||
            now - app->screen_mono < EVERY_US) {
        return;
    }
    const struct model_machine *machine = next_machine(app);
    if (machine) {
        app->screen_mono = now;
        source_ask_screen(app->source, machine->id);
    }
}

bool screens_take(struct app *app, const struct event *event)
{
    struct view *view = &app->view;
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    struct thumb *thumb = thumb_decode(json_string(body, "base64", ""), g_get_real_time());
    bool room = g_hash_table_size(view->thumbs) < KEPT_MAX ||
                g_hash_table_contains(view->thumbs, event->subject);
    if (!thumb || !room || model_machine_find(app->head, event->subject) < 0) {
        g_free(thumb);
        return false;
    }
    g_hash_table_replace(view->thumbs, g_strdup(event->subject), thumb);
    view->shots++;
    return true;
}
