/* test_display_injects.c - injects made, changed and agreed to from the screen; what an input method
 * composes; the report. */
#include "engine.h"

#include "display/snapshot.h"

static void test_i_asks_for_a_new_inject_off_the_list(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_i);
    assert_true(turn_until(fixture, form_is_open));
    type("港口关闭");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(request, "method", ""), "inject-add");
    assert_string_equal(json_string(params, "note", ""), "港口关闭");
    assert_null(json_string(params, "step", NULL));
    assert_null(json_string(params, "team", NULL));
    assert_int_equal(json_int(params, "at_us", -7), -7);
}

static void test_the_name_of_a_step_makes_a_step_against_the_chosen_team(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_i);
    assert_true(turn_until(fixture, form_is_open));
    type("recon");
    press(SDLK_TAB);
    assert_true(turn_until(fixture, queue_is_taken));
    type("4:3x");
    press(SDLK_RETURN); /* no time: it stays open */
    assert_true(turn_until(fixture, queue_is_taken));
    assert_true(form_is_open(fixture));
    press(SDLK_BACKSPACE);
    type("0");
    press(SDLK_TAB);
    press(SDLK_DOWN);
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(params, "step", ""), "recon");
    assert_string_equal(
            json_string(params, "team", ""), model_team_at(app_model(fixture->app), 0)->id);
    assert_int_equal(json_int(params, "at_us", 0), 270 * (gint64)G_USEC_PER_SEC);
}

static void test_e_changes_the_time_of_the_chosen_inject(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_e);
    assert_true(turn_until(fixture, form_is_open));
    const struct view *view = app_view(fixture->app);
    const struct model_inject *inject = model_inject_at(view->model, view->selected);
    g_autofree char *shown = g_strdup(view->form.fields[0].text->str);
    int s = (int)(inject->planned_us / G_USEC_PER_SEC);
    g_autofree char *wanted = g_strdup_printf("%d:%02d", s / 60, s % 60);
    assert_string_equal(shown, wanted);
    for (gsize i = 0; i < strlen(wanted); i++) {
        press(SDLK_BACKSPACE);
    }
    assert_true(turn_until(fixture, queue_is_taken));
    type("1:02:03");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(request, "method", ""), "inject-edit");
    assert_string_equal(json_string(params, "inject", ""), inject->id);
    assert_int_equal(json_int(params, "at_us", 0), 3723 * (gint64)G_USEC_PER_SEC);
}

static void test_o_agrees_to_the_chosen_inject(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_o);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "approve");
}

static bool is_refused(struct fixture *fixture)
{
    const struct view *view = app_view(fixture->app);
    return view->status && strstr(view->status, "No report");
}

/* Beside a test stands no program sandtable. */
static void test_a_report_that_cannot_be_made_is_said(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_w);
    assert_true(turn_until(fixture, is_refused));
    assert_true(app_view(fixture->app)->status_bad);
}

/* ---- the model ------------------------------------------------------------------------------- */

static void fold(struct model *model, const char *kind, const char *subject, const char *json)
{
    auto_event event = event_new(kind, "blue1", subject, cJSON_Parse(json));
    event->seq = model->seq + 1;
    event->at_us = 1000000;
    model_reduce(model, event);
}

static struct model *planned(void)
{
    struct model *model = model_new();
    fold(model, "exercise.created", "x",
            "{\"plan\":{\"name\":\"x\",\"teams\":[{\"id\":\"blue1\"}],\"injects\":["
            "{\"id\":\"manual\",\"at_us\":-1,\"title\":\"Off\"},"
            "{\"id\":\"late\",\"at_us\":9000000,\"title\":\"Late\",\"approvals\":2},"
            "{\"id\":\"soon\",\"at_us\":5000000,\"title\":\"Soon\"}]}}");
    return model;
}

static void assert_order(const struct model *model, const char *wanted)
{
    struct view view = {.model = model, .mode = MODE_CONTROL};
    g_autoptr(GArray) order = view_inject_order(&view);
    g_autoptr(GString) ids = g_string_new(NULL);
    for (guint i = 0; i < order->len; i++) {
        g_string_append_printf(ids, "%s%s", i ? " " : "",
                model_inject_at(model, g_array_index(order, int, i))->id);
    }
    assert_string_equal(ids->str, wanted);
}

static void what_is_off_the_list_comes_last_and_a_change_moves_its_row_alone(void **state)
{
    (void)state;
    struct model *model = planned();
    assert_order(model, "soon late manual");
    fold(model, "inject.added", "added-1",
            "{\"at_us\":7000000,\"note\":\"n\",\"title\":\"n\",\"by\":\"mira\"}");
    assert_order(model, "soon added-1 late manual");
    assert_string_equal(model_inject_at(model, 3)->id, "added-1"); /* others keep their place */
    fold(model, "inject.edited", "soon", "{\"at_us\":8000000,\"by\":\"mira\"}");
    fold(model, "inject.state", "soon", "{\"state\":\"scheduled\",\"at_us\":8000000}");
    assert_order(model, "added-1 soon late manual");
    fold(model, "inject.edited", "added-1", "{\"title\":\"other\",\"by\":\"mira\"}");
    assert_string_equal(model_inject_at(model, 3)->title, "other");
    fold(model, "inject.added", "added-1", "{\"at_us\":1,\"title\":\"twice\"}");
    assert_int_equal(model->injects->len, 4);
    model_free(model);
}

static void who_must_still_agree_is_counted_down_and_begins_anew(void **state)
{
    (void)state;
    struct model *model = planned();
    const struct model_inject *late = model_inject_at(model, 1);
    assert_string_equal(late->id, "late");
    assert_int_equal(late->missing, 2);
    fold(model, "inject.approved", "late", "{\"by\":\"mira\",\"missing\":1}");
    assert_int_equal(late->missing, 1);
    fold(model, "inject.approved", "late", "{\"by\":\"jon\",\"missing\":0}");
    fold(model, "inject.state", "late", "{\"state\":\"fired\",\"by\":\"mira\"}");
    assert_int_equal(late->missing, 2);
    model_free(model);
}

static void a_moment_before_it_was_made_does_not_know_it(void **state)
{
    (void)state;
    struct model *model = planned();
    g_autoptr(GBytes) before = snapshot_make(model);
    fold(model, "inject.added", "added-1", "{\"at_us\":7,\"title\":\"n\",\"approvals\":3}");
    g_autoptr(GBytes) after = snapshot_make(model);
    assert_true(snapshot_take(model, before));
    assert_int_equal(model->injects->len, 3);
    assert_true(snapshot_take(model, after));
    assert_int_equal(model->injects->len, 4);
    assert_string_equal(model_inject_at(model, 3)->id, "added-1");
    assert_int_equal(model_inject_at(model, 3)->missing, 3);
    assert_true(model_inject_at(model, 3)->added);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(test_i_asks_for_a_new_inject_off_the_list),
            WITH_ENGINE(test_the_name_of_a_step_makes_a_step_against_the_chosen_team),
            WITH_ENGINE(test_e_changes_the_time_of_the_chosen_inject),
            WITH_ENGINE(test_o_agrees_to_the_chosen_inject),
            WITH_ENGINE(test_a_report_that_cannot_be_made_is_said),
            cmocka_unit_test(what_is_off_the_list_comes_last_and_a_change_moves_its_row_alone),
            cmocka_unit_test(who_must_still_agree_is_counted_down_and_begins_anew),
            cmocka_unit_test(a_moment_before_it_was_made_does_not_know_it),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
