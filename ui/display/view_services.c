/* view_services.c - panel 3: services by team, or the attack steps by team. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define ROW 24.0F

GArray *view_service_teams(const struct view *view)
{
    const struct model *model = view->model;
    GArray *teams = g_array_new(FALSE, FALSE, sizeof(int));
    for (int t = 0; (guint)t < model->teams->len; t++) {
        for (int s = 0; (guint)s < model->services->len && view_shows_team(view, t); s++) {
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
    g_autoptr(GArray) teams = view_service_teams(view);
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

static void services_panel(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 3, tr("Services × teams"),
            tr_name(WORD("number: SLA %   ring: flapping   V steps")));
    view_add_hit(view, PANEL_SERVICES, r, ACTION_FOCUS, 3);
    g_autoptr(GArray) teams = view_service_teams(view);
    if (teams->len == 0) {
        if (!view_waits(view, in)) {
            view_empty(view, in, tr("the plan has no services"));
        }
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

void view_services(struct view *view, struct rect r)
{
    if (view->steps) {
        view_steps_panel(view, r, PANEL_SERVICES, 3);
    } else {
        services_panel(view, r);
    }
}
