/* ledger_verify.c - recomputing the chain, row by row, also through a damaged file. */
#include "ledger/ledger_aside.h"

#include "base/error.h"
#include "ledger/sign.h"

#include <string.h>

G_STATIC_ASSERT(sizeof(((struct ledger_report *)NULL)->key) == SIGN_PUBLIC);

static bool set_bad(struct ledger_report *report, gint64 seq, char *reason)
{
    report->bad_seq = seq;
    report->reason = reason;
    return false;
}

struct known { /* what is compared with */
    struct aside_tree *tree;
    struct aside_pages *pages;
    const unsigned char *key;
    const char *code;
    bool written; /* somebody is writing it: its last rows will be signed */
};

/* A signature must be good, by the one key, and over all that stands before it: one over less may be
 * an older one that somebody has copied to here. */
static bool verify_signature(
        const struct event *event, const struct known *known, struct ledger_report *report)
{
    struct sign_seen seen;
    const char *why = NULL;
    unsigned char root[TREE_HASH];
    const unsigned char *key = known->key ? known->key : report->signatures ? report->key : NULL;
    if (!sign_check(event->body, &seen, &why)) {
        return set_bad(report, event->seq, g_strdup(why));
    }
    if (seen.suite != report->suite) {
        return set_bad(report, event->seq,
                g_strdup_printf("it is signed by the suite %s, the ledger's is %s",
                        suite_name(seen.suite), suite_name(report->suite)));
    }
    if (key && memcmp(key, seen.key, SIGN_PUBLIC) != 0) {
        return set_bad(report, event->seq, g_strdup("it is signed by another key"));
    }
    const struct tree *tree = aside_tree_wait(known->tree);
    if (seen.size > tree_size(tree)) {
        return set_bad(report, event->seq, g_strdup("it is signed over rows that are not there"));
    }
    tree_root(tree, seen.size, root);
    if (memcmp(root, seen.root, sizeof root) != 0) {
        return set_bad(report, event->seq, g_strdup("it is signed over other rows than these"));
    }
    if (seen.size < event->seq - 1) {
        return set_bad(report, event->seq,
                g_strdup_printf(
                        "it is signed over other rows than these: over the first %" G_GINT64_FORMAT
                        " of %" G_GINT64_FORMAT,
                        seen.size, event->seq - 1));
    }
    memcpy(report->key, seen.key, SIGN_PUBLIC);
    memcpy(report->code, seen.code, SIGN_CODE);
    report->signatures++;
    report->signed_size = seen.size;
    report->code_seen |= known->code && !g_ascii_strcasecmp(known->code, seen.code);
    return true;
}

static char *why_not_its_hash(
        enum suite suite, const struct event *event, const unsigned char *prev)
{
    unsigned char hash[EVENT_HASH_BYTES];
    enum suite other = suite == SUITE_SM ? SUITE_ED25519 : SUITE_SM;
    ledger_hash(other, event, prev, hash);
    if (memcmp(hash, event->hash, sizeof hash) == 0) {
        return g_strdup_printf("its hash is of the suite %s, the file's header says %s",
                suite_name(other), suite_name(suite));
    }
    return g_strdup("its content and its hash do not agree");
}

/* The row stmt stands on must be row report->events + 1. */
static bool verify_row(sqlite3_stmt *stmt, const struct known *known, struct ledger_report *report)
{
    gint64 expected = report->events + 1;
    gint64 seq = sqlite3_column_int64(stmt, 0);
    if (seq != expected) {
        return set_bad(report, expected,
                g_strdup_printf(
                        "it is missing: row %" G_GINT64_FORMAT " stands in its place", seq));
    }
    unsigned char prev[EVENT_HASH_BYTES];
    unsigned char hash[EVENT_HASH_BYTES];
    const char *why = NULL;
    struct event event;
    if (!ledger_row_look(stmt, &event, prev, &why)) {
        return set_bad(report, expected, g_strdup(why));
    }
    if (memcmp(prev, report->head, sizeof(prev)) != 0) {
        return set_bad(report, expected, g_strdup("it does not follow the row before it"));
    }
    ledger_hash(report->suite, &event, prev, hash);
    if (memcmp(hash, event.hash, sizeof(hash)) != 0) {
        return set_bad(report, expected, why_not_its_hash(report->suite, &event, prev));
    }
    if (!ledger_event_is_sound(&event, &why)) {
        return set_bad(report, expected, g_strdup(why));
    }
    if (!strcmp(event.kind, "ledger.signed") && !verify_signature(&event, known, report)) {
        return false;
    }
    aside_tree_add(known->tree, hash);
    memcpy(report->head, hash, sizeof(hash));
    report->events++;
    return true;
}

