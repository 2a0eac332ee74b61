/* view_panels.c - panels 3 to 5 and the steps: tables of services, injects, events, verdicts. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define ROW 24.0F

static GArray *teams_with_services(const struct model *model)
{
    GArray *teams = g_array_new(FALSE, FALSE, sizeof(int));
    for (int t = 0; (guint)t < model->teams->len; t++) {
        for (int s = 0; (guint)s < model->services->len; s++) {
            if (model_cell_at(model, s, t)->exists) {
                g_array_append_val(teams, t);
                break;
            }
        }
    }
    return teams;
}

float view_services_height(const struct view *view)
{
    g_autoptr(GArray) teams = teams_with_services(view->model);
    return roundf(px(view, 34 + 26 + MAX((float)teams->len, 1) * (ROW + 4) + 10));
}

static void service_cell(const struct view *view, const struct model_cell *cell, struct rect r)
{
    bool down = cell->status == STATUS_DOWN;
    draw_rect(view->draw, r, down ? C_TINT : C_CELL);
    struct point at = {r.x + px(view, 14), r.y + r.h / 2};
    view_shape(view, cell->status, at, px(view, 6));
    if (model_cell_flaps(cell)) {
        draw_ring(view->draw, at, px(view, 10), MAX(1.5F, px(view, 1.5F)), C_DEGRADED);
    }
    char text[16] = "–";
    int sla = model_cell_sla(cell);
    if (sla >= 0) {
        g_snprintf(text, sizeof text, "%d", sla);
    }
    float y = r.y + (r.h - draw_text_height(view->draw, FONT_DIGIT, px(view, 14))) / 2;
    float number = view_text(view,
            (struct text_style){FONT_DIGIT, 14, down ? C_WARM : C_TEXT, LEFT, 0},
            r.x + px(view, 32), y, text);
    float room = r.w - number - px(view, 48);
    const char *word = view_status_word(cell->status);
    if (cell->status != STATUS_UP &&
            draw_text_width(view->draw, FONT_TEXT, px(view, 12), word) <= room) {
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, room},
                r.x + r.w - px(view, 8), y + px(view, 1), word);
    }
}

void view_services(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 3, "Services × teams", "number: SLA %   ring: flapping");
    view_add_hit(view, r, ACTION_FOCUS, 3);
    g_autoptr(GArray) teams = teams_with_services(model);
    if (teams->len == 0) {
        view_empty(
                view, in, model->state == MODEL_NONE ? "no event yet" : "the plan has no services");
        return;
    }
    float name = MIN(px(view, 170), in.w * 0.26F);
    float width = (in.w - name) / (float)model->services->len;
    float head = px(view, 26);
    float row = MIN(px(view, ROW + 4), (in.h - head) / (float)teams->len);
    float gap = row > px(view, 14) ? px(view, 4) : 1;
    for (int s = 0; (guint)s < model->services->len; s++) {
        view_text(view, (struct text_style){FONT_TEXT, 13, C_DIM, LEFT, width - px(view, 8)},
                in.x + name + width * (float)s + px(view, 2), in.y,
                model_service_at(model, s)->title);
    }
    for (guint i = 0; i < teams->len; i++) {
        int t = g_array_index(teams, int, i);
        float y = in.y + head + row * (float)i;
        view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, name - px(view, 10)}, in.x,
                y + (row - gap - px(view, 17)) / 2, model_team_at(model, t)->title);
        for (int s = 0; (guint)s < model->services->len; s++) {
            const struct model_cell *cell = model_cell_at(model, s, t);
            if (cell->exists) {
                struct rect place = {
                        in.x + name + width * (float)s, y, width - px(view, 4), row - gap};
                service_cell(view, cell, place);
            }
        }
    }
}

/* A step's verdict as a sign of its own shape: arrow, barred line, dashes, hollow. */
static void verdict_sign(const struct view *view, enum attack_state state, struct point at)
{
    float r = px(view, 6);
    struct point head[] = {{at.x + r, at.y}, {at.x - r * 0.1F, at.y - r * 0.8F},
            {at.x - r * 0.1F, at.y + r * 0.8F}};
    float line = MAX(1.6F, px(view, 2));
    struct point left = {at.x - r, at.y};
    switch (state) {
    case ATTACK_EFFECT:
        draw_line(view->draw, left, at, line, C_ATTACK);
        draw_convex(view->draw, head, 3, C_ATTACK);
        break;
    case ATTACK_BLOCKED:
        draw_line(view->draw, left, (struct point){at.x + r * 0.4F, at.y}, line, C_ATTACK);
        draw_rect(view->draw, (struct rect){at.x + r * 0.4F, at.y - r, line * 1.4F, 2 * r}, C_TEXT);
        break;
    case ATTACK_RUNNING:
        draw_line(view->draw, left, (struct point){at.x - r * 0.35F, at.y}, line, C_ATTACK);
        draw_line(view->draw, (struct point){at.x + r * 0.1F, at.y},
                (struct point){at.x + r * 0.75F, at.y}, line, C_ATTACK);
        break;
    case ATTACK_INERT:
        draw_ring(view->draw, at, r * 0.8F, MAX(1.4F, px(view, 1.4F)), C_UNKNOWN);
        break;
    }
}

