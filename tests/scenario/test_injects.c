/* test_injects.c - injects made, changed and agreed to while the exercise runs, on the simulated
 * world; engines cut off after each of these events bring them to the same end. */
#include "scenario/tales.h"

#include <sys/wait.h>

#define DRILL SANDTABLE_SOURCE_DIR "/scenarios/first-drill"
#define S ((gint64)G_USEC_PER_SEC)

static void open_drill(struct rehearsal *r)
{
    const struct world_sim_hooks hooks = {0};
    rehearsal_open(r, DRILL, &hooks);
    rehearsal_advance(r, 5 * S);
}

static char *state_of(const struct rehearsal *r, const char *inject)
{
    auto_json status = exercise_status(r->exercise);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "injects"))
    {
        if (!strcmp(json_string(item, "id", ""), inject)) {
            return g_strdup(json_string(item, "state", ""));
        }
    }
    return g_strdup("none");
}

static void assert_state(const struct rehearsal *r, const char *inject, const char *wanted)
{
    g_autofree char *state = state_of(r, inject);
    assert_string_equal(state, wanted);
}

static void assert_refused(bool done, GError **error, const char *why)
{
    assert_false(done);
    if (!strstr((*error)->message, why)) {
        fail_msg("not \"%s\" but: %s", why, (*error)->message);
    }
    g_clear_error(error);
}

/* ---- the start ------------------------------------------------------------------------------- */

static void a_prepared_exercise_waits_until_it_is_started(void **state)
{
    (void)state;
    struct rehearsal r = {.wait = true};
    const struct world_sim_hooks hooks = {0};
    g_autoptr(GError) error = NULL;
    rehearsal_start(&r, DRILL, &hooks);
    assert_refused(exercise_begin(r.exercise, "mira", &error), &error, "not all machines");
    rehearsal_settle(&r);
    auto_json ready = rehearsal_last(&r, "exercise.state", "", "first-drill");
    assert_string_equal(json_string(ready, "state", ""), "ready");
    assert_string_equal(json_string(ready, "reason", ""), "waits to be started");
    rehearsal_advance(&r, 60 * S);
    assert_int_equal(clock_now(r.clock), 0);
    assert_true(exercise_hold(r.exercise, "recon@blue1", true, "mira", NULL));
    assert_true(exercise_inject_edit(r.exercise, "recon@blue2", 30 * S, NULL, "mira", NULL));
    assert_true(exercise_begin(r.exercise, "mira", &error));
    rehearsal_settle(&r);
    assert_refused(exercise_begin(r.exercise, "mira", &error), &error, "is running");
    rehearsal_advance(&r, 29 * S);
    assert_state(&r, "recon@blue2", "scheduled");
    rehearsal_advance(&r, 10 * S);
    assert_state(&r, "recon@blue1", "held");
    assert_int_equal(rehearsal_count(&r, "step.state", "blue1"), 0);
    assert_true(rehearsal_count(&r, "step.state", "blue2") > 0);
    rehearsal_close(&r);
}

static void an_exercise_that_starts_by_itself_cannot_be_started(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_refused(exercise_begin(r.exercise, "mira", &error), &error, "is running");
    rehearsal_close(&r);
}

/* ---- two people ------------------------------------------------------------------------------ */

static void needs_two(struct plan *plan)
{
    for (guint i = 0; i < plan->timeline->len; i++) {
        struct plan_entry *entry = plan->timeline->pdata[i];
        entry->approvals = g_strcmp0(entry->step, "recon") ? 0 : 2;
    }
}

static void what_needs_two_people_waits_for_the_second(void **state)
{
    (void)state;
    struct rehearsal r = {.expanded = needs_two};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    rehearsal_advance(&r, 40 * S);
    assert_state(&r, "recon@blue1", "held"); /* its time has come, and nobody agreed */
    assert_true(exercise_fire(r.exercise, "recon@blue1", "mira", NULL));
    assert_int_equal(exercise_inject_missing(r.exercise, "recon@blue1"), 1);
    rehearsal_advance(&r, 2 * S);
    assert_state(&r, "recon@blue1", "held");
    assert_refused(exercise_approve(r.exercise, "recon@blue1", "mira", &error), &error, "another");
    assert_true(exercise_fire(r.exercise, "recon@blue1", "mira", NULL)); /* … nor by twice */
    rehearsal_settle(&r);
    assert_int_equal(rehearsal_count(&r, "step.state", "blue1"), 0);
    assert_true(exercise_approve(r.exercise, "recon@blue1", "jon", &error));
    rehearsal_advance(&r, 1 * S);
    assert_true(rehearsal_count(&r, "step.state", "blue1") > 0);
    assert_int_equal(rehearsal_count(&r, "inject.approved", "blue1"), 2);
    auto_json approved = rehearsal_last(&r, "inject.approved", "blue1", "recon@blue1");
    assert_string_equal(json_string(approved, "by", ""), "jon");
    rehearsal_close(&r);
}

