/* import_probe.c - what a disk image is, and whether it is only itself.
 *
 * Formats: QEMU's docs/interop/qcow2.txt, "Virtual Disk Format 5.0" (VMDK), the VHD and VHDX
 * specifications. The headers are read here, before any tool opens the file: a tool would follow a
 * reference in order to tell about it.
 */
#include "image/import_private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "image/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTOR_MAX (64 * 1024)
#define SECTOR 512

static guint32 be32(const guint8 *at)
{
    return (guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3];
}

static guint64 be64(const guint8 *at)
{
    return (guint64)be32(at) << 32 | be32(at + 4);
}

static guint64 le64(const guint8 *at)
{
    guint64 value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

G_GNUC_PRINTF(2, 3) static bool refuse(GError **error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, text);
    return false;
}

const char *const *import_formats(void)
{
    static const char *const formats[] = {
            "auto", "qcow2", "raw", "ova", "vmdk", "vhd", "vhdx", "vdi", NULL};
    return formats;
}

const char *import_driver(const char *format)
{
    return strcmp(format, "vhd") == 0 ? "vpc" : format;
}

/* ---- which format --------------------------------------------------------------------------- */

struct magic {
    const char *name; /* of the format, or what it is instead */
    gsize at, length;
    const char *bytes;
};

static const struct magic *find_magic(const struct magic *magic, const guint8 *head, gsize length)
{
    for (; magic->name; magic++) {
        if (length >= magic->at + magic->length &&
                memcmp(head + magic->at, magic->bytes, magic->length) == 0) {
            return magic;
        }
    }
    return NULL;
}

const char *import_format_of(
        const guint8 *head, gsize length, const guint8 *tail, gsize tail_length, GError **error)
{
    static const struct magic formats[] = {{"qcow2", 0, 4, "QFI\xfb"}, {"vmdk", 0, 4, "KDMV"},
            {"vmdk", 0, 21, "# Disk DescriptorFile"}, {"vmdk", 0, 4, "COWD"},
            {"vhdx", 0, 8, "vhdxfile"}, {"vhd", 0, 8, "conectix"},
            {"vdi", 64, 4, "\x7f\x10\xda\xbe"}, {"ova", 257, 5, "ustar"}, {0}};
    static const struct magic others[] = {{"packed with gzip (gunzip it first)", 0, 2, "\x1f\x8b"},
            {"packed with xz (unxz it first)", 0, 6,
                    "\xfd"
                    "7zXZ\0"},
            {"packed with zstd (unzstd it first)", 0, 4, "\x28\xb5\x2f\xfd"},
            {"packed with bzip2 (bunzip2 it first)", 0, 3, "BZh"},
            {"a zip archive (unzip it first)", 0, 4, "PK\3\4"}, {0}};
    static const struct magic disks[] = {
            {"raw", 510, 2, "\x55\xaa"}, {"raw", 512, 8, "EFI PART"}, {0}};
    const struct magic *found = find_magic(formats, head, length);
    if (found) {
        return found->name;
    }
    if (tail_length == SECTOR && memcmp(tail, "conectix", 8) == 0) {
        return "vhd";
    }
    found = find_magic(others, head, length);
    if (found) {
        refuse(error, "it is %s", found->name);
        return NULL;
    }
    found = find_magic(disks, head, length);
    if (!found) {
        refuse(error, "no disk image is known that begins like this; give --format");
    }
    return found ? found->name : NULL;
}

/* ---- references to other files -------------------------------------------------------------- */

static bool qcow2_is_safe(const guint8 *head, gsize length, GError **error)
{
    if (length < 104) {
        return refuse(error, "qcow2: the file ends within its header");
    }
    guint32 version = be32(head + 4);
    if (version != 2 && version != 3) {
        return refuse(error, "qcow2: version %u is unknown", version);
    }
    guint64 at = be64(head + 8);
    if (at != 0) {
        guint32 size = be32(head + 16);
        bool shown = size > 0 && at < length && size <= length - at;
        g_autofree char *name =
                shown ? text_clean_tail((const char *)head + at, size, 200) : g_strdup("elsewhere");
        return refuse(error,
                "qcow2: it is only the difference to a backing file (%s); make it whole first: "
                "qemu-img convert -O qcow2",
                name);
    }
    if (be32(head + 32) != 0) {
        return refuse(error, "qcow2: it is encrypted; decrypt it first");
    }
    if (version == 3 && (be64(head + 72) & 4)) {
        return refuse(error,
                "qcow2: its data is in an external data file; make it whole first: qemu-img "
                "convert -O qcow2");
    }
    return true;
}

bool import_vmdk_is_safe(const char *descriptor, gsize length, GError **error)
{
    g_autofree char *text = g_strndup(descriptor, length); /* to the first zero byte */
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int extents = 0;
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        g_autofree char *lower = g_ascii_strdown(*line, 200);
        g_autofree char *shown = text_clean_tail(*line, strlen(*line), 200);
        if (g_str_has_prefix(lower, "parentfilenamehint") ||
                (g_str_has_prefix(lower, "parentcid") && !strstr(lower, "ffffffff"))) {
            return refuse(error, "vmdk: it is only the difference to another file (%s)", shown);
        }
        if (g_str_has_prefix(lower, "createtype") && !strstr(lower, "monolithicsparse") &&
                !strstr(lower, "streamoptimized")) {
            return refuse(error, "vmdk: its extents are in other files (%s)", shown);
        }
        bool extent = g_str_has_prefix(lower, "rw ") || g_str_has_prefix(lower, "rdonly ") ||
                      g_str_has_prefix(lower, "noaccess ");
        extents += extent;
        if (extent && (extents > 1 || !strstr(lower, " sparse "))) {
            return refuse(error, "vmdk: an extent is in another file (%s)", shown);
        }
    }
    return true;
}

