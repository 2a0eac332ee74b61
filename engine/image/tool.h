/* tool.h - one run of a tool (qemu-img, mke2fs, xorriso) that may meet hostile files: bounded time,
 * memory, file size and output, no shell, gone with its parent. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct tool_limits {   /* 0: the default */
    gint64 file_bytes; /* the largest file it may write (none) */
    int cpu_s;         /* processor time (60) */
};

/* The tool's path: PATH, then /usr/sbin and the like; an error names the Debian package. */
char *tool_find(const char *name, const char *package, GError **error);

/* Runs argv (argv[0] from tool_find()) to its end and returns its output, at most 1 MiB of it, NUL
 * at the end; the caller frees it. An error has the last of what it said. Blocks; any thread. */
char *tool_run(const char *const *argv, const struct tool_limits *limits, GError **error);

/* chmod(2) of what a tool wrote. */
bool tool_set_mode(const char *path, int mode, GError **error);
