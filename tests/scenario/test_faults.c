/* test_faults.c - whose fault a failed look is, and the time credited for it, in virtual time. */
#include "scenario/rehearsal.h"

#include "ledger/ledger.h"
#include "report/fault_fold.h"
#include "run/resume.h"

#include <math.h>

#define S G_USEC_PER_SEC

enum { BLUE1, BLUE2, REFERENCE }; /* as the plan has them */

struct faulty {
    struct rehearsal r;
    enum world_status site[3], shell[3]; /* per team */
    enum world_status control[3];
    int controls; /* control probes asked for */
};

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    const struct faulty *f = data;
    (void)value;
    *detail = g_strdup("simulated");
    if (team > REFERENCE || (probe->protocol != PLAN_HTTP && probe->protocol != PLAN_SSH)) {
        return WORLD_OK;
    }
    return probe->protocol == PLAN_HTTP ? f->site[team] : f->shell[team];
}

static enum world_status on_control(gpointer data, int team, char **detail)
{
    struct faulty *f = data;
    f->controls++;
    *detail = g_strdup(f->control[team] == WORLD_DOWN ? "the network blue1/lan is down" : "");
    return f->control[team];
}

static int begin(void **state)
{
    struct faulty *f = g_new0(struct faulty, 1);
    const struct world_sim_hooks hooks = {.data = f, .probe = on_probe, .control = on_control};
    rehearsal_open(&f->r, SANDTABLE_SOURCE_DIR "/tests/scenario/faulty", &hooks);
    assert_true(f->r.plan->teams->len > REFERENCE);
    const struct plan_team *reference = g_ptr_array_index(f->r.plan->teams, REFERENCE);
    assert_true(reference->reference);
    assert_string_equal(reference->id, "blue3");
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct faulty *f = *state;
    rehearsal_close(&f->r);
    g_free(f);
    return 0;
}

static void assert_last(
        const struct faulty *f, const char *kind, const char *team, const char *whose)
{
    auto_json body = rehearsal_last(&f->r, kind, team, "site");
    if (!body || strcmp(json_string(body, "fault", ""), whose) != 0) {
        g_autofree char *text = body ? json_text(body) : g_strdup("nothing");
        fail_msg("the last %s of %s is not the %s's: %s", kind, team, whose, text);
    }
}

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-9) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static double total_of(const struct faulty *f, const char *team)
{
    auto_json score = exercise_score(f->r.exercise, false);
    const cJSON *line = NULL;
    cJSON_ArrayForEach(line, json_array(score, "teams"))
    {
        if (!strcmp(json_string(line, "team", ""), team)) {
            return json_number(line, "total", -1);
        }
    }
    return -1; /* it is not ranked */
}

static void nobody_attacks_or_ranks_the_reference(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 35 * S);
    assert_int_equal(rehearsal_count(&f->r, "step.verdict", "blue1"), 1);
    assert_int_equal(rehearsal_count(&f->r, "step.verdict", "blue2"), 1);
    assert_int_equal(rehearsal_count(&f->r, "step.verdict", "blue3"), 0);
    assert_int_equal(rehearsal_count(&f->r, "player.action", "blue3"), 0);
    /* two players, and to each red and the two that play */
    assert_int_equal(rehearsal_count(&f->r, "note", NULL), 6);
    assert_int_equal(rehearsal_count(&f->r, "check.ok", "blue3"), 6);
    assert_true(total_of(f, "blue1") > 0);
    assert_true(total_of(f, "blue3") < 0);
    assert_int_equal(f->controls, 0); /* a healthy exercise pays nothing */
}

static void what_fails_for_one_team_alone_is_that_teams_fault(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 15 * S);
    double one = total_of(f, "blue1");
    f->site[BLUE1] = WORLD_DOWN;
    rehearsal_advance(&f->r, 10 * S);
    assert_last(f, "check.down", "blue1", "team");
    assert_int_equal(rehearsal_count(&f->r, "check.fault", NULL), 0);
    assert_int_equal(rehearsal_count(&f->r, "fault.found", NULL), 0);
    assert_true(f->controls > 0);
    assert_near(total_of(f, "blue1"), one + 1); /* the shell's point */
}

