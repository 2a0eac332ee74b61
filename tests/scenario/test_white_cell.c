/* test_white_cell.c - what the white cell does at its screen, on the simulated world: skip, write,
 * note, acknowledge. */
#include "scenario/rehearsal.h"

static void open_drill(struct rehearsal *r)
{
    const struct world_sim_hooks hooks = {0};
    rehearsal_open(r, SANDTABLE_SOURCE_DIR "/scenarios/first-drill", &hooks);
    rehearsal_advance(r, 5 * G_USEC_PER_SEC);
}

static void expect(const struct rehearsal *r, const char *kind, const char *team,
        const char *subject, const char *member, const char *value)
{
    auto_json body = rehearsal_last(r, kind, team, subject);
    assert_non_null(body);
    assert_string_equal(json_string(body, member, ""), value);
}

static void a_skipped_inject_never_fires_by_itself_but_can_be_fired(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_skip(r.exercise, "recon@blue1", "mira", &error));
    rehearsal_advance(&r, 40 * G_USEC_PER_SEC);
    expect(&r, "inject.state", "blue1", "recon@blue1", "state", "skipped");
    expect(&r, "inject.state", "blue1", "recon@blue1", "by", "mira");
    expect(&r, "operator.action", "", "first-drill", "action", "skip");
    assert_int_equal(rehearsal_count(&r, "step.state", "blue1"), 0);
    assert_true(rehearsal_count(&r, "step.state", "blue2") > 0); /* the other team's did */
    assert_false(exercise_skip(r.exercise, "recon@blue1", "mira", &error));
    assert_non_null(strstr(error->message, "it is skipped"));
    assert_true(exercise_fire(r.exercise, "recon@blue1", "mira", NULL));
    rehearsal_advance(&r, 10 * G_USEC_PER_SEC);
    assert_true(rehearsal_count(&r, "step.state", "blue1") > 0);
    rehearsal_close(&r);
}

static void an_unknown_inject_cannot_be_skipped(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_false(exercise_skip(r.exercise, "recon@blue3", "mira", &error));
    assert_non_null(strstr(error->message, "recon@blue"));
    rehearsal_close(&r);
}

static void messages_are_events(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_message(r.exercise, "blue1", "look\x1b[31m at 防火墙", "mira", &error));
    assert_true(exercise_message(r.exercise, NULL, "lunch", "mira", &error));
    rehearsal_settle(&r);
    auto_json body = rehearsal_last(&r, "message.sent", "blue1", "first-drill");
    assert_non_null(strstr(json_string(body, "text", ""), "防火墙"));
    assert_null(strchr(json_string(body, "text", ""), '\x1b'));
    assert_string_equal(json_string(body, "from", ""), "white");
    expect(&r, "message.sent", "", "first-drill", "text", "lunch");
    assert_false(exercise_message(r.exercise, "blue7", "x", "mira", &error));
    g_clear_error(&error);
    assert_false(exercise_message(r.exercise, NULL, "  ", "mira", &error));
    assert_non_null(strstr(error->message, "no text"));
    rehearsal_close(&r);
}

static void a_team_writes_to_the_white_cell(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_message_from(r.exercise, "blue2", "is the relay in scope?", "ann", NULL));
    rehearsal_settle(&r);
    expect(&r, "message.sent", "blue2", "first-drill", "from", "team");
    expect(&r, "message.sent", "blue2", "first-drill", "by", "ann");
    expect(&r, "message.sent", "blue2", "first-drill", "text", "is the relay in scope?");
    assert_false(exercise_message_from(r.exercise, "blue7", "x", "ann", &error));
    assert_non_null(strstr(error->message, "blue7"));
    assert_true(exercise_has_team(r.exercise, "red", NULL));
    assert_false(exercise_has_team(r.exercise, "", NULL));
    rehearsal_close(&r);
}

