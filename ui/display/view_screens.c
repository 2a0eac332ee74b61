/* view_screens.c - a row of small screens above the legend of the topology. */
#include "thumb.h"
#include "view_private.h"

#include <math.h>

#define NAME_H 17

static void draw_screen(struct view *view, int index, const struct thumb *thumb, struct rect r)
{
    const struct model_machine *machine = model_machine_at(view->model, index);
    bool chosen = index == view_node(view);
    draw_rect(view->draw, r, C_BACK);
    struct rect screen = {r.x + 1, r.y + 1, r.w - 2, r.h - px(view, NAME_H) - 1};
    draw_image(view->draw, screen, thumb->pixels, thumb->w, thumb->h);
    draw_frame(view->draw, r, chosen ? px(view, 2) : 1, chosen ? C_FOCUS : C_EDGE);
    view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, LEFT, r.w - px(view, 8)},
            r.x + px(view, 4), r.y + r.h - px(view, NAME_H - 1), machine->id);
    view_add_hit(view, PANEL_TOPOLOGY, r, ACTION_NODE, index);
}

float view_screens(struct view *view, struct rect inside)
{
    bool seen = view->mode == MODE_CONTROL || view->mode == MODE_INSTRUCTOR;
    if (!seen || !view->screens || view->play.on || g_hash_table_size(view->thumbs) == 0) {
        return 0;
    }
    float w = roundf(px(view, 132));
    float h = roundf(px(view, 83 + NAME_H));
    float x = inside.x;
    for (int i = 0; (guint)i < view->model->machines->len && x + w <= inside.x + inside.w; i++) {
        const struct model_machine *machine = model_machine_at(view->model, i);
        const struct thumb *thumb = g_hash_table_lookup(view->thumbs, machine->id);
        if (thumb && view_shows_team(view, machine->team)) {
            draw_screen(view, i, thumb, (struct rect){x, inside.y + inside.h - h, w, h});
            x += w + px(view, 6);
        }
    }
    return h + px(view, 4);
}
