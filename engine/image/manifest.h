/* manifest.h - manifest.json of a build: what it was made of, the digest of each file. */
#pragma once

#include "image/recipe.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_FORMAT 1

/* Hashes the named files (NULL-terminated) in dir and writes dir/manifest.json. packages is
 * "NAME VERSION" a line. Files and folder are synced to the disk. */
bool manifest_write(const char *dir, const struct recipe *recipe, const char *digest,
        const char *packages, const char *const *files, GError **error);

/* The same for an imported disk; import (consumed) becomes the manifest's member of that name. */
bool manifest_write_import(const char *dir, const char *name, const char *digest, cJSON *import,
        const char *const *files, GError **error);

/* Reads text as a manifest and checks its shape: format, name, digest, files with plain names,
 * sizes, SHA-256. The caller deletes the result. */
cJSON *manifest_parse(const char *text, gsize length, GError **error);

/* Reads dir/manifest.json and compares name and digest. NULL and NOT_FOUND when there is no such
 * build; IMAGE, naming image and file, when it is damaged. */
cJSON *manifest_load(const char *dir, const char *name, const char *digest, GError **error);

/* Compares the files in dir with the manifest: sizes, and with whole their SHA-256 too. */
bool manifest_check(const cJSON *manifest, const char *dir, bool whole, GError **error);
