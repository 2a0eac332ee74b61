/* view_steps.c - attack steps by team: what ran, and its verdict as a sign of its own shape. */
#include "view_private.h"

#include <math.h>
#include <string.h>

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

/* Teams look on at a wall: what has not run there is nobody's to know. */
static bool is_told(const struct view *view, int step)
{
    const GArray *attacks = view->model->attacks;
    for (guint i = 0; i < attacks->len && view->mode == MODE_WALL; i++) {
        if (g_array_index(attacks, struct model_attack, i).step == step) {
            return true;
        }
    }
    return view->mode != MODE_WALL;
}

guint view_step_count(const struct view *view)
{
    guint count = 0;
    for (guint s = 0; s < view->model->steps->len; s++) {
        count += is_told(view, (int)s);
    }
    return count;
}

float view_steps_height(const struct view *view)
{
    return roundf(px(view, 34 + 24 + MAX((float)view_step_count(view), 1) * 42 + 8));
}

static GArray *targets(const struct view *view)
{
    const struct model *model = view->model;
    GArray *teams = g_array_new(FALSE, FALSE, sizeof(int));
    for (int t = 0; (guint)t < model->teams->len; t++) {
        if (strcmp(model_team_at(model, t)->role, "red") != 0 && view_shows_team(view, t)) {
            g_array_append_val(teams, t);
        }
    }
    return teams;
}

/* One line for each step, or two: then the name has the second to itself. */
static bool is_low(const struct view *view, float row)
{
    return row < px(view, 38);
}

static float name_width(const struct view *view, float width, float row)
{
    return width * (is_low(view, row) ? 0.45F : 0.34F);
}

static void step_row(const struct view *view, int step, const GArray *teams, struct rect r)
{
    const struct model *model = view->model;
    const struct model_step *what = model->steps->pdata[step];
    draw_rect(view->draw, (struct rect){r.x, r.y, r.w, 1}, C_RULE);
    bool low = is_low(view, r.h);
    float name = name_width(view, r.w, r.h);
    float technique = view_text(view, (struct text_style){FONT_TEXT, 13, C_ATTACK, LEFT, name}, r.x,
            r.y + px(view, low ? 2 : 4), what->technique);
    float x0 = low ? r.x + technique + px(view, 10) : r.x;
    float room = low ? r.x + name - x0 : r.w;
    view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, LEFT, room}, x0,
            r.y + px(view, low ? 3 : 21), what->title);
    float width = (r.w - name) / (float)teams->len;
    for (guint i = 0; i < teams->len; i++) {
        const struct model_attack *attack =
                model_attack_of(model, step, g_array_index(teams, int, i));
        float x = r.x + name + width * (float)i + px(view, 8);
        float y = r.y + px(view, low ? 11 : 12);
        if (!attack) {
            draw_rect(view->draw, (struct rect){x, y, px(view, 8), MAX(1, px(view, 1))}, C_UNKNOWN);
            continue;
        }
        verdict_sign(view, attack->state, (struct point){x + px(view, 6), y});
        if (width > px(view, 50)) {
            view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, LEFT, width - px(view, 26)},
                    x + px(view, 18), y - px(view, 8), tr_name(attack->verdict));
        }
    }
}

/* A title that does not fit begins with the number that the topology gives the team. */
static void head(const struct view *view, int team, struct rect r)
{
    const struct model_team *what = model_team_at(view->model, team);
    bool fits = draw_text_width(view->draw, FONT_TEXT, px(view, 12), what->title) <= r.w;
    g_autofree char *text =
            fits ? g_strdup(what->title) : g_strdup_printf("%d %s", team + 1, what->title);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, r.w}, r.x, r.y, text);
}

void view_steps_panel(struct view *view, struct rect r, enum panel panel, int number)
{
    const struct model *model = view->model;
    struct rect in =
            view_panel(view, r, number, tr("Attack steps"), number ? tr("V services") : NULL);
    view_add_hit(view, panel, r, ACTION_STEPS, 0);
    g_autoptr(GArray) teams = targets(view);
    guint count = view_step_count(view);
    if (count == 0 || teams->len == 0) {
        if (!view_waits(view, in)) {
            view_empty(view, in,
                    model->steps->len == 0 ? tr("the plan has no attack steps")
                                           : tr("no attack step has run yet"));
        }
        return;
    }
    float row = CLAMP((in.h - px(view, 22)) / (float)count, px(view, 21), px(view, 42));
    float name = name_width(view, in.w, row);
    float width = (in.w - name) / (float)teams->len;
    for (guint i = 0; i < teams->len; i++) {
        head(view, g_array_index(teams, int, i),
                (struct rect){in.x + name + width * (float)i + px(view, 8), in.y,
                        width - px(view, 8), px(view, 20)});
    }
    float y = in.y + px(view, 22);
    for (int s = 0; (guint)s < model->steps->len && y + row <= in.y + in.h + px(view, 6); s++) {
        if (is_told(view, s)) {
            step_row(view, s, teams, (struct rect){in.x, y, in.w, row});
            y += row;
        }
    }
}

void view_steps(struct view *view, struct rect r)
{
    view_steps_panel(view, r, PANEL_STEPS, 0);
}
