/* image.h - the store of machine images: recipes, builds, manifests, verification.
 *
 * A recipe is images/NAME/recipe.lua … or plain key = value text (images/README.md says which);
 * a build is STORE/NAME-DIGEST/ with root.squashfs and manifest.json; STORE/kernel-DIGEST/ has
 * vmlinux, initrd and modules.squashfs. DIGEST is the first 16 hex digits of the SHA-256 over the
 * recipe, its files and what it stands on.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct image {
    char *name, *digest, *dir;
    char *root;    /* path of root.squashfs */
    char *kernel, *initrd, *modules;
    gint64 size;   /* bytes of root.squashfs */
    int memory_mib; /* what the recipe recommends */
};

typedef void (*image_progress_fn)(const char *line, gpointer data);

/* The built image of the current recipe of that name; an error says how to build it. Checks sizes,
 * not digests. */
struct image *image_find(const char *name, GError **error);
void image_free(struct image *image); /* accepts NULL */

/* Builds unless it is there (then *ret_cached is true). Blocks; progress is for people. */
bool image_build(const char *name, image_progress_fn progress, gpointer data, bool *ret_cached,
        GError **error);

/* Names of all recipes, sorted; g_strfreev. */
char **image_recipes(GError **error);

/* [{"name","digest","built":bool,"size","packages":n,"path"}] for every recipe. */
cJSON *image_list(GError **error);

/* Reads every file of the built image and compares with its manifest; the error names image and
 * file. */
bool image_verify(const char *name, GError **error);
