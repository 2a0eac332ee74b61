/* file_tail.h - files that others write without end: their last bytes, and a bound on the disk.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What such a file may take on the disk between two looks, and what is left of one that took more.
 */
#define FILE_TRIM_MAX ((goffset)1024 * 1024)
#define FILE_TRIM_KEEP ((goffset)256 * 1024)

/* The last max bytes of a file, NUL-terminated, and how many they are; "" when there is none. The
 * caller frees it. */
char *file_tail(const char *file, gsize max, gsize *ret_length);

/* Gives the disk back what lies before the last FILE_TRIM_KEEP bytes of a file that takes more than
 * FILE_TRIM_MAX. Its size stays, and its writer need not know. False: it cannot; errno. */
bool file_trim(const char *file);
