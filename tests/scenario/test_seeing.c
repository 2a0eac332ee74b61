/* test_seeing.c - what an operator can see, and what is on the record of it, on the simulated
 * world.
 */
#include "scenario/rehearsal.h"

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    const struct rehearsal *r = data;
    (void)argv;
    (void)out;
    (void)err;
    world_sim_write(r->world, machine, "/root/page.html", "404 Not Found");
    return 0;
}

static struct rehearsal *open_one(void)
{
    struct rehearsal *r = g_new0(struct rehearsal, 1);
    const struct world_sim_hooks hooks = {.data = r, .exec = on_exec};
    rehearsal_open(r, SANDTABLE_SOURCE_DIR "/tests/system/seeing", &hooks);
    return r;
}

static void close_one(struct rehearsal *r)
{
    rehearsal_close(r);
    g_free(r);
}

/* Waits (in real time: an attentive engine looks once a second) until the capture is as wanted. */
static void wait_for_capture(struct rehearsal *r, const char *state)
{
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit) {
        auto_json captures = exercise_captures(r->exercise, true);
        if (!strcmp(json_string(captures->child, "state", ""), state)) {
            return;
        }
        rehearsal_settle(r);
        g_usleep(1000);
    }
    fail_msg("the capture is not %s", state);
}

/* seq of the first event of that kind with subject (and state, when that is given); 0: none. */
static gint64 seq_of(
        const struct rehearsal *r, const char *kind, const char *subject, const char *state)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    gint64 seq = 0;
    struct event *event = NULL;
    while (!seq && ledger_reader_next(reader, &event, NULL) == 1) {
        auto_json body = cJSON_Parse(event->body);
        if (!strcmp(event->kind, kind) && (!subject || !strcmp(event->subject, subject)) &&
                (!state || !strcmp(json_string(body, "state", ""), state))) {
            seq = event->seq;
        }
        event_free(event);
    }
    ledger_reader_close(reader);
    return seq;
}

static void a_capture_of_the_scenario_is_on_the_record(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    wait_for_capture(r, "on");
    gint64 opening = seq_of(r, "resource.opening", "capture:blue1/office", NULL);
    gint64 started = seq_of(r, "capture.started", "blue1/office", NULL);
    assert_true(opening > 0 && opening < started);
    auto_json body = rehearsal_last(r, "capture.started", "blue1", "blue1/office");
    assert_string_equal(json_string(body, "by", ""), "scenario");
    assert_int_equal(json_int(body, "keep_us", 0), 300 * G_USEC_PER_SEC);
    assert_int_equal(json_int(body, "size_bytes", 0), 8 << 20);
    assert_int_equal(rehearsal_count(r, "capture.started", NULL), 1); /* not of the other one */
    exercise_end(r->exercise, "test", "enough", NULL);
    rehearsal_settle(r);
    assert_true(r->ended);
    gint64 stopped = seq_of(r, "capture.stopped", "blue1/office", NULL);
    gint64 closed = seq_of(r, "resource.closed", "capture:blue1/office", NULL);
    assert_true(seq_of(r, "exercise.state", NULL, "ended") < stopped);
    assert_true(stopped < closed);
    assert_true(closed < seq_of(r, "exercise.state", NULL, "down"));
    close_one(r);
}

static void a_step_has_its_place_in_the_capture(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    wait_for_capture(r, "on");
    rehearsal_advance(r, 8 * G_USEC_PER_SEC);
    assert_true(seq_of(r, "step.verdict", "knock", NULL) > 0);
    assert_true(
            seq_of(r, "step.verdict", "knock", NULL) < seq_of(r, "capture.step", "knock", NULL));
    auto_json body = rehearsal_last(r, "capture.step", "blue1", "knock");
    assert_true(json_int(body, "from_us", 0) > 0);
    assert_true(json_int(body, "to_us", 0) >= json_int(body, "from_us", 0));
    const cJSON *places = json_array(body, "places");
    assert_int_equal(cJSON_GetArraySize(places), 1);
    assert_string_equal(json_string(places->child, "network", ""), "blue1/office");
    close_one(r);
}

