/* world_real_seed.h - the NoCloud seed of a machine of the plan. */
#pragma once

#include "world/world_real.h"

/* Writes the ISO at path: the machine's name, addresses, accounts, and, where there is no agent,
 * its files and set-up commands. Blocks; reads only what never changes, so in any thread. */
bool real_seed_write(const struct real_machine *machine, const char *path, GError **error);