float view_steps_height(const struct view *view)
{
    return roundf(px(view, 34 + 24 + MAX((float)view->model->steps->len, 1) * 42 + 8));
}

static GArray *targets(const struct model *model)
{
    GArray *teams = g_array_new(FALSE, FALSE, sizeof(int));
    for (int t = 0; (guint)t < model->teams->len; t++) {
        if (strcmp(model_team_at(model, t)->role, "red") != 0) {
            g_array_append_val(teams, t);
        }
    }
    return teams;
}

static void step_row(const struct view *view, int step, const GArray *teams, struct rect r)
{
    const struct model *model = view->model;
    const struct model_step *what = model->steps->pdata[step];
    draw_rect(view->draw, (struct rect){r.x, r.y, r.w, 1}, C_RULE);
    float name = r.w * 0.45F;
    view_text(view, (struct text_style){FONT_TEXT, 13, C_ATTACK, LEFT, name}, r.x,
            r.y + px(view, 4), what->technique);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, LEFT, name}, r.x, r.y + px(view, 21),
            what->title);
    float width = (r.w - name) / (float)teams->len;
    for (guint i = 0; i < teams->len; i++) {
        const struct model_attack *attack =
                model_attack_of(model, step, g_array_index(teams, int, i));
        float x = r.x + name + width * (float)i + px(view, 8);
        float y = r.y + px(view, 21);
        if (!attack) {
            draw_rect(view->draw, (struct rect){x, y, px(view, 8), MAX(1, px(view, 1))}, C_UNKNOWN);
            continue;
        }
        verdict_sign(view, attack->state, (struct point){x + px(view, 6), y});
        if (width > px(view, 50)) {
            view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, LEFT, width - px(view, 26)},
                    x + px(view, 18), y - px(view, 8), attack->verdict);
        }
    }
}

void view_steps(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 0, "Attack steps", NULL);
    g_autoptr(GArray) teams = targets(model);
    if (model->steps->len == 0 || teams->len == 0) {
        view_empty(view, in, model->state == MODEL_NONE ? "no event yet" : "the plan has no steps");
        return;
    }
    float name = in.w * 0.45F;
    float width = (in.w - name) / (float)teams->len;
    for (guint i = 0; i < teams->len; i++) {
        const struct model_team *team = model_team_at(model, g_array_index(teams, int, i));
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, width - px(view, 8)},
                in.x + name + width * (float)i + px(view, 8), in.y, team->title);
    }
    float row = MIN(px(view, 42), (in.h - px(view, 22)) / (float)model->steps->len);
    for (int s = 0; (guint)s < model->steps->len; s++) {
        float y = in.y + px(view, 22) + row * (float)s;
        if (row < px(view, 26) && y > in.y + in.h) {
            break;
        }
        step_row(view, s, teams, (struct rect){in.x, y, in.w, row});
    }
}

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

static void inject_line(
        const struct view *view, const struct model_inject *inject, char *text, gsize size)
{
    const struct model_team *team = model_team_at(view->model, inject->team);
    const char *who = team ? team->title : "all";
    gint64 left = inject->planned_us - view->clock_us;
    if (!strcmp(inject->state, "scheduled") && left > 0) {
        g_snprintf(text, (gulong)size, "%s · fires in %d:%02d", who,
                (int)(left / G_USEC_PER_SEC / 60), (int)(left / G_USEC_PER_SEC % 60));
    } else {
        g_snprintf(text, (gulong)size, "%s · %s%s%s", who, inject->state, *inject->by ? " by " : "",
                inject->by);
    }
}

