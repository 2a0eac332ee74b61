/* import.c - one disk image into the store: probed, copied whole, described, renamed into place. */
#include "image/import.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/import_private.h"
#include "image/manifest.h"
#include "image/recipe.h"
#include "image/store.h"
#include "image/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DIGEST_DIGITS 16
#define COPY_CPU_S 7200
#define RESERVE ((gint64)64 << 20) /* of the disk, for everybody else */

struct import {
    const struct import_options *options;
    image_progress_fn progress;
    gpointer data;
    char *work;           /* folder of this import */
    char *source;         /* the file that is copied: the user's, or the OVA's member */
    const char *format;   /* of the user's file */
    const char *disk_as;  /* of source */
    char *sha256;         /* of the user's file */
    gint64 bytes;         /* of the user's file */
    gint64 virtual_bytes; /* of its disk */
    struct stat seen;     /* the user's file when it was hashed */
    struct ovf ovf;       /* an OVA's */
};

G_GNUC_PRINTF(2, 3) static void say(const struct import *import, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    if (import->progress) {
        g_autofree char *line = g_strdup_printf("%s: %s", import->options->name, text);
        import->progress(line, import->data);
    }
}

/* ---- what was given ------------------------------------------------------------------------- */

static bool user_is_valid(const char *name)
{
    return g_regex_match_simple("^[a-z_][a-z0-9_-]{0,30}\\z", name, 0, 0);
}

static bool options_are_valid(const struct import_options *options, GError **error)
{
    const char *wrong = NULL;
    const struct plan_hardware *hardware = &options->hardware;
    if (!paths_name_is_valid(options->name)) {
        wrong = "the name: use a-z, 0-9 and -, beginning with a letter, at most 31";
    } else if (options->format && !g_strv_contains(import_formats(), options->format)) {
        wrong = "--format: use auto, qcow2, raw, ova, vmdk, vhd, vhdx or vdi";
    } else if (options->sha256 &&
               (strlen(options->sha256) != 64 ||
                       strspn(options->sha256, "0123456789abcdefABCDEF") != 64)) {
        wrong = "--sha256: 64 hex digits are wanted";
    } else if (options->memory_mib && (options->memory_mib < 32 || options->memory_mib > 65536)) {
        wrong = "--memory: from 32 to 65536 MiB";
    } else if (hardware->ready.kind == PLAN_READY_AGENT && hardware->agent != 1) {
        wrong = "--ready agent: needs --agent";
    } else if (hardware->firmware && strcmp(hardware->firmware, "bios") != 0 &&
               !g_strcmp0(hardware->bus, "ide")) {
        wrong = "--bus ide: is there with --firmware bios only";
    } else if (options->users && options->users[0] && !hardware->cloud_init) {
        wrong = "--user: is made by cloud-init; add --cloud-init";
    }
    for (const char *const *user = options->users; user && *user && !wrong; user++) {
        wrong = user_is_valid(*user) ? NULL : "--user: not a name of a Linux account";
    }
    if (wrong) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "image import: %s", wrong);
    }
    return !wrong;
}

static bool name_is_free(const struct import_options *options, GError **error)
{
    g_auto(GStrv) recipes = image_recipes(error);
    if (!recipes) {
        return false;
    }
    if (g_strv_contains((const char *const *)recipes, options->name) ||
            !strcmp(options->name, IMAGE_BASE)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "image import: \"%s\" is the name of a recipe; choose another", options->name);
        return false;
    }
    return true;
}

/* ---- reading the user's file ---------------------------------------------------------------- */

static bool hash_file(int fd, struct import *import, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guint8 *buffer = g_malloc(1 << 20);
    ssize_t n = 0;
    import->bytes = 0;
    while ((n = read(fd, buffer, 1 << 20)) > 0) {
        g_checksum_update(sum, buffer, n);
        import->bytes += n;
    }
    if (n < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot read it: %s",
                g_strerror(errno));
        return false;
    }
    import->sha256 = g_strdup(g_checksum_get_string(sum));
    const char *wanted = import->options->sha256;
    if (wanted && g_ascii_strcasecmp(wanted, import->sha256) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "its SHA-256 is %s, not the one given", import->sha256);
        return false;
    }
    return true;
}

