/* test_display_model.c - the display's fold: a drill, odd events, hostile events. */
#include "support/test.h"

#include "base/json.h"
#include "display/source.h"
#include "display/view_chart.h"

#include <stdio.h>
#include <string.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"

static struct model *fold_record(gint64 until_us)
{
    g_autoptr(GError) error = NULL;
    struct source *source = source_open_file(RECORD, &error);
    assert_no_error(error);
    struct model *model = model_new();
    struct event *event = NULL;
    while (source_next(source, &event, &error) > 0) {
        if (event->at_us <= until_us) {
            model_reduce(model, event);
        }
        event_free(event);
    }
    assert_no_error(error);
    model_settle(model);
    source_close(source);
    return model;
}

static void feed(struct model *model, const char *kind, const char *team, const char *subject,
        const char *body)
{
    cJSON *json = json_parse(body, strlen(body), NULL);
    assert_non_null(json);
    auto_event event = event_new(kind, team, subject, json);
    event->seq = model->seq + 1;
    event->at_us = model->at_us + 1000000;
    model_reduce(model, event);
}

static int find_team(const struct model *model, const char *id)
{
    for (int t = 0; model_team_at(model, t); t++) {
        if (!strcmp(model_team_at(model, t)->id, id)) {
            return t;
        }
    }
    return -1;
}

/* One look: web's card in the office has moved so many bytes by then. */
static bool tell_traffic(struct model *model, double rx_bytes, int at_s)
{
    g_autofree char *text = g_strdup_printf(
            "{\"wall_us\":%d000000,\"links\":["
            "{\"machine\":\"blue2/web\",\"network\":\"blue2/"
            "office\",\"rx_bytes\":%.0f,\"tx_bytes\":0},"
            "{\"machine\":\"nobody\",\"network\":\"x\",\"rx_bytes\":1e300},"
            "{\"machine\":\"blue2/web\",\"network\":\"nowhere\",\"rx_bytes\":5},7,null]}",
            1000 + at_s, rx_bytes);
    auto_event event =
            event_new(SOURCE_TELEMETRY, NULL, NULL, json_parse(text, strlen(text), NULL));
    return model_traffic(model, event);
}

static int level_of_web(const struct model *model)
{
    for (int m = 0; model_machine_at(model, m); m++) {
        if (!strcmp(model_machine_at(model, m)->id, "blue2/web")) {
            return model_machine_at(model, m)->traffic[0].level;
        }
    }
    return -1;
}

static void test_a_busy_link_gets_wider_and_a_silent_one_thin_again(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    gint64 seq = model->seq;
    assert_false(tell_traffic(model, 5e9, 0)); /* what was before one came counts for nothing */
    assert_true(tell_traffic(model, 5e9 + 2e4, 1));
    assert_int_equal(level_of_web(model), 2);
    assert_false(tell_traffic(model, 5e9 + 8e4, 2)); /* 60 kB/s looks as 20 does */
    assert_true(tell_traffic(model, 5e9 + 9e9, 3));
    assert_int_equal(level_of_web(model), MODEL_TRAFFIC_MAX);
    assert_true(tell_traffic(model, 5e9 + 9e9, 4));
    assert_int_equal(level_of_web(model), 0);
    assert_false(tell_traffic(model, 7, 5));   /* a machine that was started anew */
    assert_false(tell_traffic(model, 1e9, 5)); /* no time has passed */
    auto_event odd = event_new(SOURCE_TELEMETRY, NULL, NULL, NULL);
    assert_false(model_traffic(model, odd));
    assert_int_equal(model->seq, seq); /* no event of the exercise */
    model_free(model);
}

static void test_the_recorded_drill_ends_with_the_hardening_team_ahead(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    assert_int_equal(model->state, MODEL_DOWN);
    assert_int_equal(model->teams->len, 3);
    assert_int_equal(model->machines->len, 7);
    assert_int_equal(model->attacks->len, 10);
    const struct model_team *north = model_team_at(model, find_team(model, "blue1"));
    const struct model_team *south = model_team_at(model, find_team(model, "blue2"));
    assert_int_equal(north->rank, 0);
    assert_true(north->total > south->total);
    g_auto(GStrv) parts = g_strsplit(north->details, " · ", -1);
    assert_in_range(g_strv_length(parts), 2, 4); /* what is nothing is not told */
    gint64 sum = 0;
    for (int i = 0; parts[i]; i++) {
        sum += g_ascii_strtoll(strchr(parts[i], ' '), NULL, 10);
    }
    assert_int_equal(north->total, sum);
    assert_int_equal(model_attack_of(model, 3, find_team(model, "blue1"))->state, ATTACK_BLOCKED);
    assert_int_equal(model_attack_of(model, 3, find_team(model, "blue2"))->state, ATTACK_EFFECT);
    assert_int_equal(model->alarms->len, 1); /* one was cleared */
    model_free(model);
}

