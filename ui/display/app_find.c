/* app_find.c - searching for a machine by its name, address or team, and going from one to the next. */
#include "app_private.h"
#include "view_private.h"
#include "words.h"

#include <string.h>

static bool contains(const char *text, const char *folded)
{
    g_autofree char *other = g_utf8_casefold(text, -1);
    return strstr(other, folded) != NULL;
}

/* In the public's view only by what it shows: whether a name fits tells that there is one. */
static bool fits(const struct view *view, const struct model_machine *machine, const char *folded)
{
    const struct model_team *team = model_team_at(view->model, machine->team);
    if (!view_shows_team(view, machine->team) || !view_knows(view, machine)) {
        return false;
    }
    if (team && contains(team->title, folded)) {
        return true;
    }
    if (view->mode == MODE_PUBLIC) {
        g_autofree char *title = view_machine_title(view, machine);
        return contains(title, folded);
    }
    return contains(machine->id, folded) || contains(machine->address, folded);
}

/* Indexes (int) of the machines of this view that fit; the caller's. */
static GArray *matches(const struct view *view)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree char *wanted = g_utf8_casefold(view->find ? view->find : "", -1);
    for (int i = 0; *wanted && model_machine_at(view->model, i); i++) {
        if (fits(view, model_machine_at(view->model, i), wanted)) {
            g_array_append_val(found, i);
        }
    }
    return found;
}

/* The first behind the chosen machine, or before it; round and round. */
static int next_of(const GArray *found, int node, int by)
{
    for (guint i = 0; i < found->len; i++) {
        int at = by > 0 ? (int)i : (int)(found->len - 1 - i);
        int index = g_array_index(found, int, at);
        if (by > 0 ? index > node : index < node) {
            return at;
        }
    }
    return by > 0 ? 0 : (int)found->len - 1;
}

bool find_next(struct app *app, int by)
{
    struct view *view = &app->view;
    if (!view->find) {
        app_say(app, true, g_strdup(tr("Nothing has been sought yet: Ctrl+F")));
        return false;
    }
    g_autoptr(GArray) found = matches(view);
    if (found->len == 0) {
        app_say(app, true, g_strdup_printf(tr("Nothing is called “%s”"), view->find));
        return false;
    }
    int at = next_of(found, view->node, by);
    view->node = g_array_index(found, int, at);
    view_show_machine(view, view->node);
    const struct model_machine *machine = model_machine_at(view->model, view->node);
    app_say(app, false,
            g_strdup_printf(tr("Found %s %s · %d of %d · Ctrl+G next"), machine->id,
                    machine->address, at + 1, (int)found->len));
    return true;
}

bool find_begin(struct app *app, const char *text)
{
    g_free(app->view.find);
    app->view.find = *text ? g_strdup(text) : NULL;
    return find_next(app, 1);
}
