/* ledger_writer.c - the writer thread of a ledger: group commit, and delivery to the owner. */
#include "ledger/ledger_writer.h"

#include "base/error.h"

#include <string.h>

#define BATCH_MAX 8192 /* events in one transaction */

static void item_free(gpointer data)
{
    struct ledger_item *item = data;
    event_free(item->event);
    g_clear_error(&item->error);
    g_free(item);
}

void ledger_unref(struct ledger *ledger)
{
    if (g_atomic_ref_count_dec(&ledger->refs)) {
        g_clear_pointer(&ledger->context, g_main_context_unref);
        g_clear_error(&ledger->failed);
        pthread_mutex_destroy(&ledger->mutex);
        pthread_cond_destroy(&ledger->changed);
        g_free(ledger->path);
        g_free(ledger);
    }
}

/* ---- delivery: in the owner's context ------------------------------------------------------ */

static gboolean deliver(gpointer data)
{
    struct ledger *ledger = data;
    pthread_mutex_lock(&ledger->mutex);
    GQueue items = ledger->outbox;
    g_queue_init(&ledger->outbox);
    g_clear_pointer(&ledger->delivery, g_source_unref);
    pthread_mutex_unlock(&ledger->mutex);

    g_atomic_ref_count_inc(&ledger->refs);
    struct ledger_item *item;
    while ((item = g_queue_pop_head(&items))) {
        /* a callback may close the ledger */
        if (!ledger->closed && item->done) {
            item->done(item->event, item->error, item->data);
        }
        if (!ledger->closed && ledger->listener) {
            ledger->listener(item->event, item->error, ledger->listener_data);
        }
        item_free(item);
    }
    ledger_unref(ledger);
    return G_SOURCE_REMOVE;
}

/* Moves batch to the outbox and wakes the owner: one source a commit, however many events. */
static void settle(struct ledger *ledger, GQueue *batch)
{
    pthread_mutex_lock(&ledger->mutex);
    ledger->settled += batch->length;
    struct ledger_item *item;
    while ((item = g_queue_pop_head(batch))) {
        g_queue_push_tail(&ledger->outbox, item);
    }
    if (!ledger->delivery) {
        ledger->delivery = g_idle_source_new();
        g_source_set_priority(ledger->delivery, G_PRIORITY_DEFAULT);
        g_source_set_callback(ledger->delivery, deliver, ledger, NULL);
        g_source_attach(ledger->delivery, ledger->context);
    }
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
}

/* ---- the writer thread --------------------------------------------------------------------- */

