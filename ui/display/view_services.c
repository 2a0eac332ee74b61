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

bool view_shows_steps(const struct view *view)
{
    return view->steps && view->mode != MODE_PUBLIC; /* who attacks whom is not for everybody */
}

float view_services_height(const struct view *view)
{
    if (view_shows_steps(view)) {
        return roundf(px(view, 34 + 24 + MAX((float)view_step_count(view), 1) * 24 + 10));
    }
    g_autoptr(GArray) teams = view_service_teams(view);
    return roundf(px(view, 34 + 26 + MAX((float)teams->len, 1) * (ROW + 4) + 10));
}

struct grid { /* of teams, side by side when there are many */
    int groups, rows;
    float name, width, row, gap, size; /* of a name, a cell, a row; text */
};

static struct grid grid_of(const struct view *view, struct rect in, int teams)
{
    struct grid grid = {.groups = 1};
    float head = px(view, 26);
    float least = px(view, 15);
    int services = (int)view->model->services->len;
    while (grid.groups < 6 && (in.h - head) / (float)teams * (float)grid.groups < least) {
        grid.groups++;
    }
    float w = in.w / (float)grid.groups;
    grid.rows = (teams + grid.groups - 1) / grid.groups;
    grid.row = MIN(px(view, ROW + 4), (in.h - head) / (float)grid.rows);
    grid.gap = grid.row > px(view, 20) ? px(view, 4) : 1;
    grid.name = MIN(px(view, 170), w * (grid.groups > 1 ? 0.2F : 0.26F));
    grid.width = (w - grid.name - (grid.groups > 1 ? px(view, 14) : 0)) / (float)services;
    grid.size = CLAMP((grid.row - grid.gap) / view->scale * 0.62F, 8, 14);
    return grid;
}

static void service_cell(const struct view *view, const struct grid *grid,
        const struct model_cell *cell, struct rect r)
{
    bool down = cell->status == STATUS_DOWN;
    draw_rect(view->draw, r, down ? C_TINT : C_CELL);
    float radius = MIN(px(view, 6), r.h * 0.36F);
    struct point at = {r.x + MIN(px(view, 14), r.w * 0.25F), r.y + r.h / 2};
    view_shape(view, cell->status, at, radius);
    if (model_cell_flaps(cell)) {
        draw_ring(view->draw, at, radius * 1.6F, MAX(1.2F, px(view, 1.5F)), C_DEGRADED);
    }
    char text[16] = "–";
    int sla = model_cell_sla(cell);
    if (sla >= 0) {
        g_snprintf(text, sizeof text, "%d", sla);
    }
    float y = r.y + (r.h - draw_text_height(view->draw, FONT_DIGIT, px(view, grid->size))) / 2;
    float x = at.x + radius * 1.6F + px(view, 6);
    float number = view_text(view,
            (struct text_style){
                    FONT_DIGIT, grid->size, down ? C_WARM : C_TEXT, LEFT, r.x + r.w - x},
            x, y, text);
    float room = r.x + r.w - x - number - px(view, 16);
    const char *word = view_status_word(cell->status);
    if (cell->status != STATUS_UP &&
            draw_text_width(view->draw, FONT_TEXT, px(view, 12), word) <= room) {
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, room},
                r.x + r.w - px(view, 8), y + px(view, 1), word);
    }
}

static void group_head(const struct view *view, const struct grid *grid, float x, float y)
{
    for (int s = 0; (guint)s < view->model->services->len; s++) {
        view_text(view,
                (struct text_style){FONT_TEXT, grid->groups > 1 ? 11 : 13, C_DIM, LEFT,
                        grid->width - px(view, 3)},
                x + grid->name + grid->width * (float)s + px(view, 2), y,
                model_service_at(view->model, s)->title);
    }
}

static void team_row(const struct view *view, const struct grid *grid, int team, float x, float y)
{
    const struct model *model = view->model;
    float height = draw_text_height(view->draw, FONT_TEXT, px(view, grid->size));
    view_text(view,
            (struct text_style){FONT_TEXT, grid->size, C_TEXT, LEFT, grid->name - px(view, 8)}, x,
            y + (grid->row - grid->gap - height) / 2, model_team_at(model, team)->title);
    for (int s = 0; (guint)s < model->services->len; s++) {
        const struct model_cell *cell = model_cell_at(model, s, team);
        if (cell->exists) {
            struct rect place = {x + grid->name + grid->width * (float)s, y,
                    grid->width - MIN(px(view, 4), grid->width * 0.1F), grid->row - grid->gap};
            service_cell(view, grid, cell, place);
        }
    }
}

static void services_panel(struct view *view, struct rect r)
{
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
    struct grid grid = grid_of(view, in, (int)teams->len);
    for (int g = 0; g < grid.groups; g++) {
        float x = in.x + in.w / (float)grid.groups * (float)g;
        group_head(view, &grid, x, in.y);
        for (int i = 0; i < grid.rows && (guint)(g * grid.rows + i) < teams->len; i++) {
            team_row(view, &grid, g_array_index(teams, int, (guint)(g * grid.rows + i)), x,
                    in.y + px(view, 26) + grid.row * (float)i);
        }
    }
}

void view_services(struct view *view, struct rect r)
{
    if (view_shows_steps(view)) {
        view_steps_panel(view, r, PANEL_SERVICES, 3);
    } else {
        services_panel(view, r);
    }
}
