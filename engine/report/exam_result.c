/* exam_result.c - makes and verifies signed results. */
#include "report/exam_result.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/ledger.h"
#include "ledger/proof.h"
#include "ledger/tree.h"

#include <sodium.h>
#include <string.h>

#define EVENTS_MAX 20000
#define SHOWN_MAX 120 /* bytes of what differs */

G_STATIC_ASSERT(TREE_HASH == EVENT_HASH_BYTES);

/* The text is a stranger's: digits only, never the name of a file. */
static bool key_of(const char *hex, unsigned char *ret)
{
    return hex && hex[strspn(hex, "0123456789abcdef")] == '\0' &&
           (strlen(hex) == 64 || strlen(hex) == 2 * (gsize)SIGN_PUBLIC) &&
           sign_public_parse(hex, ret, NULL);
}

/* DSSE's pre-authentication encoding. */
static GByteArray *encode(const char *payload, gsize length)
{
    GByteArray *bytes = g_byte_array_new();
    g_autofree char *head = g_strdup_printf(
            "DSSEv1 %zu %s %zu ", strlen(EXAM_RESULT_TYPE), EXAM_RESULT_TYPE, length);
    g_byte_array_append(bytes, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(bytes, (const guint8 *)payload, (guint)length);
    return bytes;
}

/* ---- making -------------------------------------------------------------------------------- */

struct row { /* one that the mark depends on */
    struct event *event;
    unsigned char prev[TREE_HASH];
};

struct gathering {
    struct exam *exam;
    struct tree *tree;
    GArray *rows;     /* struct row */
    char *checkpoint; /* body of the last ledger.signed */
    gint64 last;      /* seq of the candidate's last event */
};

static void gathering_clear(struct gathering *g)
{
    for (guint i = 0; i < g->rows->len; i++) {
        event_free(g_array_index(g->rows, struct row, i).event);
    }
    g_array_unref(g->rows);
    exam_free(g->exam);
    tree_free(g->tree);
    g_free(g->checkpoint);
}

static void gather_row(struct gathering *g, const struct event *event, const char *candidate,
        const unsigned char *prev)
{
    tree_add(g->tree, event->hash);
    exam_apply(g->exam, event);
    if (!strcmp(event->kind, "ledger.signed")) {
        g_free(g->checkpoint);
        g->checkpoint = g_strdup(event->body);
    }
    if (exam_decides(g->exam, candidate, event)) {
        struct row row = {.event = event_copy(event)};
        memcpy(row.prev, prev, TREE_HASH);
        g_array_append_val(g->rows, row);
        g->last = event->seq;
    }
}

static bool gather(struct gathering *g, const char *path, const char *candidate, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    unsigned char prev[TREE_HASH] = {0};
    struct event *event = NULL;
    int got = reader ? 1 : -1;
    g->tree = reader ? tree_new(ledger_reader_suite(reader), true) : NULL;
    while (reader && (got = ledger_reader_next(reader, &event, error)) == 1) {
        gather_row(g, event, candidate, prev);
        memcpy(prev, event->hash, TREE_HASH);
        event_free(event);
    }
    ledger_reader_close(reader);
    return got == 0;
}

static cJSON *rows_json(const struct gathering *g, gint64 size)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < g->rows->len; i++) {
        const struct row *row = &g_array_index(g->rows, struct row, i);
        g_autofree char *prev = suite_hex(row->prev, TREE_HASH);
        g_autoptr(GByteArray) path = tree_inclusion(g->tree, row->event->seq - 1, size);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToObject(item, "event", proof_event_json(row->event));
        cJSON_AddStringToObject(item, "prev", prev);
        cJSON_AddItemToObject(item, "proof", proof_path_json(path));
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static char *envelope(const char *payload, const struct sign_key *key)
{
    unsigned char signature[SIGN_SIGNATURE];
    GByteArray *bytes = encode(payload, strlen(payload));
    sign_bytes(key, bytes->data, bytes->len, signature);
    g_byte_array_unref(bytes);
    g_autofree char *base64 = g_base64_encode((const guchar *)payload, strlen(payload));
    g_autofree char *sig = g_base64_encode(signature, sizeof signature);
    g_autofree char *keyid = sign_public_text(key->public);
    auto_json out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "payloadType", EXAM_RESULT_TYPE);
    cJSON_AddStringToObject(out, "payload", base64);
    cJSON *signatures = cJSON_AddArrayToObject(out, "signatures");
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "keyid", keyid);
    cJSON_AddStringToObject(one, "sig", sig);
    cJSON_AddItemToArray(signatures, one);
    g_autofree char *text = json_text(out);
    return g_strconcat(text, "\n", NULL);
}

static bool is_whole(
        const struct gathering *g, const char *candidate, struct sign_seen *ret, GError **error)
{
    const char *why = "nobody has signed it yet; that is done every minute, and at the end";
    if (g->rows->len == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no candidate \"%.60s\" in this ledger; `sandtable exam mark` lists them",
                candidate);
        return false;
    }
    if (!g->checkpoint || !sign_check(g->checkpoint, ret, &why)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "the ledger has no good signature: %s", why);
        return false;
    }
    if (ret->size < g->last || ret->size > tree_size(g->tree)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "the last signed checkpoint does not cover the candidate's last event yet; there "
                "is one every minute, and at the end");
        return false;
    }
    return true;
}

