/* view_topology.c - panel 2: teams, networks, machines and the legend. */
#include "view_topology.h"

#include <math.h>
#include <string.h>

#define LABEL_VEIL 0xC0000000U

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
    return team ? team->title : tr("Shared");
}

/* The worst first; what is deploying or held is no trouble yet. */
static enum status worse(enum status a, enum status b)
{
    static const int weight[] = {[STATUS_UP] = 0,
            [STATUS_HELD] = 1,
            [STATUS_DEPLOYING] = 2,
            [STATUS_UNKNOWN] = 3,
            [STATUS_DEGRADED] = 4,
            [STATUS_DOWN] = 5};
    return weight[a] > weight[b] ? a : b;
}

/* Far away a team is one tile: its worst machine's shape, its number, how many are up. */
static void draw_tile(const struct picture *picture, const struct topo_block *block)
{
    const struct view *view = picture->view;
    enum status worst = STATUS_UP;
    int up = 0;
    int all = 0;
    for (guint m = 0; m < view->model->machines->len; m++) {
        const struct model_machine *machine = view->model->machines->pdata[m];
        if ((block->team < 0 || machine->team == block->team) && view_knows(view, machine)) {
            char word[VIEW_WORD];
            enum status status = view_machine_status(view, machine, word);
            bool here = block->team >= 0 || machine->team < 0 ||
                        !model_team_at(view->model, machine->team)->ground;
            all += here;
            up += here && status == STATUS_UP;
            worst = here ? worse(worst, status) : worst;
        }
    }
    struct rect r = block->rect;
    float radius = MIN(MIN(r.w, r.h) * 0.2F, px(view, 10));
    view_shape(view, worst, (struct point){r.x + r.w / 2, r.y + r.h * 0.36F}, radius);
    g_autofree char *text = block->team < 0
                                    ? g_strdup_printf("%d/%d", up, all)
                                    : g_strdup_printf("%d: %d/%d", block->team + 1, up, all);
    float size = CLAMP(r.h / view->scale * 0.26F, 8, 13);
    view_text(view, (struct text_style){FONT_TEXT, size, C_TEXT, CENTRE, r.w}, r.x + r.w / 2,
            r.y + r.h * 0.6F, text);
    if (block->team >= 0) {
        view_add_hit(picture->changes, PANEL_TOPOLOGY, r, ACTION_TEAM, block->team);
    }
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
        if (picture->topo->tiles) {
            draw_tile(picture, block);
            continue;
        }
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

/* From a machine to the edge of its block, or of the picture. */
static float room_beside(const struct picture *picture, struct point at, bool left)
{
    struct rect r = picture->inside;
    for (guint i = 0; i < picture->topo->blocks->len; i++) {
        struct rect block = g_array_index(picture->topo->blocks, struct topo_block, i).rect;
        bool here = at.x >= block.x && at.x < block.x + block.w && at.y >= block.y &&
                    at.y < block.y + block.h;
        r = here ? block : r;
    }
    return left ? at.x - r.x : r.x + r.w - at.x;
}

/* Away from the middle, unless the name fits on the other side only. */
static bool label_left(const struct picture *picture, const char *name, struct point at)
{
    const struct view *view = picture->view;
    bool left = topo_label_left(picture->topo, at.x);
    float needed = draw_text_width(view->draw, FONT_TEXT, px(view, 15), name) +
                   picture->topo->unit + px(view, 13);
    bool fits = room_beside(picture, at, left) >= needed;
    return fits || room_beside(picture, at, !left) < needed ? left : !left;
}

/* Where teams stand too close for names, what is shared may still have room for them. */
static bool has_room(const struct picture *picture, struct point at)
{
    const struct topo *topo = picture->topo;
    int machines = 0;
    for (guint i = 0; i < topo->blocks->len && !topo->roomy; i++) {
        const struct topo_block *block = &g_array_index(topo->blocks, struct topo_block, i);
        struct rect r = block->rect;
        if (block->team >= 0 || at.x < r.x || at.x > r.x + r.w || at.y < r.y || at.y > r.y + r.h) {
            continue;
        }
        for (guint m = 0; m < picture->view->model->machines->len; m++) {
            struct point other = topo->nodes[m];
            machines += other.x >= r.x && other.x <= r.x + r.w && other.y >= r.y &&
                        other.y <= r.y + r.h;
        }
        return r.h >= px(picture->view, 52) &&
               r.w / (float)MAX(machines, 1) >= px(picture->view, 200);
    }
    return topo->roomy;
}

/* Lines that pass behind a name. */
static void dim_behind(
        const struct picture *picture, const struct model_machine *machine, struct rect r)
{
    const struct model_team *team = model_team_at(picture->view->model, machine->team);
    colour paper = team && team->ground ? C_GROUND : C_CORE;
    draw_rect(picture->view->draw, r, (paper & 0xFFFFFFU) | LABEL_VEIL);
}

/* Name above, state below, and what struck it: on the side away from the middle. */
static void draw_label(const struct picture *picture, const struct model_machine *machine,
        struct point at, const char *word)
{
    const struct view *view = picture->view;
    bool public = view->mode == MODE_PUBLIC; /* longer names, and nothing struck them */
    g_autofree char *title = view_machine_title(view, machine);
    bool left = label_left(picture, title, at);
    float sign = left ? -1.0F : 1.0F;
    enum align align = left ? RIGHT : LEFT;
    bool chosen = model_machine_at(view->model, view_node(view)) == machine; /* has a ring */
    float x = at.x + sign * (picture->topo->unit * (chosen ? 1.9F : 1) + px(view, 9));
    float y = at.y - px(view, 18);
    float edge_of = left ? x - picture->inside.x : picture->inside.x + picture->inside.w - x;
    bool struck = *machine->struck && !public;
    float room = CLAMP(
            edge_of - (struck ? px(view, 76) : 0), px(view, 30), px(view, public ? 230 : 150));
    word = tr_name(word);
    float wide = MAX(draw_text_width(view->draw, FONT_TEXT, px(view, 15), title),
            draw_text_width(view->draw, FONT_TEXT, px(view, 12), word));
    wide = MIN(wide, room);
    dim_behind(picture, machine, (struct rect){left ? x - wide : x, y, wide, px(view, 36)});
    float name =
            view_text(view, (struct text_style){FONT_TEXT, 15, C_TEXT, align, room}, x, y, title);
    bool calm = !strcmp(word, tr_name("ready")) || !strcmp(word, tr_name("up"));
    colour ink = calm ? C_DIM : C_TEXT;
    float state = view_text(
            view, (struct text_style){FONT_TEXT, 12, ink, align, room}, x, y + px(view, 20), word);
    float mark = 0;
    if (struck) { /* the effect stays when the arrow has grown thin */
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

static bool overlaps(struct rect a, struct rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
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
        char word[VIEW_WORD];
        enum status status = view_machine_status(view, machine, word);
        struct rect box = {at.x - r * 1.6F, at.y - r * 1.6F, r * 3.2F, r * 3.2F};
        if (!overlaps(box, picture->inside)) {
            continue;
        }
        view_add_hit(picture->changes, PANEL_TOPOLOGY, box, ACTION_NODE, (int)m);
        draw_disc(view->draw, at, r * 1.55F, C_GROUND);
        view_shape(view, status, at, r);
        if ((int)m == view_node(view)) {
            draw_ring(view->draw, at, r * 1.9F, MAX(2, px(view, 2)), C_FOCUS);
        }
        picture_occupy(picture, (struct rect){at.x - r, at.y - r, 2 * r, 2 * r});
        if (view->labels && has_room(picture, at)) {
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
    static const char *const words[] = {WORD("running"), WORD("effect"), WORD("blocked")};
    for (int i = 0; i < 3 && view->mode != MODE_PUBLIC && x < r.x + r.w - px(view, 90); i++) {
        struct point from = {x, y};
        struct point to = {x + px(view, 36), y};
        attack_sample(view, from, to, (enum attack_state)i);
        x += px(view, 44);
        x += view_text(view, style, x, y - px(view, 8), tr_name(words[i])) + space;
    }
    bool traffic = view->traffic && view->mode != MODE_PUBLIC;
    for (int i = 0; i < 3 && traffic && x < r.x + r.w - px(view, 150); i++) {
        links_sample(view, (struct point){x, y}, (struct point){x + px(view, 24), y}, i * 2);
        x += px(view, 30);
        x += i < 2 ? 0 : view_text(view, style, x, y - px(view, 8), tr("traffic"));
    }
}

static void draw_picture(const struct picture *picture)
{
    const struct view *view = picture->view;
    bool attacks = view->attacks && view->mode != MODE_PUBLIC;
    draw_blocks(picture);
    if (picture->topo->tiles) {
        return;
    }
    links_draw(picture);
    links_draw_networks(picture);
    if (attacks) {
        attack_draw_lines(picture);
    }
    draw_nodes(picture);
    links_draw_impairments(picture);
    if (attacks) {
        attack_draw_labels(picture);
    }
}

/* To the others that were found. */
static void found_buttons(struct view *view, struct rect r)
{
    const struct label labels[] = {
            {"‹", NULL, false, ACTION_FOUND, -1}, {"›", NULL, false, ACTION_FOUND, 1}};
    for (guint i = 0; i < G_N_ELEMENTS(labels) && view->find; i++) {
        r.x = view_button(view, PANEL_TOPOLOGY, r, &labels[i]) + px(view, 4);
    }
}

/* What is known about the chosen machine, in a line of its own. */
static void draw_chosen(struct view *view, struct rect r)
{
    const struct model_machine *machine = model_machine_at(view->model, view_node(view));
    if (!machine) {
        if (view_has_controls(view)) {
            view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, r.w}, r.x + px(view, 4),
                    r.y + px(view, 5), tr("click a machine for its console, or to start it anew"));
        }
        return;
    }
    g_autofree char *text = g_strdup_printf("%s  %s  %s%s%s", machine->id, machine->address,
            tr_name(machine->state), view_has_controls(view) ? "   " : "",
            view_has_controls(view) ? tr("C console · Delete start anew") : "");
    struct rect box = {r.x, r.y,
            draw_text_width(view->draw, FONT_TEXT, px(view, 13), text) + px(view, 20),
            px(view, 24)};
    draw_rect(view->draw, box, C_SELECT);
    draw_frame(view->draw, box, 1, C_EDGE);
    view_text(view, (struct text_style){FONT_TEXT, 13, C_TEXT, LEFT, 0}, box.x + px(view, 10),
            box.y + px(view, 3), text);
    found_buttons(view, (struct rect){box.x + box.w + px(view, 8), box.y, px(view, 26), box.h});
}

static char *topology_title(const struct view *view)
{
    const struct model_team *team = model_team_at(view->model, view->team);
    return view->mode == MODE_INSTRUCTOR && team ? g_strdup_printf(tr("Topology — %s"), team->title)
                                                 : g_strdup(tr("Topology — all teams"));
}

void view_topology(struct view *view, struct rect r)
{
    g_autofree char *title = topology_title(view);
    g_autofree char *hint =
            g_strdup_printf(tr("zoom %.2g   + − 0 fit   L labels   A attacks"), (double)view->zoom);
    struct rect inside = view_panel(view, r, 2, title, hint);
    view_add_hit(view, PANEL_TOPOLOGY, r, ACTION_FOCUS, 2);
    float legend = roundf(px(view, 26));
    draw_legend(view, (struct rect){inside.x, inside.y + inside.h - legend, inside.w, legend});
    inside.h -= legend;
    if (view->mode == MODE_CONTROL || view->mode == MODE_INSTRUCTOR) {
        float line = roundf(px(view, 26));
        inside.h -= line;
        draw_chosen(view, (struct rect){inside.x, inside.y + inside.h, inside.w, line});
    }
    inside.h -= view_screens(view, inside);
    if (view->model->machines->len == 0) {
        if (!view_waits(view, inside)) {
            view_empty(view, inside, tr("the plan has no machines"));
        }
        return;
    }
    struct rect area = place_area(view, inside);
    draw_clip(view->draw, &inside);
    struct picture picture = {.view = view, .changes = view, .inside = inside};
    picture.topo = place_topo(view, area);
    view->area = area;
    view->inside = inside;
    picture.occupied = g_array_new(FALSE, FALSE, sizeof(struct rect));
    draw_picture(&picture);
    g_array_unref(picture.occupied);
    topo_free(picture.topo);
    draw_clip(view->draw, NULL);
}
