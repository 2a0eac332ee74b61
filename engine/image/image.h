/* image.h - the store of machine images: recipes, builds, manifests, verification.
 *
 * A recipe is images/NAME/recipe, a key file (images/README.md says what may stand in it); a build
 * is STORE/NAME-DIGEST/ with root.squashfs and manifest.json; STORE/kernel-DIGEST/ has vmlinux,
 * initrd and modules.squashfs. DIGEST is the first 16 hex digits of the SHA-256 over the recipe,
 * its files and what it stands on.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* What the builder itself puts into an image: raise it when build_*.c changes that. */
#define IMAGE_BUILDER_VERSION "2"
#define IMAGE_KERNEL "kernel" /* the recipe that makes kernel, initrd and modules */
#define IMAGE_BASE "base"     /* the recipe whose content every image has; never built alone */

struct image {
    char *name, *digest, *dir;
    char *root; /* path of root.squashfs; NULL for the kernel */
    char *kernel, *initrd, *modules;
    gint64 size;    /* bytes of root.squashfs (of all files for the kernel) */
    int memory_mib; /* what the recipe recommends */
    char **probe;   /* argv that succeeds in a machine whose services are up; may be empty */
    struct image_disk
            *disk; /* of an imported image (import.h), which has neither root nor kernel */
};

typedef void (*image_progress_fn)(const char *line, gpointer data);

/* The built image of the current recipe of that name; an error says how to build it. Checks sizes,
 * not digests: cheap enough for every start. */
struct image *image_find(const char *name, GError **error);
void image_free(struct image *image); /* accepts NULL */

/* Builds unless it is there (then *ret_cached is true); a machine's image builds the kernel first.
 * Blocks; progress is for people and is called from the calling thread. Any thread. Never as root.
 * An interrupted build leaves nothing that counts as an image; the next one clears it away. Two
 * builds of one image wait for each other. */
bool image_build(const char *name, image_progress_fn progress, gpointer data, bool *ret_cached,
        GError **error);

/* Names of all recipes that can be built, sorted, the kernel first; g_strfreev. */
char **image_recipes(GError **error);

/* The same without the kernel and with imported images: what a scenario's machines can be made of.
 */
char **image_machine_recipes(GError **error);

/* [{"name","digest","built":bool,"size","packages":n,"path","description","memory_mib"}] for every
 * recipe; a built one that does not pass the size check has "damaged": text. Then the imported
 * ones, which also have "imported": true and "import", what their manifest says of them. */
cJSON *image_list(GError **error);

/* Reads every file of the built image and compares with its manifest; the error names image and
 * file. */
bool image_verify(const char *name, GError **error);

/* Removes finished builds that no current recipe asks for; the number removed, or -1. */
int image_prune(GError **error);