static bool find_format(int fd, gint64 size, struct import *import, GError **error)
{
    const char *given = import->options->format;
    guint8 head[IMPORT_HEAD], tail[512];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    bool has_tail = size >= 512 && pread(fd, tail, 512, size - 512) == 512;
    if (given && strcmp(given, "auto") != 0) {
        import->format = given;
    } else if (n > 0) {
        import->format = import_format_of(head, (gsize)n, tail, has_tail ? 512 : 0, error);
    } else {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "it is empty");
    }
    return import->format != NULL;
}

static bool read_source(struct import *import, GError **error)
{
    const char *file = import->options->file;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "%s",
                fd < 0 ? g_strerror(errno) : "it is no regular file");
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    say(import, "reading %s...", file);
    import->seen = st;
    bool ok = find_format(fd, st.st_size, import, error) && hash_file(fd, import, error);
    close(fd);
    return ok;
}

/* What was hashed and found safe is what was copied: whoever may write to the file had no part in
 * it. */
static bool is_unchanged(const struct import *import, GError **error)
{
    const struct stat *seen = &import->seen;
    struct stat st;
    bool same = stat(import->options->file, &st) == 0 && st.st_dev == seen->st_dev &&
                st.st_ino == seen->st_ino && st.st_size == seen->st_size &&
                st.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
                st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec;
    if (!same) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "it was changed while it was being imported; try again when nobody writes to it");
    }
    return same;
}

/* A name that QEMU could take for a protocol ("nbd:…", "json:…") is a path all the same. */
static char *plain_path(const char *file)
{
    return g_canonicalize_filename(file, NULL);
}

static bool choose_disk(struct import *import, GError **error)
{
    import->disk_as = import->format;
    if (strcmp(import->format, "ova") != 0) {
        import->source = plain_path(import->options->file);
    } else {
        say(import, "unpacking...");
        if (!ova_unpack(import->options->file, import->work, &import->ovf, error)) {
            return false;
        }
        import->source = g_build_filename(import->work, "member", NULL);
        import->disk_as = "vmdk";
    }
    import->virtual_bytes = import_probe_file(import->source, import->disk_as, error);
    return import->virtual_bytes >= 0;
}

/* ---- the copy ------------------------------------------------------------------------------- */

static gint64 needed_bytes(const struct import *import, const char *tool, GError **error)
{
    const char *argv[] = {tool, "measure", "-U", "--output=json", "-O", "qcow2", "-f",
            import_driver(import->disk_as), import->source, NULL};
    g_autofree char *text = tool_run(argv, NULL, error);
    auto_json measured = text ? json_parse(text, strlen(text), error) : NULL;
    return measured ? json_int(measured, "required", import->virtual_bytes) : -1;
}

static bool has_room(const struct import *import, gint64 needed, GError **error)
{
    struct statvfs fs;
    gint64 room = statvfs(import->work, &fs) == 0
                          ? (gint64)fs.f_bavail * (gint64)fs.f_frsize - RESERVE
                          : G_MAXINT64;
    if (needed <= room) {
        return true;
    }
    g_autofree char *wants = g_format_size_full((guint64)needed, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *has = g_format_size_full((guint64)MAX(room, 0), G_FORMAT_SIZE_IEC_UNITS);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "the image store has room for %s, the copy needs up to %s; free some, or set "
            "XDG_DATA_HOME to a larger disk",
            has, wants);
    return false;
}

/* A whole qcow2 of the disk; "backing": null keeps QEMU from following what a changed file might
 * say by now. */