static void what_fails_on_the_reference_as_well_is_the_ranges_and_neutral(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 15 * S);
    double one = total_of(f, "blue1");
    double two = total_of(f, "blue2");
    f->site[BLUE1] = WORLD_MUMBLE;
    f->site[REFERENCE] = WORLD_DOWN;
    rehearsal_advance(&f->r, 30 * S); /* looks at 20, 30, 40 s */
    assert_last(f, "check.fault", "blue1", "range");
    assert_last(f, "check.down", "blue3", "range"); /* the models may ask how it was */
    assert_int_equal(rehearsal_count(&f->r, "check.fault", "blue1"), 3);
    assert_int_equal(rehearsal_count(&f->r, "check.down", "blue1"), 0);
    assert_int_equal(rehearsal_count(&f->r, "fault.found", "blue1"), 1);
    assert_near(total_of(f, "blue1"), one + 3); /* the shell's */
    assert_near(total_of(f, "blue2"), two + 6);
    assert_int_equal(rehearsal_count(&f->r, "alarm.raised", "blue1"), 1);
    f->site[BLUE1] = f->site[REFERENCE] = WORLD_OK;
    rehearsal_advance(&f->r, 10 * S);
    assert_int_equal(rehearsal_count(&f->r, "alarm.cleared", "blue1"), 1);
    auto_json credit = rehearsal_last(&f->r, "fault.credited", "blue1", NULL);
    assert_int_equal(json_int(credit, "credit_us", 0), 30 * S);
    assert_int_equal(json_int(credit, "checks", 0), 3);
    assert_string_equal(json_string(credit, "whose", ""), "range");
    assert_non_null(strstr(json_string(credit, "reason", ""), "reference"));
    assert_int_equal(rehearsal_count(&f->r, "fault.credited", "blue3"), 0);
    assert_int_equal(rehearsal_count(&f->r, "fault.credited", "blue2"), 0);
}

static void a_broken_network_is_nobodys_service(void **state)
{
    struct faulty *f = *state;
    f->site[BLUE1] = WORLD_DOWN;
    f->control[BLUE1] = WORLD_DOWN;
    rehearsal_advance(&f->r, 15 * S);
    assert_last(f, "check.fault", "blue1", "network");
    auto_json found = rehearsal_last(&f->r, "fault.found", "blue1", "site");
    assert_string_equal(json_string(found, "text", ""), "the network blue1/lan is down");
}

static void a_broken_checker_is_found_by_itself_and_by_the_control_probe(void **state)
{
    struct faulty *f = *state;
    f->site[BLUE1] = WORLD_DOWN;
    f->control[BLUE1] = WORLD_FAULT;
    f->site[BLUE2] = WORLD_FAULT;
    rehearsal_advance(&f->r, 15 * S);
    assert_last(f, "check.fault", "blue1", "checker");
    assert_last(f, "check.fault", "blue2", "checker");
    f->control[BLUE1] = WORLD_OK; /* now the checker fails only when it looks at the reference */
    f->site[REFERENCE] = WORLD_FAULT;
    rehearsal_advance(&f->r, 10 * S);
    assert_last(f, "check.fault", "blue1", "checker");
}

/* Two services at one time are one time. */
static void time_lost_to_several_services_is_credited_once(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 15 * S);
    f->site[BLUE1] = f->site[REFERENCE] = WORLD_DOWN; /* from 20 s on */
    rehearsal_advance(&f->r, 10 * S);
    f->shell[BLUE1] = f->shell[REFERENCE] = WORLD_DOWN; /* from 30 s on */
    rehearsal_advance(&f->r, 10 * S);
    f->site[BLUE1] = WORLD_OK; /* well again at 40 s */
    rehearsal_advance(&f->r, 10 * S);
    assert_int_equal(rehearsal_count(&f->r, "fault.cleared", "blue1"), 1);
    assert_int_equal(rehearsal_count(&f->r, "fault.credited", "blue1"), 0);
    f->shell[BLUE1] = WORLD_OK; /* at 50 s */
    rehearsal_advance(&f->r, 10 * S);
    assert_int_equal(rehearsal_count(&f->r, "fault.credited", "blue1"), 1);
    auto_json credit = rehearsal_last(&f->r, "fault.credited", "blue1", NULL);
    assert_int_equal(json_int(credit, "credit_us", 0), 30 * S);
    assert_int_equal(json_int(credit, "from_us", 0), 20 * S);
}