static int on_exec_nothing(
        gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    (void)data;
    (void)machine;
    (void)argv;
    (void)out;
    (void)err;
    return 0;
}

/* What the first capture kept for the step is not let go of in the second one, too: that may keep
 * it for another step. */
static void a_capture_begun_anew_amid_a_step_is_let_go_of_once(void **state)
{
    (void)state;
    struct rehearsal *r = g_new0(struct rehearsal, 1);
    const struct world_sim_hooks hooks = {.data = r, .exec = on_exec_nothing};
    rehearsal_open(r, SANDTABLE_SOURCE_DIR "/tests/system/seeing", &hooks);
    int office = plan_network_index(r->plan, "blue1/office");
    wait_for_capture(r, "on");
    rehearsal_advance(r, 5 * G_USEC_PER_SEC);
    assert_int_equal(world_sim_held(r->world, office), 1); /* the step waits for its effect */
    assert_true(exercise_capture(r->exercise, "blue1/office", false, "op", NULL));
    wait_for_capture(r, "off");
    assert_true(exercise_capture(r->exercise, "blue1/office", true, "op", NULL));
    wait_for_capture(r, "on");
    assert_int_equal(world_sim_held(r->world, office), 1);
    rehearsal_advance(r, 40 * G_USEC_PER_SEC);
    auto_json body = rehearsal_last(r, "capture.step", "blue1", "knock");
    assert_int_equal(cJSON_GetArraySize(json_array(body, "places")), 2);
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (world_sim_held(r->world, office) > 0 && g_get_monotonic_time() < limit) {
        rehearsal_settle(r);
        g_usleep(1000);
    }
    assert_int_equal(world_sim_held(r->world, office), 0);
    close_one(r);
}

static void an_operator_starts_and_stops_captures(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    wait_for_capture(r, "on");
    g_autoptr(GError) error = NULL;
    assert_false(exercise_capture(r->exercise, "office", true, "op", &error));
    assert_non_null(strstr(error->message, "did you mean \"blue1/office\"?"));
    g_clear_error(&error);
    assert_false(exercise_capture(r->exercise, "blue1/office", true, "op", &error));
    assert_non_null(strstr(error->message, "it is on"));
    g_clear_error(&error);
    assert_true(exercise_capture(r->exercise, "blue1/office", false, "op", &error));
    wait_for_capture(r, "off");
    auto_json body = rehearsal_last(r, "capture.stopped", NULL, "blue1/office");
    assert_string_equal(json_string(body, "by", ""), "op");
    assert_true(exercise_capture(r->exercise, "blue1/office", true, "op", &error));
    wait_for_capture(r, "on");
    close_one(r);
}

static void keep(cJSON *result, const GError *error, gpointer data)
{
    *(char **)data = result ? json_text(result) : g_strdup(error->message);
    cJSON_Delete(result);
}

static char *wait_for(struct rehearsal *r, char **text)
{
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (!*text && g_get_monotonic_time() < limit) {
        rehearsal_settle(r);
    }
    assert_non_null(*text);
    return *text;
}

static void checks_are_traffic(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    rehearsal_advance(r, 12 * G_USEC_PER_SEC);
    g_autofree char *text = NULL;
    exercise_links(r->exercise, keep, &text);
    wait_for(r, &text);
    auto_json links = cJSON_Parse(text);
    const cJSON *web = json_array(links, "links")->child;
    assert_string_equal(json_string(web, "machine", ""), "blue1/web");
    assert_string_equal(json_string(web, "address", ""), "10.20.1.10");
    assert_true(json_int(web, "rx_packets", 0) >= 8);
    assert_int_equal(cJSON_GetArraySize(json_array(links, "links")), 3);
    close_one(r);
}

