/* history.c - checkpoints while the head folds; seeks. */
#include "history_private.h"

#include "base/error.h"
#include "snapshot.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GAP 1000        /* events between checkpoints, at first */
#define ENTRIES_MAX 256 /* then every second one goes */
#define ROWS_MAX 16384

static void entry_clear(gpointer data)
{
    g_bytes_unref(((struct entry *)data)->model);
}

static bool spool_open(struct history *history)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("sandtable-replay-XXXXXX", &path, NULL);
    if (fd < 0) {
        return false;
    }
    (void)unlink(path);
    g_autofree char *again = g_strdup_printf("/proc/self/fd/%d", fd);
    history->copy = fopen(again, "re");
    history->spool = fdopen(fd, "w");
    return history->copy && history->spool;
}

struct history *history_new(const char *ledger)
{
    struct history *history = g_new0(struct history, 1);
    history->ledger = g_strdup(ledger);
    history->entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
    g_array_set_clear_func(history->entries, entry_clear);
    history->track = g_array_new(FALSE, TRUE, sizeof(gint64));
    history->gap = history->due = GAP;
    if (!ledger) {
        (void)spool_open(history); /* without one a seek says so */
    }
    return history;
}

void history_forget(struct history *history)
{
    g_clear_pointer(&history->first, event_free);
    g_clear_pointer(&history->last, event_free);
    g_clear_pointer(&history->pending, event_free);
    g_array_set_size(history->entries, 0);
    g_array_set_size(history->track, 0);
    history->gap = history->due = GAP;
    history->next = 0;
    history->sampled_us = -1;
    if (history->spool) {
        (void)fflush(history->spool);
        (void)ftruncate(fileno(history->spool), 0);
        rewind(history->spool);
        rewind(history->copy);
    }
}

void history_free(struct history *history)
{
    if (!history) {
        return;
    }
    history_forget(history);
    if (history->spool) {
        (void)fclose(history->spool);
        (void)fclose(history->copy);
    }
    ledger_reader_close(history->reader);
    g_array_unref(history->entries);
    g_array_unref(history->track);
    g_free(history->ledger);
    g_free(history);
}

/* ---- recording ----------------------------------------------------------------------------- */

void history_entry_add(struct history *history, const struct entry *entry)
{
    g_array_append_vals(history->entries, entry, 1);
    if (history->entries->len > ENTRIES_MAX) {
        for (guint i = history->entries->len; i-- > 0;) {
            if (i % 2 == 1) {
                g_array_remove_index(history->entries, i);
            }
        }
        history->gap *= 2;
    }
}

/* The totals as they stood at the head's last sample. */
static void track_add(struct history *history, const struct model *head)
{
    if (head->sample_us == history->sampled_us || head->teams->len == 0) {
        return;
    }
    history->sampled_us = head->sample_us;
    history->columns = 2 + head->teams->len;
    gint64 row[2] = {head->sample_us, head->seq};
    g_array_append_vals(history->track, row, 2);
    for (guint t = 0; t < head->teams->len; t++) {
        gint64 total = ((const struct model_team *)head->teams->pdata[t])->total;
        g_array_append_val(history->track, total);
    }
    guint rows = history->track->len / history->columns;
    if (rows > ROWS_MAX) {
        gint64 *data = (gint64 *)(void *)history->track->data;
        for (guint i = 0; i < rows / 2; i++) {
            memmove(data + (gsize)i * history->columns, data + (gsize)2 * i * history->columns,
                    history->columns * sizeof *data);
        }
        g_array_set_size(history->track, rows / 2 * history->columns);
    }
}

void history_note(struct history *history, const struct model *head, const struct event *event)
{
    if (!strcmp(event->kind, "exercise.created")) {
        history_forget(history);
        history->first = event_copy(event);
    }
    if (history->spool) {
        g_autofree char *line = event_to_line(event);
        (void)fputs(line, history->spool);
        (void)fputc('\n', history->spool);
    }
    event_free(history->last);
    history->last = event_copy(event);
    track_add(history, head);
    if (event->seq >= history->due && head->teams) {
        struct entry entry = {.seq = event->seq,
                .at_us = head->at_us,
                .offset = history->spool ? ftell(history->spool) : 0,
                .model = snapshot_make(head)};
        history_entry_add(history, &entry);
        history->due = event->seq + history->gap;
    }
}

gint64 history_last_seq(const struct history *history)
{
    return history->last ? history->last->seq : 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool spool_seek(struct history *history, gint64 offset)
{
    return history->spool && fflush(history->spool) == 0 && !ferror(history->spool) &&
           fseek(history->copy, (long)offset, SEEK_SET) == 0;
}

/* The next reads begin with event seq; entry is a checkpoint before it, or NULL. */
static bool read_from(
        struct history *history, gint64 seq, const struct entry *entry, GError **error)
{
    if (history->next == seq) {
        return true;
    }
    g_clear_pointer(&history->pending, event_free);
    if (history->ledger && !history->reader) {
        history->reader = ledger_reader_open(history->ledger, error);
    }
    history->next = 0;
    if (history->ledger) {
        if (!history->reader || !ledger_reader_seek(history->reader, seq, error)) {
            return false;
        }
    } else if (!spool_seek(history, entry ? entry->offset : 0)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                tr("the past was not kept: no room in %s"), g_get_tmp_dir());
        return false;
    }
    history->next = seq;
    return true;
}