static void agreed_before_its_time_it_fires_on_time_and_asks_again_after(void **state)
{
    (void)state;
    struct rehearsal r = {.expanded = needs_two};
    open_drill(&r);
    assert_true(exercise_approve(r.exercise, "recon@blue2", "mira", NULL));
    assert_true(exercise_approve(r.exercise, "recon@blue2", "jon", NULL));
    assert_int_equal(exercise_inject_missing(r.exercise, "recon@blue2"), 0);
    rehearsal_advance(&r, 40 * S);
    assert_true(rehearsal_count(&r, "step.state", "blue2") > 0);
    assert_int_equal(exercise_inject_missing(r.exercise, "recon@blue2"), 2);
    rehearsal_close(&r);
}

/* ---- another time, another text -------------------------------------------------------------- */

static void an_inject_is_given_another_time(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    assert_true(exercise_inject_edit(r.exercise, "recon@blue1", 60 * S, NULL, "mira", &error));
    rehearsal_advance(&r, 40 * S);
    assert_state(&r, "recon@blue1", "scheduled");
    assert_true(rehearsal_count(&r, "step.state", "blue2") > 0);
    rehearsal_advance(&r, 16 * S);
    assert_true(rehearsal_count(&r, "step.state", "blue1") > 0);
    auto_json edited = rehearsal_last(&r, "inject.edited", "blue1", "recon@blue1");
    assert_int_equal(json_int(edited, "at_us", 0), 60 * S);
    rehearsal_close(&r);
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    struct exercise *e = r.exercise;
    const char *one = "recon@blue1";
    assert_refused(exercise_inject_edit(e, one, S, NULL, "m", &error), &error, "has passed");
    assert_refused(exercise_inject_edit(e, one, 9999 * S, NULL, "m", &error), &error, "the end");
    assert_refused(exercise_inject_edit(e, one, -1, "x", "m", &error), &error, "only a message");
    assert_refused(exercise_inject_edit(e, one, -1, NULL, "m", &error), &error, "what is to");
    assert_refused(exercise_inject_edit(e, "recom@blue1", 9 * S, NULL, "m", &error), &error, one);
    assert_refused(exercise_approve(e, one, "m", &error), &error, "no approval");
    struct exercise_inject wish = {.at_us = -1};
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "either a step");
    wish.step = "reckon";
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "no step \"reckon\"");
    wish.step = "recon";
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "name the team");
    wish.team = "red";
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "name the team");
    wish = (struct exercise_inject){.note = " \t", .at_us = -1};
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "no text");
    wish = (struct exercise_inject){.note = "x", .at_us = -1, .approvals = 9};
    assert_refused(exercise_inject_add(e, &wish, "m", &error), &error, "0 to 5");
    rehearsal_close(&r);
}

/* ---- new ones -------------------------------------------------------------------------------- */

static void an_inject_off_the_list_fires_by_hand_alone(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    open_drill(&r);
    const struct exercise_inject wish = {.step = "recon", .team = "blue1", .at_us = -1};
    const char *id = exercise_inject_add(r.exercise, &wish, "mira", NULL);
    assert_string_equal(id, "added-1@blue1");
    assert_true(exercise_skip(r.exercise, "recon@blue1", "mira", NULL));
    rehearsal_advance(&r, 60 * S);
    assert_state(&r, id, "scheduled");
    assert_int_equal(rehearsal_count(&r, "step.state", "blue1"), 0);
    assert_true(exercise_fire(r.exercise, id, "mira", NULL));
    rehearsal_advance(&r, 1 * S);
    assert_true(rehearsal_count(&r, "step.state", "blue1") > 0);
    rehearsal_close(&r);
}

static void there_is_an_end_to_new_injects(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&r);
    const struct exercise_inject wish = {.note = "again", .at_us = 6 * S};
    int made = 0;
    while (made < 1000 && exercise_inject_add(r.exercise, &wish, "mira", &error)) {
        made++;
    }
    assert_int_equal(made, 200);
    assert_non_null(strstr(error->message, "no more"));
    rehearsal_advance(&r, 2 * S);
    assert_state(&r, "added-200", "done");
    rehearsal_close(&r);
}