/* capacity 0 makes QEMU read the embedded text as a list of files. */
static bool vmdk_is_safe(const guint8 *head, gsize length, GError **error)
{
    if (length < SECTOR || memcmp(head, "KDMV", 4) != 0) {
        return refuse(error,
                "vmdk: it is a descriptor whose extents are in other files; make it whole first: "
                "qemu-img convert -O qcow2");
    }
    if (le64(head + 12) == 0) {
        return refuse(error, "vmdk: it has no data of its own, its extents are in other files");
    }
    return true;
}

bool import_head_is_safe(
        const char *format, const guint8 *head, gsize length, const guint8 *tail, GError **error)
{
    if (strcmp(format, "qcow2") == 0) {
        return qcow2_is_safe(head, length, error);
    }
    if (strcmp(format, "vmdk") == 0) {
        return vmdk_is_safe(head, length, error);
    }
    if (strcmp(format, "vhd") == 0 &&
            ((length >= SECTOR && !memcmp(head, "conectix", 8) && be32(head + 60) == 4) ||
                    (tail && be32(tail + 60) == 4))) {
        return refuse(error, "vhd: it is only the difference to a parent disk; merge it first");
    }
    return true;
}

/* ---- a second opinion ----------------------------------------------------------------------- */

static bool extents_are_own(const cJSON *data, const char *file, GError **error)
{
    const cJSON *extent = NULL;
    cJSON_ArrayForEach(extent, json_array(data, "extents"))
    {
        const char *name = json_string(extent, "filename", file);
        if (strcmp(name, file) != 0) {
            g_autofree char *shown = text_clean_tail(name, strlen(name), 200);
            return refuse(error, "an extent is in another file (%s)", shown);
        }
    }
    return true;
}

gint64 import_info_size(const char *json, gsize length, const char *file, GError **error)
{
    auto_json info = json_parse(json, length, error);
    if (!info) {
        return -1;
    }
    const cJSON *specific = json_object(info, "format-specific");
    const cJSON *data = specific ? json_object(specific, "data") : NULL;
    const char *backing = json_string(info, "backing-filename", NULL);
    const char *external = data ? json_string(data, "data-file", NULL) : NULL;
    if (backing || external) {
        const char *name = backing ? backing : external;
        g_autofree char *shown = text_clean_tail(name, strlen(name), 200);
        refuse(error, "it refers to another file (%s)", shown);
        return -1;
    }
    if (json_bool(info, "encrypted", false)) {
        refuse(error, "it is encrypted; decrypt it first");
        return -1;
    }
    if (data && !extents_are_own(data, file, error)) {
        return -1;
    }
    gint64 size = json_int(info, "virtual-size", 0);
    if (size <= 0 || size > IMPORT_BYTES_MAX) {
        refuse(error, "its disk has %" G_GINT64_FORMAT " bytes; 1 to %d GiB are possible", size,
                PLAN_DISK_MAX_MIB / 1024);
        return -1;
    }
    return size;
}

/* ---- a file --------------------------------------------------------------------------------- */

static bool embedded_is_safe(int fd, const guint8 *head, gint64 bytes, GError **error)
{
    guint64 at = le64(head + 28), size = le64(head + 36);
    if (at == 0) {
        return true;
    }
    if (at > (guint64)bytes / SECTOR || size > DESCRIPTOR_MAX / SECTOR) {
        return refuse(error, "vmdk: its descriptor is outside the file or too long");
    }
    g_autofree char *text = g_malloc0(DESCRIPTOR_MAX);
    ssize_t n = pread(fd, text, DESCRIPTOR_MAX, (off_t)(at * SECTOR));
    return import_vmdk_is_safe(text, n > 0 ? (gsize)n : 0, error);
}

static bool file_is_safe(int fd, const char *format, GError **error)
{
    guint8 head[IMPORT_HEAD] = {0}, tail[SECTOR] = {0};
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, head, sizeof(head), 0);
    bool has_tail = end >= SECTOR && pread(fd, tail, SECTOR, end - SECTOR) == SECTOR &&
                    memcmp(tail, "conectix", 8) == 0;
    if (n <= 0) {
        return refuse(error, "it is empty or cannot be read");
    }
    return import_head_is_safe(format, head, (gsize)n, has_tail ? tail : NULL, error) &&
           (strcmp(format, "vmdk") != 0 || embedded_is_safe(fd, head, end, error));
}

gint64 import_probe_file(const char *file, const char *format, GError **error)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    bool safe = fd >= 0 ? file_is_safe(fd, format, error)
                        : refuse(error, "it cannot be opened: %s", g_strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    g_autofree char *tool = safe ? tool_find("qemu-img", "qemu-utils", error) : NULL;
    const char *argv[] = {
            tool, "info", "-U", "--output=json", "-f", import_driver(format), "--", file, NULL};
    g_autofree char *json = tool ? tool_run(argv, NULL, error) : NULL;
    return json ? import_info_size(json, strlen(json), file, error) : -1;
}
