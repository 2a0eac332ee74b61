/* test_resume.c - an engine killed at every event of an exercise: the next one brings it to the end
 * that it would have had, on the simulated world.
 *
 * A child runs the exercise and is killed as event N is handed over; a second child gets the ledger
 * cut after N, the range as the first left it (or none: a power cut), and goes on. The parent only
 * reads. Every N is tried; of pairs, a resume that is killed too, all
 * with SANDTABLE_SOAK, else a sample.
 */
#include "scenario/tales.h"

#include <sys/wait.h>

/* ---- processes ------------------------------------------------------------------------------- */

struct place {
    char *dir, *whole, *whole_score; /* of the exercise that nobody kills */
    char *first, *cut, *second_score;
    struct tale reference;
    int run[COMMANDS];
};

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void remove_ledger(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *name = g_strconcat(path, ends[i], NULL);
        unlink(name);
    }
}

static void kill_and_resume(const struct place *place, gint64 n, gint64 again_after, bool power_cut)
{
    memset(outside, 0, sizeof(*outside));
    remove_ledger(place->first);
    remove_ledger(place->cut);
    g_autofree char *checkpoints = paths_checkpoints(place->first);
    paths_remove_tree(checkpoints, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        first_life(place->first, place->second_score, n);
        _exit(0);
    }
    int status = wait_for(pid);
    AGREE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %d", status);
    if (again_after) {
        pid = fork();
        if (pid == 0) {
            cut_ledger(place->first, place->cut, n);
            second_life(place->cut, place->second_score, n + again_after, power_cut);
            _exit(0);
        }
        status = wait_for(pid);
        AGREE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "again: it ended with %d",
                status);
    }
    pid = fork();
    if (pid == 0) {
        if (!again_after) {
            cut_ledger(place->first, place->cut, n);
        }
        second_life(place->cut, place->second_score, 0, power_cut);
        _exit(0);
    }
    status = wait_for(pid);
    AGREE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the resume ended with %d", status);
}

static void judge(const struct place *place, gint64 n, int kills, bool power_cut)
{
    struct tale is = read_tale(place->cut);
    const struct tale *was = &place->reference;
    compare_counts(was, &is, n, power_cut);
    compare_ends(was, &is, n, power_cut);
    compare_fold(place->cut, place->second_score, n, power_cut);
    AGREE(is.last_at_us == END_US, "it ends at %d ms", (int)(is.last_at_us / 1000));
    const char *const same[] = {"uptime", "penalty"};
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        gint64 wanted = number_of(place->whole_score, same[i]);
        gint64 got = number_of(place->second_score, same[i]);
        AGREE(wanted == got, "%s is %d, not %d", same[i], (int)got, (int)wanted);
    }
    gint64 steps =
            number_of(place->second_score, "effect") + number_of(place->second_score, "blocked");
    AGREE(steps == is.points, "steps gave %d, their verdicts %d", (int)steps, (int)is.points);
    AGREE(is.interrupted <= 2, "%d steps were interrupted", is.interrupted);
    for (int i = 0; i < COMMANDS; i++) {
        int again = i == CLOSE ? kills : 0; /* an undo may be done again */
        AGREE(outside->run[i] <= place->run[i] + again, "%s was run %d times", commands[i],
                outside->run[i]);
    }
    if (is.interrupted == 0 && !power_cut) {
        AGREE(is.points == was->points, "steps gave %d, not %d", (int)is.points, (int)was->points);
    }
    tale_clear(&is);
}

