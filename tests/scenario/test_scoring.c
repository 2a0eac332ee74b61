/* test_scoring.c - scoring of a running exercise: a model of its own that fails and is healed, and
 * reports of what teams have seen. */
#include "scenario/rehearsal.h"

#define S G_USEC_PER_SEC

/* Gives a point a look, and stumbles over the first note of the white cell. */
static void with_custom(struct plan *plan)
{
    static const char models[] = "[{\"model\":\"custom\",\"from\":\"rules.lua\",\"code\":\"return "
                                 "{ events = { 'check.ok', "
                                 "'message.sent' },\\nscore = function(event, give) if event.kind "
                                 "== 'message.sent' then\\n"
                                 "error('what?') end give(event.team, 'custom', 1) end }\"}]";
    cJSON_Delete(plan->score);
    plan->score = cJSON_Parse(models);
}

static void with_detection(struct plan *plan)
{
    cJSON_Delete(plan->score);
    plan->score = cJSON_Parse("[{\"model\":\"detection\"}]");
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct rehearsal *r = data;
    (void)machine;
    (void)out;
    (void)err;
    /* an attacker of many teams runs its commands in one team's space: ip netns exec SPACE … */
    if (!strcmp(strcmp(argv[0], "ip") != 0 ? argv[0] : argv[4], "open")) {
        int attacker = plan_machine_index(r->plan, "attacker");
        r->world->ops->write(r->world, attacker, "/root/open", "yes\n", 4, rehearsal_ignore, NULL);
    }
    return 0;
}

static void open_small(struct rehearsal *r, void (*expanded)(struct plan *plan))
{
    const struct world_sim_hooks hooks = {.data = r, .exec = on_exec};
    r->expanded = expanded;
    rehearsal_open(r, SANDTABLE_SOURCE_DIR "/tests/scenario/small", &hooks);
}

static double total_of(const struct rehearsal *r, const char *team)
{
    auto_json score = exercise_score(r->exercise, false);
    const cJSON *line = NULL;
    cJSON_ArrayForEach(line, json_array(score, "teams"))
    {
        if (!strcmp(json_string(line, "team", ""), team)) {
            return json_number(line, "total", -1);
        }
    }
    return -1;
}

static void a_model_that_fails_is_an_alarm_until_the_event_is_voided(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    open_small(&r, with_custom);
    rehearsal_advance(&r, 25 * S);
    assert_true(total_of(&r, "blue1") >= 2);
    assert_true(exercise_message(r.exercise, NULL, "hello", "mira", NULL));
    gint64 bad = exercise_seq(r.exercise) + 1;
    rehearsal_settle(&r);
    auto_json alarm = rehearsal_last(&r, "alarm.raised", NULL, r.plan->name);
    assert_string_equal(json_string(alarm, "alarm", ""), "score-failed");
    assert_non_null(strstr(json_string(alarm, "text", ""), "rules.lua:3: what? (event "));
    auto_json score = exercise_score(r.exercise, true);
    assert_int_equal(cJSON_GetArraySize(json_array(score, "teams")), 0);
    rehearsal_advance(&r, 10 * S); /* the exercise goes on */
    auto_json conditions = cJSON_CreateObject();
    json_add_int(conditions, "seq", bad);
    cJSON_AddStringToObject(conditions, "reason", "the model stumbles over it");
    g_autoptr(GError) error = NULL;
    assert_true(exercise_correct(r.exercise, "score.voided", conditions, "mira", &error));
    rehearsal_settle(&r);
    auto_json cleared = rehearsal_last(&r, "alarm.cleared", NULL, r.plan->name);
    assert_string_equal(json_string(cleared, "alarm", ""), "score-failed");
    assert_true(total_of(&r, "blue1") >= 3);
    rehearsal_close(&r);
}

static cJSON *report_of(const char *team, const char *what, const char *host)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "team", team);
    cJSON_AddStringToObject(params, "what", what);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(params, "hosts"), cJSON_CreateString(host));
    cJSON_AddTrueToObject(params, "resolved");
    return params;
}

static void what_a_team_reports_is_graded_against_what_happened(void **state)
{
    (void)state;
    struct rehearsal r = {0};
    g_autoptr(GError) error = NULL;
    open_small(&r, with_detection);
    rehearsal_advance(&r, 20 * S); /* "open" ran at 10 s */
    auto_json right = report_of("blue1", "T1046", "web");
    assert_true(exercise_incident(r.exercise, right, "mira", &error));
    rehearsal_settle(&r);
    assert_true(total_of(&r, "blue1") == 10);
    static const char *const wrong[][2] = {
            {"{\"what\":\"x\"}", "team must name who reports"},
            {"{\"team\":\"blue9\",\"what\":\"x\"}", "blue9"},
            {"{\"team\":\"blue1\"}", "say in text"},
            {"{\"team\":\"blue1\",\"what\":7}", "what must be a text"},
            {"{\"team\":\"blue1\",\"what\":\"x\",\"hosts\":\"web\"}", "hosts must be a list"},
            {"{\"team\":\"blue1\",\"what\":\"x\",\"hosts\":[1]}", "hosts must be names"},
            {"{\"team\":\"blue1\",\"what\":\"x\",\"seen_us\":999000000}", "a time of the exercise"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        auto_json params = cJSON_Parse(wrong[i][0]);
        g_autoptr(GError) why = NULL;
        assert_false(exercise_incident(r.exercise, params, "mira", &why));
        if (!strstr(why->message, wrong[i][1])) {
            fail_msg("%s: %s", wrong[i][0], why->message);
        }
    }
    assert_int_equal(rehearsal_count(&r, "report.filed", "blue1"), 1);
    assert_true(exercise_end(r.exercise, "mira", "enough", NULL));
    assert_false(exercise_incident(r.exercise, right, "mira", &error));
    rehearsal_settle(&r);
    rehearsal_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_model_that_fails_is_an_alarm_until_the_event_is_voided),
            cmocka_unit_test(what_a_team_reports_is_graded_against_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