static struct event *spool_next(struct history *history)
{
    char *line = NULL;
    size_t room = 0;
    struct event *event = NULL;
    (void)fflush(history->spool);
    clearerr(history->copy);
    ssize_t length = getline(&line, &room, history->copy);
    if (length > 0 && line[length - 1] == '\n') {
        event = event_from_line(line, (gsize)length - 1, NULL);
    }
    free(line);
    return event;
}

/* The next event, history's; NULL: none, or an unreadable one. */
static const struct event *peek(struct history *history)
{
    while (!history->pending) {
        struct event *event = NULL;
        if (history->ledger) {
            (void)ledger_reader_next(history->reader, &event, NULL);
        } else {
            event = spool_next(history);
        }
        if (!event) {
            return NULL;
        }
        if (event->seq >= history->next) {
            history->pending = event;
        } else {
            event_free(event); /* between the checkpoint and what was wanted */
        }
    }
    return history->pending;
}

static void fold_pending(struct history *history, struct model *model)
{
    model_reduce(model, history->pending);
    history->next = history->pending->seq + 1;
    g_clear_pointer(&history->pending, event_free);
}

/* ---- seeking ------------------------------------------------------------------------------- */

static void apply_track(struct history *history, struct model *model)
{
    guint rows = history->columns ? history->track->len / history->columns : 0;
    if (model->score || rows == 0 || history->columns != model->teams->len + 2) {
        return;
    }
    const gint64 *data = (const gint64 *)(const void *)history->track->data;
    bool moved = false;
    for (guint i = model->sampled; i < rows; i++) {
        const gint64 *row = data + (gsize)i * history->columns;
        if (row[1] > model->seq) {
            break;
        }
        for (guint t = 0; t < model->teams->len; t++) {
            model_set_total(model, (int)t, row[0], row[2 + t]);
        }
        model->sampled = i + 1;
        moved = true;
    }
    if (moved) {
        model_rank(model);
    }
}

struct target { /* of the two, the one that is not -1 */
    gint64 at_us, seq;
};

static bool reached(const struct target *target, gint64 seq, gint64 at_us)
{
    return target->seq >= 0 ? seq > target->seq : at_us > target->at_us;
}

static const struct entry *entry_before(const struct history *history, const struct target *target)
{
    const struct entry *best = NULL;
    for (guint i = 0; i < history->entries->len; i++) {
        const struct entry *entry = &g_array_index(history->entries, struct entry, i);
        if (reached(target, entry->seq, entry->at_us)) {
            break;
        }
        best = entry;
    }
    return best;
}

static bool start_at(
        struct history *history, struct model *model, const struct entry *entry, GError **error)
{
    if (!history->first) {
        g_set_error_literal(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, tr("nothing has happened"));
        return false;
    }
    bool whole = history_last_seq(history) <= HISTORY_WHOLE;
    model_reduce(model, history->first);
    model->sampled = 0;
    gint64 from = history->first->seq + 1;
    if (!whole && entry) {
        if (!snapshot_take(model, entry->model)) {
            g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    tr("a checkpoint of the replay is damaged"));
            return false;
        }
        from = entry->seq + 1;
    } else if (!whole) {
        g_clear_pointer(&model->score, score_free);
    }
    history->next = 0;
    return read_from(history, from, whole ? NULL : entry, error);
}

static bool seek(
        struct history *history, struct model *model, const struct target *target, GError **error)
{
    const struct entry *entry = entry_before(history, target);
    bool ahead = model->seq > 0 && !reached(target, model->seq, model->at_us) &&
                 (!entry || model->seq >= entry->seq);
    if (ahead ? !read_from(history, model->seq + 1, entry, error)
              : !start_at(history, model, entry, error)) {
        return false;
    }
    gint64 last = history_last_seq(history);
    while (history->next <= last && peek(history) &&
            !reached(target, history->pending->seq, MAX(history->pending->at_us, 0))) {
        fold_pending(history, model);
    }
    if (model->score) {
        model_settle(model);
    } else {
        apply_track(history, model);
    }
    return true;
}

bool history_seek_time(struct history *history, struct model *model, gint64 at_us, GError **error)
{
    struct target target = {.at_us = MAX(at_us, 0), .seq = -1};
    return seek(history, model, &target, error);
}

bool history_seek_seq(struct history *history, struct model *model, gint64 seq, GError **error)
{
    struct target target = {.at_us = -1, .seq = CLAMP(seq, 1, MAX(history_last_seq(history), 1))};
    return seek(history, model, &target, error);
}
