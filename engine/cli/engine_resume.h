/* engine_resume.h - an engine that takes over from one that is gone; for engine.c only. */
#pragma once

#include "cell/cell.h"
#include "cli/engine.h"
#include "world/world.h"

/* Into the cell of the machines that still run, else into a new one; what nobody adopts is killed.
 * *ret_begin says what becomes of each machine; g_free. */
bool engine_enter_again(const struct engine_options *options, const char *root,
        struct cell_identity *ret_cell, enum world_begin **ret_begin, GError **error);
