/* view_topology.c - panel 2: teams, networks, machines and the legend. */
#include "view_topology.h"

#include <math.h>
#include <string.h>

/* What a machine looks like: its own state, or degraded when one of its services is not up. */
static enum status node_status(
        const struct model *model, const struct model_machine *machine, char *word, gsize size)
{
    g_strlcpy(word, machine->state, size);
    if (machine->status != STATUS_UP) {
        return machine->status;
    }
    for (int s = 0; (guint)s < model->services->len; s++) {
        const struct model_service *service = model_service_at(model, s);
        const struct model_cell *cell = model_cell_at(model, s, machine->team);
        if (cell && !strcmp(service->machine, machine->name) &&
                (cell->status == STATUS_DOWN || cell->status == STATUS_DEGRADED)) {
            g_snprintf(word, (gulong)size, "%s %s", service->name, view_status_word(cell->status));
            return STATUS_DEGRADED;
        }
    }
    return STATUS_UP;
}

/* The only team that stands there, else "Shared". */
static const char *shared_title(const struct model *model)
{
    int owner = -2;
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        bool at_home = false;
        for (guint n = 0; n < model->networks->len && !at_home; n++) {
            const struct model_network *network = model->networks->pdata[n];
            at_home = network->team >= 0 && network->team == machine->team;
        }
        if (!at_home) {
            owner = owner == -2 || owner == machine->team ? machine->team : -1;
        }
    }
    const struct model_team *team = model_team_at(model, owner);
    return team ? team->title : "Shared";
}

static void draw_blocks(const struct picture *picture)
{
    const struct view *view = picture->view;
    for (guint i = 0; i < picture->topo->blocks->len; i++) {
        const struct topo_block *block =
                &g_array_index(picture->topo->blocks, struct topo_block, i);
        const struct model_team *team = model_team_at(view->model, block->team);
        draw_rect(view->draw, block->rect, block->team < 0 ? C_CORE : C_GROUND);
        draw_frame(view->draw, block->rect, 1, C_EDGE);
        if (block->rect.w < px(view, 60)) {
            continue;
        }
        g_autofree char *title = team ? g_strdup_printf("%d  %s", block->team + 1, team->title)
                                      : g_strdup(shared_title(view->model));
        float size = picture->topo->roomy ? 14 : 12;
        float x = block->rect.x + px(view, 10);
        /* what is shared has its title below: arrows leave it upwards */
        float y = team ? block->rect.y + px(view, 6) : block->rect.y + block->rect.h - px(view, 26);
        float width = view_text(view,
                (struct text_style){FONT_BOLD, size, C_TEXT, LEFT, block->rect.w - px(view, 20)}, x,
                y, title);
        picture_occupy(picture, (struct rect){x, y, width, px(view, 18)});
    }
}

static struct point nearest_on(const struct topo_bar *bar, struct point node)
{
    return (struct point){CLAMP(node.x, bar->x0, bar->x1), bar->y};
}

/* The busier, the wider and the brighter. */
static void draw_link(const struct picture *picture, struct point at, const struct topo_bar *bar,
        const struct model_traffic *traffic)
{
    static const colour inks[MODEL_TRAFFIC_MAX + 1] = {
            0xFF4A596BU, 0xFF56708CU, 0xFF5F84A8U, 0xFF6899C4U, 0xFF72ADDEU, 0xFF7DC1F5U};
    float width = px(picture->view, 1.3F + 1.1F * (float)traffic->level);
    draw_line(picture->view->draw, at, nearest_on(bar, at), MAX(1.2F, width), inks[traffic->level]);
}

static void draw_links(const struct picture *picture)
{
    const struct model *model = picture->view->model;
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        for (guint k = 0; k < machine->networks->len; k++) {
            const struct topo_bar *bar =
                    topo_bar_of(picture->topo, g_array_index(machine->networks, int, k));
            if (bar && picture->topo->nodes[m].x > -1e5F) {
                draw_link(picture, picture->topo->nodes[m], bar, &machine->traffic[k]);
            }
        }
    }
}

static void draw_bars(const struct picture *picture)
{
    const struct view *view = picture->view;
    float thick = MAX(2.0F, roundf(px(view, picture->topo->roomy ? 4 : 2)));
    for (guint i = 0; i < picture->topo->bars->len; i++) {
        const struct topo_bar *bar = &g_array_index(picture->topo->bars, struct topo_bar, i);
        const struct model_network *network = view->model->networks->pdata[bar->network];
        struct rect r = {bar->x0, bar->y - thick / 2, bar->x1 - bar->x0, thick};
        draw_rect(view->draw, r, C_WIRE);
        if (!picture->topo->roomy || !view->labels) {
            continue;
        }
        g_autofree char *text = g_strdup_printf("%s  %s", network->name, network->cidr);
        float y = bar->y + px(view, 5);
        float width = view_text(
                view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, r.w}, bar->x1, y, text);
        picture_occupy(picture, (struct rect){bar->x1 - width, y, width, px(view, 16)});
    }
}