static bool copy_disk(const struct import *import, const char *to, GError **error)
{
    g_autofree char *tool = tool_find("qemu-img", "qemu-utils", error);
    gint64 needed = tool ? needed_bytes(import, tool, error) : -1;
    if (needed < 0 || !has_room(import, needed, error)) {
        return false;
    }
    auto_json source = cJSON_CreateObject();
    cJSON_AddStringToObject(source, "driver", import_driver(import->disk_as));
    cJSON *file = cJSON_AddObjectToObject(source, "file");
    cJSON_AddStringToObject(file, "driver", "file");
    cJSON_AddStringToObject(file, "filename", import->source);
    if (strcmp(import->disk_as, "qcow2") == 0 || strcmp(import->disk_as, "vmdk") == 0) {
        cJSON_AddNullToObject(source, "backing");
    }
    g_autofree char *text = json_text(source);
    g_autofree char *from = g_strconcat("json:", text, NULL);
    const char *argv[] = {tool, "convert", "-q", "-O", "qcow2", "-o", "compat=1.1", from, to, NULL};
    const struct tool_limits limits = {
            .file_bytes = needed + needed / 16 + RESERVE, .cpu_s = COPY_CPU_S};
    say(import, "copying %" G_GINT64_FORMAT " MiB...", needed >> 20);
    g_autofree char *output = tool_run(argv, &limits, error);
    return output && is_unchanged(import, error) && tool_set_mode(to, 0400, error);
}

/* ---- the description ------------------------------------------------------------------------ */

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

static cJSON *settings_json(const struct import *import)
{
    const struct import_options *options = import->options;
    const struct plan_hardware *given = &options->hardware;
    const char *os = first_of(given->os, import->ovf.os, "linux");
    bool windows = !strcmp(os, "windows");
    const char *firmware = first_of(given->firmware, import->ovf.firmware, "bios");
    const char *bus = first_of(given->bus, import->ovf.bus, windows ? "sata" : "virtio");
    if (!given->bus && !strcmp(bus, "ide") && strcmp(firmware, "bios") != 0) {
        bus = "sata";
    }
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "os", os);
    cJSON_AddStringToObject(out, "firmware", firmware);
    cJSON_AddStringToObject(out, "bus", bus);
    cJSON_AddStringToObject(
            out, "cards", first_of(given->cards, import->ovf.cards, windows ? "e1000e" : "virtio"));
    cJSON_AddBoolToObject(out, "tpm", given->tpm == 1);
    cJSON_AddBoolToObject(out, "agent", given->agent == 1);
    cJSON_AddBoolToObject(out, "cloud_init", given->cloud_init);
    g_autofree char *ready = plan_ready_text(&given->ready);
    cJSON_AddStringToObject(out, "ready", ready);
    int memory = options->memory_mib ? options->memory_mib : import->ovf.memory_mib;
    json_add_int(out, "memory_mib", MAX(memory ? memory : windows ? 4096 : 512, 32));
    int cpus = options->cpus ? options->cpus : import->ovf.cpus;
    json_add_int(out, "cpus", cpus ? cpus : 1);
    static const char *const none[] = {NULL};
    cJSON_AddItemToObject(out, "users", json_from_strv(options->users ? options->users : none));
    cJSON_AddItemToObject(
            out, "ssh_keys", json_from_strv(options->ssh_keys ? options->ssh_keys : none));
    return out;
}

static char *digest_of(const struct import *import, const cJSON *settings)
{
    g_autofree char *text = json_text(settings);
    g_autofree char *all = g_strdup_printf("import 1\n%s\n%s\n", import->sha256, text);
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
    digest[DIGEST_DIGITS] = '\0';
    return digest;
}

