/* test_logs.c - logs of machines in their team's stream, on the simulated world. */
#include "scenario/rehearsal.h"

#include "report/stream.h"

#define SECOND G_USEC_PER_SEC
#define LOG "/var/log/access.log"
#define OTHER "/var/log/auth.log"

static const char scenario[] =
        "return { title = \"Logs\", version = \"1\", duration = \"30m\",\n"
        "teams = { blue = { role = \"blue\", count = 2 }, red = { role = \"red\" } },\n"
        "networks = { lan = { team = \"blue\", cidr = \"10.1.0.0/24\" } },\n"
        "machines = { web = { team = \"blue\", image = \"server\", nics = { lan = \"10.1.0.10\" "
        "},\n"
        "  logs = { \"" LOG "\", \"" OTHER "\" } } } }\n";

struct scene {
    struct rehearsal r;
    char *dir;
    int web;
};

static struct scene *open_scene(void)
{
    static const struct world_sim_hooks hooks = {0};
    struct scene *s = g_new0(struct scene, 1);
    s->dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(s->dir, "scenario.lua", NULL);
    assert_true(g_file_set_contents(path, scenario, -1, NULL));
    rehearsal_start(&s->r, s->dir, &hooks);
    s->web = plan_machine_index(s->r.plan, "blue1/web");
    world_sim_write(s->r.world, s->web, LOG, "from before it ran\n");
    rehearsal_settle(&s->r);
    rehearsal_advance(&s->r, SECOND);
    return s;
}

static void close_scene(struct scene *s)
{
    rehearsal_close(&s->r);
    test_rmtree(s->dir);
    g_free(s);
}

static void append(struct scene *s, const char *text)
{
    world_sim_write(s->r.world, s->web, LOG, text);
}

static void replace(struct scene *s, const char *text)
{
    s->r.world->ops->write(s->r.world, s->web, LOG, text, strlen(text), rehearsal_ignore, s);
    rehearsal_settle(&s->r);
}

static void look(struct scene *s)
{
    rehearsal_advance(&s->r, 11 * SECOND);
}

/* All lines of the log so far, in order; "[n]" where n bytes are missing. */
static char *collected(const struct scene *s, const char *file)
{
    struct ledger_reader *reader = ledger_reader_open(s->r.ledger_path, NULL);
    GString *all = g_string_new(NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        auto_json body = cJSON_Parse(event->body);
        if (!strcmp(event->kind, "log.lines") && !strcmp(json_string(body, "file", ""), file)) {
            assert_string_equal(event->team, "blue1");
            assert_string_equal(event->subject, "blue1/web");
            const cJSON *line = NULL;
            cJSON_ArrayForEach(line, json_array(body, "lines"))
            {
                g_string_append_printf(all, "%s|", line->valuestring);
            }
            if (json_int(body, "lost", 0) > 0) {
                g_string_append_printf(all, "[%d]|", (int)json_int(body, "lost", 0));
            }
        }
        event_free(event);
    }
    ledger_reader_close(reader);
    return g_string_free(all, FALSE);
}

static void expect(const struct scene *s, const char *wanted)
{
    g_autofree char *all = collected(s, LOG);
    assert_string_equal(all, wanted);
}

static void new_lines_are_taken_once_and_whole(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    look(s);
    expect(s, ""); /* not what was there before */
    append(s, "GET / 200\nGET /ad");
    look(s);
    expect(s, "GET / 200|");
    append(s, "min 404\n");
    world_sim_write(s->r.world, s->web, OTHER, "Accepted password\n"); /* it had not been there */
    look(s);
    look(s);
    expect(s, "GET / 200|GET /admin 404|");
    g_autofree char *other = collected(s, OTHER);
    assert_string_equal(other, "Accepted password|");
    int events = rehearsal_count(&s->r, "log.lines", NULL);
    look(s);
    assert_int_equal(rehearsal_count(&s->r, "log.lines", NULL), events); /* nothing new, no event */
    close_scene(s);
}

static void a_log_that_is_emptied_or_rotated_is_read_from_its_beginning(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    append(s, "one\ntwo\n");
    look(s);
    replace(s, "three\n"); /* shorter */
    look(s);
    expect(s, "one|two|three|");
    replace(s, "a line that another file of the same name begins with\n"); /* longer */
    look(s);
    expect(s, "one|two|three|a line that another file of the same name begins with|");
    close_scene(s);
}

static void what_a_guest_writes_is_bounded_and_clean(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    append(s, "\x1b[2Jred\x07 \xff\xfe \xe2\x80\xae"
              "evil\r\n\n\n");
    g_autofree char *wide = g_strnfill(5000, 'w');
    append(s, wide);
    append(s, "\nafter\n");
    look(s);
    auto_json body = rehearsal_last(&s->r, "log.lines", "blue1", "blue1/web");
    const cJSON *lines = json_array(body, "lines");
    assert_int_equal(cJSON_GetArraySize(lines), 3); /* empty ones are none */
    const char *first = lines->child->valuestring;
    assert_true(g_str_has_prefix(first, "[2Jred ") && g_str_has_suffix(first, " evil"));
    assert_true(g_utf8_validate(first, -1, NULL));
    assert_null(strpbrk(first, "\x1b\x07\r"));
    assert_int_equal(strlen(lines->child->next->valuestring), 1024);
    assert_int_equal(json_int(body, "cut", 0), 1);
    close_scene(s);
}

