/* pcapng.c - writes capture files: blocks, their options, and a hash over all bytes. */
#include "net/pcapng.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_MAX ((guint)256 * 1024) /* more waits for no flush */

enum block_type {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
};

/* Option numbers are each block's own, but for the first two. */
enum option_code {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_PROGRAM = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_RESOLUTION = 9,
    STATISTICS_START = 2,
    STATISTICS_END = 3,
    STATISTICS_RECEIVED = 4,
    STATISTICS_DROPPED = 5,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define NAME_IPV4 1
#define TEXT_MAX 4096 /* of a comment or a name */

struct pcapng {
    int fd;
    char *path;
    GByteArray *out; /* not yet written */
    guint block;     /* where the block under way begins in out */
    guint64 written;
    GChecksum *hash;
    GError *failure;
};

/* ---- blocks -------------------------------------------------------------------------------- */

static void put(struct pcapng *file, const void *bytes, gsize length)
{
    static const guint8 padding[4];
    g_byte_array_append(file->out, bytes, (guint)length);
    g_byte_array_append(file->out, padding, (guint)(-length & 3));
}

static void put_32(struct pcapng *file, guint32 value)
{
    put(file, &value, sizeof(value));
}

static void put_16s(struct pcapng *file, guint16 first, guint16 second)
{
    const guint16 both[2] = {first, second};
    put(file, both, sizeof(both));
}

static void begin(struct pcapng *file, enum block_type type)
{
    file->block = file->out->len;
    put_32(file, type);
    put_32(file, 0); /* its length, below */
}

static void end(struct pcapng *file)
{
    put_32(file, file->out->len - file->block + (guint32)sizeof(guint32));
    const GByteArray *out = file->out; /* the length stands at both ends */
    memcpy(out->data + file->block + sizeof(guint32), out->data + out->len - sizeof(guint32),
            sizeof(guint32));
    if (file->out->len > BUFFER_MAX) {
        (void)pcapng_flush(file, NULL); /* kept as file->failure */
    }
}

static void option(struct pcapng *file, enum option_code code, const void *value, gsize length)
{
    put_16s(file, (guint16)code, (guint16)length);
    put(file, value, length);
}

static void option_text(struct pcapng *file, enum option_code code, const char *text)
{
    if (text && *text) {
        option(file, code, text, strnlen(text, TEXT_MAX));
    }
}

static void option_64(struct pcapng *file, enum option_code code, guint64 value)
{
    option(file, code, &value, sizeof(value));
}

/* A time is two words, the upper one first, in either byte order. */
static void put_time(struct pcapng *file, gint64 at_ns)
{
    put_32(file, (guint32)((guint64)at_ns >> 32));
    put_32(file, (guint32)at_ns);
}

static void option_time(struct pcapng *file, enum option_code code, gint64 at_ns)
{
    put_16s(file, (guint16)code, 2 * sizeof(guint32));
    put_time(file, at_ns);
}

/* ---- the file ------------------------------------------------------------------------------ */

struct pcapng *pcapng_new(int fd, const char *path, const char *comment)
{
    struct pcapng *file = g_new0(struct pcapng, 1);
    file->fd = fd;
    file->path = g_strdup(path);
    file->out = g_byte_array_new();
    file->hash = g_checksum_new(G_CHECKSUM_SHA256);
    begin(file, BLOCK_SECTION);
    put_32(file, BYTE_ORDER_MAGIC);
    put_16s(file, 1, 0); /* version 1.0 */
    const gint64 unknown = -1;
    put(file, &unknown, sizeof(unknown)); /* the section's length */
    option_text(file, OPTION_COMMENT, comment);
    option_text(file, SECTION_PROGRAM, "sandtable");
    option(file, OPTION_END, NULL, 0);
    end(file);
    return file;
}

struct pcapng *pcapng_create(const char *path, const char *comment, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", path,
                g_strerror(errno));
        return NULL;
    }
    return pcapng_new(fd, path, comment);
}