/* That nothing was left out is what the issuer signs: an answer that is another candidate's, or
 * nobody's, since somebody had the file in his hands, would not be missed by who verifies. */
static bool ledger_is_sound(const char *path, GError **error)
{
    struct ledger_report report = {0};
    bool ok = ledger_verify(path, &report, error);
    if (!ok && report.reason) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "no result of a ledger that does not verify: row %" G_GINT64_FORMAT ": %s",
                report.bad_seq, report.reason);
    }
    ledger_report_clear(&report);
    return ok;
}

char *exam_result_make(
        const char *path, const char *candidate, const struct sign_key *key, GError **error)
{
    struct gathering g = {
            .exam = exam_new(),
            .rows = g_array_new(FALSE, FALSE, sizeof(struct row)),
    };
    struct sign_seen seen;
    char *text = NULL;
    if (ledger_is_sound(path, error) && gather(&g, path, candidate, error) &&
            is_whole(&g, candidate, &seen, error)) {
        auto_json mark = exam_mark(g.exam, candidate);
        const cJSON *of = cJSON_GetArrayItem(json_array(mark, "candidates"), 0);
        auto_json payload = cJSON_CreateObject();
        cJSON_AddStringToObject(payload, "format", "sandtable exam result 1");
        cJSON_AddStringToObject(payload, "exercise", json_string(mark, "exercise", ""));
        cJSON_AddStringToObject(payload, "candidate", json_string(of, "candidate", ""));
        json_add_int(payload, "issued_us", g_get_real_time());
        cJSON_AddItemToObject(payload, "mark", cJSON_Duplicate(mark, true));
        cJSON_AddItemToObject(payload, "checkpoint", cJSON_Parse(g.checkpoint));
        cJSON_AddItemToObject(payload, "events", rows_json(&g, seen.size));
        g_autofree char *json = json_text(payload);
        text = envelope(json, key);
    }
    gathering_clear(&g);
    return text;
}

/* ---- verifying ----------------------------------------------------------------------------- */

static bool refuse(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "not a good result: %s", what);
    return false;
}

/* Strictly: one content has one text, so that no byte of a file can change unseen. */
static guchar *decode(const cJSON *object, const char *name, gsize *ret_length)
{
    const char *text = json_string(object, name, NULL);
    g_autofree guchar *bytes = text ? g_base64_decode(text, ret_length) : NULL;
    g_autofree char *again = bytes ? g_base64_encode(bytes, *ret_length) : NULL;
    return again && !strcmp(text, again) ? g_steal_pointer(&bytes) : NULL;
}

/* The envelope's signature, by key or by the one it names. *ret is the payload, NUL-terminated. */
static bool open_envelope(const cJSON *envelope, const unsigned char *key, unsigned char *ret_key,
        char **ret, GError **error)
{
    const cJSON *one = cJSON_GetArrayItem(json_array(envelope, "signatures"), 0);
    gsize length = 0;
    gsize sig_length = 0;
    g_autofree guchar *payload = decode(envelope, "payload", &length);
    g_autofree guchar *sig = decode(one, "sig", &sig_length);
    const char *type = json_string(envelope, "payloadType", "");
    if (strcmp(type, EXAM_RESULT_TYPE) != 0 || !payload || length == 0) {
        return refuse(error, "this is no exam result of this program");
    }
    if (!key_of(json_string(one, "keyid", NULL), ret_key)) {
        return refuse(error, "it names no key");
    }
    if (key && memcmp(key, ret_key, SIGN_PUBLIC) != 0) {
        return refuse(error, "it is not signed with this key but with another");
    }
    GByteArray *bytes = encode((const char *)payload, length);
    bool good = sig && sig_length == SIGN_SIGNATURE &&
                sign_bytes_are_good(ret_key, bytes->data, bytes->len, sig);
    g_byte_array_unref(bytes);
    if (!good) {
        return refuse(error, "its signature does not fit: it was changed since");
    }
    if (memchr(payload, '\0', length)) {
        return refuse(error, "its payload is no text");
    }
    *ret = g_strndup((const char *)payload, length);
    return true;
}

/* The event of an item, when it is a row of the ledger that was signed. */
static struct event *row_of(const cJSON *item, const struct sign_seen *seen)
{
    const char *why = NULL;
    const struct proof_row row = {
            .event = json_object(item, "event"),
            .prev_hash = json_string(item, "prev", NULL),
            .path = json_array(item, "proof"),
    };
    return proof_row_check(&row, seen, &why);
}

static char *shown(const cJSON *item)
{
    g_autofree char *text = item ? json_text(item) : g_strdup("not there");
    gsize length = strlen(text);
    g_autofree char *clean = text_clean_tail(text, MIN(length, SHOWN_MAX), 3 * SHOWN_MAX);
    return g_strconcat(clean, length > SHOWN_MAX ? "…" : "", NULL);
}

