/* test_exam_result.c - signed results: verified with nothing but the file and the key; tampering. */
#include "support/tamper.h"

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/sign.h"
#include "report/exam_result.h"
#include "score/exam.h"

#include <string.h>

static const char created[] =
        "{\"plan\":{\"name\":\"final\",\"title\":\"Final <exam>\\u001b[2J\",\"version\":\"2\","
        "\"digest\":\"ab\",\"exam\":{\"duration_us\":600000000,\"pass\":50,\"two_persons\":true,"
        "\"prefix\":\"EXAM\",\"skills\":[{\"name\":\"assets\",\"title\":\"Assets\",\"pass\":40}],"
        "\"questions\":[{\"name\":\"web\",\"title\":\"Web\",\"skill\":\"assets\",\"kind\":"
        "\"choice\",\"points\":10,\"attempts\":1,\"choices\":4},{\"name\":\"port\",\"kind\":"
        "\"value\",\"points\":5,\"attempts\":3}],\"candidates\":[{\"id\":\"c-1\",\"team\":"
        "\"seat1\",\"factor_milli\":1000},{\"id\":\"c-2\",\"team\":\"seat2\"}]}}}";

struct issued { /* a ledger and a result of it */
    char *dir, *ledger, *result;
    struct sign_key key;
};