static void whoever_comes_to_a_console_is_on_the_record(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    struct exercise_console_options options = {.machine = "blue1/web", .who = "op", .number = 1};
    assert_true(exercise_console(r->exercise, &options, keep, &text, &error));
    options.number = 2;
    assert_false(exercise_console(r->exercise, &options, keep, &text, &error));
    assert_non_null(strstr(error->message, "op is at the console of blue1/web"));
    g_clear_error(&error);
    wait_for(r, &text);
    assert_non_null(strstr(text, "simulated"));
    exercise_console_close(r->exercise, 1);
    exercise_console_close(r->exercise, 1);
    exercise_console_close(r->exercise, 77);
    rehearsal_settle(r);
    assert_int_equal(rehearsal_count(r, "console.opened", "blue1"), 1);
    assert_int_equal(rehearsal_count(r, "console.closed", "blue1"), 1);
    assert_true(exercise_console(r->exercise, &options, keep, &text, &error));
    exercise_console_close(r->exercise, 2); /* gone before it was on the record */
    g_clear_pointer(&text, g_free);
    wait_for(r, &text);
    close_one(r);
}

static void a_screen_is_for_machines_that_have_one(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    assert_false(exercise_screenshot(r->exercise, "mole", keep, &text, &error));
    assert_non_null(strstr(error->message, "display = true"));
    g_clear_error(&error);
    assert_false(exercise_screenshot(r->exercise, "wen", keep, &text, &error));
    g_clear_error(&error);
    world_sim_crash(r->world, plan_machine_index(r->plan, "blue1/web"));
    assert_false(exercise_screenshot(r->exercise, "blue1/web", keep, &text, &error));
    assert_non_null(strstr(error->message, "crashed"));
    close_one(r);
}

static void on_result(const struct world_exec_result *result, const GError *error, gpointer data)
{
    assert_null(error);
    *(char **)data = g_strdup_printf("%d", result->status);
}

static void a_command_is_on_the_record_before_it_runs(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    const char *const argv[] = {"touch", "/root/x", NULL};
    assert_false(exercise_exec(r->exercise, "web", argv, 1000, "op", on_result, &text, &error));
    assert_non_null(strstr(error->message, "did you mean \"blue1/web\"?"));
    assert_true(exercise_exec(r->exercise, "blue1/web", argv, 1000, "op", on_result, &text, NULL));
    assert_null(text); /* nothing happens before the disk has it */
    wait_for(r, &text);
    gint64 asked = seq_of(r, "operator.exec", "blue1/web", "asked");
    gint64 done = seq_of(r, "operator.exec", "blue1/web", "done");
    assert_true(asked > 0 && asked < done);
    auto_json body = rehearsal_last(r, "operator.exec", "blue1", "blue1/web");
    assert_int_equal(json_int(body, "status", -1), 0);
    assert_string_equal(json_string(body, "by", ""), "op");
    close_one(r);
}

static void a_short_name_of_an_inject_has_a_hint(void **state)
{
    (void)state;
    struct rehearsal *r = open_one();
    g_autoptr(GError) error = NULL;
    assert_false(exercise_fire(r->exercise, "knock", "op", &error));
    assert_non_null(strstr(error->message, "did you mean \"knock@blue1\"?"));
    close_one(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_capture_of_the_scenario_is_on_the_record),
            cmocka_unit_test(a_step_has_its_place_in_the_capture),
            cmocka_unit_test(a_capture_begun_anew_amid_a_step_is_let_go_of_once),
            cmocka_unit_test(an_operator_starts_and_stops_captures),
            cmocka_unit_test(checks_are_traffic),
            cmocka_unit_test(whoever_comes_to_a_console_is_on_the_record),
            cmocka_unit_test(a_screen_is_for_machines_that_have_one),
            cmocka_unit_test(a_command_is_on_the_record_before_it_runs),
            cmocka_unit_test(a_short_name_of_an_inject_has_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