static void append_place(GString *path, const char *name, int index)
{
    if (name) {
        g_string_append_printf(path, "%s%.64s", path->len > 0 ? "." : "", name);
    } else {
        g_string_append_printf(path, "[%d]", index);
    }
}

/* The first place in which two documents differ, into path; what they have there: the caller's. */
static bool differ_at(
        const cJSON *was, const cJSON *is, GString *path, char **ret_was, char **ret_is)
{
    bool inner = was && is && was->child && is->child && was->type == is->type;
    const cJSON *a = inner ? was->child : NULL;
    const cJSON *b = inner ? is->child : NULL;
    gsize length = path->len;
    for (int i = 0; a || b; i++) {
        append_place(path, a ? a->string : b->string, i);
        bool same_name = !a || !b || !g_strcmp0(a->string, b->string);
        if (differ_at(a, same_name ? b : NULL, path, ret_was, ret_is)) {
            return true;
        }
        g_string_truncate(path, length);
        a = a ? a->next : NULL;
        b = b ? b->next : NULL;
    }
    g_autofree char *before = was ? json_text(was) : NULL;
    g_autofree char *now = is ? json_text(is) : NULL;
    if (inner || !g_strcmp0(before, now)) {
        return false;
    }
    *ret_was = shown(was);
    *ret_is = shown(is);
    return true;
}

/* Of one piece, yet not what its events give: another wrote the mark, or other rules made it. */
static bool refuse_mark(const cJSON *was, const cJSON *is, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_autofree char *before = NULL;
    g_autofree char *now = NULL;
    if (!differ_at(was, is, path, &before, &now)) {
        return refuse(error, "its events give another mark");
    }
    g_autofree char *place = text_clean_tail(path->str, path->len, SHOWN_MAX);
    g_autofree char *what = g_strdup_printf(
            "its events give another mark by the rules of Sandtable " SANDTABLE_VERSION
            ": %s is %s in the file and %s by its events; what another version has issued is "
            "verified by that one",
            place, before, now);
    return refuse(error, what);
}

/* The mark once more, from the events alone. */
static bool mark_again(struct exam_result *ret, GError **error)
{
    const cJSON *events = json_array(ret->payload, "events");
    struct exam *exam = exam_new();
    gint64 last = 0;
    bool ok = events && cJSON_GetArraySize(events) <= EVENTS_MAX;
    for (const cJSON *item = ok ? events->child : NULL; item; item = item->next) {
        auto_event event = row_of(item, &ret->checkpoint);
        ok = event && event->seq > last;
        if (!ok) {
            break;
        }
        last = event->seq;
        exam_apply(exam, event);
        ret->events++;
    }
    if (!ok) {
        exam_free(exam);
        return refuse(error, "an event is no row of the ledger that was signed");
    }
    auto_json mark = exam_mark(exam, json_string(ret->payload, "candidate", ""));
    exam_free(exam);
    g_autofree char *is = json_text(mark);
    g_autofree char *was = json_text(json_object(ret->payload, "mark"));
    return !strcmp(is, was) || refuse_mark(json_object(ret->payload, "mark"), mark, error);
}

static void describe(struct exam_result *ret, const char *payload)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)payload, strlen(payload));
    g_autofree char *hex = suite_hex(digest, sizeof digest);
    g_strlcpy(ret->digest, hex, sizeof ret->digest);
    sign_code(sign_public_suite(ret->key), (gint64)strlen(payload), digest, ret->code);
}

bool exam_result_check(const char *text, gsize length, const unsigned char *key,
        struct exam_result *ret, GError **error)
{
    g_autofree char *payload = NULL;
    const char *why = "it is missing";
    *ret = (struct exam_result){0};
    if (sodium_init() < 0 || length > EXAM_RESULT_MAX) {
        return refuse(error, "it is too large");
    }
    auto_json envelope = json_parse(text, length, NULL);
    if (!cJSON_IsObject(envelope)) {
        return refuse(error, "it is not a JSON object");
    }
    if (!open_envelope(envelope, key, ret->key, &payload, error)) {
        return false;
    }
    describe(ret, payload);
    ret->payload = json_parse(payload, strlen(payload), NULL);
    g_autofree char *checkpoint = json_text(json_object(ret->payload, "checkpoint"));
    bool ok = ret->payload && sign_check(checkpoint, &ret->checkpoint, &why);
    if (!ok) {
        g_autofree char *what = g_strdup_printf("its checkpoint of the ledger: %s", why);
        (void)refuse(error, what);
    } else if (memcmp(ret->checkpoint.key, ret->key, SIGN_PUBLIC) != 0) {
        ok = refuse(error, "the ledger was signed with another key");
    } else {
        ok = mark_again(ret, error);
    }
    if (!ok) {
        exam_result_clear(ret);
    }
    return ok;
}

void exam_result_clear(struct exam_result *result)
{
    g_clear_pointer(&result->payload, cJSON_Delete);
}
