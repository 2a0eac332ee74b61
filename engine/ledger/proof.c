/* proof.c - making proofs of a ledger's rows and checkpoints, and checking them. */
#include "ledger/proof.h"

#include "base/error.h"
#include "base/json.h"
#include "ledger/ledger_internal.h"
#include "ledger/tree.h"

#include <string.h>

#define VERSION 1
#define PATH_MAX_NODES 128 /* two for each level of a tree of 2^63 rows */

/* ---- making -------------------------------------------------------------------------------- */

struct source { /* a ledger, read once */
    const char *path;
    sqlite3 *db;
    enum suite suite;
    struct tree *tree;
    GPtrArray *bodies; /* of its checkpoints, in order */
    GArray *seen;      /* struct sign_seen of each */
};

static void source_clear(struct source *source)
{
    sqlite3_close(source->db);
    tree_free(source->tree);
    g_clear_pointer(&source->bodies, g_ptr_array_unref);
    g_clear_pointer(&source->seen, g_array_unref);
}

static bool unusable(const struct source *source, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
            "%s is damaged; `sandtable verify` says where", source->path);
    return false;
}

static bool take_row(struct source *source, sqlite3_stmt *stmt)
{
    if (sqlite3_column_bytes(stmt, 0) != TREE_HASH) {
        return false;
    }
    tree_add(source->tree, sqlite3_column_blob(stmt, 0));
    const char *body = (const char *)sqlite3_column_text(stmt, 1);
    struct sign_seen seen;
    const char *why = NULL;
    if (body && sign_check(body, &seen, &why) && seen.size < tree_size(source->tree)) {
        g_ptr_array_add(source->bodies, g_strdup(body));
        g_array_append_val(source->seen, seen);
    }
    return true;
}

static bool source_read(struct source *source, const char *path, GError **error)
{
    static const char sql[] = "SELECT hash, CASE kind WHEN 'ledger.signed' THEN body END "
                              "FROM event ORDER BY seq";
    *source = (struct source){.path = path};
    source->bodies = g_ptr_array_new_with_free_func(g_free);
    source->seen = g_array_new(FALSE, FALSE, sizeof(struct sign_seen));
    source->db = ledger_db_open(path, false, error);
    if (!source->db || !ledger_db_exec(source->db, "BEGIN", path, error) ||
            !ledger_db_check(source->db, path, &source->suite, error)) {
        return false;
    }
    source->tree = tree_new(source->suite, true);
    auto_stmt stmt = NULL;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    rc = rc == SQLITE_OK ? SQLITE_ROW : rc;
    while (rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW && !take_row(source, stmt)) {
            rc = SQLITE_CORRUPT;
        }
    }
    return rc == SQLITE_DONE || unusable(source, error);
}

/* The index of the last checkpoint, or of the one with code; -1 and an error. */
static int checkpoint_of(const struct source *source, const char *code, GError **error)
{
    for (guint i = source->seen->len; i > 0; i--) {
        const struct sign_seen *seen = &g_array_index(source->seen, struct sign_seen, i - 1);
        if (!code || !g_ascii_strcasecmp(code, seen->code)) {
            return (int)i - 1;
        }
    }
    if (code) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "%s has no checkpoint with the code %.20s; `sandtable events --kind ledger.signed` "
                "shows them",
                source->path, code);
    } else {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "nobody has signed %s yet: the first checkpoint comes within a minute, or at the "
                "end",
                source->path);
    }
    return -1;
}

cJSON *proof_path_json(const GByteArray *path)
{
    cJSON *list = cJSON_CreateArray();
    for (guint at = 0; at < path->len; at += TREE_HASH) {
        g_autofree char *hex = suite_hex(path->data + at, TREE_HASH);
        cJSON_AddItemToArray(list, cJSON_CreateString(hex));
    }
    return list;
}

static cJSON *proof_new(const struct source *source, const char *kind)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "proof", kind);
    cJSON_AddNumberToObject(json, "version", VERSION);
    cJSON_AddStringToObject(json, "suite", suite_name(source->suite));
    return json;
}

static void add_checkpoint(cJSON *json, const char *name, const struct source *source, int index)
{
    const char *body = g_ptr_array_index(source->bodies, (guint)index);
    cJSON_AddItemToObject(json, name, json_parse(body, strlen(body), NULL));
}

cJSON *proof_event_json(const struct event *event)
{
    cJSON *json = cJSON_CreateObject();
    json_add_int(json, "seq", event->seq);
    json_add_int(json, "at_us", event->at_us);
    json_add_int(json, "wall_us", event->wall_us);
    cJSON_AddStringToObject(json, "kind", event->kind);
    cJSON_AddStringToObject(json, "team", event->team);
    cJSON_AddStringToObject(json, "subject", event->subject);
    cJSON_AddStringToObject(json, "body", event->body);
    return json;
}

