/* test_ledger_exchange.c - ledgers as lines: out and in again to the byte, other systems' results,
 * and what is refused. */
#include "support/schema.h"
#include "support/test.h"

#include "base/event_kinds.h"
#include "base/json.h"
#include "ledger/exchange.h"
#include "ledger/ledger.h"
#include "score/score.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct trade {
    char *dir, *path, *copy;
    struct sign_key key;
};

static int make(void **state)
{
    struct trade *t = g_new0(struct trade, 1);
    t->dir = test_mkdtemp();
    t->path = g_build_filename(t->dir, "x.ledger", NULL);
    t->copy = g_build_filename(t->dir, "y.ledger", NULL);
    *state = t;
    return 0;
}

static int destroy(void **state)
{
    struct trade *t = *state;
    test_rmtree(t->dir);
    g_free(t->path);
    g_free(t->copy);
    g_free(t);
    return 0;
}

static void open_key(struct trade *t, enum suite suite)
{
    g_autofree char *path = g_build_filename(t->dir, suite_name(suite), NULL);
    assert_true(sign_key_open_by(path, suite, &t->key, NULL));
}

static struct event *raw(const char *kind, const char *body)
{
    struct event *event = event_new(kind, "blue1", "x", NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->at_us = 1234567;
    event->wall_us = 1790000000123456;
    return event;
}

/* Bodies that a JSON library would write in another way. */
static void write_ledger(struct trade *t, enum suite suite)
{
    static const char *const bodies[] = {"{}", "{ }", "{\"a\":1.0,\"b\":1e2,\"b\":2}",
            "{\n \"a\": [1, 2,\t{\"body\": {}}]\n}", "{\"text\":\"a\\u0041\\n\\\"}{\"}",
            "{\"z\":\"浙\\/\"}"};
    g_autoptr(GError) error = NULL;
    open_key(t, suite);
    struct ledger *ledger = ledger_create_by(t->path, suite, &error);
    assert_no_error(error);
    assert_true(ledger_sign(ledger, &t->key, "x", &error));
    ledger_append(ledger, raw("exercise.created", "{\"plan\":{}}"), NULL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        ledger_append(ledger, raw("note", bodies[i]), NULL, NULL);
    }
    ledger_close(ledger);
}

static char *exported(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    g_autoptr(GError) error = NULL;
    exchange_export(path, out, &error);
    assert_no_error(error);
    assert_int_equal(fclose(out), 0);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

static bool import(struct trade *t, const char *text, struct exchange_result *ret, GError **error)
{
    FILE *in = fmemopen((void *)text, strlen(text), "r");
    assert_non_null(in);
    const struct exchange_import import = {
            .in = in, .name = "lines", .path = t->copy, .signer = &t->key, .signer_name = "y"};
    bool ok = exchange_import(&import, ret, error);
    assert_int_equal(fclose(in), 0);
    return ok;
}

static void assert_comes_back(struct trade *t, enum suite suite)
{
    write_ledger(t, suite);
    g_autofree char *lines = exported(t->path);
    struct exchange_result result;
    g_autoptr(GError) error = NULL;
    import(t, lines, &result, &error);
    assert_no_error(error);
    assert_true(result.hashed);
    assert_int_equal(result.events, 8);
    assert_int_equal(result.unknown, 0);
    g_autofree char *again = exported(t->copy);
    assert_string_equal(again, lines);
    struct ledger_report one;
    struct ledger_report two;
    assert_true(ledger_verify_against(t->path, t->key.public, NULL, &one, NULL));
    assert_true(ledger_verify_against(t->copy, t->key.public, one.code, &two, NULL));
    assert_int_equal(two.suite, suite);
    assert_memory_equal(one.head, two.head, sizeof one.head);
    assert_string_equal(one.code, two.code); /* of the same size and root */
}

static void what_goes_out_comes_in_the_same_to_the_byte(void **state)
{
    assert_comes_back(*state, SUITE_ED25519);
}

static void it_does_in_the_suite_sm(void **state)
{
    assert_comes_back(*state, SUITE_SM);
}

static void assert_refused(struct trade *t, const char *text, const char *reason)
{
    struct exchange_result result;
    g_autoptr(GError) error = NULL;
    assert_false(import(t, text, &result, &error));
    assert_non_null(error);
    if (!strstr(error->message, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", error->message, reason);
    }
    assert_int_not_equal(access(t->copy, F_OK), 0); /* nothing is left */
}

static void changed_lines_are_refused_by_number(void **state)
{
    struct trade *t = *state;
    write_ledger(t, SUITE_ED25519);
    g_autofree char *lines = exported(t->path);
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    assert_int_equal(g_strv_length(all), 9);
    g_autofree char *body = g_strconcat(all[0], "\n", NULL);
    char *number = strstr(body, "1234567");
    number[0] = '2';
    assert_refused(t, body, "lines:1: its content and its hash do not agree");
    g_autofree char *gone = g_strjoin("\n", all[0], all[2], NULL);
    assert_refused(t, gone, "lines:2: its seq is 3, it would be event 2");
    g_autofree char *turned = g_strjoin("\n", all[0], all[2], all[1], NULL);
    assert_refused(t, turned, "lines:2: its seq is 3");
    g_autofree char *twice = g_strjoin("\n", all[0], all[0], NULL);
    assert_refused(t, twice, "lines:2: its seq is 1");
    g_autofree char *mixed =
            g_strjoin("\n", all[0], "{\"at_us\":1,\"kind\":\"note\",\"body\":{}}", NULL);
    assert_refused(t, mixed, "some lines have a hash");
}

static void what_is_no_ledger_is_refused(void **state)
{
    struct trade *t = *state;
    open_key(t, SUITE_ED25519);
    static const char created[] =
            "{\"at_us\":0,\"kind\":\"exercise.created\",\"body\":{\"plan\":{}}}\n";
    static const char *const tails[][2] = {{"nonsense", "no JSON object"},
            {"{\"at_us\":0,\"kind\":\"note\"}", "no object \"body\""},
            {"{\"at_us\":0,\"kind\":\"note\",\"body\":[]}", "no object \"body\""},
            {"{\"at_us\":-1,\"kind\":\"note\",\"body\":{}}", "negative"},
            {"{\"at_us\":0,\"kind\":\"\",\"body\":{}}", "kind, team"},
            {"{\"at_us\":0,\"kind\":\"note\",\"body_text\":\"{\"}", "not a JSON object"},
            {"{\"at_us\":0,\"seq\":7,\"kind\":\"note\",\"body\":{}}", "leave seq out"},
            {"{\"at_us\":0,\"kind\":\"ledger.signed\",\"body\":{}}", "signs nothing"},
            {"{\"at_us\":0,\"kind\":\"resource.opening\",\"subject\":\"disk:/etc\",\"body\":{}}",
                    "disk:/etc is open"}};
    for (gsize i = 0; i < G_N_ELEMENTS(tails); i++) {
        g_autofree char *text = g_strconcat(created, tails[i][0], "\n", NULL);
        assert_refused(t, text, tails[i][1]);
    }
    assert_refused(t, "{\"at_us\":0,\"kind\":\"note\",\"body\":{}}", "must be exercise.created");
    assert_refused(t, "\n", "no event");
    g_autofree char *long_line = g_strnfill((5 << 20), 'x');
    assert_refused(t, long_line, "too long");
}

static bool read_all(const char *path, void (*fn)(const struct event *, gpointer), gpointer data)
{
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    assert_non_null(reader);
    struct event *event = NULL;
    int more;
    while ((more = ledger_reader_next(reader, &event, NULL)) == 1) {
        fn(event, data);
        event_free(event);
    }
    ledger_reader_close(reader);
    return more == 0;
}

static void fold(const struct event *event, gpointer data)
{
    score_apply(data, event);
}

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-9) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static double total_of(const struct score *score, const char *team)
{
    g_autoptr(GArray) lines = score_standings(score);
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        if (!strcmp(line->team, team)) {
            return line->total;
        }
    }
    fail_msg("no team %s", team);
    return 0;
}

/* docs/examples/other-system.ndjson: two captures of one flag, one of another; FAUST's rules by
 * hand. */
static void results_of_another_system_are_scored(void **state)
{
    struct trade *t = *state;
    open_key(t, SUITE_ED25519);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(
            SANDTABLE_SOURCE_DIR "/docs/examples/other-system.ndjson", &text, NULL, NULL));
    struct exchange_result result;
    g_autoptr(GError) error = NULL;
    import(t, text, &result, &error);
    assert_no_error(error);
    assert_false(result.hashed);
    assert_int_equal(result.unknown, 0);
    struct ledger_report report;
    assert_true(ledger_verify_against(t->copy, t->key.public, NULL, &report, NULL));
    assert_int_equal(report.signed_size, result.events);
    struct score *score = score_new();
    assert_true(read_all(t->copy, fold, score));
    const double root = 1.7320508075688772;                          /* of three teams */
    assert_near(total_of(score, "blue1"), root - 1.681792830507429); /* 2^0.75 lost */
    assert_near(total_of(score, "blue2"), 1.5 - 1 + 2 * root);
    assert_near(total_of(score, "blue3"), 1.5 + 2 + 1.5 * root);
    score_free(score);
}

