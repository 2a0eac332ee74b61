/* test_siem_follow.c - sandtable siem --follow on an exercise under way: line by line, and no more. */
#include "support/verb.h"

#include "report/stream.h"

#include <sys/prctl.h>

extern const struct verb verb_siem;

#define LIMIT 1000 /* looks at what was printed, 10 ms apart */

static const struct {
    const char *kind, *team, *subject, *body;
} told[] = {
        {"exercise.created", "", "drill",
                "{\"plan\":{\"name\":\"drill\",\"teams\":["
                "{\"id\":\"blue1\",\"group\":\"blue\",\"role\":\"blue\"},"
                "{\"id\":\"blue2\",\"group\":\"blue\",\"role\":\"blue\"},"
                "{\"id\":\"red\",\"group\":\"red\",\"role\":\"red\"}]}}"},
        {"check.ok", "blue1", "site", "{\"round\":1,\"detail\":\"HTTP 200\"}"},
        {"check.ok", "blue2", "site", "{\"round\":1,\"detail\":\"of another\"}"},
        {"step.state", "blue1", "guess", "{\"step\":\"guess\",\"state\":\"running\"}"},
        {"check.down", "blue1", "site", "{\"round\":2,\"status\":\"down\",\"detail\":\"refused\"}"},
        {"message.sent", "", "drill", "{\"from\":\"white\",\"text\":\"lunch at noon\"}"},
};

/* The engine's side: the next event happens once the lines of those before it were printed. */
struct teller {
    struct fixture *f;
    struct stream *stream; /* tells how many lines that are */
    gsize next;
    int lines, looks;
};

static int lines_printed(void)
{
    g_autofree char *path = g_build_filename(home, "out", NULL);
    g_autofree char *text = NULL;
    int lines = 0;
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        for (const char *c = text; *c; c++) {
            lines += *c == '\n';
        }
    }
    return lines;
}

static gboolean tell_next(gpointer data)
{
    struct teller *teller = data;
    if (lines_printed() < teller->lines && ++teller->looks < LIMIT) {
        return G_SOURCE_CONTINUE;
    }
    if (teller->next == G_N_ELEMENTS(told) || teller->looks >= LIMIT) {
        g_main_loop_quit(teller->f->loop);
        return G_SOURCE_REMOVE;
    }
    gsize i = teller->next++;
    cJSON *body = cJSON_Parse(told[i].body);
    auto_event event =
            event_new(told[i].kind, told[i].team, told[i].subject, cJSON_Duplicate(body, true));
    event->seq = (gint64)i + 1;
    g_autofree char *line = stream_line(teller->stream, event);
    teller->lines += line != NULL;
    fake_record(teller->f->exercise, told[i].kind, told[i].team, told[i].subject, body);
    return G_SOURCE_CONTINUE;
}

static struct printed follow(const char *line, const char *team, int *ret_lines)
{
    struct fixture *f = start_with(0);
    struct teller teller = {.f = f, .stream = stream_new(STREAM_ECS, team)};
    g_autoptr(GSource) timer = g_timeout_source_new(10);
    g_source_set_callback(timer, tell_next, &teller, NULL);
    g_source_attach(timer, f->context);
    struct printed printed = run(&verb_siem, line);
    g_source_destroy(timer);
    finish(f);
    assert_in_range(teller.looks, 0, LIMIT - 1);
    *ret_lines = teller.lines;
    stream_free(teller.stream);
    return printed;
}

static void each_line_comes_when_it_happens_and_the_whole_is_the_ledgers(void **state)
{
    (void)state;
    static const struct {
        const char *live, *later, *team;
    } cases[] = {{"siem drill --team blue1 --follow", "siem drill --team blue1", "blue1"},
            {"siem drill --truth --follow", "siem drill --truth", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        int lines = 0;
        struct printed live = follow(cases[i].live, cases[i].team, &lines);
        assert_null(live.error);
        g_auto(GStrv) parts = g_strsplit(live.out, "\n", -1);
        assert_int_equal(g_strv_length(parts), lines + 1);
        assert_true(lines > 0);
        assert_int_equal(!strstr(live.out, "guess"), cases[i].team != NULL);
        assert_null(strstr(live.out, "of another"));
        struct printed later = run(&verb_siem, cases[i].later); /* the engine is gone */
        assert_null(later.error);
        assert_string_equal(later.out, live.out);
        clear(&live);
        clear(&later);
        g_autofree char *ledger = paths_ledger("drill");
        assert_int_equal(g_unlink(ledger), 0);
    }
}

static void a_team_that_there_is_not_is_refused_and_not_waited_for(void **state)
{
    (void)state;
    int lines = 0;
    struct printed printed = follow("siem drill --team blue9 --follow", "blue9", &lines);
    assert_string_equal(printed.out, "");
    assert_int_equal(printed.code, 1);
    assert_non_null(strstr(printed.error, "no team \"blue9\""));
    clear(&printed);
}

int main(void)
{
    if (!become_nobody()) {
        return 1;
    }
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the leak checker attaches to us */
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(
                    each_line_comes_when_it_happens_and_the_whole_is_the_ledgers, make_home,
                    remove_home),
            cmocka_unit_test_setup_teardown(
                    a_team_that_there_is_not_is_refused_and_not_waited_for, make_home, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