static bool insert_row(struct ledger *ledger, const struct event *event, const unsigned char *prev)
{
    sqlite3_stmt *stmt = ledger->insert;
    const char *const texts[] = {event->kind, event->team, event->subject, event->body};
    bool ok = sqlite3_bind_int64(stmt, 1, event->seq) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 2, event->at_us) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 3, event->wall_us) == SQLITE_OK;
    for (int i = 0; ok && i < 4; i++) {
        ok = sqlite3_bind_text(stmt, 4 + i, texts[i], -1, SQLITE_STATIC) == SQLITE_OK;
    }
    ok = ok && sqlite3_bind_blob(stmt, 8, prev, EVENT_HASH_BYTES, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_blob(stmt, 9, event->hash, EVENT_HASH_BYTES, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_step(stmt) == SQLITE_DONE;
    return sqlite3_reset(stmt) == SQLITE_OK && ok;
}

static bool is_sound(struct ledger_item *item)
{
    const char *why = NULL;
    if (ledger_event_is_sound(item->event, &why)) {
        return true;
    }
    g_set_error(&item->error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
            "an event is refused: %s (kind \"%.40s\")", why, item->event->kind);
    return false;
}

/* One transaction. False: nothing of the batch is in the ledger. */
static bool commit(struct ledger *ledger, GQueue *batch)
{
    gint64 seq = ledger->seq;
    unsigned char head[EVENT_HASH_BYTES];
    memcpy(head, ledger->head, sizeof(head));
    if (sqlite3_exec(ledger->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        return false;
    }
    for (GList *l = batch->head; l; l = l->next) {
        struct ledger_item *item = l->data;
        if (!is_sound(item)) {
            continue;
        }
        item->event->seq = ++seq;
        ledger_hash(item->event, head, item->event->hash);
        if (!insert_row(ledger, item->event, head)) {
            return false;
        }
        memcpy(head, item->event->hash, sizeof(head));
    }
    if (sqlite3_exec(ledger->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        return false;
    }
    ledger->seq = seq;
    memcpy(ledger->head, head, sizeof(head));
    return true;
}

/* Marks the ledger as failed for good; message is SQLite's, taken before the rollback. */
static void fail(struct ledger *ledger)
{
    g_autofree char *message = g_strdup(sqlite3_errmsg(ledger->db));
    int number = sqlite3_system_errno(ledger->db);
    sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_lock(&ledger->mutex);
    g_set_error(&ledger->failed, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
            "%s cannot be written: %s%s%s; rows 1 to %" G_GINT64_FORMAT " are safe, make room and "
            "open it again",
            ledger->path, message, number ? ": " : "", number ? g_strerror(number) : "",
            ledger->seq);
    pthread_mutex_unlock(&ledger->mutex);
}

static void refuse_all(struct ledger *ledger, GQueue *batch)
{
    for (GList *l = batch->head; l; l = l->next) {
        struct ledger_item *item = l->data;
        g_clear_error(&item->error);
        item->error = g_error_copy(ledger->failed);
        item->event->seq = 0;
        memset(item->event->hash, 0, EVENT_HASH_BYTES);
    }
}

static gpointer writer(gpointer data)
{
    struct ledger *ledger = data;
    for (;;) {
        GQueue batch = G_QUEUE_INIT;
        pthread_mutex_lock(&ledger->mutex);
        while (g_queue_is_empty(&ledger->queue) && !ledger->closing) {
            pthread_cond_wait(&ledger->changed, &ledger->mutex);
        }
        struct ledger_item *item;
        while (batch.length < BATCH_MAX && (item = g_queue_pop_head(&ledger->queue))) {
            g_queue_push_tail(&batch, item);
        }
        pthread_mutex_unlock(&ledger->mutex);
        if (g_queue_is_empty(&batch)) {
            return NULL;
        }
        /* only this thread sets failed */
        if (!ledger->failed && !commit(ledger, &batch)) {
            fail(ledger);
        }
        if (ledger->failed) {
            refuse_all(ledger, &batch);
        }
        settle(ledger, &batch);
    }
}

/* ---- what the owner calls ------------------------------------------------------------------ */

bool ledger_writer_start(struct ledger *ledger, GError **error)
{
    static const char insert[] = "INSERT INTO event(" LEDGER_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?)";
    if (sqlite3_prepare_v3(ledger->db, insert, -1, SQLITE_PREPARE_PERSISTENT, &ledger->insert,
                NULL) != SQLITE_OK) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "%s: %s", ledger->path,
                sqlite3_errmsg(ledger->db));
        return false;
    }
    ledger->context = g_main_context_ref_thread_default();
    ledger->thread = g_thread_new("ledger", writer, ledger);
    return true;
}

void ledger_append(struct ledger *ledger, struct event *event, ledger_done_fn done, gpointer data)
{
    struct ledger_item *item = g_new(struct ledger_item, 1);
    *item = (struct ledger_item){.event = event, .done = done, .data = data};
    pthread_mutex_lock(&ledger->mutex);
    g_queue_push_tail(&ledger->queue, item);
    ledger->appended++;
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
}

void ledger_set_listener(struct ledger *ledger, ledger_done_fn listener, gpointer data)
{
    ledger->listener = listener;
    ledger->listener_data = data;
}

bool ledger_flush(struct ledger *ledger, GError **error)
{
    pthread_mutex_lock(&ledger->mutex);
    guint64 target = ledger->appended;
    while (ledger->settled < target) {
        pthread_cond_wait(&ledger->changed, &ledger->mutex);
    }
    bool ok = !ledger->failed;
    if (!ok && error) {
        *error = g_error_copy(ledger->failed);
    }
    pthread_mutex_unlock(&ledger->mutex);
    return ok;
}

void ledger_writer_stop(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->mutex);
    ledger->closing = true;
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
    g_thread_join(ledger->thread);
    ledger->closed = true;
    if (ledger->delivery) {
        g_source_destroy(ledger->delivery);
        g_clear_pointer(&ledger->delivery, g_source_unref);
    }
    g_queue_clear_full(&ledger->outbox, item_free);
}
