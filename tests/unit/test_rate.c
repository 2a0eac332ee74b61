/* test_rate.c - how often something may be done. */
#include "support/test.h"

#include "base/rate.h"

#define S ((gint64)G_USEC_PER_SEC)

static void so_many_and_no_more_until_the_first_is_old(void **state)
{
    (void)state;
    struct rate rate = {0};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(rate_take(&rate, 6, 60 * S, 100 * S + i * S), 0);
    }
    assert_int_equal(rate_take(&rate, 6, 60 * S, 110 * S), 50 * S);
    assert_int_equal(rate_take(&rate, 6, 60 * S, 160 * S - 1), 1); /* a refusal costs nothing */
    assert_int_equal(rate_take(&rate, 6, 60 * S, 160 * S), 0);
    assert_int_equal(rate_take(&rate, 6, 60 * S, 160 * S), 1 * S); /* one has become free */
    assert_int_equal(rate_take(&rate, 6, 60 * S, 161 * S), 0);
}

static void no_span_ever_has_more_than_that(void **state)
{
    (void)state;
    struct rate rate = {0};
    gint64 taken[400];
    int n = 0;
    for (gint64 now = 0; now < 400 * S; now += S) {
        if (rate_take(&rate, RATE_MAX, 30 * S, now) == 0) {
            taken[n++] = now;
        }
    }
    assert_true(n > 200);
    for (int i = RATE_MAX; i < n; i++) {
        assert_true(taken[i] - taken[i - RATE_MAX] >= 30 * S);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(so_many_and_no_more_until_the_first_is_old),
            cmocka_unit_test(no_span_ever_has_more_than_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
