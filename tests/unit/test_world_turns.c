/* test_world_turns.c - turns to boot: never too many, none lost, none for who gave up. */
#include "support/test.h"

#include "world/turns.h"

#define MACHINES 12
#define ROOM 4

static void as_many_begin_as_there_is_room_for(void **state)
{
    (void)state;
    struct turns turns = {.room = 2};
    enum turn turn[3] = {TURN_NONE, TURN_NONE, TURN_NONE};
    assert_true(turn_ask(&turns, &turn[0]));
    assert_true(turn_ask(&turns, &turn[1]));
    assert_false(turn_ask(&turns, &turn[2]));
    assert_int_equal(turn_settle(&turns, &turn[2]), TURN_STAYS);
    assert_true(turn_over(&turns, &turn[0]));
    assert_int_equal(turn_settle(&turns, &turn[2]), TURN_BEGINS);
    assert_int_equal(turn_settle(&turns, &turn[2]), TURN_STAYS);
    assert_int_equal(turns.taken, 2);
}

/* It was taken down, or crashed, or was given up before it had begun. */
static void who_gives_up_while_it_waits_is_told_once_and_never_begins(void **state)
{
    (void)state;
    struct turns turns = {.room = 1};
    enum turn first = TURN_NONE;
    enum turn waits = TURN_NONE;
    assert_true(turn_ask(&turns, &first));
    assert_false(turn_ask(&turns, &waits));
    assert_true(turn_over(&turns, &waits));
    assert_int_equal(turns.taken, 1); /* it had none to give back */
    assert_true(turn_over(&turns, &first));
    assert_int_equal(turn_settle(&turns, &waits), TURN_TELL);
    assert_int_equal(turn_settle(&turns, &waits), TURN_STAYS);
    assert_int_equal(turns.taken, 0);
}

static void what_ends_twice_gives_one_turn_back(void **state)
{
    (void)state;
    struct turns turns = {.room = 2};
    enum turn a = TURN_NONE;
    enum turn b = TURN_NONE;
    assert_true(turn_ask(&turns, &a));
    assert_true(turn_ask(&turns, &b));
    assert_true(turn_over(&turns, &a));
    assert_false(turn_over(&turns, &a));
    assert_int_equal(turns.taken, 1);
    assert_true(turn_ask(&turns, &b)); /* started once more: it holds one, not two */
    assert_int_equal(turns.taken, 1);
}

/* Machines are started, come up, crash and are given up in any order: the number of turns is right
 * at each moment, and once nothing more happens everyone who waits has had its turn. */
static void turns_add_up_whatever_happens(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(20261123);
    struct turns turns = {.room = ROOM};
    enum turn all[MACHINES] = {TURN_NONE};
    for (int i = 0; i < 20000; i++) {
        enum turn *one = &all[g_rand_int_range(random, 0, MACHINES)];
        enum turn before = *one;
        bool yes = false;
        switch (g_rand_int_range(random, 0, 3)) {
        case 0:
            yes = turn_ask(&turns, one);
            assert_int_equal(yes, *one == TURN_TAKEN);
            break;
        case 1:
            yes = turn_over(&turns, one);
            assert_int_equal(yes, before == TURN_TAKEN || before == TURN_WAITS);
            assert_int_not_equal(*one, TURN_TAKEN);
            break;
        default:
            yes = turn_settle(&turns, one) == TURN_TELL;
            assert_int_equal(yes, before == TURN_LOST);
            break;
        }
        int taken = 0;
        for (int k = 0; k < MACHINES; k++) {
            taken += all[k] == TURN_TAKEN;
        }
        assert_int_equal(turns.taken, taken);
        assert_in_range(taken, 0, ROOM);
    }
    /* those that boot come up; who waits then begins */
    for (int round = 0; round < MACHINES; round++) {
        for (int k = 0; k < MACHINES; k++) {
            if (all[k] == TURN_TAKEN) {
                assert_true(turn_over(&turns, &all[k]));
            }
        }
        for (int k = 0; k < MACHINES; k++) {
            (void)turn_settle(&turns, &all[k]);
        }
    }
    for (int k = 0; k < MACHINES; k++) {
        assert_int_equal(all[k], TURN_NONE);
    }
    assert_int_equal(turns.taken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(as_many_begin_as_there_is_room_for),
            cmocka_unit_test(who_gives_up_while_it_waits_is_told_once_and_never_begins),
            cmocka_unit_test(what_ends_twice_gives_one_turn_back),
            cmocka_unit_test(turns_add_up_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