static bool describe(
        const struct import *import, const char *digest, cJSON *settings, GError **error)
{
    g_autofree char *name = g_path_get_basename(import->options->file);
    cJSON *source = cJSON_AddObjectToObject(settings, "source");
    cJSON_AddStringToObject(source, "name", name);
    cJSON_AddStringToObject(source, "format", import->format);
    cJSON_AddStringToObject(source, "sha256", import->sha256);
    json_add_int(source, "size", import->bytes);
    json_add_int(settings, "virtual_size", import->virtual_bytes);
    const char *description = import->options->description;
    g_autofree char *usual = g_strdup_printf("imported from %s", name);
    cJSON_AddStringToObject(settings, "description", description ? description : usual);
    static const char *const files[] = {IMPORT_DISK, NULL};
    return manifest_write_import(
            import->work, import->options->name, digest, settings, files, error);
}

/* ---- into the store ------------------------------------------------------------------------- */

static bool move_in(const struct import *import, const char *digest, GError **error)
{
    g_autofree char *images = paths_images_dir();
    g_autofree char *build = g_strconcat(import->options->name, "-", digest, NULL);
    g_autofree char *dir = g_build_filename(images, IMPORT_FOLDER, build, NULL);
    /* a damaged one of the same digest; then the others of that name, once the new one is there */
    if (!store_remove(dir, error)) {
        return false;
    }
    if (g_rename(import->work, dir) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot rename %s to %s: %s",
                import->work, dir, g_strerror(errno));
        return false;
    }
    if (!import_remove_others(import->options->name, digest, error)) {
        return false;
    }
    say(import, "%s, %" G_GINT64_FORMAT " MiB, stored as %s", import->format,
            import->virtual_bytes >> 20, build);
    return true;
}

/* 1: the very same image is there, 0: it may take the name, -1: another image has it. */
static int is_there(const struct import *import, const char *digest, GError **error)
{
    const struct import_options *options = import->options;
    struct image *old = import_find(options->name, NULL);
    bool same = old && strcmp(old->digest, digest) == 0;
    bool taken = old && !same && !options->replace;
    image_free(old);
    if (taken) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "another image \"%s\" was imported before; choose another name, or --replace it",
                options->name);
        return -1;
    }
    if (same) {
        say(import, "is there already (%s-%s)", options->name, digest);
        store_remove(import->work, NULL);
    }
    return same;
}

static bool import_all(struct import *import, GError **error)
{
    g_autofree char *disk = g_build_filename(import->work, IMPORT_DISK, NULL);
    g_autofree char *member = g_build_filename(import->work, "member", NULL);
    if (!read_source(import, error) || !choose_disk(import, error)) {
        g_prefix_error(error, "%s: ", import->options->file);
        return false;
    }
    auto_json settings = settings_json(import);
    g_autofree char *digest = digest_of(import, settings);
    int there = is_there(import, digest, error);
    if (there != 0) {
        return there > 0;
    }
    if (!copy_disk(import, disk, error)) {
        g_prefix_error(error, "%s: ", import->options->file);
        return false;
    }
    (void)g_unlink(member);
    return describe(import, digest, g_steal_pointer(&settings), error) &&
           move_in(import, digest, error);
}

bool image_import(const struct import_options *options, image_progress_fn progress, gpointer data,
        GError **error)
{
    if (!options_are_valid(options, error) || !name_is_free(options, error)) {
        return false;
    }
    g_autofree char *images = paths_images_dir();
    g_autofree char *folder = g_build_filename(images, IMPORT_FOLDER, NULL);
    g_autofree char *name = g_strdup_printf(IMPORT_WORK "%s-%d", options->name, (int)getpid());
    struct import import = {.options = options, .progress = progress, .data = data};
    import.work = g_build_filename(folder, name, NULL);
    bool ok = paths_make(folder, error) && store_remove(import.work, error) &&
              paths_make(import.work, error) && import_all(&import, error);
    if (!ok) {
        store_remove(import.work, NULL);
    }
    ovf_clear(&import.ovf);
    g_free(import.work);
    g_free(import.source);
    g_free(import.sha256);
    return ok;
}
