/* host.h - what a test of real machines without the program needs: an account, an image, a cell. */
#pragma once

#include "cell/cell.h"
#include "image/image.h"

/* Becomes the ordinary account, finds the image of that recipe and enters a cell. NULL, or why this
 * host cannot (freed by the caller). */
static inline char *host_enter(const char *recipe, struct image **ret_image)
{
    g_autoptr(GError) error = NULL;
    struct cell_identity cell;
    /* the images' digests cover the guests' programs, which lie beside the program, not the test */
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *guest = g_build_filename(self, "../../../bin/guest", NULL);
    g_autofree char *programs = g_canonicalize_filename(guest, NULL);
    g_setenv("SANDTABLE_GUEST", programs, FALSE);
    g_autofree char *qemu = g_find_program_in_path("qemu-system-x86_64");
    if (!qemu) {
        return g_strdup("no qemu-system-x86_64");
    }
    /* a clone may lie where only root reads */
    g_auto(GStrv) paths = g_new0(char *, 3);
    paths[0] = g_canonicalize_filename(TESTS_DIR "/../images", NULL);
    paths[1] = g_strdup(programs);
    g_autofree char *user = NULL;
    bool ordinary = geteuid() != 0 ||
                    (cell_account(NULL, &user, &error) && cell_drop_root(user, paths, &error));
    if (!ordinary || !(*ret_image = image_find(recipe, &error)) ||
            !cell_enter(true, &cell, &error)) {
        return g_strdup(error->message);
    }
    return NULL;
}
