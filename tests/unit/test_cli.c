/* test_cli.c - the verbs on running and finished exercises, as a person or a program sees them. */
#include "support/verb.h"

#include <sys/prctl.h>

extern const struct verb verb_list, verb_status, verb_events, verb_score, verb_exec, verb_pause,
        verb_resume, verb_fire, verb_hold, verb_impair;

/* The folder of this run is no part of what is expected. */
static char *without_home(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, home, -1);
    return g_strjoinv("HOME", parts);
}

static void expect_golden(const struct verb *verb, const char *line, const char *name)
{
    struct printed printed = run(verb, line);
    if (printed.error) {
        fail_msg("%s: %s", line, printed.error);
    }
    g_autofree char *text = without_home(printed.out);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        uid_t user = geteuid();
        assert_int_equal(seteuid(getuid()), 0);
        assert_true(g_file_set_contents(name, text, -1, NULL));
        assert_int_equal(seteuid(user), 0);
    }
    g_autofree char *expected = NULL;
    assert_true(g_file_get_contents(name, &expected, NULL, NULL));
    assert_string_equal(text, expected);
    clear(&printed);
}

/* ---- a finished exercise ------------------------------------------------------------------- */

static const struct {
    int at_s;
    const char *kind, *team, *subject, *body;
} story[] = {
        {0, "exercise.created", "", "old-drill",
                "{\"schema\":1,\"accel\":\"tcg\",\"plan\":{\"name\":\"old-drill\",\"title\":\"Old "
                "drill\",\"seed\":7,\"duration_us\":300000000,\"teams\":["
                "{\"id\":\"blue1\",\"title\":\"港北 "
                "Harbour\",\"group\":\"blue\",\"role\":\"blue\"},"
                "{\"id\":\"blue2\",\"title\":\"South\",\"group\":\"blue\",\"role\":\"blue\"},"
                "{\"id\":\"red\",\"title\":\"Red\",\"group\":\"red\",\"role\":\"red\"}],"
                "\"machines\":[{\"id\":\"blue1/web\",\"team\":\"blue1\",\"image\":\"server\"},"
                "{\"id\":\"attacker\",\"team\":\"red\",\"image\":\"attacker\"}],"
                "\"services\":[{\"name\":\"site\",\"points\":5,\"sla_after\":2,\"sla_penalty\":10,"
                "\"group\":\"blue\"}],\"steps\":[{\"name\":\"guess\",\"attacker\":\"red\","
                "\"points_effect\":20,\"points_blocked\":15}],\"injects\":["
                "{\"id\":\"guess@blue1\",\"at_us\":20000000,\"team\":\"blue1\",\"step\":\"guess\","
                "\"title\":\"Guess the password\"}]}}"},
        {0, "exercise.state", "", "old-drill", "{\"state\":\"setup\"}"},
        {0, "resource.opening", "", "bridge:sb-1", "{\"type\":\"bridge\"}"},
        {0, "machine.state", "blue1", "blue1/web", "{\"state\":\"starting\"}"},
        {0, "machine.state", "blue1", "blue1/web",
                "{\"state\":\"booted\",\"since_start_ms\":4100}"},
        {0, "machine.state", "blue1", "blue1/web", "{\"state\":\"ready\",\"since_start_ms\":7250}"},
        {0, "exercise.state", "", "old-drill", "{\"state\":\"running\"}"},
        {1, "check.ok", "blue1", "site", "{\"round\":1,\"detail\":\"HTTP 200, 312 bytes\"}"},
        {1, "check.down", "blue2", "site",
                "{\"round\":1,\"status\":\"mumble\",\"detail\":\"HTTP 200 but the page lacks "
                "\\\"\\u001b[31mHarbour\\\"\"}"},
        {10, "operator.action", "", "old-drill",
                "{\"action\":\"hold\",\"by\":\"ann\",\"inject\":\"guess@blue1\"}"},
        {10, "inject.state", "blue1", "guess@blue1", "{\"state\":\"held\",\"by\":\"ann\"}"},
        {12, "player.action", "blue1", "harden",
                "{\"action\":\"exec\",\"machine\":\"blue1/"
                "web\",\"argv\":[\"passwd\",\"-l\",\"clerk\"],"
                "\"status\":0}"},
        {45, "inject.state", "blue1", "guess@blue1", "{\"state\":\"fired\",\"by\":\"ann\"}"},
        {45, "step.state", "blue1", "guess",
                "{\"step\":\"guess\",\"state\":\"running\",\"from\":\"attacker\",\"to\":\"blue1/"
                "web\","
                "\"attack\":{\"id\":\"T1110.001\"}}"},
        {50, "step.verdict", "blue1", "guess",
                "{\"step\":\"guess\",\"verdict\":\"blocked\",\"attacker\":\"red\",\"from\":"
                "\"attacker\","
                "\"to\":\"blue1/web\",\"attack\":{\"id\":\"T1110.001\"},\"reason\":\"the account "
                "is "
                "locked\"}"},
        {51, "step.verdict", "blue2", "guess",
                "{\"step\":\"guess\",\"verdict\":\"effect\",\"attacker\":\"red\",\"from\":"
                "\"attacker\","
                "\"to\":\"blue2/web\",\"attack\":{\"id\":\"T1110.001\"},\"reason\":\"a password "
                "was "
                "found\"}"},
        {52, "operator.exec", "blue1", "blue1/web",
                "{\"by\":\"ann\",\"argv\":[\"id\"],\"status\":0}"},
        {53, "note", "", "old-drill", "{\"text\":\"lunch at noon\",\"by\":\"ann\"}"},
        {54, "alarm.raised", "red", "attacker",
                "{\"alarm\":\"machine-crashed\",\"text\":\"QEMU is gone\"}"},
        {54, "machine.state", "red", "attacker", "{\"state\":\"crashed\",\"reason\":\"signal 9\"}"},
        {61, "check.fault", "blue1", "site", "{\"round\":2,\"detail\":\"no socket\"}"},
        {62, "unheard.of", "blue1", "x", "{\"a\":1}"},
        {300, "exercise.state", "", "old-drill",
                "{\"state\":\"ended\",\"by\":\"clock\",\"reason\":\"time is up\"}"},
        {301, "exercise.state", "", "old-drill", "{\"state\":\"down\"}"},
        {301, "resource.closed", "", "bridge:sb-1", "{\"type\":\"bridge\"}"},
};