static void test_the_model_shows_any_moment_of_the_drill(void **state)
{
    (void)state;
    struct model *model = fold_record(160 * G_USEC_PER_SEC);
    assert_int_equal(model->state, MODEL_RUNNING);
    assert_int_equal(model->alarms->len, 1);
    bool crashed = false;
    for (int m = 0; model_machine_at(model, m); m++) {
        const struct model_machine *machine = model_machine_at(model, m);
        crashed = crashed || (!strcmp(machine->id, "blue2/gate") && machine->status == STATUS_DOWN);
    }
    assert_true(crashed);
    model_free(model);
}

static void test_a_service_has_its_share_of_passed_checks_and_flaps_when_it_alternates(void **state)
{
    (void)state;
    struct model *model = fold_record(0);
    int team = find_team(model, "blue1");
    for (int i = 0; i < 4; i++) {
        feed(model, "check.ok", "blue1", "site", "{\"round\":1}");
        feed(model, "check.down", "blue1", "site", "{\"round\":2,\"status\":\"down\"}");
    }
    const struct model_cell *cell = model_cell_at(model, 0, team);
    assert_int_equal(model_cell_sla(cell), 50);
    assert_int_equal(cell->status, STATUS_DOWN);
    assert_true(model_cell_flaps(cell));
    feed(model, "check.fault", "blue1", "site", "{}");
    assert_int_equal(cell->status, STATUS_UNKNOWN);
    assert_int_equal(model_cell_sla(cell), 50); /* nobody's fault */
    model_free(model);
}

static void test_unknown_kinds_and_names_change_nothing(void **state)
{
    (void)state;
    struct model *model = fold_record(100 * G_USEC_PER_SEC);
    guint lines = model->feed.length;
    feed(model, "weather.changed", "blue1", "site", "{\"state\":\"rain\"}");
    feed(model, "check.ok", "nobody", "site", "{}");
    feed(model, "check.ok", "blue1", "nothing", "{}");
    feed(model, "machine.state", "blue1", "blue1/none", "{\"state\":\"ready\"}");
    feed(model, "inject.state", "", "none", "{\"state\":\"fired\"}");
    feed(model, "step.verdict", "blue1", "none", "{\"verdict\":\"effect\"}");
    feed(model, "step.verdict", "blue1", "recon", "{\"verdict\":\"wonder\"}");
    feed(model, "exercise.state", "", "exercise", "{\"state\":\"upside-down\"}");
    assert_int_equal(model->feed.length, lines);
    assert_int_equal(model->state, MODEL_RUNNING);
    model_free(model);
}

static void test_bodies_of_wrong_types_are_survived(void **state)
{
    (void)state;
    static const char *const kinds[] = {"exercise.created", "exercise.state", "machine.state",
            "check.ok", "check.down", "inject.state", "step.state", "step.verdict", "player.action",
            "operator.action", "note", "alarm.raised", "alarm.cleared"};
    static const char *const bodies[] = {"{}",
            "{\"state\":7,\"step\":[],\"from\":{},\"to\":null,\"verdict\":1,\"text\":[1],\"argv\":["
            "1]}",
            "{\"round\":-9e300,\"status\":{},\"alarm\":4,\"argv\":\"x\",\"attack\":\"T1\",\"at_"
            "us\":1e300}",
            "{\"plan\":{\"teams\":[1,{\"id\":3},{\"id\":\"\"},{}],\"machines\":[[],{\"id\":\"m\","
            "\"nics\":[4,{\"network\":9}]}],\"networks\":{},\"services\":[{\"name\":\"s\"}],"
            "\"steps\":[{\"name\":\"x\",\"attack\":[]}],\"injects\":[{\"id\":\"i\",\"at_us\":-"
            "1e300}],"
            "\"duration_us\":1e300}}"};
    struct model *model = fold_record(30 * G_USEC_PER_SEC);
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (guint b = 0; b < G_N_ELEMENTS(bodies); b++) {
            feed(model, kinds[k], "blue1", "recon", bodies[b]);
            model_settle(model);
        }
    }
    assert_int_equal(model->machines->len, 1); /* of the last plan, what was usable */
    assert_int_equal(model->teams->len, 0);
    model_free(model);
}

