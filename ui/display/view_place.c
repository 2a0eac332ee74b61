/* view_place.c - where the machines of the topology stand on the screen, and bringing one into
 * sight. */
#include "view_topology.h"

#define ROOM_FOR_NAMES 0.85F /* of struct topo, a little more than is needed */
#define EDGE 0.1F            /* of the panel: nearer to its edge a machine is not in sight */

struct rect place_area(const struct view *view, struct rect inside)
{
    return (struct rect){inside.x + inside.w / 2 - inside.w * view->zoom / 2 + view->pan_x,
            inside.y + inside.h / 2 - inside.h * view->zoom / 2 + view->pan_y,
            inside.w * view->zoom, inside.h * view->zoom};
}

/* Where somebody dragged a machine is where it stands. */
static void apply_moves(const struct view *view, struct topo *topo, struct rect area)
{
    const struct model *model = view->model;
    if (g_hash_table_size(view->moved) == 0) {
        return;
    }
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        const struct point *share = g_hash_table_lookup(view->moved, machine->id);
        if (share && topo->nodes[m].x > -1e5F) {
            topo->nodes[m] = (struct point){area.x + share->x * area.w, area.y + share->y * area.h};
        }
    }
}

/* The public is not told of every machine. */
static void apply_secrets(const struct view *view, struct topo *topo)
{
    for (guint m = 0; m < view->model->machines->len; m++) {
        if (!view_knows(view, view->model->machines->pdata[m])) {
            topo->nodes[m] = (struct point){-1e6F, -1e6F};
        }
    }
}

struct topo *place_topo(const struct view *view, struct rect area)
{
    int only = view->mode == MODE_INSTRUCTOR ? view->team : -1;
    struct topo *topo = topo_new(view->model, only, view_knows_shared(view), area, view->scale);
    apply_moves(view, topo, area);
    apply_secrets(view, topo);
    return topo;
}

static bool is_shown(const struct view *view)
{
    return view->places[PANEL_TOPOLOGY].rect.w > 0 && view->inside.w > 0;
}

bool view_machine_place(const struct view *view, int machine, struct point *ret)
{
    if (!is_shown(view) || !model_machine_at(view->model, machine)) {
        return false;
    }
    struct topo *topo = place_topo(view, view->area);
    *ret = topo->nodes[machine];
    topo_free(topo);
    return ret->x > -1e5F;
}

static bool in_sight(struct rect r, struct point at)
{
    return at.x > r.x + r.w * EDGE && at.x < r.x + r.w * (1 - EDGE) && at.y > r.y + r.h * EDGE &&
           at.y < r.y + r.h * (1 - EDGE);
}

void view_show_machine(struct view *view, int machine)
{
    struct rect in = view->inside;
    struct point at = {0};
    if (!is_shown(view) || !model_machine_at(view->model, machine)) {
        return;
    }
    struct topo *topo = place_topo(view, place_area(view, in));
    if (topo->room < 0.8F) { /* its name would not be there */
        view->zoom = CLAMP(view->zoom * ROOM_FOR_NAMES / topo->room, VIEW_ZOOM_MIN, VIEW_ZOOM_MAX);
        topo_free(topo);
        topo = place_topo(view, place_area(view, in));
    }
    at = topo->nodes[machine];
    topo_free(topo);
    if (at.x > -1e5F && !in_sight(in, at)) {
        view->pan_x += in.x + in.w / 2 - at.x;
        view->pan_y += in.y + in.h / 2 - at.y;
    }
}