static void a_team_cannot_flood_the_white_cell_nor_silence_another(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_false(exercise_message_from(r.exercise, "blue1", " ", "ann", NULL)); /* is none */
    for (int i = 0; i < EXERCISE_LETTERS_A_MINUTE; i++) {
        assert_true(exercise_message_from(r.exercise, "blue1", "x", "ann", NULL));
    }
    for (int i = 0; i < 100; i++) {
        g_clear_error(&error);
        assert_false(
                exercise_message_from(r.exercise, "blue1", "x", i % 2 ? "ann" : "ben", &error));
    }
    assert_int_equal(error->code, SANDTABLE_ERROR_TIMEOUT);
    assert_non_null(strstr(error->message, "at most 6 messages a minute; the next one in "));
    assert_true(exercise_message_from(r.exercise, "blue2", "x", "eve", NULL));
    for (int i = 0; i < 20; i++) {
        assert_true(exercise_message(r.exercise, "blue1", "patience", "mira", NULL));
    }
    rehearsal_settle(&r);
    assert_int_equal(rehearsal_count(&r, "message.sent", "blue1"), EXERCISE_LETTERS_A_MINUTE + 20);
    rehearsal_close(&r);
}

static void a_note_is_about_this_moment_or_an_earlier_one(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_note(r.exercise, "blue1 argues\x1b[31m 谁负责", -1, "mira", &error));
    rehearsal_settle(&r);
    auto_json now = rehearsal_last(&r, "operator.note", "", "first-drill");
    assert_int_equal(json_int(now, "about_us", -1), 5 * G_USEC_PER_SEC);
    assert_non_null(strstr(json_string(now, "text", ""), "谁负责"));
    assert_null(strchr(json_string(now, "text", ""), '\x1b'));
    assert_true(exercise_note(r.exercise, "here", 2 * G_USEC_PER_SEC, "ann", &error));
    rehearsal_settle(&r);
    auto_json then = rehearsal_last(&r, "operator.note", "", "first-drill");
    assert_int_equal(json_int(then, "about_us", -1), 2 * G_USEC_PER_SEC);
    expect(&r, "operator.note", "", "first-drill", "by", "ann");
    assert_false(exercise_note(r.exercise, "soon", 6 * G_USEC_PER_SEC, "ann", &error));
    assert_non_null(strstr(error->message, "it is T+00:05 now"));
    g_clear_error(&error);
    assert_false(exercise_note(r.exercise, "\n ", -1, "ann", &error));
    assert_non_null(strstr(error->message, "no text"));
    rehearsal_close(&r);
}

static void only_an_open_alarm_can_be_taken_on(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_false(exercise_acknowledge(r.exercise, "machine-crashed", "blue2/web", "mira", &error));
    assert_int_equal(error->code, SANDTABLE_ERROR_NOT_FOUND);
    world_sim_crash(r.world, plan_machine_index(r.plan, "blue2/web"));
    rehearsal_advance(&r, 1 * G_USEC_PER_SEC);
    assert_true(exercise_acknowledge(r.exercise, "machine-crashed", "blue2/web", "mira", NULL));
    rehearsal_settle(&r);
    expect(&r, "alarm.acknowledged", "blue2", "blue2/web", "by", "mira");
    rehearsal_close(&r);
}

static void after_the_end_nothing_is_accepted(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_end(r.exercise, "mira", "lunch", NULL));
    assert_false(exercise_skip(r.exercise, "recon@blue1", "mira", NULL));
    assert_false(exercise_message(r.exercise, NULL, "x", "mira", &error));
    assert_non_null(strstr(error->message, "ended"));
    rehearsal_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_skipped_inject_never_fires_by_itself_but_can_be_fired),
            cmocka_unit_test(an_unknown_inject_cannot_be_skipped),
            cmocka_unit_test(messages_are_events),
            cmocka_unit_test(a_team_writes_to_the_white_cell),
            cmocka_unit_test(a_team_cannot_flood_the_white_cell_nor_silence_another),
            cmocka_unit_test(a_note_is_about_this_moment_or_an_earlier_one),
            cmocka_unit_test(only_an_open_alarm_can_be_taken_on),
            cmocka_unit_test(after_the_end_nothing_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
