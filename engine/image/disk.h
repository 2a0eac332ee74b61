/* disk.h - the qcow2 files of running machines: overlays over imported images, blank data disks.
 *
 * All of it blocks for some milliseconds and runs in any thread. Files get mode 0600.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A new qcow2 at path over base (a qcow2 that is never written), of bytes bytes, 0: as large as
 * base. An old file at path is replaced: this is what a reset does. */
bool disk_overlay(const char *path, const char *base, gint64 bytes, GError **error);

/* A new qcow2 at path of bytes bytes with an empty ext4 file system labelled "sandtable". */
bool disk_data(const char *path, gint64 bytes, GError **error);

/* The backing file that a qcow2 names, "" when it names none. For tests and verification. */
char *disk_backing(const char *path, GError **error);