static void append(struct ledger *ledger, const char *kind, const char *team, const char *subject,
        const char *body)
{
    static gint64 at;
    struct event *event = event_new(kind, team, subject, NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->at_us = at += 1000000;
    event->wall_us = g_get_real_time();
    ledger_append(ledger, event, NULL, NULL);
}

static void issue(struct issued *x, GError **error)
{
    x->dir = test_mkdtemp();
    x->ledger = g_build_filename(x->dir, "final.ledger", NULL);
    g_autofree char *path = g_build_filename(x->dir, "signing.key", NULL);
    assert_true(sign_key_open(path, &x->key, error));
    struct ledger *ledger = ledger_create(x->ledger, error);
    assert_non_null(ledger);
    assert_true(ledger_sign(ledger, &x->key, "final", error));
    append(ledger, "exercise.created", "", "final", created);
    append(ledger, "exam.started", "seat1", "c-1", "{\"by\":\"lin\"}");
    append(ledger, "exam.started", "seat2", "c-2", "{\"by\":\"lin\"}");
    append(ledger, "exam.answered", "seat1", "port", "{\"ok\":false,\"digest\":\"aa\"}");
    append(ledger, "note", "", "final", "{\"text\":\"a note\"}");
    append(ledger, "exam.answered", "seat1", "web", "{\"ok\":true,\"digest\":\"bb\"}");
    append(ledger, "exam.answered", "seat2", "web", "{\"ok\":false,\"digest\":\"cc\"}");
    assert_true(ledger_flush(ledger, error));
    ledger_close(ledger); /* signs */
    x->result = exam_result_make(x->ledger, "c-1", &x->key, error);
}

static void clear(struct issued *x)
{
    g_free(x->ledger);
    g_free(x->result);
    test_rmtree(x->dir);
}

static bool check(const char *text, const unsigned char *key, GError **error)
{
    struct exam_result result;
    bool ok = exam_result_check(text, strlen(text), key, &result, error);
    if (ok) {
        exam_result_clear(&result);
    }
    return ok;
}

/* The file with a new payload, signed by key. */
static char *forge(const struct issued *x, void (*change)(cJSON *payload))
{
    auto_json envelope = cJSON_Parse(x->result);
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(json_string(envelope, "payload", ""), &length);
    auto_json payload = cJSON_ParseWithLength((const char *)bytes, length);
    change(payload);
    g_autofree char *text = json_text(payload);
    g_autofree char *base64 = g_base64_encode((const guchar *)text, strlen(text));
    cJSON_ReplaceItemInObject(envelope, "payload", cJSON_CreateString(base64));
    return json_text(envelope);
}

static void a_result_verifies_with_nothing_but_the_file_and_the_key(void **state)
{
    (void)state;
    struct issued x = {0};
    struct exam_result result;
    g_autoptr(GError) error = NULL;
    issue(&x, &error);
    assert_no_error(error);
    assert_true(g_unlink(x.ledger) == 0);
    exam_result_check(x.result, strlen(x.result), x.key.public, &result, &error);
    assert_no_error(error);
    const cJSON *of =
            cJSON_GetArrayItem(json_array(json_object(result.payload, "mark"), "candidates"), 0);
    assert_string_equal(json_string(of, "candidate", ""), "c-1");
    assert_true(json_bool(of, "passed", false));
    assert_int_equal(result.events, 4); /* its own and the first, no other candidate's */
    g_autofree char *page = exam_certificate(&result);
    assert_non_null(strstr(page, "Final &lt;exam&gt;"));
    assert_non_null(strstr(page, result.code));
    assert_non_null(strstr(page, result.digest));
    assert_null(strstr(page, "://"));
    assert_non_null(strstr(page, "(Ed25519)"));
    g_autofree char *path = g_build_filename(x.dir, "sm.key", NULL);
    struct sign_key sm;
    assert_true(sign_key_open_by(path, SUITE_SM, &sm, NULL));
    memcpy(result.key, sm.public, SIGN_PUBLIC);
    g_autofree char *other = exam_certificate(&result);
    assert_non_null(strstr(other, "(SM2)"));
    exam_result_clear(&result);
    clear(&x);
}

static void another_key_and_a_changed_file_are_refused(void **state)
{
    (void)state;
    struct issued x = {0};
    g_autoptr(GError) error = NULL;
    unsigned char other[SIGN_PUBLIC] = {1};
    issue(&x, &error);
    assert_no_error(error);
    assert_false(check(x.result, other, &error));
    assert_non_null(strstr(error->message, "not signed with this key"));
    gsize length = strlen(x.result);
    for (gsize i = 0; i < length; i += 97) {
        g_autofree char *changed = g_strdup(x.result);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        /* padding of base64 and names of members that nobody reads may differ */
        g_autoptr(GError) why = NULL;
        if (check(changed, x.key.public, &why)) {
            fail_msg("byte %zu can be changed", i);
        }
    }
    for (gsize cut = 0; cut < length - 1; cut += 301) {
        g_autofree char *part = g_strndup(x.result, cut);
        assert_false(check(part, x.key.public, NULL));
    }
    clear(&x);
}

/* The program in a place of its own: no home, no state, no environment. */
static int verify_alone(const struct issued *x, const char *result, char **ret_out)
{
    char *alone = test_mkdtemp();
    g_autofree char *path = g_build_filename(alone, "result.json", NULL);
    g_autofree char *home = g_strconcat("HOME=", alone, NULL);
    g_autofree char *key = sign_public_text(x->key.public);
    g_autofree char *program = g_strdup(g_getenv("SANDTABLE"));
    const char *argv[] = {program, "verify", path, "--key", key, NULL};
    const char *env[] = {home, "PATH=/usr/bin:/bin:/usr/sbin:/sbin", NULL};
    int status = -1;
    assert_true(g_file_set_contents(path, result, -1, NULL));
    assert_true(g_spawn_sync(alone, (char **)argv, (char **)env, G_SPAWN_DEFAULT, NULL, NULL,
            ret_out, NULL, &status, NULL));
    test_rmtree(alone);
    return status;
}

static void the_program_verifies_it_where_nothing_else_is(void **state)
{
    (void)state;
    struct issued x = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    g_autofree char *none = NULL;
    if (!g_getenv("SANDTABLE")) {
        print_message("skipped: SANDTABLE does not name the program\n");
        skip();
    }
    issue(&x, &error);
    assert_no_error(error);
    assert_int_equal(verify_alone(&x, x.result, &out), 0);
    assert_non_null(
            strstr(out, "candidate c-1, Final <exam>[2J: 10 of 15 points (66.66 %), passed"));
    assert_null(strchr(out, '\033')); /* nobody's file writes to the terminal */
    g_autofree char *forged = g_strdup(x.result);
    *(strstr(forged, "\"sig\"") + 9) ^= 1;
    assert_int_not_equal(verify_alone(&x, forged, &none), 0);
    clear(&x);
}

static void better(cJSON *payload)
{
    cJSON *mark = cJSON_GetObjectItem(payload, "mark");
    cJSON *of = cJSON_GetArrayItem(cJSON_GetObjectItem(mark, "candidates"), 0);
    cJSON_ReplaceItemInObject(of, "passed", cJSON_CreateFalse());
}

static void changed_payloads_need_the_issuers_signature(void **state)
{
    (void)state;
    struct issued x = {0};
    g_autoptr(GError) error = NULL;
    issue(&x, &error);
    assert_no_error(error);
    g_autofree char *forged = forge(&x, better);
    assert_false(check(forged, x.key.public, &error));
    assert_non_null(strstr(error->message, "changed since"));
    clear(&x);
}

/* ---- forged, and signed all the same -------------------------------------------------------- */

/* As if the holder of key were the forger: the payload changed, and signed anew. */
static char *resign(
        const struct issued *x, void (*change)(cJSON *payload), const struct sign_key *key)
{
    g_autofree char *forged = forge(x, change);
    auto_json envelope = cJSON_Parse(forged);
    gsize length = 0;
    g_autofree guchar *payload = g_base64_decode(json_string(envelope, "payload", ""), &length);
    g_autofree char *head = g_strdup_printf(
            "DSSEv1 %zu %s %zu ", strlen(EXAM_RESULT_TYPE), EXAM_RESULT_TYPE, length);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(bytes, payload, (guint)length);
    unsigned char signature[SIGN_SIGNATURE];
    sign_bytes(key, bytes->data, bytes->len, signature);
    g_autofree char *sig = g_base64_encode(signature, sizeof signature);
    g_autofree char *keyid = sign_public_text(key->public);
    cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(envelope, "signatures"), 0);
    cJSON_ReplaceItemInObject(one, "sig", cJSON_CreateString(sig));
    cJSON_ReplaceItemInObject(one, "keyid", cJSON_CreateString(keyid));
    return json_text(envelope);
}

