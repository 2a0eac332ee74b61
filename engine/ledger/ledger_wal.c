/* ledger_wal.c - whether the write-ahead log that a crash left behind is whole.
 *
 * SQLite takes the first frame of a log that does not verify for its end. For a database that is
 * recovery; for a ledger it could hide rows. So the frames are checked here (format: SQLite's
 * "Database File Format", section 4). A killed writer leaves whole frames, perhaps without a
 * commit, and old ones of an earlier run whose salts both differ. A frame of this run that does not
 * verify was torn by a power failure during a commit, or changed.
 */
#include "ledger/ledger_internal.h"

#include <stdio.h>
#include <string.h>

#define WAL_HEADER 32
#define FRAME_HEADER 24
#define MAGIC 0x377f0682U /* the last bit: words of checksums are big-endian */

struct sums {
    guint32 a, b;
    bool big;
};

static guint32 word(const unsigned char *p, bool big)
{
    guint32 raw;
    memcpy(&raw, p, sizeof(raw));
    return big ? GUINT32_FROM_BE(raw) : GUINT32_FROM_LE(raw);
}

static void add(struct sums *sums, const unsigned char *p, gsize length)
{
    for (gsize i = 0; i + 8 <= length; i += 8) {
        sums->a += word(p + i, sums->big) + sums->b;
        sums->b += word(p + i + 4, sums->big) + sums->a;
    }
}

static bool agree(const struct sums *sums, const unsigned char *p)
{
    return word(p, true) == sums->a && word(p + 4, true) == sums->b;
}

/* The file stands behind its head. */
static char *check_frames(FILE *file, const unsigned char *head, struct sums *sums)
{
    const gsize page = word(head + 8, true);
    g_autofree unsigned char *frame = g_malloc(FRAME_HEADER + page);
    bool ended = false;
    for (gsize number = 1; fread(frame, FRAME_HEADER + page, 1, file) == 1; number++) {
        bool salt1 = !memcmp(frame + 8, head + 16, 4);
        bool salt2 = !memcmp(frame + 12, head + 20, 4);
        if (!salt1 && !salt2) {
            ended = true;
            continue;
        }
        add(sums, frame, 8);
        add(sums, frame + FRAME_HEADER, page);
        if (ended || !salt1 || !salt2 || !agree(sums, frame + 16)) {
            return g_strdup_printf("its -wal file is damaged at frame %zu", number);
        }
    }
    return NULL;
}

static char *check(FILE *file)
{
    unsigned char head[WAL_HEADER];
    if (fread(head, sizeof(head), 1, file) != 1) {
        /* killed between making the log and writing its head: nothing was acknowledged through it
         */
        return NULL;
    }
    struct sums sums = {.big = (word(head, true) & 1) != 0};
    add(&sums, head, 24);
    guint32 page = word(head + 8, true);
    if ((word(head, true) & ~1U) != MAGIC || page < 512 || page > 65536 ||
            !agree(&sums, head + 24)) {
        return g_strdup("the head of its -wal file is damaged");
    }
    return check_frames(file, head, &sums);
}

char *ledger_wal_damage(const char *path)
{
    g_autofree char *name = g_strconcat(path, "-wal", NULL);
    FILE *file = fopen(name, "rbe");
    if (!file) {
        return NULL;
    }
    char *damage = check(file);
    fclose(file);
    return damage;
}