static bool verify_rows(sqlite3 *db, const struct known *known, struct ledger_report *report)
{
    auto_stmt stmt = NULL;
    int rc = sqlite3_prepare_v2(
            db, "SELECT " LEDGER_COLUMNS " FROM event ORDER BY seq", -1, &stmt, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW && !verify_row(stmt, known, report)) {
            return false;
        }
    }
    if (rc == SQLITE_DONE) {
        return true;
    }
    g_autofree char *message = g_strdup(sqlite3_errmsg(db));
    g_autofree char *damage = aside_pages_damage(known->pages);
    return set_bad(report, report->events + 1,
            g_strdup_printf("the file is damaged here: %s%s%s", message, damage ? ": " : "",
                    damage ? damage : ""));
}

/* The rows a damaged log would have added are gone for SQLite without a word. */
static bool verify_log(const char *path, struct ledger_report *report)
{
    g_autofree char *damage = ledger_is_locked(path, NULL) ? NULL : ledger_wal_damage(path);
    return !damage ||
           set_bad(report, report->events + 1,
                   g_strdup_printf(
                           "%s: by a power failure during a commit, or by a change; what it "
                           "held from this row on cannot be read",
                           damage));
}

/* What was known from elsewhere must be borne out. */
static bool verify_known(const struct known *known, struct ledger_report *report)
{
    if (known->key && report->signatures == 0) {
        return set_bad(report, 0, g_strdup("nobody has signed it"));
    }
    gint64 unsigned_from = report->signed_size + 2; /* the signature itself is a row */
    if (known->key && !known->written && report->events >= unsigned_from) {
        return set_bad(report, 0,
                g_strdup_printf("rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                                " are signed by nobody: forged, or of an engine that was killed; "
                                "`sandtable down` or `run --resume` where it ran signs them",
                        unsigned_from, report->events));
    }
    if (known->code && !report->code_seen) {
        return set_bad(report, 0,
                g_strdup_printf(
                        "no signature in it has the code %.20s: rows were cut off, or it is "
                        "another ledger",
                        known->code));
    }
    return true;
}

bool ledger_verify(const char *path, struct ledger_report *ret, GError **error)
{
    return ledger_verify_against(path, NULL, NULL, ret, error);
}

bool ledger_verify_against(const char *path, const unsigned char *key, const char *code,
        struct ledger_report *ret, GError **error)
{
    struct known known = {.key = key, .code = code, .written = ledger_is_locked(path, NULL)};
    *ret = (struct ledger_report){0};
    sqlite3 *db = ledger_db_open(path, false, error);
    if (!db) {
        return false;
    }
    g_autofree char *cut = ledger_cut(path);
    if (cut) {
        ledger_db_read_cut(db);
    }
    /* one transaction: rows of one moment, while a writer goes on */
    bool ok = ledger_db_exec(db, "BEGIN", path, error) &&
              ledger_db_check_left(db, path, &ret->suite, error);
    known.pages = ok ? aside_pages_begin(path, error) : NULL;
    known.tree = known.pages ? aside_tree_new(ret->suite) : NULL;
    ok = known.pages != NULL;
    if (ok && verify_rows(db, &known, ret) && verify_log(path, ret) && verify_known(&known, ret)) {
        g_autofree char *damage = aside_pages_damage(known.pages);
        if (damage) {
            set_bad(ret, 0, g_strdup_printf("the file is damaged outside its rows: %s", damage));
        }
    }
    if (ok && cut) {
        g_autofree char *at = ret->reason;
        set_bad(ret, ret->events + 1, g_strdup_printf("%s%s%s", cut, at ? "; " : "", at ? at : ""));
    }
    aside_tree_free(known.tree);
    aside_pages_free(known.pages);
    sqlite3_close(db);
    return ok && !ret->reason;
}

void ledger_report_clear(struct ledger_report *report)
{
    g_clear_pointer(&report->reason, g_free);
}
