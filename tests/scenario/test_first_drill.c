/* test_first_drill.c - the first drill, rehearsed: what its machines would do, in a few lines. */
#include "scenario/rehearsal.h"

struct office { /* one team's side of the simulated world */
    bool hardened, closed, defaced;
    int setpoint, dropped;
};

struct drill {
    struct rehearsal r;
    struct office office[4]; /* by team index */
};

static bool has(const char *const *argv, const char *word)
{
    for (; *argv; argv++) {
        if (strstr(*argv, word)) {
            return true;
        }
    }
    return false;
}

static void append(
        struct drill *d, const char *machine, int team, const char *path, const char *text)
{
    world_sim_write(d->r.world, plan_machine_for(d->r.plan, machine, team), path, text);
}

static int attacker(struct drill *d, const char *const *argv, char **err)
{
    assert_string_equal(argv[0], "ip"); /* always inside the space of one team */
    int team = plan_team_index(d->r.plan, argv[3]);
    assert_true(team >= 0);
    struct office *office = &d->office[team];
    g_autofree char *scan = g_strdup_printf("/root/scan-%s.txt", argv[3]);
    g_autofree char *creds = g_strdup_printf("/root/creds-%s.txt", argv[3]);
    const char *log = office->hardened ? "Failed password for clerk from 10.20.1.66\n"
                                       : "Accepted password for clerk from 10.20.1.66\n";
    if (has(argv, "nmap")) {
        append(d, "attacker", team, scan, "22/tcp  open\n80/tcp  open\n");
    } else if (has(argv, "hydra")) {
        append(d, "web", team, "/var/log/auth.log", log);
        append(d, "attacker", team, creds,
                office->hardened ? "# hydra\n" : "host: 10.20.1.10   login: clerk\n");
    } else if (has(argv, "sshpass")) {
        append(d, "web", team, "/var/log/auth.log", log);
        office->defaced |= !office->hardened && has(argv, "Tide is out");
    } else if (has(argv, "mbpoll") && office->closed) {
        office->dropped += 3;
    } else if (has(argv, "mbpoll")) {
        office->setpoint = has(argv, "480") ? 480 : 0;
    } else {
        *err = g_strdup("exec of \"tool\" failed: No such file or directory");
        return 255;
    }
    return 0;
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct drill *d = data;
    const struct plan_machine *plan = g_ptr_array_index(d->r.plan->machines, (guint)machine);
    struct office *office = &d->office[plan->team];
    if (!strcmp(plan->id, "attacker")) {
        return attacker(d, argv, err);
    }
    if (has(argv, "chpasswd")) {
        office->hardened = true;
    } else if (has(argv, "-f")) {
        office->closed = true;
    } else if (has(argv, "counter")) {
        *out = g_strdup_printf("packets %d bytes %d", office->dropped, 60 * office->dropped);
        return office->closed ? 0 : 1;
    }
    return 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    struct drill *d = data;
    const struct office *office = &d->office[team];
    *detail = g_strdup("simulated");
    if (probe->protocol == PLAN_HTTP && probe->contains) {
        const char *page = office->defaced ? "Tide is out" : "Harbour office";
        return strstr(page, probe->contains) ? WORLD_OK : WORLD_MUMBLE;
    }
    if (probe->protocol == PLAN_MODBUS) {
        int level = office->setpoint ? 450 : 250;
        *value = !strcmp(probe->table, "input") ? level : (office->setpoint ? 480 : 250);
        return *value >= probe->min && *value <= probe->max ? WORLD_OK : WORLD_MUMBLE;
    }
    return WORLD_OK;
}

static void open_drill(struct drill *d)
{
    const struct world_sim_hooks hooks = {.data = d, .exec = on_exec, .probe = on_probe};
    rehearsal_open(&d->r, SANDTABLE_SOURCE_DIR "/scenarios/first-drill", &hooks);
}

static void expect_verdict(
        const struct drill *d, const char *team, const char *step, const char *verdict)
{
    auto_json body = rehearsal_last(&d->r, "step.verdict", team, step);
    if (strcmp(json_string(body, "verdict", "none"), verdict) != 0) {
        g_autofree char *text = json_text(body);
        fail_msg("%s %s: wanted %s, got %s", team, step, verdict, text);
    }
}

static gint64 total(const cJSON *score, const char *id)
{
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        if (!strcmp(json_string(team, "team", ""), id)) {
            return json_int(team, "total", -1);
        }
    }
    fail_msg("no team %s", id);
    return -1;
}

static void the_hardened_team_blocks_and_wins(void **state)
{
    (void)state;
    struct drill d = {0};
    open_drill(&d);
    rehearsal_advance(&d.r, 400 * G_USEC_PER_SEC);
    assert_true(d.r.ended);
    assert_null(d.r.failure);

    expect_verdict(&d, "blue1", "recon", "effect");
    expect_verdict(&d, "blue1", "guess", "blocked");
    expect_verdict(&d, "blue1", "login", "blocked");
    expect_verdict(&d, "blue1", "deface", "skipped");
    expect_verdict(&d, "blue1", "setpoint", "blocked");
    static const char *const steps[] = {"recon", "guess", "login", "deface", "setpoint"};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        expect_verdict(&d, "blue2", steps[i], "effect");
    }
    auto_json undone = rehearsal_last(&d.r, "step.state", "blue2", "setpoint");
    assert_string_equal(json_string(undone, "state", ""), "undone");
    auto_json nothing = rehearsal_last(&d.r, "inject.state", "blue1", "undo-setpoint@blue1");
    assert_string_equal(json_string(nothing, "state", ""), "skipped");
    auto_json score = exercise_score(d.r.exercise, true);
    assert_true(total(score, "blue1") > total(score, "blue2"));
    assert_true(total(score, "red") > 0);
    assert_int_equal(rehearsal_count(&d.r, "check.ok", "blue1"), 5 * 19);
    assert_int_equal(rehearsal_count(&d.r, "alarm.raised", NULL), 0);
    rehearsal_close(&d.r);
}