static char *scored(struct trade *t, const char *lines)
{
    struct exchange_result result;
    g_autoptr(GError) error = NULL;
    import(t, lines, &result, &error);
    assert_no_error(error);
    struct score *score = score_new();
    assert_true(read_all(t->copy, fold, score));
    auto_json json = score_to_json(score, true);
    score_free(score);
    assert_int_equal(unlink(t->copy), 0);
    return json_text(json);
}

/* Bodies are kept to the byte, so another system's blanks come to whoever looks into them. */
static void blanks_in_lines_of_another_system_change_no_score(void **state)
{
    struct trade *t = *state;
    open_key(t, SUITE_ED25519);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(
            SANDTABLE_SOURCE_DIR "/docs/examples/other-system.ndjson", &text, NULL, NULL));
    assert_non_null(strstr(text, "{\"round\":1,\"status\":\"recovering\"}"));
    g_auto(GStrv) names = g_strsplit(text, "\":", -1);
    g_autofree char *blanks = g_strjoinv("\" : ", names);
    g_auto(GStrv) members = g_strsplit(text, ",\"", -1);
    g_autofree char *apart = g_strjoinv(" ,\t\"", members);
    g_autofree char *plain = scored(t, text);
    g_autofree char *one = scored(t, blanks);
    g_autofree char *two = scored(t, apart);
    assert_string_equal(one, plain);
    assert_string_equal(two, plain);
    assert_non_null(strstr(plain, "in tick 1: 0.5"));
}