/* Name above, state below, and what struck it: on the side away from the middle. */
static void draw_label(const struct picture *picture, const struct model_machine *machine,
        struct point at, const char *word)
{
    const struct view *view = picture->view;
    bool left = topo_label_left(picture->topo, at.x);
    float sign = left ? -1.0F : 1.0F;
    enum align align = left ? RIGHT : LEFT;
    float x = at.x + sign * (picture->topo->unit + px(view, 9));
    float y = at.y - px(view, 18);
    float room = px(view, 150);
    float name = view_text(
            view, (struct text_style){FONT_TEXT, 15, C_TEXT, align, room}, x, y, machine->name);
    colour ink = !strcmp(word, "ready") ? C_DIM : C_TEXT;
    float state = view_text(
            view, (struct text_style){FONT_TEXT, 12, ink, align, room}, x, y + px(view, 20), word);
    float mark = 0;
    if (*machine->struck) { /* the effect stays when the arrow has faded */
        float edge = x + sign * (state + px(view, 8));
        mark = view_text(view, (struct text_style){FONT_TEXT, 12, C_ATTACK, align, 0},
                       edge + sign * px(view, 13), y + px(view, 20), machine->struck) +
               px(view, 21);
        float flag = left ? edge - px(view, 9) : edge;
        struct point corners[] = {{flag, y + px(view, 23)}, {flag + px(view, 9), y + px(view, 28)},
                {flag, y + px(view, 33)}};
        draw_convex(view->draw, corners, 3, C_ATTACK);
    }
    float width = MAX(name, state + mark);
    picture_occupy(picture, (struct rect){left ? x - width : x, y, width, px(view, 37)});
}

static void draw_nodes(const struct picture *picture)
{
    const struct view *view = picture->view;
    float r = picture->topo->unit;
    for (guint m = 0; m < view->model->machines->len; m++) {
        const struct model_machine *machine = view->model->machines->pdata[m];
        struct point at = picture->topo->nodes[m];
        if (at.x < -1e5F) {
            continue;
        }
        char word[64];
        enum status status = node_status(view->model, machine, word, sizeof word);
        draw_disc(view->draw, at, r * 1.55F, C_GROUND);
        view_shape(view, status, at, r);
        picture_occupy(picture, (struct rect){at.x - r, at.y - r, 2 * r, 2 * r});
        if (picture->topo->roomy && view->labels) {
            draw_label(picture, machine, at, word);
        }
    }
}

static void draw_legend(const struct view *view, struct rect r)
{
    static const enum status shapes[] = {
            STATUS_UP, STATUS_DEGRADED, STATUS_DOWN, STATUS_UNKNOWN, STATUS_DEPLOYING, STATUS_HELD};
    float x = r.x + px(view, 4);
    float y = r.y + r.h / 2;
    float space = MIN(px(view, 34), r.w * 0.02F);
    struct text_style style = {FONT_TEXT, 12, C_DIM, LEFT, 0};
    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        view_shape(view, shapes[i], (struct point){x + px(view, 6), y}, px(view, 6));
        x += px(view, 18) +
             view_text(
                     view, style, x + px(view, 18), y - px(view, 8), view_status_word(shapes[i])) +
             space;
    }
    x += space;
    static const char *const words[] = {"running", "effect", "blocked"};
    for (int i = 0; i < 3 && x < r.x + r.w - px(view, 90); i++) {
        struct point from = {x, y};
        struct point to = {x + px(view, 36), y};
        attack_sample(view, from, to, (enum attack_state)i);
        x += px(view, 44);
        x += view_text(view, style, x, y - px(view, 8), words[i]) + space;
    }
}

void view_topology(struct view *view, struct rect r)
{
    g_autofree char *zoom = g_strdup_printf(
            "%s+ − zoom   0 fit", view->zoom > 1 || view->zoom < 1 ? "zoomed   " : "");
    struct rect inside = view_panel(view, r, 2, "Topology — all teams", zoom);
    view_add_hit(view, r, ACTION_FOCUS, 2);
    float legend = roundf(px(view, 26));
    draw_legend(view, (struct rect){inside.x, inside.y + inside.h - legend, inside.w, legend});
    inside.h -= legend;
    if (view->model->machines->len == 0) {
        view_empty(view, inside,
                view->model->state == MODEL_NONE ? "no event yet: the exercise has not begun"
                                                 : "the plan has no machines");
        return;
    }
    struct rect area = {inside.x + inside.w / 2 - inside.w * view->zoom / 2 + view->pan_x,
            inside.y + inside.h / 2 - inside.h * view->zoom / 2 + view->pan_y,
            inside.w * view->zoom, inside.h * view->zoom};
    draw_clip(view->draw, &inside);
    struct picture picture = {.view = view, .inside = inside};
    picture.topo = topo_new(view->model, area, view->scale);
    picture.occupied = g_array_new(FALSE, FALSE, sizeof(struct rect));
    draw_blocks(&picture);
    draw_links(&picture);
    draw_bars(&picture);
    if (view->attacks) {
        attack_draw_lines(&picture);
    }
    draw_nodes(&picture);
    if (view->attacks) {
        attack_draw_labels(&picture);
    }
    g_array_unref(picture.occupied);
    topo_free(picture.topo);
    draw_clip(view->draw, NULL);
}