static void write_story(const char *path, gsize count)
{
    g_autoptr(GError) error = NULL;
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (gsize i = 0; i < count; i++) {
        struct event *event = event_new(story[i].kind, story[i].team, story[i].subject, NULL);
        g_free(event->body);
        event->body = g_strdup(story[i].body);
        event->at_us = story[i].at_s * (gint64)G_USEC_PER_SEC;
        event->wall_us = 1700000000000000 + event->at_us;
        ledger_append(ledger, event, NULL, NULL);
    }
    assert_true(ledger_flush(ledger, &error));
    ledger_close(ledger);
}

static int make_story(void **state)
{
    make_home(state);
    g_autofree char *path = paths_ledger("old-drill");
    write_story(path, G_N_ELEMENTS(story));
    return 0;
}

static void a_finished_exercise_is_told_from_its_ledger(void **state)
{
    (void)state;
    expect_golden(&verb_list, "list", "list.txt");
    expect_golden(&verb_status, "status old-drill", "status.txt");
    expect_golden(&verb_status, "status --json", "status.json");
    expect_golden(&verb_score, "score old-drill", "score.txt");
    expect_golden(&verb_score, "score --explain", "explain.txt");
    expect_golden(&verb_events, "events old-drill", "events.txt");
}

static void events_can_be_chosen_by_kind_team_and_number(void **state)
{
    (void)state;
    expect_printed(&verb_events, "events --kind check.* --team blue1 --follow",
            "T+00:01 blue1 site: ok — HTTP 200, 312 bytes\n"
            "T+01:01 blue1 site: fault — no socket\n",
            "");
    expect_printed(&verb_events, "events -k note -k unheard.of --from 18",
            "T+00:53 note to all: lunch at noon\nT+01:02 unheard.of blue1 x {\"a\":1}\n", "");
    expect_refused(&verb_events, "events --from 0", 2, "--from counts from 1");
    expect_refused(&verb_events, "events a b", 2, "too many arguments");
}