static void test_feed_marks_and_history_stay_bounded(void **state)
{
    (void)state;
    struct model *model = fold_record(0);
    for (int i = 0; i < 6000; i++) {
        feed(model, "alarm.raised", "", "x", i % 2 ? "{\"alarm\":\"a\"}" : "{\"alarm\":\"b\"}");
        feed(model, "check.ok", "blue1", "site", "{}");
    }
    model_settle(model);
    assert_true(model->feed.length <= MODEL_FEED_MAX);
    assert_true(model->marks->len <= MODEL_MARKS_MAX);
    assert_true(model->alarms->len <= 200);
    assert_true(model_team_at(model, 0)->history->len <= 2100);
    model_free(model);
}

static void test_a_second_exercise_starts_anew(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    feed(model, "exercise.created", "", "exercise", "{\"plan\":{\"title\":\"Other\"}}");
    assert_string_equal(model->title, "Other");
    assert_int_equal(model->teams->len, 0);
    assert_int_equal(model->attacks->len, 0);
    assert_int_equal(model->state, MODEL_SETUP);
    model_free(model);
}

static void test_impaired_links_say_what_is_asked_and_what_was_measured(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    feed(model, "link.impaired", "blue1", "blue1/web:office",
            "{\"machine\":\"blue1/web\",\"network\":\"blue1/office\",\"by\":\"mira\",\"asked\":"
            "{\"in\":{\"delay_us\":40000,\"jitter_us\":5000,\"loss_ppm\":20000,"
            "\"rate_bps\":5000000}}}");
    assert_int_equal(model->impairments->len, 1);
    const struct model_impairment *link =
            &g_array_index(model->impairments, struct model_impairment, 0);
    assert_string_equal(link->asked, "40 ms ±5 ms 2 % 5 Mbit/s");
    feed(model, "link.measured", "blue1", "blue1/web:office",
            "{\"direction\":\"in\",\"verdict\":\"drift\",\"achieved\":{\"delay_us\":71300}}");
    assert_string_equal(link->achieved, "71.3 ms");
    assert_string_equal(link->verdict, "drift");
    feed(model, "link.impaired", "blue9", "blue9/web:office", "{\"asked\":{\"down\":true}}");
    feed(model, "link.cleared", "blue1", "blue1/web:office", "{\"by\":\"mira\"}");
    assert_int_equal(model->impairments->len, 0);
    model_free(model);
}

static void test_messages_alarms_and_the_board_are_the_white_cells(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    guint before = model->messages->len;
    feed(model, "message.sent", "blue2", "first-drill",
            "{\"from\":\"team\",\"text\":\"Is mail\\nin scope?\",\"by\":\"ann\"}");
    const struct model_message *message = model->messages->pdata[before];
    assert_true(message->from_team);
    assert_string_equal(message->text, "Is mail in scope?");
    assert_int_equal(message->team, find_team(model, "blue2"));
    const struct model_alarm *alarm = model->alarms->pdata[0];
    assert_string_equal(alarm->owner, "");
    g_autofree char *body = g_strdup_printf("{\"alarm\":\"%s\",\"by\":\"mira\"}", alarm->alarm);
    feed(model, "alarm.acknowledged", NULL, alarm->subject, body);
    assert_string_equal(alarm->owner, "mira");
    assert_int_equal(model->alarms->len, 1); /* it stays until its cause is gone */
    feed(model, "score.frozen", NULL, "first-drill", "{\"frozen\":true,\"by\":\"mira\"}");
    assert_true(model->frozen);
    gint64 since = model->frozen_seq;
    feed(model, "score.frozen", NULL, "first-drill", "{\"frozen\":true,\"by\":\"ann\"}");
    assert_int_equal(model->frozen_seq, since); /* the first counts */
    feed(model, "score.frozen", NULL, "first-drill", "{\"frozen\":false,\"by\":\"mira\"}");
    assert_false(model->frozen);
    for (int i = 0; i < 2 * MODEL_MESSAGES_MAX; i++) {
        feed(model, "message.sent", NULL, "first-drill", "{\"text\":\"x\"}");
    }
    assert_int_equal(model->messages->len, MODEL_MESSAGES_MAX);
    model_free(model);
}

