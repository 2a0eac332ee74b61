/* world_sim_impair.h - measurements of simulated links. */
#pragma once

#include "net/net_measure.h"

/* What measuring a link that is so, by a plan made for what was asked, finds. delays is filled and
 * owns what ret points to. */
void world_sim_sample(const struct plan_impairment *is, const struct plan_impairment *asked,
        GRand *rand, struct net_sample *ret, GArray *delays);
