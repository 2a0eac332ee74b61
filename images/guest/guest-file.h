/* guest-file.h - files of a guest, written whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Writes all of bytes to path, which it makes or empties; folders on the way are made. mode -1: 0644
 * for a new file, one that is there keeps its mode. False: errno says why. */
bool file_write(const char *path, int mode, const char *bytes, size_t length);

/* Opens path for the next file_write(), with the mode that it will have, and leaves one byte in it.
 * A machine that is frozen then needs no look-up, no file and no page for it when it wakes: each is
 * code that an emulator translates anew. At most FILE_READY_MAX. */
#define FILE_READY_MAX 8
bool file_make_ready(const char *path, int mode);
