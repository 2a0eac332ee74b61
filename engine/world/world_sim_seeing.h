/* world_sim_seeing.h - what can be seen of the simulated world: for world_sim.c. */
#pragma once

#include "world/world.h"

struct sim_seeing;

struct sim_seeing *sim_seeing_new(const struct plan *plan);
void sim_seeing_free(struct sim_seeing *seeing); /* what is asked still is answered: cancelled */
struct sim_seeing *sim_seeing_of(struct world *head); /* world_sim.c's */

/* A probe of a machine for team: its packets are counted. machine may be -1. */
void sim_seeing_probe(struct sim_seeing *seeing, int machine, int team);

/* Operations of struct world_ops. Captures count packets and have no files. */
void sim_links(struct world *head, world_links_fn done, gpointer data);
bool sim_capture_start(
        struct world *head, int network, const struct world_capture *capture, GError **error);
void sim_capture_stop(struct world *head, int network, world_done_fn done, gpointer data);
void sim_capture_hold(struct world *head, int network, bool held);
bool sim_capture_look(struct world *head, int network, struct net_capture_state *ret);
GPtrArray *sim_capture_files(struct world *head, int network);
void sim_screenshot(struct world *head, int machine, world_read_fn done, gpointer data);
char *sim_port(const struct world *head, int machine, enum world_port port);