static void a_line_without_an_end_is_cut_and_its_rest_is_none(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    g_autofree char *wide = g_strnfill(40000, 'w');
    append(s, wide);
    append(s, "\nafter\n");
    for (int i = 0; i < 4; i++) {
        look(s);
    }
    g_autofree char *all = collected(s, LOG);
    g_autofree char *shown = g_strnfill(1024, 'w');
    g_autofree char *wanted = g_strconcat(shown, "|after|", NULL);
    assert_string_equal(all, wanted);
    close_scene(s);
}

static void a_flood_is_left_out_and_that_is_said(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    g_autoptr(GString) flood = g_string_new(NULL);
    for (int i = 0; i < 40000; i++) {
        g_string_append_printf(flood, "noise %d\n", i);
    }
    append(s, flood->str);
    look(s);
    auto_json body = rehearsal_last(&s->r, "log.lines", "blue1", "blue1/web");
    assert_int_equal(cJSON_GetArraySize(json_array(body, "lines")), 200);
    assert_true(json_int(body, "lost", 0) > 400000);
    append(s, "the end\n");
    for (int i = 0; i < 16; i++) {
        look(s);
    }
    g_autofree char *all = collected(s, LOG);
    assert_true(g_str_has_suffix(all, "|noise 39998|noise 39999|the end|"));
    struct rehearsal *r = &s->r;
    assert_true(rehearsal_count(r, "log.lines", NULL) < 20);
    close_scene(s);
}

static void a_machine_that_does_not_answer_is_no_error_and_loses_nothing(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    look(s);
    world_sim_hold(s->r.world, s->web, true);
    append(s, "while it was away\n");
    look(s);
    look(s);
    expect(s, "");
    assert_int_equal(rehearsal_count(&s->r, "alarm.raised", NULL), 0);
    world_sim_hold(s->r.world, s->web, false);
    look(s);
    look(s);
    expect(s, "while it was away|");
    close_scene(s);
}

static void after_a_reset_only_what_is_new_is_taken(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    append(s, "before the reset\n");
    look(s);
    g_autoptr(GError) error = NULL;
    assert_true(exercise_reset(s->r.exercise, "blue1/web", "test", &error));
    rehearsal_settle(&s->r);
    rehearsal_advance(&s->r, SECOND);
    world_sim_write(s->r.world, s->web, LOG, "of the boot\n");
    look(s);
    expect(s, "before the reset|");
    append(s, "after it\n");
    look(s);
    expect(s, "before the reset|after it|");
    close_scene(s);
}

static char *stream_of(const struct scene *s, enum stream_format format, const char *team)
{
    struct ledger_reader *reader = ledger_reader_open(s->r.ledger_path, NULL);
    struct stream *stream = stream_new(format, team);
    GString *all = g_string_new(NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        g_autofree char *line = stream_line(stream, event);
        g_string_append_printf(all, "%s%s", line ? line : "", line ? "\n" : "");
        event_free(event);
    }
    stream_free(stream);
    ledger_reader_close(reader);
    return g_string_free(all, FALSE);
}

/* The file that a line says it is from, "" when it says none. */
static const char *file_of(const cJSON *line, enum stream_format format)
{
    return format == STREAM_ECS
                   ? json_string(json_object(json_object(line, "log"), "file"), "path", "")
                   : json_string(json_object(line, "metadata"), "log_name", "");
}

static int count_lines(const char *text, enum stream_format format)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int seen = 0;
    for (int i = 0; lines[i] && *lines[i]; i++) {
        auto_json line = json_parse(lines[i], strlen(lines[i]), NULL);
        assert_non_null(line);
        bool ours = g_str_has_prefix(json_string(line, "message", ""), "GET /");
        assert_string_equal(file_of(line, format), ours ? LOG : "");
        seen += ours;
    }
    return seen;
}

/* Each line is one of the stream, of that team, and of nobody else's; the truth has none. */
static void lines_are_in_the_teams_stream_only(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    append(s, "GET /canary 200\nGET /other 404\n");
    look(s);
    for (int format = STREAM_ECS; format <= STREAM_OCSF; format++) {
        g_autofree char *own = stream_of(s, (enum stream_format)format, "blue1");
        g_autofree char *other = stream_of(s, (enum stream_format)format, "blue2");
        g_autofree char *truth = stream_of(s, (enum stream_format)format, NULL);
        assert_int_equal(count_lines(own, (enum stream_format)format), 2);
        assert_null(strstr(other, "canary"));
        assert_null(strstr(truth, "canary"));
    }
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(new_lines_are_taken_once_and_whole),
            cmocka_unit_test(a_log_that_is_emptied_or_rotated_is_read_from_its_beginning),
            cmocka_unit_test(what_a_guest_writes_is_bounded_and_clean),
            cmocka_unit_test(a_line_without_an_end_is_cut_and_its_rest_is_none),
            cmocka_unit_test(a_flood_is_left_out_and_that_is_said),
            cmocka_unit_test(a_machine_that_does_not_answer_is_no_error_and_loses_nothing),
            cmocka_unit_test(after_a_reset_only_what_is_new_is_taken),
            cmocka_unit_test(lines_are_in_the_teams_stream_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