static void same(cJSON *payload)
{
    (void)payload;
}

static cJSON *event_at(const cJSON *payload, int index)
{
    return cJSON_GetObjectItem(cJSON_GetArrayItem(json_array(payload, "events"), index), "event");
}

static void replace_body(cJSON *event, const char *body)
{
    cJSON_ReplaceItemInObject(event, "body", cJSON_CreateString(body));
}

/* A wrong answer becomes a right one. */
static void change_event(cJSON *payload)
{
    replace_body(event_at(payload, 2), "{\"ok\":true,\"digest\":\"aa\"}");
}

/* A row of the ledger once more, as another: with a body of the forger's own. */
static void add_event(cJSON *payload)
{
    cJSON *events = cJSON_GetObjectItem(payload, "events");
    cJSON *copy = cJSON_Duplicate(cJSON_GetArrayItem(events, 3), true);
    cJSON *event = cJSON_GetObjectItem(copy, "event");
    cJSON_ReplaceItemInObject(event, "seq", cJSON_CreateNumber(json_number(event, "seq", 0) + 1));
    replace_body(event, "{\"ok\":true,\"digest\":\"dd\"}");
    cJSON_AddItemToArray(events, copy);
}

static void repeat_event(cJSON *payload)
{
    cJSON *events = cJSON_GetObjectItem(payload, "events");
    cJSON_AddItemToArray(events, cJSON_Duplicate(cJSON_GetArrayItem(events, 3), true));
}

static void delete_event(cJSON *payload)
{
    cJSON_DeleteItemFromArray(cJSON_GetObjectItem(payload, "events"), 2);
}

static void cut_tail(cJSON *payload)
{
    cJSON_DeleteItemFromArray(cJSON_GetObjectItem(payload, "events"), 3);
}

static void reorder(cJSON *payload)
{
    cJSON *events = cJSON_GetObjectItem(payload, "events");
    cJSON_AddItemToArray(events, cJSON_DetachItemFromArray(events, 2));
}

static void swap_proofs(cJSON *payload)
{
    cJSON *events = cJSON_GetObjectItem(payload, "events");
    cJSON *one = cJSON_GetArrayItem(events, 2);
    cJSON *other = cJSON_GetArrayItem(events, 3);
    cJSON *proof = cJSON_DetachItemFromObject(one, "proof");
    cJSON_AddItemToObject(one, "proof", cJSON_DetachItemFromObject(other, "proof"));
    cJSON_AddItemToObject(other, "proof", proof);
}

/* A checkpoint of more rows than were signed. */
static void enlarge_checkpoint(cJSON *payload)
{
    cJSON *checkpoint = cJSON_GetObjectItem(payload, "checkpoint");
    cJSON_ReplaceItemInObject(
            checkpoint, "size", cJSON_CreateNumber(json_number(checkpoint, "size", 0) + 1));
}

static void give_points(cJSON *payload)
{
    cJSON *mark = cJSON_GetObjectItem(payload, "mark");
    cJSON *of = cJSON_GetArrayItem(cJSON_GetObjectItem(mark, "candidates"), 0);
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(of, "total"), "points", cJSON_CreateNumber(15));
}

