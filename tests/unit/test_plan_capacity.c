/* test_plan_capacity.c - a plan's needs against what a host has, and what is remembered of images.
 */
#include "support/plan.h"

#include "base/error.h"
#include "base/json.h"
#include "image/use.h"
#include "plan/capacity.h"

#include <string.h>
#include <unistd.h>

/* web, gate and plc for each of two teams, and one shared attacker */
#define TEAM_MACHINES 3

static struct capacity_use same_for_all(const struct plan_host *host, gpointer data)
{
    (void)host;
    return *(struct capacity_use *)data;
}

static struct capacity_use use = {
        .memory_mib = 100, .disk_mib = 10, .boot_cpu_s = 6, .measured = true};

static void the_largest_number_of_teams_is_that_of_the_scarcest_resource(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    struct capacity got;
    const struct capacity_host plenty = {100000, 100000, 2, 300, -1, false};
    capacity_of(plan, &plenty, same_for_all, &use, &got);
    assert_int_equal(got.machines, 2 * TEAM_MACHINES + 1);
    assert_int_equal((int)got.need[CAPACITY_MEMORY], 700);
    assert_int_equal((int)got.need[CAPACITY_DISK], 70);
    assert_int_equal((int)got.need[CAPACITY_CPU], 7 * 6 / 2);
    assert_int_equal(got.limit, CAPACITY_CPU);
    assert_int_equal(got.largest, (300 - 3) / 9);
    assert_true(got.fits && !got.slow && got.measured);

    const struct capacity_host memory = {700, 100000, 2, 300, -1, false};
    capacity_of(plan, &memory, same_for_all, &use, &got);
    assert_int_equal(got.largest, 2);
    assert_int_equal(got.limit, CAPACITY_MEMORY);
    assert_true(got.fits);

    const struct capacity_host disk = {100000, 69, 2, 300, -1, false};
    capacity_of(plan, &disk, same_for_all, &use, &got);
    assert_int_equal(got.largest, 1);
    assert_int_equal(got.limit, CAPACITY_DISK);
    assert_false(got.fits);
}

static void a_host_too_small_is_told_how_many_teams_fit(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    struct capacity got;
    g_autoptr(GError) error = NULL;
    struct capacity_host host = {699, -1, 2, 300, -1, false};
    capacity_of(plan, &host, same_for_all, &use, &got);
    assert_false(capacity_check(plan, &got, &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST));
    assert_non_null(strstr(error->message, "7 machines need 700 MiB of memory"));
    assert_non_null(strstr(error->message, "--teams 1 fits"));
    g_clear_error(&error);
    host.memory_mib = 399;
    capacity_of(plan, &host, same_for_all, &use, &got);
    assert_int_equal(got.largest, 0);
    assert_false(capacity_check(plan, &got, &error));
    assert_non_null(strstr(error->message, "not even one team fits"));
}

static void what_is_unknown_is_no_limit(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    struct capacity got;
    const struct capacity_host unknown = {-1, -1, 0, 300, -1, false};
    capacity_of(plan, &unknown, same_for_all, &use, &got);
    assert_true(got.fits && !got.slow);
    assert_int_equal(got.largest, PLAN_TEAMS_MAX);
}

static void a_slow_host_is_no_refusal(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    struct capacity got;
    const struct capacity_host slow = {100000, 100000, 1, 20, -1, false};
    capacity_of(plan, &slow, same_for_all, &use, &got);
    assert_true(got.fits && got.slow);
    assert_true(capacity_check(plan, &got, NULL));
    auto_json json = capacity_json(&got, &slow);
    assert_string_equal(json_string(json, "limit", ""), "cpu");
    assert_int_equal(json_int(json, "largest_teams", -1), 0);
    assert_int_equal(json_int(cJSON_GetObjectItem(json, "cpu"), "ready_s", 0), 42);
}

static void what_may_come_to_be_limits_the_teams_and_refuses_nothing(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    struct capacity got;
    struct capacity_use grows = use;
    grows.growth_mib = 190; /* with 10 for the ledger 200: 600 a team */
    grows.images_mib = 50;
    const struct capacity_host host = {100000, 1399, 2, 300, 200, false};
    capacity_of(plan, &host, same_for_all, &grows, &got);
    assert_int_equal((int)got.need[CAPACITY_GROWTH], 7 * 200);
    assert_int_equal((int)got.need[CAPACITY_IMAGES], 4 * 50); /* of four kinds of machines */
    assert_int_equal(got.largest, 1);
    assert_int_equal(got.limit, CAPACITY_GROWTH);
    assert_true(got.tight && got.fits && capacity_check(plan, &got, NULL));
    auto_json json = capacity_json(&got, &host);
    assert_true(json_bool(json, "tight", false));
    assert_int_equal(json_int(cJSON_GetObjectItem(json, "growth"), "have_mib", 0), 1399);
    assert_int_equal(json_int(cJSON_GetObjectItem(json, "images"), "need_mib", 0), 200);
}

static void the_largest_use_of_an_image_is_remembered(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    struct image image = {.dir = dir};
    struct image_use got = {0};
    assert_false(image_use_read(&image, "tcg", &got));
    image_use_note(&image, "tcg", &(struct image_use){160, 200, 5.5});
    image_use_note(&image, "tcg", &(struct image_use){160, 190, 6.5});
    image_use_note(&image, "tcg", &(struct image_use){160, 150, 1.0});
    assert_true(image_use_read(&image, "tcg", &got));
    assert_int_equal(got.pss_mib, 200);
    assert_true(got.boot_cpu_s > 6.4 && got.boot_cpu_s < 6.6);
    assert_false(image_use_read(&image, "kvm", &got));

    static const char *const damaged[] = {"", "{", "[]", "{\"memory_mib\":1}",
            "{\"memory_mib\":160,\"pss_mib\":-4,\"boot_cpu_s\":1}",
            "{\"memory_mib\":160,\"pss_mib\":4,\"boot_cpu_s\":\"x\"}",
            "{\"memory_mib\":160,\"pss_mib\":4,\"boot_cpu_s\":-1}"};
    g_autofree char *file = g_build_filename(dir, "use-tcg.json", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(damaged); i++) {
        assert_true(g_file_set_contents(file, damaged[i], -1, NULL));
        assert_false(image_use_read(&image, "tcg", &got));
    }
    test_rmtree(dir);
}

static void a_process_is_measured_and_a_gone_one_is_not(void **state)
{
    (void)state;
    struct image_use got = {0};
    assert_true(image_use_of_process(getpid(), &got));
    assert_true(got.pss_mib >= 1);
    assert_false(image_use_of_process(0, &got));
    assert_false(image_use_of_process(G_MAXINT, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_largest_number_of_teams_is_that_of_the_scarcest_resource),
            cmocka_unit_test(a_host_too_small_is_told_how_many_teams_fit),
            cmocka_unit_test(what_is_unknown_is_no_limit),
            cmocka_unit_test(a_slow_host_is_no_refusal),
            cmocka_unit_test(what_may_come_to_be_limits_the_teams_and_refuses_nothing),
            cmocka_unit_test(the_largest_use_of_an_image_is_remembered),
            cmocka_unit_test(a_process_is_measured_and_a_gone_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
