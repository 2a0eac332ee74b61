/* load_scenario.h - a scenario from its file, with what images say of its machines. */
#pragma once

#include "script/script.h"

#include <glib.h>

/* script_load_with() against the images of the store, then plan_apply_images(). */
struct script *cli_load_scenario(
        const char *path, struct plan **ret_plan, GPtrArray *problems, GError **error);