static void what_is_forged_is_refused_although_the_issuers_key_signed_it(void **state)
{
    (void)state;
    static const struct {
        void (*change)(cJSON *payload);
        const char *says;
    } cases[] = {
            {change_event, "an event is no row of the ledger"},
            {add_event, "an event is no row of the ledger"},
            {repeat_event, "an event is no row of the ledger"},
            {reorder, "an event is no row of the ledger"},
            {swap_proofs, "an event is no row of the ledger"},
            {delete_event, "its events give another mark"},
            {cut_tail, "its events give another mark"},
            {enlarge_checkpoint, "its checkpoint of the ledger"},
            {give_points, "candidates[0].total.points is 15 in the file and 10 by its events"},
    };
    struct issued x = {0};
    g_autoptr(GError) error = NULL;
    issue(&x, &error);
    assert_no_error(error);
    g_autofree char *untouched = resign(&x, same, &x.key); /* the way to forge is right */
    assert_true(check(untouched, x.key.public, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *forged = resign(&x, cases[i].change, &x.key);
        g_autoptr(GError) why = NULL;
        if (check(forged, x.key.public, &why) || !strstr(why->message, cases[i].says)) {
            fail_msg("case %zu: %s", i, why ? why->message : "it verifies");
        }
        g_autofree char *out = NULL;
        if (g_getenv("SANDTABLE")) {
            assert_int_not_equal(verify_alone(&x, forged, &out), 0);
        }
    }
    clear(&x);
}

static void a_forger_with_a_key_of_his_own_is_refused(void **state)
{
    (void)state;
    struct issued x = {0};
    g_autoptr(GError) error = NULL;
    issue(&x, &error);
    assert_no_error(error);
    g_autofree char *path = g_build_filename(x.dir, "other.key", NULL);
    struct sign_key other;
    assert_true(sign_key_open(path, &other, &error));
    g_autofree char *forged = resign(&x, same, &other);
    assert_false(check(forged, x.key.public, &error));
    assert_non_null(strstr(error->message, "not signed with this key"));
    g_clear_error(&error);
    assert_false(check(forged, NULL, &error)); /* nor where nobody knows the key */
    assert_non_null(strstr(error->message, "the ledger was signed with another key"));
    clear(&x);
}

/* Somebody with the ledger's file in his hands, before the result is made. */
static void what_was_done_to_the_ledger_gives_no_good_result(void **state)
{
    (void)state;
    static const struct {
        const char *deed, *says;
    } cases[] = {
            {"UPDATE event SET body = '{\"ok\":true,\"digest\":\"aa\"}' WHERE seq = "
             "(SELECT min(seq) FROM event WHERE kind = 'exam.answered')",
                    "does not verify: row 4: "},
            {"UPDATE event SET team = 'seat2' WHERE kind = 'exam.answered' AND team = 'seat1'",
                    "does not verify: row "},
            {"DELETE FROM event WHERE seq = "
             "(SELECT min(seq) FROM event WHERE kind = 'exam.answered')",
                    "does not verify: row "},
            {"UPDATE event SET seq = 100 WHERE kind = 'note'; UPDATE event SET seq = seq - 1 "
             "WHERE seq > 5 AND seq < 100",
                    "does not verify: row "},
            {"DELETE FROM event WHERE seq >= "
             "(SELECT max(seq) FROM event WHERE kind = 'exam.answered')",
                    "nobody has signed it yet"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct issued x = {0};
        g_autoptr(GError) error = NULL;
        issue(&x, &error);
        assert_no_error(error);
        tamper(x.ledger, cases[i].deed);
        g_autofree char *result = exam_result_make(x.ledger, "c-1", &x.key, &error);
        if (result || !strstr(error->message, cases[i].says)) {
            fail_msg("%s: %s", cases[i].deed, result ? "a result stands" : error->message);
        }
        clear(&x);
    }
}

static void a_ledger_that_nobody_signed_gives_no_result(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.ledger", NULL);
    struct sign_key key = {0};
    struct ledger *ledger = ledger_create(path, &error);
    append(ledger, "exercise.created", "", "final", created);
    ledger_close(ledger);
    assert_null(exam_result_make(path, "c-1", &key, &error));
    assert_non_null(strstr(error->message, "no good signature"));
    g_clear_error(&error);
    assert_null(exam_result_make(path, "c-9", &key, &error));
    assert_non_null(strstr(error->message, "no candidate"));
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_result_verifies_with_nothing_but_the_file_and_the_key),
            cmocka_unit_test(the_program_verifies_it_where_nothing_else_is),
            cmocka_unit_test(another_key_and_a_changed_file_are_refused),
            cmocka_unit_test(changed_payloads_need_the_issuers_signature),
            cmocka_unit_test(what_is_forged_is_refused_although_the_issuers_key_signed_it),
            cmocka_unit_test(a_forger_with_a_key_of_his_own_is_refused),
            cmocka_unit_test(what_was_done_to_the_ledger_gives_no_good_result),
            cmocka_unit_test(a_ledger_that_nobody_signed_gives_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
