/* ledger_writer.c - the writer thread of a ledger: group commit, and delivery to the owner. */
#include "ledger/ledger_writer.h"

#include "base/error.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define BATCH_MAX 8192 /* events in one transaction */
#define SIGN_EVERY_US (60 * G_USEC_PER_SEC)
#define LINGER_US 5000 /* for the end of the owner's turn, which may be long, or never come */

static struct ledger_item *item_new(struct event *event)
{
    struct ledger_item *item = g_new0(struct ledger_item, 1);
    item->link.data = item;
    item->event = event;
    return item;
}

static void item_free(struct ledger_item *item)
{
    event_free(item->event);
    g_clear_error(&item->error);
    g_free(item);
}

/* An item is in one queue, by its own link. */
static void push(GQueue *queue, struct ledger_item *item)
{
    g_queue_push_tail_link(queue, &item->link);
}

static struct ledger_item *pop(GQueue *queue)
{
    GList *link = g_queue_pop_head_link(queue);
    return link ? link->data : NULL;
}

void ledger_unref(struct ledger *ledger)
{
    if (g_atomic_ref_count_dec(&ledger->refs)) {
        g_clear_pointer(&ledger->context, g_main_context_unref);
        g_clear_error(&ledger->failed);
        tree_free(ledger->tree);
        g_free(ledger->signer_name);
        if (ledger->signer) {
            sodium_memzero(ledger->signer, sizeof *ledger->signer);
            g_free(ledger->signer);
        }
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
    while ((item = pop(&items))) {
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
    struct ledger_item *item;
    while ((item = pop(batch))) {
        ledger->settled += !item->own;
        push(&ledger->outbox, item);
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

/* The owner's turn is over: what was appended in it is whole. */
static gboolean on_turn(gpointer data)
{
    struct ledger *ledger = data;
    pthread_mutex_lock(&ledger->mutex);
    g_clear_pointer(&ledger->turn, g_source_unref);
    ledger->turned = ledger->taking || !g_queue_is_empty(&ledger->queue);
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
    return G_SOURCE_REMOVE;
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

/* Gives event its place behind all others. With the mutex held. */
static void chain(struct ledger *ledger, struct event *event)
{
    event->seq = ++ledger->chained;
    ledger_hash(ledger->suite, event, ledger->head, event->hash);
    memcpy(ledger->head, event->hash, sizeof ledger->head);
}

/* ---- signing ------------------------------------------------------------------------------- */

/* The last row is not a signature, and a minute is over or the end came. With the mutex held. */
static bool is_due(const struct ledger *ledger)
{
    return ledger->tree && !ledger->failed && ledger->inserted > ledger->signed_size &&
           (ledger->closing || g_get_monotonic_time() - ledger->signed_us >= SIGN_EVERY_US);
}

/* Of all rows up to the last that was inserted, behind which nothing is chained yet. */
static struct ledger_item *signature(struct ledger *ledger)
{
    unsigned char root[TREE_HASH];
    tree_root(ledger->tree, ledger->inserted, root);
    struct event *event = sign_event(ledger->signer, ledger->signer_name, ledger->inserted, root);
    struct ledger_item *item = item_new(event);
    event->at_us = ledger->at_us;
    event->wall_us = g_get_real_time();
    chain(ledger, event);
    ledger->signed_size = event->seq;
    ledger->signed_us = g_get_monotonic_time();
    item->own = true;
    return item;
}

/* ---- one transaction ----------------------------------------------------------------------- */

/* Those from link on that were not refused. */
static bool insert_from(struct ledger *ledger, const GList *link)
{
    for (; link; link = link->next) {
        const struct ledger_item *item = link->data;
        const struct event *event = item->event;
        if (item->error) {
            continue;
        }
        if (!insert_row(ledger, event, ledger->prev)) {
            return false;
        }
        memcpy(ledger->prev, event->hash, sizeof ledger->prev);
        ledger->inserted = event->seq;
        ledger->at_us = event->at_us;
        if (ledger->tree) {
            tree_add(ledger->tree, event->hash);
        }
    }
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

/* False: the time (monotonic) came. With the mutex held. */
static bool wait_until(struct ledger *ledger, gint64 until_us)
{
    const struct timespec until = {
            .tv_sec = until_us / G_USEC_PER_SEC,
            .tv_nsec = until_us % G_USEC_PER_SEC * 1000,
    };
    return pthread_cond_timedwait(&ledger->changed, &ledger->mutex, &until) != ETIMEDOUT;
}

/* Waits for events, or until rows are to be signed. With the mutex held. */
static void wait_for_work(struct ledger *ledger)
{
    while (g_queue_is_empty(&ledger->queue) && !ledger->closing) {
        if (!ledger->signer || ledger->inserted <= ledger->signed_size || ledger->failed) {
            pthread_cond_wait(&ledger->changed, &ledger->mutex);
        } else if (!wait_until(ledger, ledger->signed_us + SIGN_EVERY_US)) {
            return;
        }
    }
}

/* Moves what has come to the end of batch; the first of it, or NULL when the transaction is to end:
 * with the turn in which its events come, so that one sync does for all of them. */
static const GList *take(struct ledger *ledger, GQueue *batch, gint64 until_us)
{
    const struct ledger_item *last = batch->tail ? batch->tail->data : NULL;
    bool whole = last && last->own; /* a signature is the end */
    struct ledger_item *first = NULL;
    struct ledger_item *item;
    pthread_mutex_lock(&ledger->mutex);
    while (last && !whole && batch->length < BATCH_MAX && g_queue_is_empty(&ledger->queue) &&
            !ledger->turned && !ledger->closing && wait_until(ledger, until_us)) {
    }
    whole = whole || (last && !ledger->turned && g_get_monotonic_time() >= until_us);
    while (!whole && batch->length < BATCH_MAX && (item = pop(&ledger->queue))) {
        push(batch, item);
        first = first ? first : item;
    }
    if (!first && g_queue_is_empty(&ledger->queue) && is_due(ledger)) {
        first = signature(ledger);
        push(batch, first);
    }
    ledger->taking = first != NULL;
    ledger->turned = ledger->turned && (first || !g_queue_is_empty(&ledger->queue));
    pthread_mutex_unlock(&ledger->mutex);
    return first ? &first->link : NULL;
}

static bool run_sql(const struct ledger *ledger, const char *sql)
{
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Rows are inserted while the turn goes on in which their events come: at its end only the last few
 * and the sync are left. */
static void write_batch(struct ledger *ledger, GQueue *batch)
{
    gint64 until_us = g_get_monotonic_time() + LINGER_US;
    const GList *from;
    if (!ledger->failed && !run_sql(ledger, "BEGIN IMMEDIATE")) { /* only this thread sets failed */
        fail(ledger);
    }
    while ((from = take(ledger, batch, until_us))) {
        if (!ledger->failed && !insert_from(ledger, from)) {
            fail(ledger);
        }
    }
    if (!ledger->failed && !run_sql(ledger, "COMMIT")) {
        fail(ledger);
    }
    if (ledger->failed) {
        refuse_all(ledger, batch);
    } else {
        ledger->seq = ledger->inserted;
    }
}

static gpointer writer(gpointer data)
{
    struct ledger *ledger = data;
    for (;;) {
        GQueue batch = G_QUEUE_INIT;
        pthread_mutex_lock(&ledger->mutex);
        wait_for_work(ledger);
        bool work = !g_queue_is_empty(&ledger->queue) || is_due(ledger);
        bool last = ledger->closing;
        pthread_mutex_unlock(&ledger->mutex);
        if (work) {
            write_batch(ledger, &batch);
            settle(ledger, &batch);
        } else if (last) {
            return NULL;
        }
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

/* Ends the writer thread once the queue is empty. */
static void ledger_writer_rest(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->mutex);
    ledger->closing = true;
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
    g_thread_join(ledger->thread);
}

/* The writer rests while the tree is made: it alone may touch the database. */
static bool make_tree(struct ledger *ledger, GError **error)
{
    auto_stmt stmt = NULL;
    int rc = sqlite3_prepare_v2(
            ledger->db, "SELECT hash, kind, at_us FROM event ORDER BY seq", -1, &stmt, NULL);
    struct tree *tree = tree_new(ledger->suite, false);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == TREE_HASH) {
            tree_add(tree, sqlite3_column_blob(stmt, 0));
            ledger->at_us = sqlite3_column_int64(stmt, 2);
            const char *kind = (const char *)sqlite3_column_text(stmt, 1);
            if (!g_strcmp0(kind, "ledger.signed")) {
                ledger->signed_size = tree_size(tree);
            }
        }
    }
    if (rc != SQLITE_DONE || tree_size(tree) != ledger->seq) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "%s cannot be signed: %s",
                ledger->path, rc != SQLITE_DONE ? sqlite3_errmsg(ledger->db) : "rows are missing");
        tree_free(tree);
        return false;
    }
    ledger->tree = tree;
    return true;
}

bool ledger_sign(
        struct ledger *ledger, const struct sign_key *key, const char *name, GError **error)
{
    g_return_val_if_fail(!ledger->signer, false);
    if (key->suite != ledger->suite) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s is a ledger of the suite %s, the key is of %s", ledger->path,
                suite_name(ledger->suite), suite_name(key->suite));
        return false;
    }
    ledger_writer_rest(ledger);
    bool ok = make_tree(ledger, error);
    if (ok) {
        ledger->signer = g_memdup2(key, sizeof *key);
        ledger->signer_name = g_strdup(name);
        ledger->signed_us = g_get_monotonic_time();
    }
    ledger->closing = false;
    ledger->thread = g_thread_new("ledger", writer, ledger);
    return ok;
}

void ledger_append(struct ledger *ledger, struct event *event, ledger_done_fn done, gpointer data)
{
    struct ledger_item *item = item_new(event);
    item->done = done;
    item->data = data;
    bool sound = is_sound(item);
    pthread_mutex_lock(&ledger->mutex);
    if (sound) {
        chain(ledger, event);
    } else {
        event->seq = 0;
    }
    push(&ledger->queue, item);
    ledger->appended++;
    if (!ledger->turn) {
        ledger->turn = g_idle_source_new();
        g_source_set_priority(ledger->turn, G_PRIORITY_HIGH);
        g_source_set_callback(ledger->turn, on_turn, ledger, NULL);
        g_source_attach(ledger->turn, ledger->context);
    }
    if (ledger->queue.length == 1) { /* it waits for nothing else */
        pthread_cond_broadcast(&ledger->changed);
    }
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
    /* no more is to come: somebody waits */
    ledger->turned |= ledger->taking || !g_queue_is_empty(&ledger->queue);
    pthread_cond_broadcast(&ledger->changed);
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

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

void ledger_writer_stop(struct ledger *ledger)
{
    ledger_writer_rest(ledger);
    ledger->closed = true;
    drop_source(&ledger->delivery);
    drop_source(&ledger->turn);
    struct ledger_item *item;
    while ((item = pop(&ledger->outbox))) {
        item_free(item);
    }
}
