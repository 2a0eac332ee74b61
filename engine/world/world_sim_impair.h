/* world_sim_impair.h - measurements of simulated links. */
#pragma once

#include "world/world_sim.h"

/* What measuring a link that is so, by a plan made for what was asked, finds. delays is filled and
 * owns what ret points to. */
void world_sim_sample(const struct plan_impairment *is, const struct plan_impairment *asked,
        GRand *rand, struct net_sample *ret, GArray *delays);

/* The link as it is; made when it is not known yet. */
struct plan_link_ask *sim_link(struct sim_world *world, int machine, int card);
void sim_impair(struct world *head, int machine, int card, const struct plan_link_ask *ask,
        world_done_fn done, gpointer data);
