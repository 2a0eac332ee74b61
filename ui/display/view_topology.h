/* view_topology.h - what the topology panel, its links and its attack arrows share. */
#pragma once

#include "topo.h"
#include "view_private.h"

struct picture {
    const struct view *view;
    struct view *changes; /* the same, for what can be clicked */
    struct topo *topo;
    struct rect inside;
    GArray *occupied; /* struct rect: places a label of an arrow must not cover */
};

static inline void picture_occupy(const struct picture *picture, struct rect r)
{
    g_array_append_val(picture->occupied, r);
}

/* One with so much traffic, for the legend. */
void links_sample(const struct view *view, struct point from, struct point to, int level);
void links_draw(const struct picture *picture);
void links_draw_networks(const struct picture *picture);
void links_draw_impairments(const struct picture *picture);
void attack_draw_lines(const struct picture *picture);
void attack_draw_labels(const struct picture *picture);
/* A straight one, for the legend. */
void attack_sample(
        const struct view *view, struct point from, struct point to, enum attack_state state);

/* ---- view_place.c -------------------------------------------------------------------------- */

/* Of the whole topology, zoomed and moved, while inside of it can be seen. */
struct rect place_area(const struct view *view, struct rect inside);
/* … and what stands where in it; the caller's. */
struct topo *place_topo(const struct view *view, struct rect area);
