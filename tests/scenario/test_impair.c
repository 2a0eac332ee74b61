/* test_impair.c - links impaired, measured, alarmed and cleared on the simulated world. */
#include "scenario/rehearsal.h"

#include "run/run_impair.h"

#define FOLDER TESTS_DIR "/scenario/links"

static int set_up(void **state)
{
    struct rehearsal *r = g_new0(struct rehearsal, 1);
    const struct world_sim_hooks hooks = {0};
    rehearsal_open(r, FOLDER, &hooks);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rehearsal *r = *state;
    rehearsal_close(r);
    g_free(r);
    return 0;
}

/* How many events of that kind, subject (NULL: any) and with that text in their body. */
static int count(const struct rehearsal *r, const char *kind, const char *subject, const char *text)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    assert_non_null(reader);
    int n = 0;
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        n += !strcmp(event->kind, kind) && (!subject || !strcmp(event->subject, subject)) &&
             (!text || strstr(event->body, text));
        event_free(event);
    }
    ledger_reader_close(reader);
    return n;
}

static void advance(struct rehearsal *r, int seconds)
{
    rehearsal_advance(r, seconds * G_USEC_PER_SEC);
}

static const cJSON *link_of(const cJSON *links, const char *id)
{
    const cJSON *link = NULL;
    cJSON_ArrayForEach(link, links)
    {
        if (!strcmp(json_string(link, "link", ""), id)) {
            return link;
        }
    }
    return NULL;
}

static const char *verdict(const struct rehearsal *r, const char *id, const char *direction)
{
    static char text[32];
    auto_json links = exercise_impairments(r->exercise);
    const cJSON *one = json_object(link_of(links, id), direction);
    g_strlcpy(text, json_string(one, "verdict", "none"), sizeof(text));
    return text;
}

static void what_a_scenario_asks_is_made_and_found_achieved(void **state)
{
    struct rehearsal *r = *state;
    advance(r, 50);
    auto_json links = exercise_impairments(r->exercise);
    const cJSON *plc = link_of(links, "blue2/plc:plant");
    assert_non_null(plc);
    assert_string_equal(json_string(plc, "state", ""), "made");
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        const cJSON *direction = json_object(plc, plan_direction_name(d));
        const cJSON *achieved = json_object(direction, "achieved");
        assert_string_equal(json_string(direction, "verdict", ""), "as-asked");
        assert_in_range(json_int(achieved, "delay_us", 0), 38000, 42000);
        assert_in_range(json_int(achieved, "rate_bps", 0), 4900000, 5100000);
        assert_true(json_int(achieved, "loss_ppm_low", -1) <= 20000);
        assert_true(json_int(achieved, "loss_ppm_high", 0) >= 20000);
    }
    assert_null(json_object(link_of(links, "attacker:blue1/office"), "in"));
    assert_string_equal(verdict(r, "attacker:blue2/office", "out"), "as-asked");
    assert_string_equal(verdict(r, "blue1/web:office", "out"), "as-asked");
    assert_string_equal(verdict(r, "blue2/web:office", "out"), "as-asked");
    assert_true(count(r, "link.measured", "blue1/plc:plant", "\"direction\":\"in\"") >= 1);
    advance(r, 20);
    assert_string_equal(verdict(r, "blue1/web:office", "out"), "none");
    assert_int_equal(count(r, "link.cleared", "blue1/web:office", NULL), 1);
    assert_int_equal(count(r, "alarm.raised", NULL, NULL), 0);
    auto_json status = exercise_status(r->exercise);
    assert_non_null(link_of(json_array(status, "impairments"), "blue1/plc:plant"));
}

static void drift_is_alarmed_and_the_alarm_ends_with_it(void **state)
{
    struct rehearsal *r = *state;
    const struct plan_impairment slow = {.delay_us = 70000, .rate_bps = 5000000};
    int plc = plan_machine_index(r->plan, "blue1/plc");
    advance(r, 30);
    world_sim_link(r->world, plc, 0, PLAN_IN, &slow);
    advance(r, 60);
    assert_int_equal(count(r, "alarm.raised", "blue1/plc:plant in", "impairment-drift"), 1);
    assert_int_equal(count(r, "alarm.raised", NULL, "delay: asked 40 ms, achieved 70"), 1);
    assert_string_equal(verdict(r, "blue1/plc:plant", "in"), "drift");
    assert_string_equal(verdict(r, "blue1/plc:plant", "out"), "as-asked");
    struct plan_link_ask asked = run_link_asked(r->exercise, plc, 0);
    world_sim_link(r->world, plc, 0, PLAN_IN, &asked.direction[PLAN_IN]);
    advance(r, 300);
    assert_int_equal(count(r, "alarm.cleared", "blue1/plc:plant in", "impairment-drift"), 1);
    auto_json status = exercise_status(r->exercise);
    assert_int_equal(cJSON_GetArraySize(json_array(status, "alarms")), 0);
}

static void a_link_that_its_users_fill_is_not_judged(void **state)
{
    struct rehearsal *r = *state;
    const struct plan_impairment slow = {.delay_us = 140000, .rate_bps = 5000000};
    world_sim_traffic(r->world, 1000000); /* in two seconds: 4 of 5 Mbit/s */
    world_sim_link(r->world, plan_machine_index(r->plan, "blue1/plc"), 0, PLAN_IN, &slow);
    advance(r, 60);
    assert_string_equal(verdict(r, "blue1/plc:plant", "in"), "busy");
    assert_int_equal(count(r, "alarm.raised", NULL, NULL), 0);
    world_sim_traffic(r->world, 0);
    advance(r, 60);
    assert_string_equal(verdict(r, "blue1/plc:plant", "in"), "drift");
}

