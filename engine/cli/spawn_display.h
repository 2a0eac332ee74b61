/* spawn_display.h - the display as a process of its own. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Starts sandtable-display for the exercise; it waits for the engine by itself. */
bool spawn_display(const char *name, GError **error);
