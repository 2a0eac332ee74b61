/* real_warm.h - the warm states that the machines of a real world need: one for each shape. */
#pragma once

#include "world/world_real.h"

/* One entry for each shape of machine in the plan: image, memory, processors, cards. */
void real_warm_init(struct real_world *world);
void real_warm_free(struct real_world *world); /* after virt and net are closed */

/* real_machine_on_warm() is called for the machine: never from inside the call, once the state is
 * found or made, or it is clear that there will be none. */
void real_warm_get(struct real_machine *machine);

/* True when the domain is a template's, and what libvirt said of it was taken. */
bool real_warm_on_virt(
        struct real_world *world, const char *domain, enum machine_state state, const char *reason);

/* What will exist outside the process while states are made. */
void real_warm_resources(const struct real_world *world, GPtrArray *resources);