static void evidence_quotes_what_was_read_from_the_machines(void **state)
{
    (void)state;
    struct drill d = {0};
    open_drill(&d);
    rehearsal_advance(&d.r, 200 * G_USEC_PER_SEC);
    auto_json body = rehearsal_last(&d.r, "step.verdict", "blue1", "guess");
    const cJSON *evidence = json_object(body, "evidence");
    const char *why = json_string(json_object(evidence, "blocked_by"), "why", "");
    assert_non_null(strstr(why, "Failed password for clerk"));
    assert_non_null(strstr(why, "blue1/web"));
    rehearsal_close(&d.r);
}

static void a_pause_stops_clock_machines_and_checks_together(void **state)
{
    (void)state;
    struct drill d = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&d);
    rehearsal_advance(&d.r, 20 * G_USEC_PER_SEC);
    assert_true(exercise_pause(d.r.exercise, "test", &error));
    rehearsal_settle(&d.r);
    int before = rehearsal_count(&d.r, "check.ok", NULL);
    rehearsal_advance(&d.r, 100 * G_USEC_PER_SEC);
    assert_int_equal(rehearsal_count(&d.r, "check.ok", NULL), before);
    assert_false(exercise_pause(d.r.exercise, "test", NULL));
    auto_json machine = rehearsal_last(&d.r, "machine.state", "blue1", "blue1/web");
    assert_string_equal(json_string(machine, "state", ""), "paused");

    assert_true(exercise_resume(d.r.exercise, "test", &error));
    rehearsal_settle(&d.r);
    assert_int_equal(clock_now(d.r.clock) / G_USEC_PER_SEC, 20);
    rehearsal_advance(&d.r, 12 * G_USEC_PER_SEC);
    assert_true(rehearsal_count(&d.r, "check.ok", NULL) > before);
    expect_verdict(&d, "blue2", "recon", "effect");
    rehearsal_close(&d.r);
}

static void held_injects_wait_and_fired_ones_run_at_once(void **state)
{
    (void)state;
    struct drill d = {0};
    g_autoptr(GError) error = NULL;
    open_drill(&d);
    rehearsal_advance(&d.r, 5 * G_USEC_PER_SEC);
    assert_true(exercise_hold(d.r.exercise, "recon@blue1", true, "test", &error));
    assert_true(exercise_fire(d.r.exercise, "recon@blue2", "test", &error));
    assert_false(exercise_fire(d.r.exercise, "recon@blue3", "test", &error));
    assert_non_null(strstr(error->message, "recon@blue"));
    rehearsal_advance(&d.r, 30 * G_USEC_PER_SEC);
    auto_json held = rehearsal_last(&d.r, "inject.state", "blue1", "recon@blue1");
    assert_string_equal(json_string(held, "state", ""), "held");
    expect_verdict(&d, "blue2", "recon", "effect");
    assert_true(exercise_hold(d.r.exercise, "recon@blue1", false, "test", NULL));
    rehearsal_advance(&d.r, 5 * G_USEC_PER_SEC);
    expect_verdict(&d, "blue1", "recon", "effect");
    rehearsal_close(&d.r);
}

static void a_players_command_is_in_the_ledger_before_it_runs(void **state)
{
    (void)state;
    struct drill d = {0};
    open_drill(&d);
    rehearsal_advance(&d.r, 60 * G_USEC_PER_SEC);
    struct ledger_reader *reader = ledger_reader_open(d.r.ledger_path, NULL);
    struct event *event = NULL;
    int asked = 0, done = 0;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        auto_json body = cJSON_Parse(event->body);
        if (!strcmp(event->kind, "player.action") && json_array(body, "argv")) {
            asked += !strcmp(json_string(body, "state", ""), "asked");
            done += !strcmp(json_string(body, "state", ""), "done");
            assert_true(asked >= done);
        }
        event_free(event);
    }
    ledger_reader_close(reader);
    assert_true(done > 0);
    assert_int_equal(asked, done);
    rehearsal_close(&d.r);
}

static void a_crashed_machine_is_an_alarm_and_not_the_end(void **state)
{
    (void)state;
    struct drill d = {0};
    open_drill(&d);
    rehearsal_advance(&d.r, 10 * G_USEC_PER_SEC);
    world_sim_crash(d.r.world, plan_machine_index(d.r.plan, "blue2/web"));
    rehearsal_advance(&d.r, 30 * G_USEC_PER_SEC);
    assert_false(d.r.ended);
    auto_json alarm = rehearsal_last(&d.r, "alarm.raised", "blue2", "blue2/web");
    assert_string_equal(json_string(alarm, "alarm", ""), "machine-crashed");
    expect_verdict(&d, "blue2", "recon", "fault");
    expect_verdict(&d, "blue1", "recon", "effect");
    rehearsal_close(&d.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_hardened_team_blocks_and_wins),
            cmocka_unit_test(evidence_quotes_what_was_read_from_the_machines),
            cmocka_unit_test(a_pause_stops_clock_machines_and_checks_together),
            cmocka_unit_test(held_injects_wait_and_fired_ones_run_at_once),
            cmocka_unit_test(a_players_command_is_in_the_ledger_before_it_runs),
            cmocka_unit_test(a_crashed_machine_is_an_alarm_and_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
