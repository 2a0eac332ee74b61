/* import_tar.c - the members of an OVA: plain ustar, as DSP0243 (OVF) 5.3 demands.
 *
 * Only names, places and sizes are wanted, and everything that is not a plain file with a plain
 * name is an error; no member's name ever becomes a path.
 */
#include "image/import_private.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define BLOCK 512
#define MEMBERS_MAX 64

static int fail(GError **error, const char *what, const char *name)
{
    g_autofree char *shown = text_clean_tail(name, strlen(name), 100);
    g_set_error(
            error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "ova: member \"%s\" %s", shown, what);
    return -1;
}

/* Octal digits, or GNU's base 256 for what is larger than 8 GiB. -1 when it is neither. */
static gint64 number(const guint8 *field, gsize length)
{
    gint64 value = 0;
    if (field[0] == 0x80) {
        for (gsize i = 1; i < length; i++) {
            if (value > G_MAXINT64 >> 9) {
                return -1;
            }
            value = value << 8 | field[i];
        }
        return value;
    }
    gsize i = 0;
    while (i < length && field[i] == ' ') {
        i++;
    }
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++) {
        value = value << 3 | (field[i] - '0');
    }
    return i == length || field[i] == 0 || field[i] == ' ' ? value : -1;
}

static bool sum_is_right(const guint8 *block)
{
    gint64 sum = 0;
    for (gsize i = 0; i < BLOCK; i++) {
        sum += i >= 148 && i < 156 ? ' ' : block[i];
    }
    return sum == number(block + 148, 8);
}

int tar_header(const guint8 *block, struct tar_member *ret, GError **error)
{
    static const guint8 zero[BLOCK];
    if (memcmp(block, zero, BLOCK) == 0) {
        return 0;
    }
    g_autofree char *name = g_strndup((const char *)block, 100);
    if (memcmp(block + 257, "ustar", 5) != 0 || !sum_is_right(block)) {
        return fail(error, "has no sound ustar header", name);
    }
    if (block[156] != '0' && block[156] != 0) {
        return fail(error, "is no plain file (link, folder, device or extension)", name);
    }
    /* GNU's variant has times where ustar has a prefix */
    bool prefixed = memcmp(block + 257, "ustar\0", 6) == 0 && block[345] != 0;
    if (prefixed || !ovf_name_is_plain(name, "ova: member", error)) {
        return prefixed ? fail(error, "is in a folder", name) : -1;
    }
    gint64 size = number(block + 124, 12);
    if (size < 0) {
        return fail(error, "has no sound size", name);
    }
    *ret = (struct tar_member){.name = g_steal_pointer(&name), .size = size};
    return 1;
}

static void member_free(gpointer data)
{
    struct tar_member *member = data;
    g_free(member->name);
    g_free(member);
}

GPtrArray *tar_members(int fd, gint64 bytes, GError **error)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(member_free);
    guint8 block[BLOCK];
    gint64 at = 0;
    while (at + BLOCK <= bytes) {
        struct tar_member found = {0};
        if (pread(fd, block, BLOCK, at) != BLOCK) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    "ova: the archive cannot be read");
            return NULL;
        }
        int kind = tar_header(block, &found, error);
        if (kind <= 0) {
            return kind == 0 ? g_steal_pointer(&members) : NULL;
        }
        struct tar_member *member = g_memdup2(&found, sizeof(found));
        g_ptr_array_add(members, member);
        member->offset = at + BLOCK;
        if (member->size > bytes - member->offset) {
            fail(error, "reaches beyond the end of the file", member->name);
            return NULL;
        }
        if (members->len > MEMBERS_MAX) {
            fail(error, "is one too many", member->name);
            return NULL;
        }
        at = member->offset + (member->size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return g_steal_pointer(&members); /* an end without zero blocks is common */
}