static struct place make_place(void)
{
    struct place place = {0};
    g_autofree char *pattern = g_strdup(
            access("/dev/shm", W_OK) == 0 ? "/dev/shm/st-test-XXXXXX" : "/tmp/st-test-XXXXXX");
    place.dir = g_strdup(g_mkdtemp(pattern));
    assert_non_null(place.dir);
    place.whole = g_build_filename(place.dir, "whole.ledger", NULL);
    place.whole_score = g_build_filename(place.dir, "whole.score", NULL);
    place.first = g_build_filename(place.dir, "first.ledger", NULL);
    place.cut = g_build_filename(place.dir, "cut.ledger", NULL);
    place.second_score = g_build_filename(place.dir, "second.score", NULL);
    memset(outside, 0, sizeof(*outside));
    pid_t pid = fork();
    if (pid == 0) {
        first_life(place.whole, place.whole_score, 0);
        _exit(0);
    }
    int status = wait_for(pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    memcpy(place.run, outside->run, sizeof(place.run));
    place.reference = read_tale(place.whole);
    return place;
}

static void place_clear(struct place *place)
{
    tale_clear(&place->reference);
    g_free(place->whole);
    g_free(place->whole_score);
    g_free(place->first);
    g_free(place->cut);
    g_free(place->second_score);
    test_rmtree(place->dir);
}

static gint64 step_between(void)
{
    return g_getenv("SANDTABLE_SOAK") ? 1 : 7 * TEST_STRIDE;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* What the others compare with must be worth it. */
static void the_exercise_has_all_that_a_resume_must_bring_back(void **state)
{
    (void)state;
    struct place place = make_place();
    const struct tale *was = &place.reference;
    assert_true(was->events > 100);
    assert_int_equal(was->last_at_us, END_US);
    assert_int_equal(count(was, "inject log@blue1 held"), 1);
    assert_int_equal(count(was, "inject early@blue1 fired"), 1);
    assert_int_equal(count(was, "inject undo-open@blue1 done"), 1);
    assert_int_equal(count(was, "state paused"), 2); /* one of them the clock's alone */
    assert_int_equal(count(was, "player harden ended"), 1);
    assert_int_equal(count(was, "player run-1@blue1 ended"), 1);
    assert_int_equal(count(was, "round site 4 check.down"), 1);
    assert_string_equal(g_hash_table_lookup(was->verdicts, "open"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "second"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "mine"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "errand"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "log"), "blocked");
    assert_true(number_of(place.whole_score, "penalty") < 0);
    place_clear(&place);
}

static void an_engine_killed_at_any_event_is_resumed_to_the_same_end(void **state)
{
    (void)state;
    struct place place = make_place();
    /* "down" is the last event: after it there is nothing to resume */
    for (gint64 n = 1; n < place.reference.events; n += TEST_STRIDE) {
        kill_and_resume(&place, n, 0, false);
        judge(&place, n, 1, false);
    }
    place_clear(&place);
}

static void after_a_power_cut_it_comes_to_the_same_end_with_new_machines(void **state)
{
    (void)state;
    struct place place = make_place();
    for (gint64 n = 1; n < place.reference.events; n++) {
        kill_and_resume(&place, n, 0, true);
        judge(&place, n, 1, true);
    }
    place_clear(&place);
}

static void a_resume_may_be_killed_as_well(void **state)
{
    (void)state;
    struct place place = make_place();
    for (gint64 n = 5; n < place.reference.events - 25; n += 2 * step_between() + 1) {
        for (gint64 after = 1; after < 20; after += 3 * step_between()) {
            kill_and_resume(&place, n, after, after % 2 == 0);
            judge(&place, n, 2, after % 2 == 0);
        }
    }
    place_clear(&place);
}

/* Whatever was being taken or put back: it comes to an end, no round is lost, no score is wrong. */
static void a_kill_amid_checkpoint_reset_or_restore_is_recovered(void **state)
{
    (void)state;
    deeds = white;
    struct place place = make_place();
    assert_int_equal(count(&place.reference, "restored"), 1);
    for (gint64 n = 1; n < place.reference.events; n++) {
        bool power_cut = n % 2 == 0;
        kill_and_resume(&place, n, 0, power_cut);
        struct tale is = read_tale(place.cut);
        compare_fold(place.cut, place.second_score, n, power_cut);
        compare_rounds(&place.reference, &is, n, power_cut);
        int taken = count(&is, "taken");
        AGREE(count(&is, "restored") == taken, "%d taken, %d restored", taken,
                count(&is, "restored"));
        AGREE(is.last_at_us == END_US, "it ends at %d ms", (int)(is.last_at_us / 1000));
        tale_clear(&is);
    }
    place_clear(&place);
    deeds = usual;
}

int main(void)
{
    outside =
            mmap(NULL, sizeof(*outside), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outside == MAP_FAILED) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_exercise_has_all_that_a_resume_must_bring_back),
            cmocka_unit_test(an_engine_killed_at_any_event_is_resumed_to_the_same_end),
            cmocka_unit_test(after_a_power_cut_it_comes_to_the_same_end_with_new_machines),
            cmocka_unit_test(a_resume_may_be_killed_as_well),
            cmocka_unit_test(a_kill_amid_checkpoint_reset_or_restore_is_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
