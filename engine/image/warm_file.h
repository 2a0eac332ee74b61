/* warm_file.h - the files of a warm state: their digests, and how they get to the disk. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* BLAKE2b-256 over the file's size and the digests of its slices of 16 MiB, each of them over the
 * places and bytes of its blocks that are not zero: the same for a file with holes and for its copy
 * without. In hex; the caller frees. */
char *warm_file_digest(const char *path, GError **error);

/* {"name","size","blake2b"}, with the file on the disk. */
cJSON *warm_file_describe(const char *name, const char *path, GError **error);

bool warm_file_sync(const char *path, GError **error);