static void events_as_json_are_the_ledgers_own(void **state)
{
    (void)state;
    struct printed printed = run(&verb_events, "events --json");
    g_auto(GStrv) lines = g_strsplit(printed.out, "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(story) + 1);
    for (gsize i = 0; i < G_N_ELEMENTS(story); i++) {
        g_autoptr(GError) error = NULL;
        auto_event event = event_from_line(lines[i], strlen(lines[i]), &error);
        assert_no_error(error);
        assert_int_equal(event->seq, i + 1);
        assert_string_equal(event->kind, story[i].kind);
    }
    assert_true(g_str_has_prefix(lines[3], "{\"seq\":4,\"at_us\":0,\"wall_us\":1700000000000000,"
                                           "\"kind\":\"machine.state\",\"team\":\"blue1\","
                                           "\"subject\":\"blue1/web\",\"body\":{\"state\":"
                                           "\"starting\"},\"hash\":\""));
    clear(&printed);
}

static void a_score_as_json_is_always_explained(void **state)
{
    (void)state;
    struct printed printed = run(&verb_score, "score old-drill --json");
    auto_json score = cJSON_Parse(printed.out);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        gint64 sum = 0;
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, json_array(team, "explain"))
        {
            sum += json_int(term, "points", 0);
            assert_true(json_int(term, "seq", 0) > 0);
        }
        assert_non_null(json_array(team, "explain"));
        assert_int_equal(sum, json_int(team, "total", -1));
    }
    clear(&printed);
}

static void a_name_may_be_a_path_and_a_wrong_one_has_a_neighbour(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(home, "copy.ledger", NULL);
    write_story(path, 8);
    g_autofree char *line = g_strdup_printf("events %s -k check.ok", path);
    expect_printed(&verb_events, line, "T+00:01 blue1 site: ok — HTTP 200, 312 bytes\n", "");
    expect_refused(&verb_status, "status old-dril", 1, "did you mean \"old-drill\"?");
    expect_refused(&verb_status, "status /nowhere/x.ledger", 1, "no exercise");
    expect_refused(&verb_pause, "pause old-drill", 1, "\"old-drill\" is not running");
    expect_refused(&verb_exec, "exec old-drill blue1/web", 2, "no command after --");
    g_autofree char *garbage = g_build_filename(home, "garbage.ledger", NULL);
    assert_true(g_file_set_contents(garbage, "garbage, garbage, garbage", -1, NULL));
    g_autofree char *second = g_strdup_printf("score %s", garbage);
    expect_refused(&verb_score, second, 1, "garbage.ledger");
}

static void without_any_exercise_the_remedy_is_named(void **state)
{
    (void)state;
    expect_printed(&verb_list, "list", "",
            "sandtable: there is no exercise yet; `sandtable run SCENARIO` starts one\n");
    expect_printed(&verb_list, "list --json", "{\"exercises\":[]}\n", "");
    expect_refused(&verb_status, "status", 1, "`sandtable run SCENARIO` starts one");
}

static void an_engine_that_vanished_is_listed_as_interrupted(void **state)
{
    (void)state;
    g_autofree char *path = paths_ledger("crashed");
    write_story(path, 7);
    struct printed printed = run(&verb_list, "list --json");
    assert_non_null(strstr(printed.out, "\"name\":\"crashed\",\"title\":\"Old drill\",\"state\":"
                                        "\"interrupted\",\"running\":false"));
    clear(&printed);
}

/* ---- a running exercise -------------------------------------------------------------------- */

static void operators_verbs_reach_a_running_exercise(void **state)
{
    (void)state;
    struct fixture *f = start_running();
    expect_printed(&verb_pause, "pause", "", "sandtable: the exercise is paused\n");
    expect_refused(&verb_pause, "pause drill", 1, "cannot pause: the exercise is paused");
    expect_printed(&verb_resume, "resume drill", "", "sandtable: the exercise goes on\n");
    expect_printed(&verb_fire, "fire drill recon@blue1", "", "sandtable: recon@blue1 is fired\n");
    expect_refused(&verb_fire, "fire drill recon@blu1", 1, "did you mean \"recon@blue1\"?");
    expect_printed(&verb_hold, "hold drill", "", "sandtable: what has not fired yet is held\n");
    expect_printed(&verb_hold, "hold drill guess@blue1 --release", "",
            "sandtable: guess@blue1 is released\n");
    expect_printed(&verb_impair, "impair drill blue1/web:office delay=40ms direction=out", "", "");
    expect_refused(&verb_impair, "impair drill web delay=40", 2, "expected a time");
    expect_refused(&verb_impair, "impair drill web", 2, "what shall the link do?");
    struct printed links = run(&verb_impair, "impair drill");
    assert_non_null(strstr(links.out, "blue1/web:office  out  T+00:00  delay 40ms  as-asked"));
    clear(&links);
    struct printed printed = run(&verb_status, "status --json");
    assert_non_null(strstr(printed.out, "{\"name\":\"drill\",\"state\":\"running\","));
    clear(&printed);
    finish(f);
}