static void small_button(
        struct view *view, struct rect r, const char *label, bool strong, enum action action)
{
    draw_rect(view->draw, r, C_BACK);
    draw_frame(view->draw, r, 1, strong ? C_UP : C_EDGE);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, CENTRE, r.w}, r.x + r.w / 2,
            r.y + (r.h - px(view, 15)) / 2, label);
    view_add_hit(view, r, action, 0);
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
    view_shape(view, inject_status(inject), (struct point){r.x + px(view, 16), r.y + r.h / 2},
            px(view, 6));
    char text[200];
    view_text(view, (struct text_style){FONT_DIGIT, 12, C_DIM, LEFT, 0}, r.x + px(view, 32),
            r.y + px(view, 6), view_clock(text, sizeof text, inject->planned_us, true));
    float x = r.x + px(view, 116);
    float room = r.x + r.w - x - px(view, 6);
    bool over = !strcmp(inject->state, "done") || !strcmp(inject->state, "skipped");
    view_text(view, (struct text_style){FONT_TEXT, 14, over ? C_DIM : C_TEXT, LEFT, room}, x,
            r.y + px(view, 3), inject->title);
    inject_line(view, inject, text, sizeof text);
    bool buttons = selected && view->link == LINK_LIVE;
    view_text(view,
            (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, room - (buttons ? px(view, 110) : 0)},
            x, r.y + px(view, 21), text);
    view_add_hit(view, r, ACTION_SELECT, index);
    if (buttons) {
        bool held = !strcmp(inject->state, "held");
        float y = r.y + r.h - px(view, 22);
        small_button(view, (struct rect){r.x + r.w - px(view, 112), y, px(view, 42), px(view, 19)},
                "FIRE", true, ACTION_FIRE);
        small_button(view, (struct rect){r.x + r.w - px(view, 66), y, px(view, 60), px(view, 19)},
                held ? "RELEASE" : "HOLD", false, ACTION_HOLD);
    }
}

/* The row at the top so that the selected one, else the next to fire, is in the list. */
static int first_shown(const struct view *view, int rows)
{
    const struct model *model = view->model;
    int wanted = view->selected;
    for (int i = 0; wanted < 0 && (guint)i < model->injects->len; i++) {
        const char *state = model_inject_at(model, i)->state;
        if (!strcmp(state, "scheduled") || !strcmp(state, "held")) {
            wanted = i;
        }
    }
    if (wanted < 0) {
        wanted = (int)model->injects->len - 1;
    }
    return CLAMP(wanted - rows / 2, 0, MAX((int)model->injects->len - rows, 0));
}

void view_injects(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 4, "Injects (MSEL)",
            view->link == LINK_LIVE ? "Enter fire · H hold" : "↑↓ choose");
    view_add_hit(view, r, ACTION_FOCUS, 4);
    if (model->injects->len == 0) {
        view_empty(view, in,
                model->state == MODEL_NONE ? "no event yet" : "the plan has no time line");
        return;
    }
    float row = px(view, 43);
    int rows = MAX((int)(in.h / row), 1);
    int first = first_shown(view, rows);
    for (int i = first; i < first + rows && (guint)i < model->injects->len; i++) {
        struct rect place = {r.x + 2, in.y + row * (float)(i - first), r.w - 4, row};
        inject_row(view, i, place);
    }
}

static float alarm_rows(const struct view *view, struct rect in)
{
    const GPtrArray *alarms = view->model->alarms;
    float row = px(view, 26);
    float y = in.y;
    for (guint i = alarms->len; i > 0 && y + row < in.y + in.h / 2; i--) {
        const struct model_alarm *alarm = alarms->pdata[i - 1];
        struct rect r = {in.x - px(view, 4), y, in.w + px(view, 8), row - px(view, 3)};
        draw_rect(view->draw, r, C_TINT);
        draw_rect(view->draw, (struct rect){r.x, r.y, px(view, 3), r.h}, C_DOWN);
        view_shape(
                view, STATUS_DOWN, (struct point){in.x + px(view, 12), r.y + r.h / 2}, px(view, 5));
        int age = (int)((view->clock_us - alarm->at_us) / G_USEC_PER_SEC);
        char text[40];
        g_snprintf(text, sizeof text, "%d:%02d ago", age / 60, age % 60);
        float used = view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, 0},
                in.x + in.w, y + px(view, 4), text);
        view_text(view,
                (struct text_style){FONT_TEXT, 13, C_WARM, LEFT, in.w - used - px(view, 36)},
                in.x + px(view, 24), y + px(view, 3), alarm->text);
        y += row;
    }
    return y;
}

void view_events(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 5, "Alarms and events",
            view->scroll > 0 ? "scrolled back · Page down" : "newest first");
    view_add_hit(view, r, ACTION_FOCUS, 5);
    float y = alarm_rows(view, in);
    if (model->feed.length == 0) {
        view_empty(view, in,
                view->link == LINK_CONNECTING ? "no engine has answered yet" : "no event yet");
        return;
    }
    float row = px(view, 21);
    int skip = view->scroll;
    for (GList *item = model->feed.head; item && y + row <= in.y + in.h; item = item->next) {
        if (skip-- > 0) {
            continue;
        }
        const struct model_line *line = item->data;
        char clock[32];
        float x = in.x + px(view, 4) +
                  view_text(view, (struct text_style){FONT_DIGIT, 12, C_DIM, LEFT, 0}, in.x,
                          y + px(view, 3), view_clock(clock, sizeof clock, line->at_us, false)) +
                  px(view, 8);
        view_text(view,
                (struct text_style){FONT_TEXT, 13, view_tone(line->tone), LEFT, in.x + in.w - x}, x,
                y + px(view, 2), line->text);
        y += row;
    }
}