static void test_notes_of_the_white_cell_are_private_and_bounded(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    feed(model, "operator.note", NULL, "first-drill",
            "{\"text\":\"a\\nb\",\"about_us\":93000000,\"by\":\"mira\"}");
    const struct model_note *note = model_note_at(model, 0);
    assert_string_equal(note->text, "a b");
    assert_int_equal(note->about_us, 93 * G_USEC_PER_SEC);
    const struct model_line *line = model->feed.head->data;
    assert_true(line->private);
    assert_non_null(strstr(line->text, "mira (1:33): a b"));
    feed(model, "operator.note", NULL, "first-drill", "{\"text\":7,\"about_us\":1e300}");
    assert_true(model_note_at(model, 1)->about_us <= model->at_us); /* never to come */
    for (int i = 0; i < 2 * MODEL_NOTES_MAX; i++) {
        feed(model, "operator.note", NULL, "first-drill", "{\"text\":\"x\"}");
    }
    assert_int_equal(model->notes->len, MODEL_NOTES_MAX);
    feed(model, "note", NULL, "first-drill", "{\"text\":\"for all\"}");
    assert_false(((const struct model_line *)model->feed.head->data)->private);
    model_free(model);
}

static gint64 total_of(struct model *model, const char *team)
{
    model_settle(model);
    return model_team_at(model, find_team(model, team))->total;
}

static void test_points_by_hand_after_the_end_are_shown_and_so_is_their_taking_back(void **state)
{
    (void)state;
    struct model *model = fold_record(G_MAXINT64);
    gint64 before = total_of(model, "blue1");
    feed(model, "score.adjusted", "blue1", "x", "{\"points\":-25,\"reason\":\"late report\"}");
    g_autofree char *body =
            g_strdup_printf("{\"seq\":%d,\"reason\":\"it was not late\"}", (int)model->seq);
    assert_int_equal(total_of(model, "blue1"), before - 25);
    feed(model, "note", "blue1", "x", "{\"text\":\"no points\"}");
    assert_false(model->stale); /* what moves no points costs nothing */
    feed(model, "score.voided", NULL, "x", body);
    assert_int_equal(total_of(model, "blue1"), before);
    model_free(model);
}

#define TASKS                                                                                      \
    "{\"plan\":{\"name\":\"ctf\",\"teams\":[{\"id\":\"a\",\"role\":\"blue\"},"                     \
    "{\"id\":\"b\",\"role\":\"blue\"}],\"score\":[{\"model\":\"jeopardy\"}],"                      \
    "\"tasks\":[{\"name\":\"easy\",\"points\":100},{\"name\":\"hard\",\"points\":500}]}}"

static void test_a_game_of_tasks_alone_has_its_points(void **state)
{
    (void)state;
    struct model *model = model_new();
    feed(model, "exercise.created", NULL, "ctf", TASKS);
    feed(model, "task.solved", "b", "easy", "{\"points\":100}");
    gint64 first = total_of(model, "b");
    assert_true(first > 0);
    feed(model, "task.solved", "b", "hard", "{\"points\":500}");
    assert_true(total_of(model, "b") > first);
    assert_int_equal(total_of(model, "a"), 0);
    assert_int_equal(model_team_at(model, find_team(model, "b"))->rank, 0);
    model_free(model);
}

#define PUT_BACK                                                                                   \
    "{\"seq\":1,\"at_us\":7,\"teams\":[\"blue1\",5,\"nobody\"],\"counts\":{\"blue1\":[]},"         \
    "\"services\":[{\"team\":\"blue1\",\"service\":\"site\",\"passed\":1,\"failed\":0},"           \
    "{\"team\":\"blue2\",\"service\":\"site\",\"passed\":9,\"failed\":9},7,{\"team\":\"x\"}],"     \
    "\"verdicts\":[{\"step\":\"%s\",\"team\":\"blue1\",\"verdict\":\"blocked\"},"                  \
    "{\"step\":\"%s\",\"team\":\"blue2\",\"verdict\":\"inert\"},{\"step\":\"none\"},3]}"

static const char *step_name(const struct model *model, int step)
{
    return ((const struct model_step *)model->steps->pdata[step])->name;
}

static void strike(struct model *model, const char *team, const char *machine)
{
    g_autofree char *body = g_strdup_printf("{\"step\":\"%s\",\"verdict\":\"effect\","
                                            "\"to\":\"%s/%s\"}",
            step_name(model, 1), team, machine);
    feed(model, "step.verdict", team, "x", body);
}

