/* topo.h - where machines and networks stand: a layout from the scenario's structure alone.
 *
 * A range is a forest of equal teams round what they share. A team is laid out once, as networks
 * (bars) with machines above, between and below them, and stamped for each team; what belongs to no
 * such team stands in the middle. The same plan gives the same places.
 */
#pragma once

#include "draw.h"
#include "model.h"

struct topo_bar {
    int network;
    float x0, x1, y;
};

struct topo_block { /* a team's ground */
    int team;       /* -1: shared */
    struct rect rect;
};

struct topo {
    struct point *nodes; /* one a machine; x < -1e5 for one that is not placed */
    GArray *bars;        /* struct topo_bar */
    GArray *blocks;      /* struct topo_block */
    float middle;        /* x of the area's middle */
    float unit;          /* radius of a machine's shape */
    bool roomy;          /* labels fit */
    bool tiles;          /* a team is one tile */
    float room;          /* 1: comfortable; labels from 0.8, machines from 0.35 on */
};

/* Of one team (-1: all) and, if wanted, what is shared. scale is pixels at 1 = 1920x1080; zoom and pan are in
 * area already. */
struct topo *topo_new(
        const struct model *model, int only, bool with_shared, struct rect area, float scale);
void topo_free(struct topo *topo); /* accepts NULL */
/* True when labels stand left of x: away from the middle, where the attacks come from. */
bool topo_label_left(const struct topo *topo, float x);
const struct topo_bar *topo_bar_of(const struct topo *topo, int network); /* NULL: none */
/* Where the link of a machine's card runs, the cards of one machine on one network side by side.
 * False: it is not drawn. */
bool topo_link(const struct topo *topo, const struct model *model, int machine, guint card,
        struct point *from, struct point *to);
