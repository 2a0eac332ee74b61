/* test_script_task.c - functions of a scenario wait, go on and end as they should. */
#include "support/test.h"

#include "script/script.h"

#include <string.h>

/* A host that keeps what it is asked, in the order it is asked. */
struct fixture {
    struct script *script;
    struct plan *plan;
    struct clock *clock;
    GPtrArray *log;  /* char * */
    GArray *tickets; /* guint64 */
    bool answers_at_once;
};

static void put(struct fixture *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void put(struct fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(f->log, g_strdup_vprintf(format, args));
    va_end(args);
}

static void host_exec(gpointer data, guint64 ticket, const char *who, int team, int machine,
        const char *const *argv, int timeout_ms)
{
    struct fixture *f = data;
    g_autofree char *line = g_strjoinv(" ", (char **)argv);
    put(f, "exec %s %d %d %s %d", who, team, machine, line, timeout_ms);
    g_array_append_val(f->tickets, ticket);
    if (f->answers_at_once) {
        struct script_reply reply = {.kind = SCRIPT_REPLY_EXEC, .status = 0, .out = "now"};
        script_reply(f->script, ticket, &reply);
    }
}

static void host_write(gpointer data, guint64 ticket, const char *who, int team, int machine,
        const char *path, const char *bytes, gsize length)
{
    struct fixture *f = data;
    (void)team;
    put(f, "write %s %d %s %.*s", who, machine, path, (int)length, bytes);
    g_array_append_val(f->tickets, ticket);
}

static void host_read(
        gpointer data, guint64 ticket, const char *who, int team, int machine, const char *path)
{
    struct fixture *f = data;
    (void)team;
    put(f, "read %s %d %s", who, machine, path);
    g_array_append_val(f->tickets, ticket);
}

static void host_step(gpointer data, guint64 ticket, const char *who, const char *step, int team)
{
    put(data, "step %s %s %d", who, step, team);
    g_array_append_val(((struct fixture *)data)->tickets, ticket);
}

static void host_note(gpointer data, const char *who, int team, const char *text)
{
    (void)who;
    put(data, "note %d %s", team, text);
}

static void host_ended(gpointer data, const char *who, int team, const char *error)
{
    put(data, "ended %s %d %s", who, team, error ? error : "well");
}

static const char scenario[] =
        "return { title = 'T', duration = '1h',\n"
        "teams = { blue = { role = 'blue', count = 2 }, red = { role = 'red' } },\n"
        "networks = { lan = { team = 'blue', cidr = '10.1.0.0/24' } },\n"
        "machines = { web = { team = 'blue', image = 'server', nics = { lan = '10.1.0.10' } },\n"
        "  evil = { team = 'red', image = 'attacker', nics = { lan = '10.1.0.66' } } },\n"
        "steps = { scan = { attack = { domain = 'ics', version = '18.1', id = 'T0846' },\n"
        "  from = 'evil', to = 'web', act = { { 'nmap', '${to}' } },\n"
        "  effect = { tcp = { on = 'web', port = 80 } }, probe = { ping = { on = 'web' } } } },\n"
        "timeline = { { at = 0, run = function(range, me)\n";

/* The body begins on line 10 of "s.lua". */
static struct fixture *start(const char *body)
{
    struct fixture *f = g_new0(struct fixture, 1);
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strconcat(scenario, body, "\nend } } }", NULL);
    f->log = g_ptr_array_new_with_free_func(g_free);
    f->tickets = g_array_new(FALSE, FALSE, sizeof(guint64));
    f->script = script_load_text(text, strlen(text), "s.lua", NULL, 0, &f->plan, problems);
    if (!f->script) {
        g_autofree char *why = plan_problems_text(problems, "s.lua");
        fail_msg("%s", why);
    }
    assert_true(plan_expand(f->plan, 0, &error));
    f->clock = clock_new_virtual();
    clock_start(f->clock);
    const struct script_host host = {.data = f,
            .exec = host_exec,
            .write = host_write,
            .read = host_read,
            .step = host_step,
            .note = host_note,
            .ended = host_ended};
    script_attach(f->script, f->plan, f->clock, &host);
    const struct plan_entry *entry = f->plan->timeline->pdata[0];
    script_start(f->script, entry->function, "run-1", 0);
    script_turn(f->script);
    return f;
}

static void stop(struct fixture *f)
{
    script_free(f->script);
    clock_free(f->clock);
    plan_free(f->plan);
    g_ptr_array_unref(f->log);
    g_array_unref(f->tickets);
    g_free(f);
}

static void reply_exec(struct fixture *f, guint which, int status, const char *out)
{
    struct script_reply reply = {.kind = SCRIPT_REPLY_EXEC, .status = status, .out = out};
    script_reply(f->script, g_array_index(f->tickets, guint64, which), &reply);
    script_turn(f->script);
}

#define assert_log(f, index, text)                                                                 \
    do {                                                                                           \
        assert_true((f)->log->len > (index));                                                      \
        assert_string_equal((f)->log->pdata[index], text);                                         \
    } while (0)

static void a_sleep_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    struct fixture *f = start("range.sleep('1m30s') range.note('at ' .. range.now(), 'blue2')");
    clock_advance(f->clock, 89 * G_USEC_PER_SEC);
    assert_int_equal(f->log->len, 0);
    clock_advance(f->clock, 2 * G_USEC_PER_SEC);
    assert_log(f, 0, "note 1 at 90.0");
    assert_log(f, 1, "ended run-1 0 well");
    assert_int_equal(script_tasks(f->script), 0);
    stop(f);
}

