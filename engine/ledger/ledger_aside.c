/* ledger_aside.c - the threads beside a verification's walk: SQLite's look at the pages, the tree. */
#include "ledger/ledger_aside.h"

#include <string.h>

/* ---- the pages ----------------------------------------------------------------------------- */

struct aside_pages {
    sqlite3 *db;     /* the thread's, until it has been joined */
    GThread *thread; /* NULL: it has said what it found, or there is none */
    bool looked;
    char *damage;
};

static char *look_at_pages(sqlite3 *db)
{
    auto_stmt stmt = NULL;
    if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK ||
            sqlite3_step(stmt) != SQLITE_ROW) {
        return g_strdup(sqlite3_errmsg(db));
    }
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    if (!g_strcmp0(text, "ok")) {
        return NULL;
    }
    /* the first line only says which database */
    const char *line = text && g_str_has_prefix(text, "*** ") ? strchr(text, '\n') : NULL;
    char *damage = g_strdup(line ? line + 1 : text ? text : "unknown");
    return g_strdelimit(g_strchomp(damage), "\n", ';');
}

static gpointer run_pages(gpointer db)
{
    return look_at_pages(db);
}

struct aside_pages *aside_pages_begin(const char *path, GError **error)
{
    sqlite3 *db = ledger_db_open(path, false, error);
    if (!db) {
        return NULL;
    }
    struct aside_pages *pages = g_new0(struct aside_pages, 1);
    pages->db = db;
    pages->thread = g_thread_try_new("pages", run_pages, db, NULL);
    return pages;
}

char *aside_pages_damage(struct aside_pages *pages)
{
    if (!pages->looked) {
        pages->damage = pages->thread ? g_thread_join(g_steal_pointer(&pages->thread))
                                      : look_at_pages(pages->db);
        pages->looked = true;
    }
    return g_strdup(pages->damage);
}

void aside_pages_free(struct aside_pages *pages)
{
    if (!pages) {
        return;
    }
    if (pages->thread) {
        sqlite3_interrupt(
                pages->db); /* before it has begun this does nothing, and it is waited for */
        pages->damage = g_thread_join(pages->thread);
    }
    sqlite3_close(pages->db);
    g_free(pages->damage);
    g_free(pages);
}

/* ---- the tree ------------------------------------------------------------------------------ */

#define CHUNK (2048 * TREE_HASH)
#define CHUNKS 16 /* so far the walk may be ahead */

/* Chunks of hashes go round: the walk fills number given, the thread takes number taken into the
 * tree. Between the two they are nobody's; the tree is the walk's once all are taken. A chunk that
 * is handed over empty is the end. */
struct aside_tree {
    struct tree *tree;
    GByteArray *chunks[CHUNKS];
    GMutex lock; /* of the numbers */
    GCond moved;
    guint64 given, taken;
    GThread *thread;
};

static GByteArray *chunk_of(struct aside_tree *aside, guint64 number)
{
    return aside->chunks[number % CHUNKS];
}

static void take_chunk(struct tree *tree, GByteArray *chunk)
{
    for (guint at = 0; at < chunk->len; at += TREE_HASH) {
        tree_add(tree, chunk->data + at);
    }
    g_byte_array_set_size(chunk, 0);
}

static gpointer run_tree(gpointer data)
{
    struct aside_tree *aside = data;
    bool last = false;
    while (!last) {
        g_mutex_lock(&aside->lock);
        while (aside->taken == aside->given) {
            g_cond_wait(&aside->moved, &aside->lock);
        }
        GByteArray *chunk = chunk_of(aside, aside->taken);
        g_mutex_unlock(&aside->lock);
        last = chunk->len == 0;
        take_chunk(aside->tree, chunk);
        g_mutex_lock(&aside->lock);
        aside->taken++;
        g_cond_broadcast(&aside->moved);
        g_mutex_unlock(&aside->lock);
    }
    return NULL;
}

struct aside_tree *aside_tree_new(enum suite suite)
{
    struct aside_tree *aside = g_new0(struct aside_tree, 1);
    aside->tree = tree_new(suite, true);
    for (int i = 0; i < CHUNKS; i++) {
        aside->chunks[i] = g_byte_array_new();
    }
    g_mutex_init(&aside->lock);
    g_cond_init(&aside->moved);
    aside->thread = g_thread_try_new("tree", run_tree, aside, NULL);
    return aside;
}

static void give_chunk(struct aside_tree *aside)
{
    if (!aside->thread) {
        take_chunk(aside->tree, chunk_of(aside, aside->given));
        return;
    }
    g_mutex_lock(&aside->lock);
    aside->given++;
    g_cond_broadcast(&aside->moved);
    g_mutex_unlock(&aside->lock);
}

/* Until at most so many chunks are given and not taken. */
static void wait_until_open(struct aside_tree *aside, guint64 open)
{
    g_mutex_lock(&aside->lock);
    while (aside->given - aside->taken > open) {
        g_cond_wait(&aside->moved, &aside->lock);
    }
    g_mutex_unlock(&aside->lock);
}

void aside_tree_add(struct aside_tree *aside, const unsigned char *row_hash)
{
    GByteArray *chunk = chunk_of(aside, aside->given); /* nobody else writes it */
    g_byte_array_append(chunk, row_hash, TREE_HASH);
    if (chunk->len >= CHUNK) {
        give_chunk(aside);
        wait_until_open(aside, CHUNKS - 1);
    }
}

const struct tree *aside_tree_wait(struct aside_tree *aside)
{
    if (chunk_of(aside, aside->given)->len > 0) {
        give_chunk(aside);
    }
    wait_until_open(aside, 0);
    return aside->tree;
}

void aside_tree_free(struct aside_tree *aside)
{
    if (!aside) {
        return;
    }
    if (aside->thread) {
        g_byte_array_set_size(chunk_of(aside, aside->given), 0);
        give_chunk(aside);
        g_thread_join(aside->thread);
    }
    for (int i = 0; i < CHUNKS; i++) {
        g_byte_array_unref(aside->chunks[i]);
    }
    g_mutex_clear(&aside->lock);
    g_cond_clear(&aside->moved);
    tree_free(aside->tree);
    g_free(aside);
}
