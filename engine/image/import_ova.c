/* import_ova.c - an OVA's disk out of its archive, after its manifest has been compared. */
#include "image/import_private.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_MAX (1 << 20) /* OVF and manifest are read whole */
#define CHUNK (1 << 20)

struct ova {
    int fd;
    GPtrArray *members; /* struct tar_member * */
};

static bool fail(GError **error, const char *what, const char *name)
{
    g_autofree char *shown = text_clean_tail(name, strlen(name), 100);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "ova: %s \"%s\"", what, shown);
    return false;
}

static const struct tar_member *find(const struct ova *ova, const char *name)
{
    for (guint i = 0; i < ova->members->len; i++) {
        const struct tar_member *member = ova->members->pdata[i];
        if (strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

/* The first member with that ending, or NULL. */
static const struct tar_member *find_ending(const struct ova *ova, const char *ending)
{
    for (guint i = 0; i < ova->members->len; i++) {
        const struct tar_member *member = ova->members->pdata[i];
        if (g_str_has_suffix(member->name, ending)) {
            return member;
        }
    }
    return NULL;
}

static char *read_small(const struct ova *ova, const struct tar_member *member, GError **error)
{
    if (member->size > SMALL_MAX) {
        fail(error, "more than 1 MiB in", member->name);
        return NULL;
    }
    g_autofree char *text = g_malloc0((gsize)member->size + 1);
    if (pread(ova->fd, text, (gsize)member->size, member->offset) != member->size) {
        fail(error, "cannot read", member->name);
        return NULL;
    }
    return g_steal_pointer(&text);
}

/* ---- the manifest --------------------------------------------------------------------------- */

bool ova_manifest_line(const char *line, GChecksumType *ret_type, char **ret_name, char **ret_hex)
{
    static const struct {
        const char *name;
        GChecksumType type;
        gsize digits;
    } kinds[] = {{"SHA1", G_CHECKSUM_SHA1, 40}, {"SHA256", G_CHECKSUM_SHA256, 64},
            {"SHA512", G_CHECKSUM_SHA512, 128}};
    const char *open = strchr(line, '('), *close = strrchr(line, ')');
    const char *equal = close ? strchr(close, '=') : NULL;
    if (!open || !close || close < open || !equal) {
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        gsize length = strlen(kinds[i].name);
        g_autofree char *hex = g_strstrip(g_ascii_strdown(equal + 1, -1));
        if ((gsize)(open - line) == length && !strncmp(line, kinds[i].name, length) &&
                strlen(hex) == kinds[i].digits &&
                strspn(hex, "0123456789abcdef") == kinds[i].digits) {
            *ret_type = kinds[i].type;
            *ret_name = g_strndup(open + 1, (gsize)(close - open - 1));
            *ret_hex = g_steal_pointer(&hex);
            return true;
        }
    }
    return false;
}

/* Calls fn for every piece of the member; false when it cannot be read. */
static bool each_piece(const struct ova *ova, const struct tar_member *member,
        bool (*fn)(const guint8 *bytes, gsize length, gpointer data), gpointer data, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(CHUNK);
    for (gint64 done = 0; done < member->size;) {
        gsize want = (gsize)MIN(CHUNK, member->size - done);
        ssize_t n = pread(ova->fd, bytes, want, member->offset + done);
        if (n <= 0 || !fn(bytes, (gsize)n, data)) {
            return fail(error, n <= 0 ? "cannot read" : "no room on the disk for", member->name);
        }
        done += n;
    }
    return true;
}

static bool add_to_sum(const guint8 *bytes, gsize length, gpointer data)
{
    g_checksum_update(data, bytes, (gssize)length);
    return true;
}

static bool check_member(
        const struct ova *ova, const char *line, GHashTable *checked, GError **error)
{
    GChecksumType type = G_CHECKSUM_SHA256;
    g_autofree char *name = NULL, *hex = NULL;
    if (!ova_manifest_line(line, &type, &name, &hex)) {
        return fail(error, "its manifest has a line that is none:", line);
    }
    const struct tar_member *member = find(ova, name);
    if (!member) {
        return fail(error, "its manifest names a member that is not there:", name);
    }
    g_autoptr(GChecksum) sum = g_checksum_new(type);
    if (!each_piece(ova, member, add_to_sum, sum, error)) {
        return false;
    }
    if (strcmp(g_checksum_get_string(sum), hex) != 0) {
        return fail(error, "the digest in its manifest is not that of", name);
    }
    g_hash_table_add(checked, member->name);
    return true;
}

/* A manifest that is there must vouch for what is used: one that leaves a file out would let that
 * file be exchanged. */
static bool vouches_for(GHashTable *checked, const char *name, GError **error)
{
    return g_hash_table_contains(checked, name) ||
           fail(error, "its manifest has no digest of", name);
}

static bool check_manifest(
        const struct ova *ova, const char *envelope, const char *disk, GError **error)
{
    const struct tar_member *manifest = find_ending(ova, ".mf");
    if (!manifest) {
        return true;
    }
    g_autofree char *text = read_small(ova, manifest, error);
    g_autoptr(GHashTable) checked = g_hash_table_new(g_str_hash, g_str_equal);
    /* each line costs the hashing of a member: no more than there are members */
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", (int)ova->members->len + 2) : NULL;
    for (char **line = lines; line && *line; line++) {
        g_strstrip(*line);
        if (**line && !check_member(ova, *line, checked, error)) {
            return false;
        }
    }
    return lines && vouches_for(checked, envelope, error) && vouches_for(checked, disk, error);
}

/* ---- unpacking ------------------------------------------------------------------------------ */

static bool write_piece(const guint8 *bytes, gsize length, gpointer data)
{
    const int *to = data;
    while (length > 0) {
        ssize_t n = write(*to, bytes, length);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        length -= (gsize)n;
    }
    return true;
}

static bool unpack_disk(
        const struct ova *ova, const struct ovf *ovf, const char *work, GError **error)
{
    const struct tar_member *member = find(ova, ovf->disk);
    if (!member) {
        return fail(error, "its OVF names a disk that is not in the archive:", ovf->disk);
    }
    g_autofree char *path = g_build_filename(work, "member", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", path,
                g_strerror(errno));
        return false;
    }
    bool ok = each_piece(ova, member, write_piece, &fd, error);
    bool closed = close(fd) == 0;
    return ok && (closed || fail(error, "no room on the disk for", member->name));
}

static bool unpack(const struct ova *ova, const char *work, struct ovf *ovf, GError **error)
{
    const struct tar_member *envelope = find_ending(ova, ".ovf");
    if (!envelope) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "ova: there is no .ovf in the archive");
        return false;
    }
    g_autofree char *text = read_small(ova, envelope, error);
    return text && ovf_parse(text, (gsize)envelope->size, ovf, error) &&
           check_manifest(ova, envelope->name, ovf->disk, error) &&
           unpack_disk(ova, ovf, work, error);
}

bool ova_unpack(const char *file, const char *work, struct ovf *ret, GError **error)
{
    struct ova ova = {.fd = open(file, O_RDONLY | O_CLOEXEC)};
    struct ovf ovf = {0};
    struct stat st;
    if (ova.fd < 0 || fstat(ova.fd, &st) != 0) {
        fail(error, "cannot open", file);
    } else {
        ova.members = tar_members(ova.fd, st.st_size, error);
    }
    bool ok = ova.members && unpack(&ova, work, &ovf, error);
    if (ova.fd >= 0) {
        close(ova.fd);
    }
    if (ova.members) {
        g_ptr_array_unref(ova.members);
    }
    if (ok) {
        *ret = ovf;
    } else {
        ovf_clear(&ovf);
    }
    return ok;
}
