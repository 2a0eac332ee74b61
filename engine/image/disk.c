/* disk.c - qemu-img and mke2fs for the disks of machines. */
#include "image/disk.h"

#include "base/error.h"
#include "base/json.h"
#include "image/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define QEMU_IMG "qemu-img", "qemu-utils"

/* A file that was there is unlinked, not written over: a machine that dies may have it open. */
static bool make_room(const char *path, GError **error)
{
    if (g_unlink(path) != 0 && errno != ENOENT) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot remove %s: %s", path,
                g_strerror(errno));
        return false;
    }
    return true;
}

static bool run(const char *const *argv, GError **error)
{
    g_autofree char *output = tool_run(argv, NULL, error);
    return output != NULL;
}

bool disk_overlay(const char *path, const char *base, gint64 bytes, GError **error)
{
    g_autofree char *tool = tool_find(QEMU_IMG, error);
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, bytes);
    const char *argv[] = {tool, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, "--",
            path, bytes ? size : NULL, NULL};
    return tool && make_room(path, error) && run(argv, error) && tool_set_mode(path, 0600, error);
}

static bool make_sparse(const char *path, gint64 bytes, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && ftruncate(fd, bytes) == 0;
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", path,
                g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool disk_data(const char *path, gint64 bytes, GError **error)
{
    g_autofree char *mke2fs = tool_find("mke2fs", "e2fsprogs", error);
    g_autofree char *tool = mke2fs ? tool_find(QEMU_IMG, error) : NULL;
    g_autofree char *raw = g_strconcat(path, ".raw", NULL);
    if (!tool || !make_room(path, error) || !make_room(raw, error) ||
            !make_sparse(raw, bytes, error)) {
        return false;
    }
    /* no checksums and features that a guest's older kernel might lack: only what ext4 is */
    const char *format[] = {mke2fs, "-q", "-F", "-t", "ext4", "-m", "0", "-L", "sandtable", "-E",
            "lazy_itable_init=1,lazy_journal_init=1", raw, NULL};
    const char *convert[] = {
            tool, "convert", "-q", "-f", "raw", "-O", "qcow2", "--", raw, path, NULL};
    bool ok = run(format, error) && run(convert, error) && tool_set_mode(path, 0600, error);
    (void)g_unlink(raw);
    return ok;
}

char *disk_backing(const char *path, GError **error)
{
    g_autofree char *tool = tool_find(QEMU_IMG, error);
    const char *argv[] = {tool, "info", "-U", "--output=json", "-f", "qcow2", "--", path, NULL};
    g_autofree char *text = tool ? tool_run(argv, NULL, error) : NULL;
    auto_json info = text ? json_parse(text, strlen(text), error) : NULL;
    return info ? g_strdup(json_string(info, "backing-filename", "")) : NULL;
}