static void check_event(const struct event *event, gpointer data)
{
    (void)data;
    assert_event_fits(event);
}

static void the_example_and_a_recorded_drill_keep_the_schema(void **state)
{
    struct trade *t = *state;
    open_key(t, SUITE_ED25519);
    static const char *const files[] = {
            "/docs/examples/other-system.ndjson", "/tests/ui/first-drill.ndjson"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strconcat(SANDTABLE_SOURCE_DIR, files[i], NULL);
        g_autofree char *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line && **line; line++) {
            bool hashed = false;
            const char *why = NULL;
            auto_event event = exchange_parse(*line, strlen(*line), &hashed, &why);
            assert_non_null(event);
            event->seq = event->seq ? event->seq : 1;
            check_event(event, NULL);
        }
    }
}

static void the_schema_and_the_program_know_the_same_kinds(void **state)
{
    (void)state;
    const cJSON *kinds =
            json_array(json_object(json_object(schema_events(), "properties"), "kind"), "enum");
    g_auto(GStrv) names = json_to_strv(kinds);
    assert_non_null(names);
    for (int i = 0; names[i] || event_kinds[i]; i++) {
        assert_string_equal(names[i] ? names[i] : "", event_kinds[i] ? event_kinds[i] : "");
    }
    g_autofree char *page = NULL;
    assert_true(g_file_get_contents(SANDTABLE_SOURCE_DIR "/docs/events.md", &page, NULL, NULL));
    for (int i = 0; event_kinds[i]; i++) {
        g_autofree char *quoted = g_strdup_printf("`%s`", event_kinds[i]);
        if (!strstr(page, quoted)) {
            fail_msg("docs/events.md does not tell of %s", quoted);
        }
    }
}

/* The validator itself: a schema that lets everything through would prove nothing. */
static void what_breaks_the_schema_is_seen(void **state)
{
    (void)state;
    static const char *const lines[] = {"{\"at_us\":1,\"kind\":\"check.ok\",\"body\":{}}",
            "{\"at_us\":1,\"kind\":\"check.ok\",\"body\":{\"round\":\"1\"}}",
            "{\"at_us\":1,\"kind\":\"check.down\",\"body\":{\"round\":1,\"status\":\"odd\"}}",
            "{\"at_us\":1,\"kind\":\"check.fault\",\"body\":{\"round\":1,\"fault\":\"moon\"}}",
            "{\"at_us\":-1,\"kind\":\"note\",\"body\":{\"text\":\"\"}}",
            "{\"at_us\":1.5,\"kind\":\"note\",\"body\":{\"text\":\"\"}}",
            "{\"at_us\":1,\"kind\":\"no.such\",\"body\":{}}", "{\"at_us\":1,\"kind\":\"note\"}",
            ("{\"at_us\":1,\"kind\":\"exercise.created\",\"body\":{\"plan\":{\"teams\":[{}],"
             "\"services\":[]}}}")};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        auto_json json = json_parse(lines[i], strlen(lines[i]), NULL);
        g_autoptr(GString) where = g_string_new("");
        assert_non_null(json);
        if (schema_fits(schema_events(), json, where)) {
            fail_msg("the schema lets this through: %s", lines[i]);
        }
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH(what_goes_out_comes_in_the_same_to_the_byte),
            WITH(it_does_in_the_suite_sm),
            WITH(changed_lines_are_refused_by_number),
            WITH(what_is_no_ledger_is_refused),
            WITH(results_of_another_system_are_scored),
            WITH(blanks_in_lines_of_another_system_change_no_score),
            WITH(the_example_and_a_recorded_drill_keep_the_schema),
            WITH(the_schema_and_the_program_know_the_same_kinds),
            WITH(what_breaks_the_schema_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