static void a_pause_voids_a_judgement_under_way(void **state)
{
    struct faulty *f = *state;
    f->site[BLUE1] = WORLD_DOWN;
    rehearsal_advance(&f->r, 5 * S);
    assert_true(exercise_pause(f->r.exercise, "test", NULL));
    rehearsal_settle(&f->r);
    f->site[BLUE1] = WORLD_OK;
    assert_true(exercise_resume(f->r.exercise, "test", NULL));
    rehearsal_settle(&f->r);
    rehearsal_advance(&f->r, 10 * S);
    assert_int_equal(rehearsal_count(&f->r, "check.down", "blue1"), 0);
}

static void what_the_end_finds_open_is_credited_and_the_fold_tells_all(void **state)
{
    struct faulty *f = *state;
    f->site[BLUE2] = f->site[REFERENCE] = WORLD_DOWN;
    rehearsal_advance(&f->r, 25 * S);
    assert_true(exercise_end(f->r.exercise, "test", "enough", NULL));
    rehearsal_settle(&f->r);
    struct fault_fold *fold = fault_fold_new();
    struct ledger_reader *reader = ledger_reader_open(f->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        fault_fold_apply(fold, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    auto_json out = fault_fold_to_json(fold);
    fault_fold_free(fold);
    const cJSON *faults = json_array(out, "faults");
    assert_int_equal(cJSON_GetArraySize(faults), 2); /* the team's, and the reference's own */
    const cJSON *fault = NULL;
    cJSON_ArrayForEach(fault, faults)
    {
        assert_string_equal(json_string(fault, "whose", ""), "range");
        assert_false(json_bool(fault, "open", true));
        assert_int_equal(json_int(fault, "checks", 0), 2);
    }
    assert_int_equal(cJSON_GetArraySize(json_array(out, "credits")), 1);
    const cJSON *credit = cJSON_GetArrayItem(json_array(out, "credits"), 0);
    assert_string_equal(json_string(credit, "team", ""), "blue2");
    assert_int_equal(json_int(credit, "credit_us", 0), 15 * S);
}

/* ---- an engine that is killed ---------------------------------------------------------------- */

/* The ledger of f as it was after its last event of that kind about team. */
static char *cut_after(const struct faulty *f, const char *kind, const char *team)
{
    char *path = g_build_filename(f->r.dir, "cut.ledger", NULL);
    struct ledger_reader *reader = ledger_reader_open(f->r.ledger_path, NULL);
    g_autoptr(GPtrArray) events = g_ptr_array_new();
    struct event *event = NULL;
    guint keep = 0;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        g_ptr_array_add(events, event);
        keep = !strcmp(event->kind, kind) && !strcmp(event->team, team) ? events->len : keep;
    }
    ledger_reader_close(reader);
    assert_true(keep > 0);
    struct ledger *ledger = ledger_create(path, NULL);
    for (guint i = 0; i < events->len; i++) {
        if (i < keep) {
            ledger_append(ledger, events->pdata[i], NULL, NULL);
        } else {
            event_free(events->pdata[i]);
        }
    }
    assert_true(ledger_flush(ledger, NULL));
    ledger_close(ledger);
    return path;
}

/* Another engine goes on with it, its machines fresh. */
static void live_again(struct faulty *f, const char *path)
{
    const struct world_sim_hooks hooks = {.data = f, .probe = on_probe, .control = on_control};
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    struct rehearsal *r = &f->r;
    r->script =
            script_load(SANDTABLE_SOURCE_DIR "/tests/scenario/faulty", &r->plan, problems, &error);
    assert_non_null(r->script);
    assert_true(plan_expand(r->plan, 0, &error));
    r->dir = test_mkdtemp();
    r->ledger_path = g_strdup(path);
    r->ledger = ledger_open(path, &error);
    assert_no_error(error);
    r->clock = clock_new_virtual();
    r->world = world_sim_new(r->plan, &hooks);
    const struct exercise_options options = {
            .plan = r->plan,
            .script = r->script,
            .world = r->world,
            .clock = r->clock,
            .ledger = r->ledger,
            .ledger_path = r->ledger_path,
            .accel = "simulated",
    };
    struct resume *resume = resume_read(path, &error);
    assert_no_error(error);
    g_autofree enum world_begin *begins = resume_begin(resume, r->plan);
    for (guint i = 0; i < r->plan->machines->len; i++) {
        begins[i] = WORLD_FRESH;
    }
    r->world->begin = begins;
    r->exercise = exercise_new(&options);
    exercise_recover(r->exercise, resume, rehearsal_on_end, r);
    rehearsal_settle(r);
    r->world->begin = NULL;
}

static gint64 time_of_last(const struct rehearsal *r, const char *kind, const char *team)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    struct event *event = NULL;
    gint64 at_us = -1;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        at_us = !strcmp(event->kind, kind) && !strcmp(event->team, team) ? event->at_us : at_us;
        event_free(event);
    }
    ledger_reader_close(reader);
    return at_us;
}