/* What does not prove itself is not given away. */
static cJSON *checked(cJSON *json, const struct source *source, GError **error)
{
    struct proof_seen seen;
    const char *why = NULL;
    bool ok = proof_check(json, NULL, NULL, &seen, &why);
    proof_seen_clear(&seen);
    if (!ok) {
        cJSON_Delete(json);
        unusable(source, error);
        return NULL;
    }
    return json;
}

static cJSON *include(
        const struct source *source, gint64 seq, const struct sign_seen *by, GError **error)
{
    auto_stmt stmt = NULL;
    unsigned char prev[EVENT_HASH_BYTES];
    const char *why = NULL;
    auto_event event = NULL;
    if (sqlite3_prepare_v2(source->db, "SELECT " LEDGER_COLUMNS " FROM event WHERE seq = ?1", -1,
                &stmt, NULL) == SQLITE_OK &&
            sqlite3_bind_int64(stmt, 1, seq) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        event = ledger_row_read(stmt, prev, &why);
    }
    if (!event) {
        unusable(source, error);
        return NULL;
    }
    cJSON *json = proof_new(source, "inclusion");
    cJSON_AddItemToObject(json, "event", proof_event_json(event));
    g_autofree char *hex = suite_hex(prev, sizeof prev);
    cJSON_AddStringToObject(json, "prev_hash", hex);
    g_autoptr(GByteArray) path = tree_inclusion(source->tree, seq - 1, by->size);
    cJSON_AddItemToObject(json, "path", proof_path_json(path));
    return json;
}

cJSON *proof_inclusion(const char *path, gint64 seq, const char *code, GError **error)
{
    struct source source;
    cJSON *json = NULL;
    int by = source_read(&source, path, error) ? checkpoint_of(&source, code, error) : -1;
    if (by >= 0) {
        const struct sign_seen *seen = &g_array_index(source.seen, struct sign_seen, (guint)by);
        if (seq < 1 || seq > seen->size) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                    "event %" G_GINT64_FORMAT " is not covered: checkpoint %s signs events 1 to "
                    "%" G_GINT64_FORMAT "%s",
                    seq, seen->code, seen->size,
                    seq > tree_size(source.tree) || code ? "" : ", the next one is to come");
        } else {
            json = include(&source, seq, seen, error);
        }
    }
    if (json) {
        add_checkpoint(json, "signed", &source, by);
        json = checked(json, &source, error);
    }
    source_clear(&source);
    return json;
}

cJSON *proof_consistency(const char *path, const char *earlier, const char *later, GError **error)
{
    struct source source;
    cJSON *json = NULL;
    bool ok = source_read(&source, path, error);
    int first = ok ? checkpoint_of(&source, earlier, error) : -1;
    int last = first >= 0 ? checkpoint_of(&source, later, error) : -1;
    if (last >= 0) {
        gint64 from = g_array_index(source.seen, struct sign_seen, (guint)first).size;
        gint64 to = g_array_index(source.seen, struct sign_seen, (guint)last).size;
        if (from > to || from < 1) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "checkpoint %s is not earlier than %s", earlier, later ? later : "the last");
        } else {
            g_autoptr(GByteArray) nodes = tree_consistency(source.tree, from, to);
            json = proof_new(&source, "consistency");
            cJSON_AddItemToObject(json, "path", proof_path_json(nodes));
            add_checkpoint(json, "earlier", &source, first);
            add_checkpoint(json, "signed", &source, last);
            json = checked(json, &source, error);
        }
    }
    source_clear(&source);
    return json;
}

/* ---- checking ------------------------------------------------------------------------------ */

bool proof_is(const cJSON *json)
{
    return cJSON_IsObject(json) && json_string(json, "proof", NULL);
}

static bool refuse(const char **why, const char *what)
{
    *why = what;
    return false;
}

static GByteArray *read_path(const cJSON *list, const char **why)
{
    const cJSON *item = NULL;
    g_autoptr(GByteArray) path = g_byte_array_new();
    cJSON_ArrayForEach(item, list)
    {
        unsigned char node[TREE_HASH];
        if (path->len >= PATH_MAX_NODES * TREE_HASH ||
                !suite_hash_from_hex(cJSON_GetStringValue(item), node)) {
            refuse(why, "its path is not one of hashes");
            return NULL;
        }
        g_byte_array_append(path, node, sizeof node);
    }
    if (!cJSON_IsArray(list)) {
        refuse(why, "it has no path");
        return NULL;
    }
    return g_steal_pointer(&path);
}