static void a_pause_measures_nothing_and_forgets_nothing(void **state)
{
    struct rehearsal *r = *state;
    advance(r, 30);
    assert_true(exercise_pause(r->exercise, "test", NULL));
    rehearsal_settle(r);
    int before = count(r, "link.measured", NULL, NULL);
    advance(r, 300);
    assert_int_equal(count(r, "link.measured", NULL, NULL), before);
    assert_true(exercise_resume(r->exercise, "test", NULL));
    rehearsal_settle(r);
    advance(r, 120);
    assert_true(count(r, "link.measured", NULL, NULL) > before);
    assert_string_equal(verdict(r, "blue1/plc:plant", "in"), "as-asked");
    assert_int_equal(count(r, "alarm.raised", NULL, NULL), 0);
}

static void a_players_function_impairs_and_clears(void **state)
{
    struct rehearsal *r = *state;
    advance(r, 130);
    assert_string_equal(verdict(r, "blue2/web:office", "in"), "as-asked");
    assert_string_equal(verdict(r, "blue2/web:office", "out"), "as-asked");
    advance(r, 30);
    assert_string_equal(verdict(r, "blue2/web:office", "in"), "none");
    assert_int_equal(count(r, "link.impaired", "blue2/web:office", "\"down\":true"), 1);
    assert_int_equal(count(r, "note", NULL, "expected a time"), 1);
    assert_int_equal(count(r, "note", NULL, "unknown \\\"latency\\\""), 1);
    assert_int_equal(count(r, "alarm.raised", NULL, "script-error"), 0);
}

struct told {
    int times;
    char *error;
};

static void on_told(const GError *error, gpointer data)
{
    struct told *told = data;
    told->times++;
    g_free(told->error);
    told->error = error ? g_strdup(error->message) : NULL;
}

static void an_operator_is_told_what_came_of_it(void **state)
{
    struct rehearsal *r = *state;
    struct told told = {0};
    advance(r, 5);
    struct plan_impair wish = {.machine = (char *)"blue1/web",
            .network = (char *)"office",
            .both = {.delay_us = 30000}};
    assert_true(exercise_impair(r->exercise, &wish, "test", on_told, &told, NULL));
    assert_int_equal(told.times, 0);
    rehearsal_settle(r);
    assert_int_equal(told.times, 1);
    assert_null(told.error);
    world_sim_refuse_links(r->world, true);
    wish.both.delay_us = 90000;
    assert_true(exercise_impair(r->exercise, &wish, "test", on_told, &told, NULL));
    rehearsal_settle(r);
    assert_int_equal(told.times, 2);
    assert_string_equal(told.error, "this simulated kernel cannot impair links");
    /* it is again what it was */
    int web = plan_machine_index(r->plan, "blue1/web");
    assert_int_equal(run_link_asked(r->exercise, web, 0).direction[PLAN_IN].delay_us, 30000);
    world_sim_refuse_links(r->world, false);
    struct plan_impair all = {.clear = true};
    assert_true(exercise_impair(r->exercise, &all, "test", on_told, &told, NULL));
    rehearsal_settle(r);
    assert_int_equal(told.times, 3);
    auto_json links = exercise_impairments(r->exercise);
    assert_int_equal(cJSON_GetArraySize(links), 0);
    assert_true(exercise_impair(r->exercise, &all, "test", on_told, &told, NULL));
    rehearsal_settle(r);
    assert_int_equal(told.times, 4); /* nothing was left to do */
    g_autoptr(GError) error = NULL;
    wish.network = NULL;
    assert_false(exercise_impair(r->exercise, &wish, "test", on_told, &told, &error));
    assert_non_null(strstr(error->message, "blue1/web:office, blue1/web:plant"));
    g_free(told.error);
}

static void what_is_asked_is_kept_and_given_back(void **state)
{
    struct rehearsal *r = *state;
    advance(r, 30);
    auto_json saved = run_links_save(r->exercise, plan_team_index(r->plan, "blue1"));
    assert_int_equal(cJSON_GetArraySize(saved), 3); /* plc, web, and the attacker's foot there */
    struct plan_impair all = {.clear = true};
    struct told told = {0};
    assert_true(exercise_impair(r->exercise, &all, "test", on_told, &told, NULL));
    advance(r, 40);
    run_links_restore(r->exercise, saved, plan_team_index(r->plan, "blue1"), "restore");
    advance(r, 30);
    assert_string_equal(verdict(r, "blue1/plc:plant", "in"), "as-asked");
    assert_string_equal(verdict(r, "blue1/web:office", "out"), "as-asked");
    assert_string_equal(verdict(r, "blue2/plc:plant", "in"), "none");
}

static void at_the_end_everything_is_cleared(void **state)
{
    struct rehearsal *r = *state;
    advance(r, 30);
    assert_true(exercise_end(r->exercise, "test", "enough", NULL));
    rehearsal_settle(r);
    assert_true(r->ended);
    assert_int_equal(count(r, "link.cleared", NULL, NULL), 6); /* each of the six there were */
    assert_int_equal(count(r, "resource.opening", NULL, "\"ifb\""),
            count(r, "resource.closed", NULL, "\"ifb\""));
    assert_true(count(r, "resource.opening", NULL, "\"ifb\"") > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(what_a_scenario_asks_is_made_and_found_achieved),
            TEST(drift_is_alarmed_and_the_alarm_ends_with_it),
            TEST(a_link_that_its_users_fill_is_not_judged),
            TEST(a_pause_measures_nothing_and_forgets_nothing),
            TEST(a_players_function_impairs_and_clears),
            TEST(an_operator_is_told_what_came_of_it),
            TEST(what_is_asked_is_kept_and_given_back),
            TEST(at_the_end_everything_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
