/* real_tap.h - a tap of the engine's own in a network namespace: frames by a descriptor. */
#pragma once

#include <glib.h>

struct real_tap {
    const char *name;
    guint32 address; /* host order */
    int prefix;
    int mtu;           /* 0: as it is */
    const char *whose; /* begins the error: "the checks' tap" */
};

/* Its descriptor, non-blocking, a frame a read and a write: the tap lives as long. Up, with its
 * address, in that namespace. -1 and an error. */
int real_tap_make(int space, const struct real_tap *tap, GError **error);
