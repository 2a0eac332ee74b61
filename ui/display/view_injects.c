/* view_injects.c - panel 4: the master scenario events list. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define ROW_HIGH 43
#define BUTTONS_HIGH 23 /* a line of their own in the chosen row */

static enum status inject_status(const struct model_inject *inject)
{
    static const struct {
        const char *state;
        enum status status;
    } map[] = {{"fired", STATUS_DEPLOYING}, {"done", STATUS_UP}, {"held", STATUS_HELD},
            {"skipped", STATUS_DEGRADED}};
    for (guint i = 0; i < G_N_ELEMENTS(map); i++) {
        if (!strcmp(map[i].state, inject->state)) {
            return map[i].status;
        }
    }
    return STATUS_UNKNOWN;
}

/* The run of its step that this inject began, or NULL. */
static const struct model_attack *run_of(const struct view *view, const struct model_inject *inject)
{
    for (int s = 0; *inject->step && (guint)s < view->model->steps->len; s++) {
        const struct model_step *step = view->model->steps->pdata[s];
        if (!strcmp(step->name, inject->step)) {
            const struct model_attack *attack = model_attack_of(view->model, s, inject->team);
            bool own = attack && inject->fired_us >= 0 && attack->since_us >= inject->fired_us;
            return own ? attack : NULL;
        }
    }
    return NULL;
}

/* How far its step has come. False: it has none, or none that is told. */
static bool run_line(const struct view *view, const struct model_inject *inject, const char *who,
        char *text, gsize size)
{
    const struct model_attack *attack = run_of(view, inject);
    bool fired = !strcmp(inject->state, "fired");
    char span[32];
    if (!attack || (!fired && strcmp(inject->state, "done") != 0)) {
        return false;
    }
    if (attack->state == ATTACK_RUNNING) {
        g_snprintf(text, (gulong)size, tr("%s · %s for %s"), who, tr_name(attack->verdict),
                view_span(span, sizeof span, MAX(view->clock_us - inject->fired_us, 0)));
    } else {
        g_snprintf(text, (gulong)size, "%s · %s: %s", who, tr_name(inject->state),
                tr_name(attack->verdict));
    }
    return true;
}

static void inject_line(
        const struct view *view, const struct model_inject *inject, char *text, gsize size)
{
    const struct model_team *team = model_team_at(view->model, inject->team);
    const char *who = team ? team->title : tr("all");
    gint64 left = inject->planned_us - view->clock_us;
    char span[32];
    bool open = !strcmp(inject->state, "scheduled") || !strcmp(inject->state, "held");
    if (run_line(view, inject, who, text, size)) {
        return;
    }
    if (open && view->model->state >= MODEL_ENDED) {
        g_snprintf(text, (gulong)size, tr("%s · never fired"), who);
    } else if (open && inject->missing > 0) {
        g_snprintf(text, (gulong)size, tr("%s · needs %d to agree"), who, inject->missing);
    } else if (!strcmp(inject->state, "scheduled") && inject->planned_us < 0) {
        g_snprintf(text, (gulong)size, tr("%s · fired by hand"), who);
    } else if (!strcmp(inject->state, "scheduled") && left > 0) {
        g_snprintf(text, (gulong)size, tr("%s · fires in %s"), who,
                view_span(span, sizeof span, left));
    } else if (*inject->by && strcmp(inject->by, "engine") != 0) {
        g_snprintf(text, (gulong)size, tr("%s · %s by %s"), who, tr_name(inject->state),
                tr_name(inject->by));
    } else {
        g_snprintf(text, (gulong)size, "%s · %s", who, tr_name(inject->state));
    }
}

static bool is_open(const struct model_inject *inject)
{
    return !strcmp(inject->state, "scheduled") || !strcmp(inject->state, "held");
}

static void row_buttons(struct view *view, const struct model_inject *inject, struct rect r)
{
    bool held = !strcmp(inject->state, "held");
    bool asks = inject->missing > 0 && is_open(inject);
    const struct label labels[] = {{tr("FIRE"), NULL, true, ACTION_FIRE, 0},
            {held ? tr("RELEASE") : tr("HOLD"), NULL, false, ACTION_HOLD, 0},
            {tr("SKIP"), NULL, false, ACTION_SKIP, 0},
            {asks ? tr("AGREE") : tr("EDIT"), NULL, false, asks ? ACTION_APPROVE : ACTION_EDIT, 0}};
    float widths[] = {44, 66, 44, 50};
    guint count = is_open(inject) ? G_N_ELEMENTS(labels) : 1; /* what is over can fire again */
    float x = r.x + px(view, 116);
    for (guint i = 0; i < count; i++) {
        struct rect place = {x, r.y + r.h - px(view, 23), px(view, widths[i]), px(view, 19)};
        x = view_button(view, PANEL_INJECTS, place, &labels[i]) + px(view, 3);
    }
}

