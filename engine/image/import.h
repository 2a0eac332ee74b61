/* import.h - a user's own disk images in the store: made safe, described, found again.
 *
 * An imported image is STORE/disks/NAME-DIGEST/ with disk.qcow2 (read-only, no reference to any
 * other file) and manifest.json, whose member "import" says where it came from and what a machine
 * of it looks like. DIGEST is the first 16 hex digits of the SHA-256 over the source's SHA-256 and
 * the settings. One image a name.
 *
 * The file to import is hostile: its format is what its first bytes say or what the user says,
 * never guessed by a tool; whatever names another file (backing file, data file, extents, members
 * of an archive with paths) is refused by name; sizes, time and memory of the tools are bounded.
 */
#pragma once

#include "image/image.h"
#include "plan/hardware.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

#define IMPORT_FOLDER "disks"
#define IMPORT_DISK "disk.qcow2"
#define IMPORT_WORK ".import-" /* IMPORT_WORK NAME-PID: an import under way */
#define IMPORT_BYTES_MAX ((gint64)PLAN_DISK_MAX_MIB << 20)

struct import_options {
    const char *name, *file;
    const char *format; /* NULL or "auto": by the first bytes; else one of import_formats() */
    const char *sha256; /* of the file, hex; NULL: not compared */
    const char *description;
    int memory_mib; /* 0: the OVA's, else 512 (Windows 4096) */
    int cpus;       /* 0: the OVA's, else 1 */
    bool replace;   /* an image of that name makes room */
    /* os, firmware, cards, bus, tpm, agent, cloud_init, ready; what is unsaid gets a default */
    struct plan_hardware hardware;
    const char *const *users;    /* NULL or NULL-terminated: made by cloud-init */
    const char *const *ssh_keys; /* public keys, a line each */
};

/* Blocks as long as the copy takes. Never as root. The error names file and reason. */
bool image_import(const struct import_options *options, image_progress_fn progress, gpointer data,
        GError **error);

/* Removes the imported image of that name. Machines that run from it keep their open file. */
bool image_import_remove(const char *name, GError **error);

/* "auto" and what --format may say. */
const char *const *import_formats(void);

/* ---- what the rest of image/ asks (import_store.c) ----------------------------------------- */

struct image_disk { /* of an image that was imported */
    char *file;     /* disk.qcow2, never written */
    gint64 virtual_bytes;
    int cpus;
    struct plan_hardware hardware;
    char **users, **ssh_keys;
};
void image_disk_free(struct image_disk *disk); /* accepts NULL */

/* NULL without an error when no image of that name was imported. */
struct image *import_find(const char *name, GError **error);
char **import_names(void); /* sorted; g_strfreev */

/* Each one's entry for image_list(). */
void import_list(cJSON *list);
bool import_verify(const char *name, GError **error);

/* Removes what imports that were killed left; the number, or -1. */
int import_prune(GError **error);

/* What scenarios can name, for plan_apply_images(): recipes and imported images; owning. */
GPtrArray *image_plan_images(GError **error);
