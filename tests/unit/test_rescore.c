/* test_rescore.c - what other rules change: every event that counts otherwise, and by how much; and
 * nothing where the rules are the same. */
#include "support/verb.h"

#include "base/json.h"
#include "ledger/ledger.h"

#include <math.h>
#include <string.h>

extern const struct verb verb_rescore, verb_score;

static char *ledger_path;

#define L(at, kind, team, subject, body)                                                           \
    "{\"at_us\":" #at "000000,\"kind\":\"" kind "\",\"team\":\"" team "\",\"subject\":\"" subject  \
    "\",\"body\":" body "}"

static const char *const game[] = {
        L(0, "exercise.created", "", "x",
                "{\"plan\":{\"teams\":[{\"id\":\"a\",\"group\":\"g\",\"role\":\"blue\"},{\"id\":"
                "\"b\",\"group\":\"g\",\"role\":\"blue\"}],\"services\":[{\"name\":\"s\",\"group\":"
                "\"g\",\"points\":5}],\"score\":[{\"model\":\"uptime\"}]}}"),
        L(1, "check.ok", "a", "s", "{\"round\":1}"),
        L(1, "check.ok", "b", "s", "{\"round\":1}"),
        L(2, "flag.captured", "a", "F", "{\"owner\":\"b\",\"service\":\"s\",\"tick\":1}"),
        L(3, "check.ok", "a", "s", "{\"round\":2}"),
        L(3, "check.down", "b", "s", "{\"round\":2}"),
        L(4, "note", "", "x", "{\"text\":\"counts for nothing\"}"),
        L(5, "exercise.state", "", "x", "{\"state\":\"down\"}"),
};

static int make(void **state)
{
    g_autoptr(GError) error = NULL;
    make_home(state);
    ledger_path = g_build_filename(home, "game.ledger", NULL);
    struct ledger *ledger = ledger_create(ledger_path, &error);
    assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(game); i++) {
        struct event *event = event_from_line(game[i], strlen(game[i]), &error);
        assert_no_error(error);
        ledger_append(ledger, event, NULL, NULL);
    }
    ledger_close(ledger);
    return 0;
}

static int destroy(void **state)
{
    g_free(ledger_path);
    return remove_home(state);
}

static char *rescored(const char *options)
{
    g_autofree char *line = g_strdup_printf("rescore %s %s", ledger_path, options);
    struct printed printed = run(&verb_rescore, line);
    assert_null(printed.error);
    assert_int_equal(printed.code, 0);
    char *out = g_strdup(printed.out);
    clear(&printed);
    return out;
}

/* The points of event seq in the team's diff; NAN: it is not there. */
static double change_of(const cJSON *team, gint64 seq)
{
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, json_array(team, "events"))
    {
        if (json_int(event, "seq", 0) == seq) {
            return json_number(event, "points", NAN);
        }
    }
    return NAN;
}

static void assert_near(double found, double wanted)
{
    assert_true(fabs(found - wanted) < 1e-9);
}

/* Uptime gives 5 a check. FAUST gives √2, and a flag is worth 2 to who took it and −1 to its owner. */
static void each_event_that_counts_otherwise_is_told_with_its_points(void **state)
{
    (void)state;
    g_autofree char *text = rescored("--model faust --json");
    auto_json json = cJSON_Parse(text);
    const cJSON *diff = json_array(json, "diff");
    const cJSON *a = cJSON_GetArrayItem(diff, 0);
    const cJSON *b = cJSON_GetArrayItem(diff, 1);
    assert_string_equal(json_string(a, "team", ""), "a");
    assert_int_equal(cJSON_GetArraySize(json_array(a, "events")), 3);
    assert_near(change_of(a, 2), sqrt(2) - 5);
    assert_near(change_of(a, 4), 2);
    assert_near(change_of(a, 5), sqrt(2) - 5);
    assert_int_equal(cJSON_GetArraySize(json_array(b, "events")), 2);
    assert_near(change_of(b, 3), sqrt(2) - 5);
    assert_near(change_of(b, 4), -1);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, diff)
    {
        double sum = 0;
        const cJSON *event = NULL;
        cJSON_ArrayForEach(event, json_array(team, "events"))
        {
            sum += json_number(event, "points", NAN);
        }
        assert_near(sum, json_number(team, "points", NAN));
        assert_near(sum, json_number(team, "is", NAN) - json_number(team, "was", NAN));
    }
    g_autofree char *again = rescored("--model faust --json");
    assert_string_equal(again, text);
}

static void people_are_told_the_same_in_a_table(void **state)
{
    (void)state;
    g_autofree char *text = rescored("--model faust --explain");
    static const char *const rows[] = {"TEAM  EVENT", "a         2  -3.585786438",
            "a         4            +2", "b         3  -3.585786438", "b         4            -1"};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strstr(text, rows[i])) {
            fail_msg("\"%s\" is not in\n%s", rows[i], text);
        }
    }
}

static void the_same_rules_change_no_event(void **state)
{
    (void)state;
    g_autofree char *text = rescored("--model uptime --json");
    auto_json json = cJSON_Parse(text);
    const cJSON *team = NULL;
    assert_int_equal(cJSON_GetArraySize(json_array(json, "diff")), 2);
    cJSON_ArrayForEach(team, json_array(json, "diff"))
    {
        assert_int_equal(cJSON_GetArraySize(json_array(team, "events")), 0);
        assert_true(json_number(team, "points", NAN) == 0);
    }
}

static void a_moment_that_is_none_is_refused(void **state)
{
    (void)state;
    g_autofree char *late = g_strdup_printf("score %s --at 9", ledger_path);
    g_autofree char *none = g_strdup_printf("score %s --at 0", ledger_path);
    g_autofree char *less = g_strdup_printf("score %s --at -1", ledger_path);
    g_autofree char *last = g_strdup_printf("score %s --at 8", ledger_path);
    expect_refused(&verb_score, late, 2, "the last event is 8");
    expect_refused(&verb_score, none, 2, "numbered from 1");
    expect_refused(&verb_score, less, 2, "numbered from 1");
    struct printed printed = run(&verb_score, last);
    assert_int_equal(printed.code, 0);
    clear(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(each_event_that_counts_otherwise_is_told_with_its_points),
            cmocka_unit_test(people_are_told_the_same_in_a_table),
            cmocka_unit_test(the_same_rules_change_no_event),
            cmocka_unit_test(a_moment_that_is_none_is_refused),
    };
    if (!become_nobody()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, make, destroy);
}