static bool has_buttons(const struct view *view, int index)
{
    const struct model_inject *inject = model_inject_at(view->model, index);
    return inject && index == view->selected && view_has_controls(view) &&
           strcmp(inject->state, "fired") != 0;
}

static void inject_row(struct view *view, int index, struct rect r)
{
    const struct model_inject *inject = model_inject_at(view->model, index);
    bool selected = index == view->selected;
    if (selected) {
        draw_rect(view->draw, r, C_SELECT);
        draw_rect(view->draw, (struct rect){r.x, r.y, px(view, 3), r.h}, C_UP);
    }
    draw_rect(view->draw, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, C_RULE);
    view_shape(view, inject_status(inject),
            (struct point){r.x + px(view, 16), r.y + px(view, ROW_HIGH / 2.0F)}, px(view, 6));
    char text[200];
    view_text(view, (struct text_style){FONT_DIGIT, 12, C_DIM, LEFT, 0}, r.x + px(view, 32),
            r.y + px(view, 6),
            inject->planned_us < 0 ? tr("off list")
                                   : view_clock(text, sizeof text, inject->planned_us, true));
    float x = r.x + px(view, 116);
    float room = r.x + r.w - x - px(view, 6);
    view_text(view,
            (struct text_style){FONT_TEXT, 14, is_open(inject) ? C_TEXT : C_DIM, LEFT, room}, x,
            r.y + px(view, 3), inject->title);
    inject_line(view, inject, text, sizeof text);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, room}, x, r.y + px(view, 21),
            text);
    view_add_hit(view, PANEL_INJECTS, r, ACTION_SELECT, index);
    if (has_buttons(view, index)) {
        row_buttons(view, inject, r);
    }
}

static gint by_time(gconstpointer a, gconstpointer b, gpointer data)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    guint64 left = (guint64)model_inject_at(data, x)->planned_us; /* off the list, -1: last */
    guint64 right = (guint64)model_inject_at(data, y)->planned_us;
    return left != right ? (left < right ? -1 : 1) : x - y;
}

GArray *view_inject_order(const struct view *view)
{
    GArray *shown = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; (guint)i < view->model->injects->len; i++) {
        if (view_shows_team(view, model_inject_at(view->model, i)->team)) {
            g_array_append_val(shown, i);
        }
    }
    g_array_sort_with_data(shown, by_time, (gpointer)view->model);
    return shown;
}

/* The row at the top so that the selected one, else the next to fire, is in the list. */
static int first_shown(const struct view *view, const GArray *shown, int rows)
{
    int wanted = -1;
    for (guint i = 0; i < shown->len && wanted < 0; i++) {
        int index = g_array_index(shown, int, i);
        bool here = view->selected >= 0 ? index == view->selected
                                        : is_open(model_inject_at(view->model, index));
        wanted = here ? (int)i : -1;
    }
    if (wanted < 0) {
        wanted = (int)shown->len - 1;
    }
    return CLAMP(wanted - rows / 2, 0, MAX((int)shown->len - rows, 0));
}

/* The third switch of a pause, beside the clock's and the machines'. */
static bool all_held(const struct model *model)
{
    int held = 0;
    for (int i = 0; model_inject_at(model, i); i++) {
        const struct model_inject *inject = model_inject_at(model, i);
        held += !strcmp(inject->state, "held");
        if (!strcmp(inject->state, "scheduled") && inject->planned_us >= 0) {
            return false;
        }
    }
    return held > 0 && model->state < MODEL_ENDED;
}

void view_injects(struct view *view, struct rect r)
{
    struct rect in = view_panel(view, r, 4,
            all_held(view->model) ? tr("Injects: all held") : tr("Injects (MSEL)"),
            view_has_controls(view) ? tr("Enter fire · H hold · K skip · E edit · I new")
                                    : tr("↑↓ choose"));
    view_add_hit(view, PANEL_INJECTS, r, ACTION_FOCUS, 4);
    g_autoptr(GArray) shown = view_inject_order(view);
    if (shown->len == 0) {
        if (!view_waits(view, in)) {
            view_empty(view, in, tr("the plan has no time line"));
        }
        return;
    }
    float row = px(view, ROW_HIGH);
    float more = has_buttons(view, view->selected) ? px(view, BUTTONS_HIGH) : 0;
    int rows = MAX((int)((in.h - more) / row), 1);
    int first = first_shown(view, shown, rows);
    float y = in.y;
    for (int i = first; i < first + rows && (guint)i < shown->len; i++) {
        int index = g_array_index(shown, int, (guint)i);
        struct rect place = {r.x + 2, y, r.w - 4, row + (index == view->selected ? more : 0)};
        inject_row(view, index, place);
        y += place.h;
    }
}
