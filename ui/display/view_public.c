/* view_public.c - what a view may tell of a machine: all, or what the public is given.
 *
 * The public is given checks and standings (engine/score/public.c), no plan and no machine. So it
 * sees services where machines stand: their titles, their state, and no machine without one.
 */
#include "view_private.h"

#include <string.h>

/* The cell of service s when the machine runs it, else NULL. */
static const struct model_cell *cell_on(
        const struct view *view, int s, const struct model_machine *machine)
{
    const struct model_cell *cell = model_cell_at(view->model, s, machine->team);
    bool here = cell && cell->exists &&
                !strcmp(model_service_at(view->model, s)->machine, machine->name);
    return here ? cell : NULL;
}

static bool is_bad(const struct model_cell *cell)
{
    return cell->status == STATUS_DOWN || cell->status == STATUS_DEGRADED;
}

bool view_knows(const struct view *view, const struct model_machine *machine)
{
    for (int s = 0; (guint)s < view->model->services->len && view->mode == MODE_PUBLIC; s++) {
        if (cell_on(view, s, machine)) {
            return true;
        }
    }
    return view->mode != MODE_PUBLIC;
}

bool view_knows_shared(const struct view *view)
{
    const struct model *model = view->model;
    for (guint m = 0; m < model->machines->len && view->mode == MODE_PUBLIC; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        const struct model_team *team = model_team_at(model, machine->team);
        if ((!team || !team->ground) && view_knows(view, machine)) {
            return true;
        }
    }
    return view->mode != MODE_PUBLIC;
}

/* From checks alone. */
static enum status public_status(
        const struct view *view, const struct model_machine *machine, char word[VIEW_WORD])
{
    int all = 0;
    int bad = 0;
    int down = 0;
    int unknown = 0;
    const struct model_cell *worst = NULL;
    const char *worst_title = NULL;
    for (int s = 0; (guint)s < view->model->services->len; s++) {
        const struct model_cell *cell = cell_on(view, s, machine);
        if (!cell) {
            continue;
        }
        all++;
        bad += is_bad(cell);
        down += cell->status == STATUS_DOWN;
        unknown += cell->status == STATUS_UNKNOWN;
        if (is_bad(cell) &&
                (!worst || (cell->status == STATUS_DOWN && worst->status != STATUS_DOWN))) {
            worst = cell;
            worst_title = model_service_at(view->model, s)->title;
        }
    }
    enum status status = all > 0 && down == all ? STATUS_DOWN
                         : bad > 0              ? STATUS_DEGRADED
                         : unknown > 0          ? STATUS_UNKNOWN
                                                : STATUS_UP;
    if (worst && status == STATUS_DEGRADED && all > 1) {
        g_snprintf(word, VIEW_WORD, "%s %s", worst_title, view_status_word(worst->status));
    } else {
        g_strlcpy(word, view_status_word(status), VIEW_WORD);
    }
    return status;
}

enum status view_machine_status(
        const struct view *view, const struct model_machine *machine, char word[VIEW_WORD])
{
    if (view->mode == MODE_PUBLIC) {
        return public_status(view, machine, word);
    }
    g_strlcpy(word, machine->state, VIEW_WORD);
    if (machine->status != STATUS_UP) {
        return machine->status;
    }
    for (int s = 0; (guint)s < view->model->services->len; s++) {
        const struct model_cell *cell = cell_on(view, s, machine);
        if (cell && is_bad(cell)) {
            g_snprintf(word, VIEW_WORD, "%s %s", model_service_at(view->model, s)->title,
                    view_status_word(cell->status));
            return STATUS_DEGRADED;
        }
    }
    return STATUS_UP;
}

char *view_machine_title(const struct view *view, const struct model_machine *machine)
{
    if (view->mode != MODE_PUBLIC) {
        return g_strdup(machine->name);
    }
    GString *title = g_string_new(NULL);
    for (int s = 0; (guint)s < view->model->services->len; s++) {
        if (cell_on(view, s, machine)) {
            g_string_append_printf(title, "%s%s", title->len > 0 ? " · " : "",
                    model_service_at(view->model, s)->title);
        }
    }
    return g_string_free(title, FALSE);
}