void pcapng_interface(struct pcapng *file, const char *name, const char *description)
{
    const guint8 nanoseconds = 9;
    begin(file, BLOCK_INTERFACE);
    put_16s(file, PCAPNG_ETHERNET, 0);
    put_32(file, PCAPNG_PACKET_MAX);
    option_text(file, INTERFACE_NAME, name);
    option_text(file, INTERFACE_DESCRIPTION, description);
    option(file, INTERFACE_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
    option(file, OPTION_END, NULL, 0);
    end(file);
}

void pcapng_names(struct pcapng *file, const struct pcapng_name *names, gsize count)
{
    begin(file, BLOCK_NAMES);
    for (gsize i = 0; i < count; i++) {
        guint32 address = GUINT32_TO_BE(names[i].address);
        gsize length = strnlen(names[i].name, TEXT_MAX);
        g_autofree guint8 *value = g_malloc0(sizeof(address) + length + 1);
        memcpy(value, &address, sizeof(address));
        memcpy(value + sizeof(address), names[i].name, length);
        put_16s(file, NAME_IPV4, (guint16)(sizeof(address) + length + 1));
        put(file, value, sizeof(address) + length + 1);
    }
    put_32(file, 0); /* the end of the names; there are no options */
    end(file);
}

void pcapng_packet(struct pcapng *file, guint32 interface, const struct pcapng_packet *packet)
{
    if (file->failure) {
        return; /* no memory for what will not be written */
    }
    guint32 captured = MIN(packet->captured, PCAPNG_PACKET_MAX);
    begin(file, BLOCK_PACKET);
    put_32(file, interface);
    put_time(file, packet->at_ns);
    put_32(file, captured);
    put_32(file, packet->length);
    put(file, packet->bytes, captured);
    if (packet->comment && *packet->comment) {
        option_text(file, OPTION_COMMENT, packet->comment);
        option(file, OPTION_END, NULL, 0);
    }
    end(file);
}

void pcapng_counts(struct pcapng *file, guint32 interface, const struct pcapng_counts *counts)
{
    begin(file, BLOCK_STATISTICS);
    put_32(file, interface);
    put_time(file, counts->to_ns);
    option_time(file, STATISTICS_START, counts->from_ns);
    option_time(file, STATISTICS_END, counts->to_ns);
    option_64(file, STATISTICS_RECEIVED, counts->received);
    option_64(file, STATISTICS_DROPPED, counts->dropped);
    option(file, OPTION_END, NULL, 0);
    end(file);
}

guint64 pcapng_size(const struct pcapng *file)
{
    return file->written + file->out->len;
}

static bool write_all(struct pcapng *file)
{
    gsize done = 0;
    while (done < file->out->len) {
        ssize_t n = write(file->fd, file->out->data + done, file->out->len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            g_set_error(&file->failure, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                    "cannot write %s: %s", file->path, g_strerror(n < 0 ? errno : ENOSPC));
            return false;
        }
        done += (gsize)n;
    }
    return true;
}

bool pcapng_flush(struct pcapng *file, GError **error)
{
    if (!file->failure && write_all(file)) {
        g_checksum_update(file->hash, file->out->data, file->out->len);
        file->written += file->out->len;
    }
    g_byte_array_set_size(file->out, 0);
    if (file->failure && error) {
        *error = g_error_copy(file->failure);
    }
    return !file->failure;
}

bool pcapng_close(struct pcapng *file, char **ret_sha256, GError **error)
{
    if (ret_sha256) {
        *ret_sha256 = NULL;
    }
    if (!file) {
        return true;
    }
    bool ok = pcapng_flush(file, error);
    if (close(file->fd) != 0 && ok) { /* some file systems report a full disk only now */
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", file->path,
                g_strerror(errno));
        ok = false;
    }
    if (ok && ret_sha256) {
        *ret_sha256 = g_strdup(g_checksum_get_string(file->hash));
    }
    g_checksum_free(file->hash);
    g_byte_array_unref(file->out);
    g_clear_error(&file->failure);
    g_free(file->path);
    g_free(file);
    return ok;
}