static void a_command_gives_its_status_and_output(void **state)
{
    (void)state;
    struct fixture *f = start("local r = me:machine('web'):exec({'id', '-u', 7}, {timeout = 5})\n"
                              "range.note(r.status .. r.out .. me.team)");
    assert_log(f, 0, "exec run-1 0 0 id -u 7 5000");
    assert_int_equal(f->log->len, 1);
    reply_exec(f, 0, 3, "root");
    assert_log(f, 1, "note -1 3rootblue1");
    stop(f);
}

static void a_command_too_long_for_the_record_is_refused(void **state)
{
    (void)state;
    struct fixture *f = start("local x = string.rep('x', 32769)\n"
                              "local ok, why = pcall(function()\n"
                              "me:machine('web'):exec({'id', x, x}) end)\n"
                              "range.note(tostring(ok) .. tostring(why):match('64 KiB'))");
    assert_log(f, 0, "note -1 false64 KiB");
    stop(f);
}

static void an_answer_from_inside_the_call_is_not_lost(void **state)
{
    (void)state;
    struct fixture *f = start("range.sleep(1) range.note(me:machine('web'):exec{'x'}.out)");
    f->answers_at_once = true;
    clock_advance(f->clock, G_USEC_PER_SEC);
    assert_log(f, 1, "note -1 now");
    stop(f);
}

static void a_failure_of_the_world_is_nil_and_a_table(void **state)
{
    (void)state;
    struct fixture *f = start("local r, e = me:machine('web'):read('/x')\n"
                              "range.note(tostring(r) .. e.code .. e.message)\n"
                              "assert(me:machine('web'):write('/y', 'z'))");
    struct script_reply reply = {
            .kind = SCRIPT_REPLY_FAILED, .code = "not-found", .message = "no such file"};
    assert_log(f, 0, "read run-1 0 /x");
    script_reply(f->script, g_array_index(f->tickets, guint64, 0), &reply);
    script_turn(f->script);
    assert_log(f, 1, "note -1 nilnot-foundno such file");
    assert_log(f, 2, "write run-1 0 /y z");
    script_reply(f->script, g_array_index(f->tickets, guint64, 1), &reply);
    script_turn(f->script);
    assert_log(f, 3, "ended run-1 0 s.lua:12: no such file");
    stop(f);
}

static void every_wait_has_a_limit(void **state)
{
    (void)state;
    struct fixture *f = start("local r, e = me:machine('web'):exec({'x'}, {timeout = 5})\n"
                              "range.note(e.code)\n"
                              "local v, e2 = range.wait_for{ kind = 'never' }\n"
                              "range.note(e2.code .. range.now())");
    clock_advance(f->clock, 20 * G_USEC_PER_SEC);
    assert_log(f, 1, "note -1 timeout");
    clock_advance(f->clock, 60 * G_USEC_PER_SEC);
    assert_log(f, 2, "note -1 timeout75.0");
    reply_exec(f, 0, 0, "too late"); /* changes nothing */
    assert_log(f, 3, "ended run-1 0 well");
    stop(f);
}

