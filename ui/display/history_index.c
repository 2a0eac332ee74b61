/* history_index.c - the index of a finished ledger in the user's cache.
 *
 * A file in this host's byte order: the magic, the first and the last event's hash, the
 * checkpoints, the record of totals. It is only ever read back for the very same ledger; a damaged
 * one is ignored and made anew.
 */
#include "history_private.h"

#include "snapshot.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "STINDEX6"
#define BYTES_MAX (512 << 20)

struct head {
    char magic[8];
    unsigned char first[EVENT_HASH_BYTES], last[EVENT_HASH_BYTES];
    gint64 last_seq;
    guint32 entries, columns, rows, parts; /* parts: size of the model's tables, a layout mark */
};

static char *index_path(const struct history *history)
{
    g_autofree char *real = realpath(history->ledger, NULL);
    g_autofree char *sum =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, real ? real : history->ledger, -1);
    g_autofree char *name = g_strdup_printf("%.32s-%d.index", sum, (int)words_used());
    g_autofree char *dir = g_build_filename(g_get_user_cache_dir(), "sandtable", NULL);
    return g_mkdir_with_parents(dir, 0700) == 0 ? g_build_filename(dir, name, NULL) : NULL;
}

static guint32 layout_mark(void)
{
    return (guint32)(sizeof(struct model_attack) * 1000 + sizeof(struct model_impairment) * 10 +
                     sizeof(struct model_mark));
}

static void add_entry(GByteArray *out, const struct entry *entry)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(entry->model, &size);
    gint64 numbers[] = {entry->seq, entry->at_us, (gint64)size};
    g_byte_array_append(out, (const guint8 *)numbers, sizeof numbers);
    g_byte_array_append(out, data, (guint)size);
}

bool history_save(struct history *history, const struct model *head)
{
    g_autofree char *path = history->ledger ? index_path(history) : NULL;
    if (!path || !history->first || history_last_seq(history) <= HISTORY_WHOLE) {
        return false;
    }
    g_autoptr(GByteArray) out = g_byte_array_new();
    struct head file = {.last_seq = history->last->seq,
            .entries = history->entries->len + 1,
            .columns = history->columns,
            .rows = history->columns ? history->track->len / history->columns : 0,
            .parts = layout_mark()};
    memcpy(file.magic, MAGIC, sizeof file.magic);
    memcpy(file.first, history->first->hash, EVENT_HASH_BYTES);
    memcpy(file.last, history->last->hash, EVENT_HASH_BYTES);
    g_byte_array_append(out, (const guint8 *)&file, sizeof file);
    for (guint i = 0; i < history->entries->len; i++) {
        add_entry(out, &g_array_index(history->entries, struct entry, i));
    }
    struct entry end = {.seq = head->seq, .at_us = head->at_us, .model = snapshot_make(head)};
    add_entry(out, &end);
    g_bytes_unref(end.model);
    g_byte_array_append(out, (const guint8 *)history->track->data,
            (guint)(history->track->len * sizeof(gint64)));
    return g_file_set_contents(path, (const char *)out->data, (gssize)out->len, NULL);
}

static struct event *read_event(struct history *history, gint64 seq)
{
    struct event *event = NULL;
    if (!history->reader) {
        history->reader = ledger_reader_open(history->ledger, NULL);
    }
    if (!history->reader || !ledger_reader_seek(history->reader, seq, NULL) ||
            ledger_reader_next(history->reader, &event, NULL) <= 0) {
        return NULL;
    }
    return event;
}

/* Does the index belong to this ledger, as it is now? Takes its first and last event. */
static bool belongs(struct history *history, const struct head *file)
{
    history->first = read_event(history, 1);
    history->last = history->first ? read_event(history, file->last_seq) : NULL;
    return history->last && !memcmp(file->magic, MAGIC, sizeof file->magic) &&
           file->parts == layout_mark() && history->last->seq == file->last_seq &&
           ledger_reader_last(history->reader, NULL) == file->last_seq &&
           !memcmp(file->first, history->first->hash, EVENT_HASH_BYTES) &&
           !memcmp(file->last, history->last->hash, EVENT_HASH_BYTES);
}

/* The entries behind the head; returns how many bytes they take, 0 when damaged. */
static gsize read_entries(struct history *history, const struct head *file, GBytes *all)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(all, &size);
    gsize at = sizeof *file;
    gint64 before = 0;
    for (guint i = 0; i < file->entries; i++) {
        gint64 numbers[3];
        if (at + sizeof numbers > size) {
            return 0;
        }
        memcpy(numbers, data + at, sizeof numbers);
        at += sizeof numbers;
        if (numbers[0] < before || numbers[2] < 0 || (gsize)numbers[2] > size - at) {
            return 0;
        }
        struct entry entry = {.seq = numbers[0],
                .at_us = numbers[1],
                .model = g_bytes_new_from_bytes(all, at, (gsize)numbers[2])};
        g_array_append_val(history->entries, entry);
        before = numbers[0];
        at += (gsize)numbers[2];
    }
    return at;
}

static bool read_all(struct history *history, struct model *head, GBytes *all)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(all, &size);
    struct head file;
    if (size < sizeof file || size > BYTES_MAX) {
        return false;
    }
    memcpy(&file, data, sizeof file);
    if (!belongs(history, &file) || file.entries == 0 || file.entries > 1024 ||
            file.columns > 1024) {
        return false;
    }
    gsize at = read_entries(history, &file, all);
    gsize rows = (gsize)file.columns * file.rows * sizeof(gint64);
    if (at == 0 || size - at != rows) {
        return false;
    }
    history->columns = file.columns;
    g_array_append_vals(history->track, data + at, file.columns * file.rows);
    return history_seek_seq(history, head, file.last_seq, NULL) && head->seq == file.last_seq;
}

bool history_load(struct history *history, struct model *head)
{
    g_autofree char *path = history->ledger ? index_path(history) : NULL;
    g_autoptr(GMappedFile) file = path ? g_mapped_file_new(path, FALSE, NULL) : NULL;
    if (!file) {
        return false;
    }
    g_autoptr(GBytes) all = g_mapped_file_get_bytes(file);
    if (read_all(history, head, all)) {
        return true;
    }
    history_forget(history);
    history->columns = 0;
    return false;
}