static void a_fault_that_is_open_at_a_kill_is_credited_by_the_next_engine(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 15 * S);
    f->site[BLUE1] = f->site[REFERENCE] = WORLD_DOWN; /* from 20 s on */
    rehearsal_advance(&f->r, 21 * S);
    g_autofree char *path = cut_after(f, "check.fault", "blue1"); /* at 30 s */
    struct faulty again = {0};
    again.site[BLUE1] = again.site[REFERENCE] = WORLD_DOWN;
    live_again(&again, path);
    rehearsal_advance(&again.r, 12 * S);
    assert_int_equal(rehearsal_count(&again.r, "fault.found", "blue1"), 1); /* it is the same one */
    assert_int_equal(rehearsal_count(&again.r, "fault.credited", "blue1"), 0);
    again.site[BLUE1] = again.site[REFERENCE] = WORLD_OK;
    rehearsal_advance(&again.r, 12 * S);
    assert_int_equal(rehearsal_count(&again.r, "fault.cleared", "blue1"), 1);
    assert_int_equal(rehearsal_count(&again.r, "fault.credited", "blue1"), 1);
    assert_int_equal(rehearsal_count(&again.r, "alarm.cleared", "blue1"), 1);
    auto_json credit = rehearsal_last(&again.r, "fault.credited", "blue1", NULL);
    assert_int_equal(json_int(credit, "from_us", 0), 20 * S);
    assert_int_equal(json_int(credit, "credit_us", 0),
            time_of_last(&again.r, "fault.credited", "blue1") - 20 * S);
    assert_int_equal(
            json_int(credit, "checks", 0), rehearsal_count(&again.r, "check.fault", "blue1"));
    assert_string_equal(json_string(credit, "whose", ""), "range");
    rehearsal_close(&again.r);
}

static void a_credit_that_a_kill_swallowed_is_made_good_once(void **state)
{
    struct faulty *f = *state;
    rehearsal_advance(&f->r, 15 * S);
    f->site[BLUE1] = f->site[REFERENCE] = WORLD_DOWN;
    rehearsal_advance(&f->r, 10 * S);
    f->site[BLUE1] = f->site[REFERENCE] = WORLD_OK;
    rehearsal_advance(&f->r, 10 * S);
    g_autofree char *path = cut_after(f, "fault.cleared", "blue1");
    struct faulty again = {0};
    live_again(&again, path);
    rehearsal_advance(&again.r, 2 * S);
    assert_int_equal(rehearsal_count(&again.r, "fault.credited", "blue1"), 1);
    auto_json credit = rehearsal_last(&again.r, "fault.credited", "blue1", NULL);
    assert_int_equal(json_int(credit, "credit_us", 0), 10 * S);
    rehearsal_close(&again.r);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH(nobody_attacks_or_ranks_the_reference),
            WITH(what_fails_for_one_team_alone_is_that_teams_fault),
            WITH(what_fails_on_the_reference_as_well_is_the_ranges_and_neutral),
            WITH(a_broken_network_is_nobodys_service),
            WITH(a_broken_checker_is_found_by_itself_and_by_the_control_probe),
            WITH(time_lost_to_several_services_is_credited_once),
            WITH(a_pause_voids_a_judgement_under_way),
            WITH(what_the_end_finds_open_is_credited_and_the_fold_tells_all),
            WITH(a_fault_that_is_open_at_a_kill_is_credited_by_the_next_engine),
            WITH(a_credit_that_a_kill_swallowed_is_made_good_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