static void test_a_team_put_back_to_a_checkpoint_has_what_it_had_then(void **state)
{
    (void)state;
    struct model *model = fold_record(0);
    int blue1 = find_team(model, "blue1");
    int blue2 = find_team(model, "blue2");
    const char *teams[] = {"blue1", "blue2"};
    for (int t = 0; t < 2; t++) {
        feed(model, "check.ok", teams[t], "site", "{\"round\":1}");
        feed(model, "check.down", teams[t], "site", "{\"round\":2,\"status\":\"down\"}");
        strike(model, teams[t], "gate");
        strike(model, teams[t], "web"); /* the same step, another machine */
    }
    int web = model_machine_find(model, "blue1/web");
    int gate = model_machine_find(model, "blue1/gate");
    assert_true(*model_machine_at(model, web)->struck && *model_machine_at(model, gate)->struck);
    g_autofree char *body = g_strdup_printf(PUT_BACK, step_name(model, 0), step_name(model, 1));
    feed(model, "checkpoint.restored", NULL, "calm", body);
    assert_int_equal(model_cell_sla(model_cell_at(model, 0, blue1)), 100);
    assert_int_equal(model_cell_sla(model_cell_at(model, 0, blue2)), 50); /* stays as it is */
    assert_null(model_attack_of(model, 1, blue1));
    assert_int_equal(model_attack_of(model, 0, blue1)->state, ATTACK_BLOCKED);
    assert_int_equal(model_attack_of(model, 1, blue2)->state, ATTACK_EFFECT);
    assert_string_equal(model_machine_at(model, web)->struck, "");
    assert_string_equal(model_machine_at(model, gate)->struck, "");
    assert_true(*model_machine_at(model, model_machine_find(model, "blue2/web"))->struck);
    model_free(model);
}

#define WITH_REFERENCE                                                                             \
    "{\"plan\":{\"name\":\"f\",\"teams\":[{\"id\":\"blue1\",\"role\":\"blue\"},"                   \
    "{\"id\":\"blue2\",\"role\":\"blue\"},"                                                        \
    "{\"id\":\"blue3\",\"role\":\"blue\",\"reference\":true},"                                     \
    "{\"id\":\"red\",\"role\":\"red\"}]}}"

static void expect_rows(const struct model *model)
{
    static const char *const rows[] = {"blue2", "blue1", "red"};
    assert_int_equal(model_ranked(model), G_N_ELEMENTS(rows));
    for (int i = 0; i < (int)G_N_ELEMENTS(rows); i++) {
        assert_string_equal(chart_team_of_rank(model, i)->id, rows[i]);
    }
    assert_null(chart_team_of_rank(model, G_N_ELEMENTS(rows)));
    const struct model_team *last = model_team_at(model, find_team(model, "red"));
    assert_int_equal(last->place, 3);
}

static void test_the_reference_takes_nobodys_row(void **state)
{
    (void)state;
    struct model *model = model_new();
    feed(model, "exercise.created", NULL, "f", WITH_REFERENCE);
    assert_int_equal(model_team_at(model, find_team(model, "red"))->rank, 2);
    feed(model, "score.adjusted", "blue1", "x", "{\"points\":10,\"reason\":\"x\"}");
    feed(model, "score.adjusted", "blue2", "x", "{\"points\":20,\"reason\":\"x\"}");
    model_settle(model);
    expect_rows(model);
    model_set_total(model, find_team(model, "blue3"), model->at_us, 99); /* of a long ledger */
    model_rank(model);
    expect_rows(model);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_impaired_links_say_what_is_asked_and_what_was_measured),
            cmocka_unit_test(test_notes_of_the_white_cell_are_private_and_bounded),
            cmocka_unit_test(test_messages_alarms_and_the_board_are_the_white_cells),
            cmocka_unit_test(test_the_recorded_drill_ends_with_the_hardening_team_ahead),
            cmocka_unit_test(test_a_busy_link_gets_wider_and_a_silent_one_thin_again),
            cmocka_unit_test(test_the_model_shows_any_moment_of_the_drill),
            cmocka_unit_test(
                    test_a_service_has_its_share_of_passed_checks_and_flaps_when_it_alternates),
            cmocka_unit_test(test_unknown_kinds_and_names_change_nothing),
            cmocka_unit_test(test_bodies_of_wrong_types_are_survived),
            cmocka_unit_test(test_feed_marks_and_history_stay_bounded),
            cmocka_unit_test(test_a_second_exercise_starts_anew),
            cmocka_unit_test(
                    test_points_by_hand_after_the_end_are_shown_and_so_is_their_taking_back),
            cmocka_unit_test(test_a_game_of_tasks_alone_has_its_points),
            cmocka_unit_test(test_a_team_put_back_to_a_checkpoint_has_what_it_had_then),
            cmocka_unit_test(test_the_reference_takes_nobodys_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