static void exec_prints_what_the_guest_printed_and_exits_as_it_did(void **state)
{
    (void)state;
    struct fixture *f = start_running();
    struct printed printed = run(&verb_exec, "exec drill blue1/web -- echo --json -- hi");
    assert_null(printed.error);
    assert_string_equal(printed.out, "echo --json -- hi");
    assert_string_equal(printed.err, "\33[31m\xff");
    assert_int_equal(printed.code, 3);
    clear(&printed);
    printed = run(&verb_exec, "exec drill blue1/web -- before%after");
    assert_memory_equal(printed.out, "before\0after", sizeof("before\0after"));
    clear(&printed);
    expect_printed(&verb_exec, "exec drill blue1/web --json -- id",
            "{\"status\":3,\"out\":\"id\",\"err\":\"\\u001b[31m\357\277\275\","
            "\"err_base64\":\"G1szMW3/\"}\n",
            "");
    expect_refused(&verb_exec, "exec drill web -- id", 1, "no machine \"web\"");
    expect_refused(&verb_exec, "exec drill blue1/web --timeout 0 -- id", 2, "--timeout is 1");
    finish(f);
}

static gboolean quit_server(gpointer data)
{
    struct fixture *f = data;
    record_notes(f->exercise, 2);
    ledger_flush(f->exercise->ledger, NULL);
    g_main_loop_quit(f->loop);
    return G_SOURCE_REMOVE;
}

static void following_ends_with_the_exercise_and_misses_nothing(void **state)
{
    (void)state;
    struct fixture *f = start_running();
    GSource *timer = g_timeout_source_new(100);
    g_source_set_callback(timer, quit_server, f, NULL);
    g_source_attach(timer, f->context);
    g_source_unref(timer);
    struct printed printed = run(&verb_events, "events drill --follow --json");
    assert_null(printed.error);
    g_auto(GStrv) lines = g_strsplit(printed.out, "\n", -1);
    assert_int_equal(g_strv_length(lines), 3 + 2 + 1);
    for (gsize i = 0; i < 5; i++) {
        auto_json event = cJSON_Parse(lines[i]);
        assert_int_equal(json_int(event, "seq", 0), i + 1);
    }
    clear(&printed);
    finish(f);
}

static void tables_line_up_whatever_script_they_are_in(void **state)
{
    (void)state;
    const char *const heads[] = {"TEAM", "N"};
    struct cli_table *table = cli_table_new("lr", heads);
    const char *const rows[][2] = {{"港北", "1"}, {"e\314\201cole", "22"}, {"a\33[31mb\nc", "3"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        cli_table_add(table, rows[i]);
    }
    g_autofree char *text = cli_table_text(table, 0);
    assert_string_equal(text, "TEAM       N\n"
                              "港北       1\n"
                              "e\314\201cole     22\n"
                              "a[31mb c   3\n");
    g_autofree char *narrow = cli_table_text(table, 4);
    assert_string_equal(narrow, "TEA…\n港…\ne\314\201co…\na[3…\n");
    cli_table_free(table);
}

int main(void)
{
    /* the golden files are read from here: a clone may lie where only its owner can look them up */
    if (chdir(TESTS_DIR "/golden/cli") != 0 || !become_nobody()) {
        return 1;
    }
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the leak checker attaches to us */
    g_setenv("TZ", "UTC", TRUE);
    g_setenv("NO_COLOR", "1", TRUE);
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(
                    a_finished_exercise_is_told_from_its_ledger, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    events_can_be_chosen_by_kind_team_and_number, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    events_as_json_are_the_ledgers_own, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    a_score_as_json_is_always_explained, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    a_name_may_be_a_path_and_a_wrong_one_has_a_neighbour, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    without_any_exercise_the_remedy_is_named, make_home, remove_home),
            cmocka_unit_test_setup_teardown(
                    an_engine_that_vanished_is_listed_as_interrupted, make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    operators_verbs_reach_a_running_exercise, make_story, remove_home),
            cmocka_unit_test_setup_teardown(exec_prints_what_the_guest_printed_and_exits_as_it_did,
                    make_story, remove_home),
            cmocka_unit_test_setup_teardown(
                    following_ends_with_the_exercise_and_misses_nothing, make_story, remove_home),
            cmocka_unit_test(tables_line_up_whatever_script_they_are_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
