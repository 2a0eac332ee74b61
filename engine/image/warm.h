/* warm.h - warm states in the image store: machines of an image, booted, services up, frozen.
 *
 * STORE/warm/KEY/ has ram (a machine's memory), state (its devices) and manifest.json. KEY is the
 * first 32 hex digits of the SHA-256 over the image, QEMU and the shape of the machine: when any of
 * them changes, another state is looked for. A state is only ever whole: it is built in a folder of
 * its own and renamed; what does not agree with its manifest is refused.
 */
#pragma once

#include "image/image.h"

#include <gio/gio.h>

struct image_warm_shape {
    const struct image *image;
    int memory_mib, vcpus, cards;
    const char *layout; /* virt_warm_layout() of a machine with names that mean nothing */
};

struct image_warm {
    char *key, *dir, *ram, *state;
    gint64 built_ms; /* what the template took from its start to being frozen */
};

/* Looks at the QEMU of the host once a process. The caller frees. */
char *image_warm_key(const struct image_warm_shape *shape, GError **error);

/* Reads all of it: what it hands out is what was built. SANDTABLE_ERROR_NOT_FOUND: there is none;
 * SANDTABLE_ERROR_IMAGE: it is damaged, and the error names image, file and remedy. Any thread. */
struct image_warm *image_warm_find(const char *image, const char *key, GError **error);
void image_warm_free(struct image_warm *warm); /* accepts NULL */

/* Waits until nobody else builds that state; closing the descriptor lets the next one. -1: error,
 * or cancelled. Any thread. */
int image_warm_lock(const char *key, GCancellable *cancellable, GError **error);
/* Holding the lock: an empty folder to build in, with ram at its size; what an interrupted build
 * left is cleared away. The caller frees the path. */
char *image_warm_begin(const char *key, gint64 ram_bytes, GError **error);
/* work has ram and state: they become the state of that key. On failure NULL, and work is removed.
 * Any thread. */
struct image_warm *image_warm_commit(const struct image_warm_shape *shape, const char *key,
        const char *work, gint64 built_ms, GError **error);
/* Removes a folder of image_warm_begin(). */
void image_warm_discard(const char *work);
/* Removes the state; one that is not there counts as removed. */
bool image_warm_remove(const char *key, GError **error);

/* [{"key","image","digest","qemu","memory_mib","vcpus","cards","size","used","built_at","built_ms",
 *   "current":bool,"damaged"?:text}]: used is what it takes on the disk. Sizes are checked, or with
 * whole every byte. */
cJSON *image_warm_list(bool whole, GError **error);

/* Removes states that no current image or QEMU asks for, damaged ones, and what killed builds left;
 * the number, or -1. */
int image_warm_prune(GError **error);
