/* recipe.h - images/NAME/recipe: what an image is made of, and the digest that names it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct recipe {
    char *name, *dir;
    char *description;
    char **packages; /* never NULL, may be empty */
    char **programs; /* programs of this project, by name: GUEST_DIR/NAME goes to /usr/local/bin */
    char **modules;  /* the kernel's: what the initramfs loads */
    char **remove;   /* absolute paths, shell globs allowed, taken out of the tree */
    char **probe;    /* argv that must succeed in a running guest; may be empty */
    GPtrArray *services; /* char *: "NAME COMMAND ARGUMENT…" in the file's order */
    GHashTable *modes;   /* absolute path -> octal mode as text */
    int memory_mib;
};

/* One file below files/: what goes into the digest and into the tree. */
struct recipe_file {
    char *path; /* relative to files/ */
    char *source;
    unsigned mode; /* 0755 if executable by the owner, else 0644; [modes] may say another */
};

/* Reads text (length bytes); errors name file, key and the nearest known key. dir is images/NAME.
 */
struct recipe *recipe_parse(
        const char *name, const char *dir, const char *text, gsize length, GError **error);

/* Reads DATA/images/NAME/recipe. */
struct recipe *recipe_load(const char *name, GError **error);
void recipe_free(struct recipe *recipe); /* accepts NULL */

static inline void recipe_cleanup(struct recipe **recipe)
{
    recipe_free(*recipe);
}
#define auto_recipe __attribute__((cleanup(recipe_cleanup))) struct recipe *

/* GPtrArray of struct recipe_file *, owning, sorted by path. Only regular files: a link or a device
 * is an error, for a digest cannot speak for it. */
GPtrArray *recipe_files(const struct recipe *recipe, GError **error);

/* DATA/images, and the folder of the guests' programs: $SANDTABLE_GUEST, else guest/ beside the
 * program, ../lib/sandtable/guest, DATA/build/bin/guest. The caller frees. */
char *recipe_images_dir(void);
char *recipe_program(const char *name, GError **error);

/* First 16 hex digits of the SHA-256 over the builder's version and all that the recipe stands on:
 * its text, files (names, modes, content), programs, and for a machine's image the base and the
 * kernel. The caller frees. */
char *recipe_digest(const struct recipe *recipe, GError **error);