/* ---- cut off and resumed --------------------------------------------------------------------- */

static const struct deed changes[] = {
        {3, "edit", "note-2"},
        {4, "add", "extra"},
        {6, "add", "by hand"},
        {7, "two", "agreed"},
        {9, "approve", "mira"},
        {11, "approve", "jon"},
        {36, "fire", "added-2"},
        {0, "", NULL},
};

static bool is_change(const struct event *event, const cJSON *body)
{
    bool fires = !strcmp(event->kind, "operator.action") &&
                 !strcmp(json_string(body, "action", ""), "fire");
    return fires || !strcmp(event->kind, "inject.edited") || !strcmp(event->kind, "inject.added") ||
           !strcmp(event->kind, "inject.approved");
}

static bool do_change(struct life *life, const struct deed *deed)
{
    struct exercise *exercise = life->r.exercise;
    g_autoptr(GError) error = NULL;
    bool ok = false;
    if (!strcmp(deed->action, "edit")) {
        ok = exercise_inject_edit(exercise, deed->inject, 40 * S, "changed", "mira", &error);
    } else if (!strcmp(deed->action, "fire")) {
        ok = exercise_fire(exercise, deed->inject, "mira", &error);
    } else if (!strcmp(deed->action, "approve")) {
        ok = exercise_approve(exercise, "added-3", deed->inject, &error);
    } else {
        bool two = !strcmp(deed->action, "two");
        const struct exercise_inject wish = {.note = deed->inject,
                .at_us = deed->at_s == 6 ? -1 : (two ? 20 : 33) * S,
                .approvals = two ? 2 : 0};
        ok = exercise_inject_add(exercise, &wish, "mira", &error) != NULL;
    }
    if (!ok) {
        g_error("%s %s: %s", deed->action, deed->inject, error->message);
    }
    return true;
}

/* A process of its own, for an engine's life is full of what must not outlive it. */
static void live_in_child(const char *from, const char *to, const char *score, gint64 cut)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (from) {
            cut_ledger(from, to, cut);
            second_life(to, score, 0, true);
        } else {
            first_life(to, score, 0);
        }
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("cut after event %d: %d", (int)cut, status);
    }
}

static void assert_tale(const char *path, gint64 cut)
{
    static const char *const once[] = {"note changed", "note extra", "note by hand", "note agreed",
            "inject added-1 fired", "inject added-2 fired", "inject added-3 fired",
            "inject added-3 done", "inject note-2 done"};
    struct tale tale = read_tale(path);
    for (gsize i = 0; i < G_N_ELEMENTS(once); i++) {
        if (count(&tale, once[i]) != 1) {
            fail_msg("cut after event %d: %s %d times", (int)cut, once[i], count(&tale, once[i]));
        }
    }
    assert_int_equal(count(&tale, "note soon over"), 0);
    tale_clear(&tale);
}

static void a_resume_keeps_what_was_made_changed_and_agreed_to(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *whole = g_build_filename(dir, "whole.ledger", NULL);
    g_autofree char *score = g_build_filename(dir, "score", NULL);
    deeds = changes;
    is_deed = is_change;
    do_deed = do_change;
    live_in_child(NULL, whole, score, 0);
    assert_tale(whole, 0);
    struct tale reference = read_tale(whole);
    gint64 step = g_getenv("SANDTABLE_SOAK") ? 1 : 3;
    for (gint64 cut = 2; cut < reference.events; cut += step) {
        g_autofree char *path = g_strdup_printf("%s/cut-%d.ledger", dir, (int)cut);
        live_in_child(whole, path, score, cut);
        assert_tale(path, cut);
    }
    tale_clear(&reference);
    test_rmtree(dir);
}

int main(void)
{
    outside = g_new0(struct outside, 1);
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_prepared_exercise_waits_until_it_is_started),
            cmocka_unit_test(an_exercise_that_starts_by_itself_cannot_be_started),
            cmocka_unit_test(what_needs_two_people_waits_for_the_second),
            cmocka_unit_test(agreed_before_its_time_it_fires_on_time_and_asks_again_after),
            cmocka_unit_test(an_inject_is_given_another_time),
            cmocka_unit_test(what_makes_no_sense_is_refused_with_a_reason),
            cmocka_unit_test(an_inject_off_the_list_fires_by_hand_alone),
            cmocka_unit_test(there_is_an_end_to_new_injects),
            cmocka_unit_test(a_resume_keeps_what_was_made_changed_and_agreed_to),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_free(outside);
    return failed;
}
