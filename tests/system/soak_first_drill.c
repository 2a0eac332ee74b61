/* soak_first_drill.c - the first drill booted cold, woken warm, and on a libvirt daemon: the same
 * scenario ends in the same verdicts: ./dev soak first_drill.
 *
 * Three times six minutes, so no part of ./dev test, where the first drill runs once. The daemon is
 * a private one (private-libvirtd.sh). SANDTABLE_SOAK_WAYS="warm daemon" chooses.
 */
#include "system/system.h"

#define RUN_LIMIT_S 900

struct way {
    const char *name;
    const char *ready; /* how machine.state says that a machine came up */
    const char *options[4];
};

static const struct way ways[] = {
        {"cold", "cold", {"--boot", "cold"}},
        {"warm", "warm", {"--boot", "warm"}},
        {"daemon", "cold", {"--connect", "qemu:///system"}},
};

/* TEAM STEP VERDICT, one a line, sorted: steps of two teams may end in either order. */
static const char wanted[] = "blue1 deface skipped\n"
                             "blue1 guess blocked\n"
                             "blue1 login blocked\n"
                             "blue1 recon effect\n"
                             "blue1 setpoint blocked\n"
                             "blue2 deface effect\n"
                             "blue2 guess effect\n"
                             "blue2 login effect\n"
                             "blue2 recon effect\n"
                             "blue2 setpoint effect";

/* On a daemon the whole program runs beside it, in namespaces that only the two of them see. */
static GPid start_on_daemon(const char *log, const char *const *arguments)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        return pid;
    }
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, TESTS_DIR "/system/private-libvirtd.sh");
    g_strv_builder_add(builder, program());
    g_strv_builder_addv(builder, (const char **)arguments);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    if (!freopen("/dev/null", "r", stdin) || !freopen(log, "w", stdout) || dup2(1, 2) < 0) {
        _exit(126);
    }
    execv(argv[0], argv);
    _exit(127);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *verdicts_of(const cJSON *events)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        if (!strcmp(json_string(event, "kind", ""), "step.verdict")) {
            const cJSON *body = json_object(event, "body");
            g_ptr_array_add(lines,
                    g_strdup_printf("%s %s %s", json_string(event, "team", ""),
                            json_string(event, "subject", ""), json_string(body, "verdict", "")));
        }
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* Every machine came up in the way that was asked for, and none fell back to another. */
static void assert_ways(const cJSON *events, const struct way *way)
{
    const cJSON *event = NULL;
    int ready = 0;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        const char *kind = json_string(event, "kind", "");
        if (!strcmp(kind, "machine.state") && !strcmp(json_string(body, "state", ""), "ready")) {
            const char *how = json_string(body, "way", NULL);
            ready += how != NULL; /* "ready" after a pause says nothing of it */
            assert_string_equal(how ? how : way->ready, way->ready);
        }
        if (!strcmp(kind, "alarm.raised")) {
            g_autofree char *text = json_text(body);
            fail_msg("%s: %s", way->name, text);
        }
    }
    assert_int_equal(ready, 7);
}

static gint64 total_of(const cJSON *score, const char *wanted_team)
{
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        if (!strcmp(json_string(team, "team", ""), wanted_team)) {
            return json_int(team, "total", -1);
        }
    }
    fail_msg("no team %s", wanted_team);
    return -1;
}

static void run_drill(const struct way *way)
{
    const char *chosen = g_getenv("SANDTABLE_SOAK_WAYS");
    bool daemon = !strcmp(way->options[0], "--connect");
    if ((chosen && !strstr(chosen, way->name)) || (daemon && geteuid() != 0)) {
        print_message("skipped: %s\n", daemon ? "a private libvirtd needs root" : "not chosen");
        skip();
    }
    g_autofree char *name = g_strdup_printf("soak-drill-%s-%d", way->name, getpid());
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    const char *const arguments[] = {"run", SANDTABLE_SOURCE_DIR "/scenarios/first-drill", "--name",
            name, "--accel", "tcg", way->options[0], way->options[1], NULL};
    gint64 from = g_get_monotonic_time();
    GPid pid = daemon ? start_on_daemon(log, arguments) : start(arguments, log);
    int status = finish(pid, RUN_LIMIT_S, log);
    if (status == 77) {
        g_autofree char *why = read_all(log);
        print_message("%s", why);
        skip();
    }
    if (status != 0) {
        g_autofree char *text = read_all(log);
        CALL("down", name);
        fail_msg("%s ended with %d:\n%s", way->name, status, text);
    }
    auto_json events = events_of(name);
    g_autofree char *verdicts = verdicts_of(events);
    assert_string_equal(verdicts, wanted);
    assert_ways(events, way);
    auto_outcome outcome = CALL("score", name, "--json");
    auto_json score = cJSON_Parse(outcome.out);
    gint64 first = total_of(score, "blue1");
    gint64 second = total_of(score, "blue2");
    print_message("%s: %d s, blue1 %d, blue2 %d points\n", way->name,
            (int)((g_get_monotonic_time() - from) / G_USEC_PER_SEC), (int)first, (int)second);
    assert_true(first > second);
    auto_outcome verify = CALL("verify", name);
    assert_int_equal(verify.status, 0);
    unlink(log);
}

static void booted_cold_it_ends_in_its_verdicts(void **state)
{
    (void)state;
    run_drill(&ways[0]);
}

static void woken_warm_it_ends_in_the_same(void **state)
{
    (void)state;
    run_drill(&ways[1]);
}

static void on_a_libvirt_daemon_it_ends_in_the_same(void **state)
{
    (void)state;
    run_drill(&ways[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(booted_cold_it_ends_in_its_verdicts),
            cmocka_unit_test(woken_warm_it_ends_in_the_same),
            cmocka_unit_test(on_a_libvirt_daemon_it_ends_in_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
