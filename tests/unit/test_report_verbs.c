/* test_report_verbs.c - report, export and siem as somebody types them, on a ledger of a drill. */
#include "support/report.h"

#include "base/json.h"
#include "cli/cli_view.h"
#include "ledger/ledger.h"
#include "score/score.h"

#include <sys/wait.h>

struct said {
    char *out, *err;
    int code;
};

static char *dir, *ledger;

static struct said call(const char *const *words)
{
    struct said said = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *program = g_getenv("SANDTABLE");
    int status = 0;
    g_ptr_array_add(argv, (gpointer)(program ? program : "sandtable"));
    for (int i = 0; words[i]; i++) {
        g_ptr_array_add(argv, (gpointer)words[i]);
    }
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said.out,
            &said.err, &status, &error);
    assert_no_error(error);
    assert_true(WIFEXITED(status));
    said.code = WEXITSTATUS(status);
    return said;
}
#define CALL(...) call((const char *const[]){__VA_ARGS__, NULL})

static void forget(struct said *said)
{
    g_free(said->out);
    g_free(said->err);
}

/* The recorded drill once more, in a ledger whose hashes are its own. */
static int make_ledger(void **state)
{
    (void)state;
    if (!g_getenv("SANDTABLE")) {
        return 0;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *text = report_file(REPORT_DRILL);
    g_autoptr(GPtrArray) events = report_events(text);
    dir = test_mkdtemp();
    ledger = g_build_filename(dir, "drill.ledger", NULL);
    struct ledger *to = ledger_create(ledger, &error);
    assert_no_error(error);
    for (guint i = 0; i < events->len; i++) {
        struct event *event = event_copy(g_ptr_array_index(events, i));
        event->seq = 0;
        if (strcmp(event->kind, "ledger.signed") != 0) { /* those sign the other rows */
            ledger_append(to, event, NULL, NULL);
        } else {
            event_free(event);
        }
    }
    assert_true(ledger_flush(to, &error));
    ledger_close(to);
    assert_int_equal(g_chmod(dir, 0755), 0);
    assert_int_equal(g_chmod(ledger, 0644), 0);
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    if (dir) {
        test_rmtree(dir);
    }
    g_free(ledger);
    return 0;
}

static void need_program(void)
{
    if (!g_getenv("SANDTABLE")) {
        fprintf(stderr, "skipped: SANDTABLE does not say where the program is; ctest does\n");
        skip();
    }
}

static void the_page_goes_where_it_is_told_and_opens_in_the_language_asked_for(void **state)
{
    (void)state;
    need_program();
    struct said page = CALL("report", ledger, "--out", "-", "--lang", "zh");
    assert_int_equal(page.code, 0);
    assert_true(g_str_has_prefix(page.out, "<!DOCTYPE html>\n<html lang=\"zh-Hans\">"));
    g_autofree char *path = g_build_filename(dir, "page.html", NULL);
    struct said file = CALL("report", ledger, "-o", path, "--lang", "zh");
    assert_int_equal(file.code, 0);
    assert_string_equal(file.out, "");
    assert_non_null(strstr(file.err, "page.html"));
    g_autofree char *written = report_file(path);
    assert_string_equal(written, page.out);
    struct said json = CALL("report", ledger, "--json");
    auto_json document = cJSON_Parse(json.out);
    assert_string_equal(json_string(json_object(document, "exercise"), "name", ""), "first-drill");
    forget(&page);
    forget(&file);
    forget(&json);
}

static void expect_refused(struct said said, int code, const char *text)
{
    if (said.code != code || !strstr(said.err, text)) {
        fail_msg("exit %d, \"%s\" lacks \"%s\"", said.code, said.err, text);
    }
    assert_string_equal(said.out, "");
    forget(&said);
}

static void wrong_words_are_refused_with_the_right_ones(void **state)
{
    (void)state;
    need_program();
    expect_refused(CALL("report", ledger, "--lang", "fr"), 2, "use en or zh");
    expect_refused(CALL("report", ledger, "--json", "--out", "-"), 2, "leave out --out");
    expect_refused(CALL("export", ledger), 2, "say which format");
    expect_refused(CALL("export", ledger, "--format", "styx"), 2, "did you mean \"stix\"");
    expect_refused(CALL("export", ledger, "--format", "csv", "--team", "blue1"), 2, "ecs or ocsf");
    expect_refused(CALL("siem", ledger), 2, "--team TEAM, or --truth");
    expect_refused(CALL("siem", ledger, "--team", "blue1", "--truth"), 2, "never both");
    expect_refused(CALL("siem", ledger, "--team", "blue9"), 1, "no team \"blue9\"");
}

static void a_streams_lines_are_those_of_the_export_and_a_teams_own(void **state)
{
    (void)state;
    need_program();
    struct said siem = CALL("siem", ledger, "--team", "blue1", "--follow");
    struct said ecs = CALL("export", ledger, "--format", "ecs", "--team", "blue1");
    struct said truth = CALL("export", ledger, "--format", "ecs");
    assert_int_equal(siem.code, 0);
    assert_true(strlen(siem.out) > 10000);
    assert_string_equal(siem.out, ecs.out);
    assert_null(strstr(siem.out, "T1110"));
    assert_non_null(strstr(truth.out, "T1110"));
    forget(&siem);
    forget(&ecs);
    forget(&truth);
}

static bool fold(const struct event *event, gpointer data)
{
    score_apply(data, event);
    return true;
}

/* What is written piece by piece is what score_to_json() would give as a tree. */
static void a_rescore_is_the_same_twice_and_explains_each_total(void **state)
{
    (void)state;
    need_program();
    struct said once = CALL("rescore", ledger, "--model", "steps", "--model", "uptime", "--json");
    struct said twice = CALL("rescore", ledger, "--model", "steps", "--model", "uptime", "--json");
    assert_int_equal(once.code, 0);
    assert_string_equal(once.out, twice.out);
    auto_json is = json_parse(once.out, strlen(once.out), NULL);
    auto_json diff = cJSON_DetachItemFromObject(is, "diff");
    assert_int_equal(cJSON_GetArraySize(diff), 3);
    auto_json models = cJSON_Parse("[{\"model\":\"steps\"},{\"model\":\"uptime\"}]");
    struct score *score = score_new();
    assert_true(score_use(score, models, NULL));
    assert_true(cli_read_ledger(ledger, 1, fold, score, NULL));
    auto_json whole = score_to_json(score, true);
    score_free(score);
    g_autofree char *wanted = json_text(whole);
    g_autofree char *text = json_text(is);
    assert_string_equal(text, wanted);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff) /* both models count the drill already, in another order */
    {
        assert_int_equal(cJSON_GetArraySize(json_array(team, "events")), 0);
        assert_true(json_number(team, "is", -1) == json_number(team, "was", -2));
    }
    forget(&once);
    forget(&twice);
}

