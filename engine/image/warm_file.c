/* warm_file.c - digests of files that are mostly holes; a machine's memory is one. */
#include "image/warm_file.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536
#define DIGEST_BYTES 32

static bool failed(GError **error, const char *what, const char *path)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE, "cannot %s %s: %s", what, path,
            g_strerror(errno));
    return false;
}

static bool is_zero(const unsigned char *block, gsize n)
{
    return n == 0 || (block[0] == 0 && memcmp(block, block + 1, n - 1) == 0);
}

static void add_block(crypto_generichash_state *sum, off_t at, const unsigned char *block, gsize n)
{
    guint64 place = GUINT64_TO_LE((guint64)at);
    if (!is_zero(block, n)) {
        crypto_generichash_update(sum, (const unsigned char *)&place, sizeof(place));
        crypto_generichash_update(sum, block, n);
    }
}

/* Blocks begin at multiples of BLOCK, wherever the holes end. */
static bool add_all(int fd, off_t size, crypto_generichash_state *sum)
{
    g_autofree unsigned char *block = g_malloc(BLOCK);
    for (off_t at = 0; at < size; at += BLOCK) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) {
            return true; /* nothing but a hole until the end */
        }
        if (data > at) {
            at = data / BLOCK * BLOCK;
        }
        gsize wanted = (gsize)MIN(size - at, BLOCK);
        for (gsize n = 0; n < wanted;) {
            ssize_t got = pread(fd, block + n, wanted - n, at + (off_t)n);
            if (got <= 0) {
                return false;
            }
            n += (gsize)got;
        }
        add_block(sum, at, block, wanted);
    }
    return true;
}

char *warm_file_digest(const char *path, GError **error)
{
    crypto_generichash_state sum;
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && sodium_init() >= 0 && fstat(fd, &st) == 0;
    if (ok) {
        guint64 size = GUINT64_TO_LE((guint64)st.st_size);
        crypto_generichash_init(&sum, NULL, 0, DIGEST_BYTES);
        crypto_generichash_update(&sum, (const unsigned char *)&size, sizeof(size));
        ok = add_all(fd, st.st_size, &sum);
    }
    if (!ok) {
        failed(error, "read", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (!ok) {
        return NULL;
    }
    crypto_generichash_final(&sum, digest, sizeof(digest));
    return g_strdup(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest)));
}

bool warm_file_sync(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = (fd >= 0 && fsync(fd) == 0) || failed(error, "sync", path);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

cJSON *warm_file_describe(const char *name, const char *path, GError **error)
{
    g_autofree char *digest = warm_file_digest(path, error);
    struct stat st;
    if (!digest || !warm_file_sync(path, error) ||
            (stat(path, &st) != 0 && !failed(error, "look at", path))) {
        return NULL;
    }
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "name", name);
    json_add_int(file, "size", st.st_size);
    cJSON_AddStringToObject(file, "blake2b", digest);
    return file;
}
