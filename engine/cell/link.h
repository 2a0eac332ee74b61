/* link.h - the loopback interface of a fresh network namespace. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Brings lo up in the calling thread's network namespace. */
bool link_lo_up(GError **error);

/* The calling thread's network namespace routes nothing, whatever the host does. */
bool link_forward_nothing(GError **error);