static bool read_checkpoint(const cJSON *json, const char *name, enum suite suite,
        struct sign_seen *ret, const char **why)
{
    const cJSON *body = json_object(json, name);
    g_autofree char *text = body ? json_text(body) : NULL;
    if (!text) {
        return refuse(why, "it has no checkpoint");
    }
    return sign_check(text, ret, why) &&
           (ret->suite == suite || refuse(why, "its checkpoint is of another suite"));
}

static struct event *read_event(const cJSON *object)
{
    const char *kind = json_string(object, "kind", NULL);
    const char *body = json_string(object, "body", NULL);
    if (!kind || !body) {
        return NULL;
    }
    struct event *event = event_new(
            kind, json_string(object, "team", ""), json_string(object, "subject", ""), NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->seq = json_int(object, "seq", 0);
    event->at_us = json_int(object, "at_us", 0);
    event->wall_us = json_int(object, "wall_us", 0);
    return event;
}

struct event *proof_row_check(
        const struct proof_row *row, const struct sign_seen *by, const char **why)
{
    unsigned char prev[EVENT_HASH_BYTES];
    auto_event event = read_event(row->event);
    if (!event || !suite_hash_from_hex(row->prev_hash, prev)) {
        refuse(why, "it has no event");
        return NULL;
    }
    g_autoptr(GByteArray) path =
            ledger_event_is_sound(event, why) ? read_path(row->path, why) : NULL;
    if (!path) {
        return NULL;
    }
    const struct tree_claim claim = {
            .suite = by->suite, .size = by->size, .root = by->root, .proof = path};
    ledger_hash(by->suite, event, prev, event->hash);
    if (!tree_check_inclusion(&claim, event->hash, event->seq - 1)) {
        refuse(why, "the event is not one of those that its checkpoint signs");
        return NULL;
    }
    return g_steal_pointer(&event);
}

static bool check_inclusion(const cJSON *json, struct proof_seen *ret, const char **why)
{
    const struct proof_row row = {
            .event = json_object(json, "event"),
            .prev_hash = json_string(json, "prev_hash", NULL),
            .path = json_array(json, "path"),
    };
    ret->event = proof_row_check(&row, &ret->later, why);
    return ret->event != NULL;
}

static bool check_consistency(const cJSON *json, struct proof_seen *ret, const char **why)
{
    g_autoptr(GByteArray) path = read_path(json_array(json, "path"), why);
    if (!path || !read_checkpoint(json, "earlier", ret->later.suite, &ret->earlier, why)) {
        return false;
    }
    if (memcmp(ret->earlier.key, ret->later.key, SIGN_PUBLIC) != 0) {
        return refuse(why, "its two checkpoints are signed by two keys");
    }
    const struct tree_claim claim = {.suite = ret->later.suite,
            .size = ret->later.size,
            .root = ret->later.root,
            .proof = path};
    return tree_check_consistency(&claim, ret->earlier.size, ret->earlier.root) ||
           refuse(why, "the later ledger does not begin with the earlier one");
}

static bool check_known(
        const unsigned char *key, const char *code, const struct proof_seen *seen, const char **why)
{
    if (key && memcmp(key, seen->later.key, SIGN_PUBLIC) != 0) {
        return refuse(why, "it is signed by another key");
    }
    return !code || !g_ascii_strcasecmp(code, seen->later.code) ||
           (seen->consistency && !g_ascii_strcasecmp(code, seen->earlier.code)) ||
           refuse(why, "its checkpoint has another code");
}

bool proof_check(const cJSON *json, const unsigned char *key, const char *code,
        struct proof_seen *ret, const char **why)
{
    *ret = (struct proof_seen){0};
    enum suite suite;
    const char *kind = json_string(json, "proof", "");
    ret->consistency = !strcmp(kind, "consistency");
    if (!ret->consistency && strcmp(kind, "inclusion") != 0) {
        return refuse(why, "it is no proof of a kind that is known here");
    }
    if (json_int(json, "version", 0) != VERSION) {
        return refuse(why, "it is a proof of another version: use a newer sandtable");
    }
    if (!suite_parse(json_string(json, "suite", ""), &suite, NULL)) {
        return refuse(why, "its suite is unknown");
    }
    if (!read_checkpoint(json, "signed", suite, &ret->later, why)) {
        return false;
    }
    return (ret->consistency ? check_consistency(json, ret, why)
                             : check_inclusion(json, ret, why)) &&
           check_known(key, code, ret, why);
}

void proof_seen_clear(struct proof_seen *seen)
{
    g_clear_pointer(&seen->event, event_free);
}