static void a_ledger_that_was_changed_gives_nothing_that_looks_whole(void **state)
{
    (void)state;
    need_program();
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(ledger, &bytes, &length, NULL));
    char *hit = memmem(bytes, length, "Harbour North has changed", 25);
    assert_non_null(hit);
    *hit ^= 0x20;
    g_autofree char *copy = g_build_filename(dir, "copy.ledger", NULL);
    assert_true(g_file_set_contents(copy, bytes, (gssize)length, NULL));
    assert_int_equal(g_chmod(copy, 0644), 0);
    g_free(bytes);
    expect_refused(CALL("report", copy, "--out", "-"), 1, "row ");
    expect_refused(CALL("export", copy, "--format", "csv"), 1, "row ");
    expect_refused(CALL("score", copy), 1, "row ");
    expect_refused(CALL("score", copy, "--public"), 1, "row ");
    expect_refused(CALL("rescore", copy, "--json"), 1, "row ");
    expect_refused(CALL("faults", copy), 1, "row ");
    expect_refused(CALL("exam", "mark", copy), 1, "row ");
    /* what was there stays: nothing is written over */
    g_autofree char *path = g_build_filename(dir, "kept.html", NULL);
    assert_true(g_file_set_contents(path, "kept", -1, NULL));
    expect_refused(CALL("report", copy, "--out", path), 1, "row ");
    g_autofree char *kept = report_file(path);
    assert_string_equal(kept, "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_page_goes_where_it_is_told_and_opens_in_the_language_asked_for),
            cmocka_unit_test(wrong_words_are_refused_with_the_right_ones),
            cmocka_unit_test(a_streams_lines_are_those_of_the_export_and_a_teams_own),
            cmocka_unit_test(a_rescore_is_the_same_twice_and_explains_each_total),
            cmocka_unit_test(a_ledger_that_was_changed_gives_nothing_that_looks_whole),
    };
    return cmocka_run_group_tests(tests, make_ledger, remove_ledger);
}
