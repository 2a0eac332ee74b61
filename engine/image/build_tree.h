/* build_tree.h - one mmdebstrap call: a recipe in, files of the image out; for build.c only. */
#pragma once

#include "image/image.h"
#include "image/recipe.h"

#include <glib.h>
#include <stdbool.h>

struct build {
    const struct recipe *recipe; /* what is built */
    const struct recipe *base;   /* what it stands on; NULL for the kernel */
    const char *work;            /* folder for the results and what is needed on the way */
    image_progress_fn progress;
    gpointer data;
};

/* Makes WORK/root.squashfs, or for the kernel WORK/vmlinux, initrd, modules.squashfs; the packages'
 * names and versions, one a line, are returned for the manifest (the caller frees). */
char *build_tree(const struct build *build, GError **error);

/* Runs argv to its end; lines of its stderr go to build's progress. The error has the last lines.
 * The child gets SIGTERM when this process dies. */
bool build_run(const struct build *build, const char *const *argv, GError **error);

/* Writes WORK/files.tar: files, programs, services of base and recipe, owned by root. */
bool build_overlay(const struct build *build, GError **error);

/* Tools and subordinate ids for a rootless build; the error is HOST and says the remedy. */
bool build_check_host(GError **error);
