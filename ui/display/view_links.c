/* view_links.c - links and networks of the topology: how busy they are, and what is done to them. */
#include "view_topology.h"

#include <math.h>
#include <string.h>

/* The busier, the wider and the brighter. */
void links_sample(const struct view *view, struct point from, struct point to, int level)
{
    float width = px(view, 1.8F + 1.1F * (float)level);
    colour c = view_blend(C_BUSY, C_LINK, (float)level / MODEL_TRAFFIC_MAX);
    draw_line(view->draw, from, to, MAX(1.6F, width), c);
}

void links_draw(const struct picture *picture)
{
    const struct model *model = picture->view->model;
    bool traffic = picture->view->traffic && picture->view->mode != MODE_PUBLIC;
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        for (guint k = 0; k < machine->networks->len; k++) {
            struct point from;
            struct point to;
            if (topo_link(picture->topo, model, (int)m, k, &from, &to)) {
                links_sample(picture->view, from, to, traffic ? machine->traffic[k].level : 0);
            }
        }
    }
}

/* What is asked, and below it what was measured: beside the link, where its ground has more room. */
static void say_impairment(const struct picture *picture, const struct model_impairment *link,
        struct point at, colour c)
{
    const struct view *view = picture->view;
    const struct topo_bar *bar = topo_bar_of(picture->topo, link->network);
    bool drift = !strcmp(link->verdict, "drift");
    g_autofree char *measured = g_strdup_printf("→ %s%s", link->achieved, drift ? " !" : "");
    const char *const lines[] = {
            link->down ? tr("cut") : link->asked, *link->achieved ? measured : NULL};
    float wide = 0;
    float row = px(view, 16);
    for (int i = 0; i < 2 && lines[i]; i++) {
        wide = MAX(wide, draw_text_width(view->draw, FONT_TEXT, px(view, 12), lines[i]));
    }
    wide += px(view, 8);
    float off = px(view, 10);
    bool left = at.x + off + wide > bar->x1 && at.x - bar->x0 > bar->x1 - at.x;
    struct rect r = {left ? at.x - off - wide : at.x + off, 0, wide,
            row * (lines[1] ? 2.0F : 1.0F) + px(view, 2)};
    struct point node = picture->topo->nodes[link->machine];
    float clear = px(view, 20); /* of the machine's own words */
    r.y = bar->y > node.y ? MAX(at.y - row, node.y + clear) : MIN(at.y - row, node.y - clear - r.h);
    draw_rect(view->draw, r, C_GROUND);
    for (int i = 0; i < 2 && lines[i]; i++) {
        view_text(view, (struct text_style){FONT_TEXT, 12, view_readable(c, C_GROUND), LEFT, 0},
                r.x + px(view, 4), r.y + row * (float)i, lines[i]);
    }
    picture_occupy(picture, r);
}

/* What is asked of an impaired link and what was measured, on the link itself; of parallel ones,
 * which are impaired together, the words stand at the rightmost. */
static void draw_impairment(const struct picture *picture, const struct model_impairment *link)
{
    const struct view *view = picture->view;
    const struct model_machine *machine = model_machine_at(view->model, link->machine);
    bool bad = link->down || !strcmp(link->verdict, "drift");
    colour c = bad ? C_DOWN : C_DEGRADED;
    struct point last = {-1e6F, 0};
    for (guint k = 0; machine && k < machine->networks->len; k++) {
        struct point from;
        struct point to;
        if (g_array_index(machine->networks, int, k) != link->network ||
                !topo_link(picture->topo, view->model, link->machine, k, &from, &to)) {
            continue;
        }
        last = (struct point){(from.x + to.x) / 2, (from.y + to.y) / 2};
        float step = px(view, 5);
        for (int i = -1; i <= 1; i++) { /* a zigzag across the link */
            struct point p = {last.x, last.y + (float)i * step};
            draw_line(view->draw, (struct point){p.x - step, p.y - step / 2},
                    (struct point){p.x + step, p.y + step / 2}, MAX(1.4F, px(view, 1.6F)), c);
        }
    }
    if (last.x > -1e5F && picture->topo->roomy && view->labels) {
        say_impairment(picture, link, last, c);
    }
}

void links_draw_impairments(const struct picture *picture)
{
    const GArray *links = picture->view->model->impairments;
    bool told = picture->view->mode != MODE_PUBLIC;
    for (guint i = 0; i < links->len && told; i++) {
        draw_impairment(picture, &g_array_index(links, struct model_impairment, i));
    }
}

/* A machine hangs below the bar between the two: its link would cross a name there. */
static bool is_crossed(
        const struct picture *picture, const struct topo_bar *bar, float from, float to)
{
    const struct model *model = picture->view->model;
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        struct point at = picture->topo->nodes[m];
        for (guint k = 0; k < machine->networks->len; k++) {
            if (g_array_index(machine->networks, int, k) == bar->network && at.y > bar->y &&
                    at.x >= from && at.x <= to) {
                return true;
            }
        }
    }
    return false;
}

/* At the end of the bar that no link crosses. */
static void name_network(const struct picture *picture, const struct topo_bar *bar)
{
    const struct view *view = picture->view;
    const struct model_network *network = view->model->networks->pdata[bar->network];
    g_autofree char *text = g_strdup_printf("%s  %s", network->name, network->cidr);
    float room = bar->x1 - bar->x0;
    float width = MIN(draw_text_width(view->draw, FONT_TEXT, px(view, 12), text), room);
    float gap = px(view, 6);
    float y = bar->y + px(view, 5);
    bool left = is_crossed(picture, bar, bar->x1 - width - gap, bar->x1) &&
                !is_crossed(picture, bar, bar->x0, bar->x0 + width + gap);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, left ? LEFT : RIGHT, room},
            left ? bar->x0 : bar->x1, y, text);
    picture_occupy(
            picture, (struct rect){left ? bar->x0 : bar->x1 - width, y, width, px(view, 16)});
}

void links_draw_networks(const struct picture *picture)
{
    const struct view *view = picture->view;
    bool named = picture->topo->roomy && view->labels && view->mode != MODE_PUBLIC;
    float thick = MAX(2.0F, roundf(px(view, picture->topo->roomy ? 4 : 2)));
    for (guint i = 0; i < picture->topo->bars->len; i++) {
        const struct topo_bar *bar = &g_array_index(picture->topo->bars, struct topo_bar, i);
        struct rect r = {bar->x0, bar->y - thick / 2, bar->x1 - bar->x0, thick};
        draw_rect(view->draw, r, C_WIRE);
        picture_occupy(picture, r);
        if (named) {
            name_network(picture, bar);
        }
    }
}