static void an_event_wakes_who_waits_for_it(void **state)
{
    (void)state;
    struct fixture *f = start(
            "local e = range.wait_for{ kind = 'step.verdict', team = 'blue2', timeout = '5m' }\n"
            "range.note(e.subject .. e.body.list[2] .. e.body.deep.n)");
    auto_event other = event_new("step.verdict", "blue1", "scan", NULL);
    auto_event event = event_new("step.verdict", "blue2", "scan",
            cJSON_Parse("{\"list\":[1,\"two\"],\"deep\":{\"n\":3},\"none\":null}"));
    script_event(f->script, other);
    script_turn(f->script);
    assert_int_equal(f->log->len, 0);
    script_event(f->script, event);
    script_turn(f->script);
    assert_log(f, 0, "note -1 scantwo3");
    stop(f);
}

static void a_step_returns_its_verdict(void **state)
{
    (void)state;
    struct fixture *f = start("range.note(range.step('scan', 'blue2'))");
    struct script_reply reply = {.kind = SCRIPT_REPLY_TEXT, .text = "blocked"};
    assert_log(f, 0, "step run-1 scan 1");
    script_reply(f->script, g_array_index(f->tickets, guint64, 0), &reply);
    script_turn(f->script);
    assert_log(f, 1, "note -1 blocked");
    stop(f);
}

static void all_waits_for_each_and_keeps_their_results_in_order(void **state)
{
    (void)state;
    struct fixture *f = start("local r = range.all{ function() range.sleep(5) return 'a' end,\n"
                              "  function() range.sleep(1) return 'b' end, function() end }\n"
                              "range.note(r[1] .. r[2] .. tostring(r[3]) .. range.now())");
    clock_advance(f->clock, 10 * G_USEC_PER_SEC);
    assert_log(f, 0, "note -1 abnil5.0");
    assert_int_equal(script_tasks(f->script), 0);
    stop(f);
}

static void any_takes_the_first_and_ends_the_others(void **state)
{
    (void)state;
    struct fixture *f =
            start("local i, v = range.any{\n"
                  "  function() local c <close> = setmetatable({}, { __close = function()\n"
                  "    range.note('closed') end }) range.sleep(50) range.note('never') end,\n"
                  "  function() range.sleep(1) return 'b' end }\n"
                  "range.note(i .. v) range.sleep(100)");
    clock_advance(f->clock, 60 * G_USEC_PER_SEC);
    assert_log(f, 0, "note -1 closed");
    assert_log(f, 1, "note -1 2b");
    assert_int_equal(f->log->len, 2);
    stop(f);
}

static void an_error_in_one_of_all_is_the_callers(void **state)
{
    (void)state;
    struct fixture *f = start("range.all{ function() range.sleep(9) end,\n"
                              "  function() error('broken') end }");
    assert_log(f, 0, "ended run-1 0 s.lua:11: broken");
    assert_int_equal(script_tasks(f->script), 0);
    stop(f);
}

static void a_spawned_task_outlives_its_maker(void **state)
{
    (void)state;
    struct fixture *f = start("range.spawn(function(a) range.sleep(3) range.note('later ' .. a)\n"
                              "  error('x') end, 'on')");
    assert_log(f, 0, "ended run-1 0 well");
    clock_advance(f->clock, 5 * G_USEC_PER_SEC);
    assert_log(f, 1, "note -1 later on");
    assert_log(f, 2, "ended run-1 0 s.lua:11: x");
    stop(f);
}

static void a_task_that_never_waits_is_ended_even_inside_pcall(void **state)
{
    (void)state;
    struct fixture *f = start("while true do pcall(function() while true do end end) end");
    assert_log(f, 0,
            "ended run-1 0 s.lua:10: ran too long without waiting; use range.sleep() in loops that "
            "wait");
    assert_int_equal(script_tasks(f->script), 0);
    stop(f);
}

static void a_close_variable_that_never_ends_is_ended(void **state)
{
    (void)state;
    struct fixture *f = start("local c <close> = setmetatable({}, { __close = function()\n"
                              " while true do pcall(function() while true do end end) end end })\n"
                              "range.sleep(100)");
    assert_int_equal(script_tasks(f->script), 1);
    stop(f); /* returns */
}

static void a_wait_where_none_is_possible_says_so(void **state)
{
    (void)state;
    struct fixture *f = start("table.sort({2, 1}, function(a, b) range.sleep(1) return a < b end)");
    assert_non_null(strstr(f->log->pdata[0], "s.lua:10: range.sleep cannot wait here"));
    assert_non_null(strstr(f->log->pdata[0], "table.sort"));
    stop(f);
}

static void mistakes_in_calls_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *body, *error;
    } cases[] = {
            {"me:machine('wbe')", "s.lua:10: no machine \"wbe\" for team blue1"},
            {"\nrange.sleep('soon')", "s.lua:11: bad argument #1 to 'sleep'"},
            {"range.note('x', 'blue9')", "s.lua:10: unknown team \"blue9\""},
            {"me:machine('web'):exec('ls')", "s.lua:10: bad argument #1 to 'exec'"},
            {"me:machine('web'):exec{}", "s.lua:10: bad argument #1 to 'exec'"},
            {"me:machine('web'):run{}", "s.lua:10: a machine has no \"run\""},
            {"range.wait_for{ kin = 'x' }", "s.lua:10: range.wait_for: unknown option \"kin\""},
            {"range.step('sacn', 'blue1')", "s.lua:10: bad argument #1 to 'step'"},
            {"range.sleep = 1", "s.lua:10: range cannot be changed"},
            {"range.all{ 1 }", "s.lua:10: bad argument #1 to 'all'"},
            {"error({})", "s.lua:10: a table"},
            {"error()", "s.lua:10: an error that is a nil"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct fixture *f = start(cases[i].body);
        g_autofree char *wanted = g_strconcat("ended run-1 0 ", cases[i].error, NULL);
        assert_int_equal(f->log->len, 1);
        if (!g_str_has_prefix(f->log->pdata[0], wanted)) {
            fail_msg("wanted \"%s\", got \"%s\"", wanted, (char *)f->log->pdata[0]);
        }
        stop(f);
    }
}

static void chance_is_the_same_for_the_same_seed(void **state)
{
    (void)state;
    const char *body = "range.note(math.random(1000000) .. ' ' .. math.random(1000000))";
    struct fixture *a = start(body);
    struct fixture *b = start(body);
    assert_string_equal(a->log->pdata[0], b->log->pdata[0]);
    stop(a);
    stop(b);
}

static void tasks_stand_still_with_the_clock(void **state)
{
    (void)state;
    struct fixture *f = start("range.note(me:machine('web'):exec{'x'}.out)");
    struct script_reply reply = {.kind = SCRIPT_REPLY_EXEC, .out = "out"};
    clock_pause(f->clock);
    script_reply(f->script, g_array_index(f->tickets, guint64, 0), &reply);
    clock_advance(f->clock, G_USEC_PER_SEC);
    assert_int_equal(f->log->len, 1);
    clock_resume(f->clock);
    clock_advance(f->clock, 0);
    assert_log(f, 1, "note -1 out");
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_sleep_lasts_as_long_as_it_says),
            cmocka_unit_test(a_command_gives_its_status_and_output),
            cmocka_unit_test(a_command_too_long_for_the_record_is_refused),
            cmocka_unit_test(an_answer_from_inside_the_call_is_not_lost),
            cmocka_unit_test(a_failure_of_the_world_is_nil_and_a_table),
            cmocka_unit_test(every_wait_has_a_limit),
            cmocka_unit_test(an_event_wakes_who_waits_for_it),
            cmocka_unit_test(a_step_returns_its_verdict),
            cmocka_unit_test(all_waits_for_each_and_keeps_their_results_in_order),
            cmocka_unit_test(any_takes_the_first_and_ends_the_others),
            cmocka_unit_test(an_error_in_one_of_all_is_the_callers),
            cmocka_unit_test(a_spawned_task_outlives_its_maker),
            cmocka_unit_test(a_task_that_never_waits_is_ended_even_inside_pcall),
            cmocka_unit_test(a_close_variable_that_never_ends_is_ended),
            cmocka_unit_test(a_wait_where_none_is_possible_says_so),
            cmocka_unit_test(mistakes_in_calls_name_the_line),
            cmocka_unit_test(chance_is_the_same_for_the_same_seed),
            cmocka_unit_test(tasks_stand_still_with_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
