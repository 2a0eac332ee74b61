/* test_report_stream.c - the streams for a SIEM: documented fields, and that they never mix. */
#include "support/report.h"

#include "report/stream.h"

/* All lines, from the events that keep() wants. */
typedef bool (*keep_fn)(const struct event *event);

static char *lines_of(
        const GPtrArray *events, enum stream_format format, const char *team, keep_fn keep)
{
    struct stream *stream = stream_new(format, team);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < events->len; i++) {
        const struct event *event = g_ptr_array_index(events, i);
        g_autofree char *line = !keep || keep(event) ? stream_line(stream, event) : NULL;
        if (line) {
            g_string_append_printf(out, "%s\n", line);
        }
    }
    stream_free(stream);
    return g_string_free(out, FALSE);
}

static GPtrArray *drill(void)
{
    g_autofree char *text = report_hostile();
    return report_events(text);
}

/* ---- never mixed --------------------------------------------------------------------------- */

/* What is ground truth, written down apart from the code under test: docs/events.md in hand. */
static bool is_no_truth(const struct event *event)
{
    static const char *const truth[] = {"step.state", "step.verdict", "inject.state",
            "operator.action", "operator.exec", "link.impaired", "link.cleared", "link.measured",
            "capture.started", "capture.step", "capture.stopped", "alarm.raised", "alarm.cleared",
            "flag.issued", "flag.captured", "score.adjusted", "score.voided", "ledger.signed",
            "resource.opening", "resource.closed", "round.closed", "checkpoint.taken",
            "checkpoint.restored", "console.opened", "console.closed", NULL};
    return !g_strv_contains(truth, event->kind);
}

static bool is_no_truth_nor_blue2(const struct event *event)
{
    return is_no_truth(event) && strcmp(event->team, "blue2") != 0 &&
           strcmp(event->team, "red") != 0;
}

static void a_teams_stream_is_the_same_bytes_with_and_without_the_truth(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = drill();
    for (int format = STREAM_ECS; format <= STREAM_OCSF; format++) {
        g_autofree char *all = lines_of(events, (enum stream_format)format, "blue1", NULL);
        g_autofree char *without =
                lines_of(events, (enum stream_format)format, "blue1", is_no_truth);
        g_autofree char *alone =
                lines_of(events, (enum stream_format)format, "blue1", is_no_truth_nor_blue2);
        assert_true(strlen(all) > 10000);
        assert_string_equal(all, without);
        assert_string_equal(all, alone);
    }
}

/* Each text of a true event is a canary, but for those that a team's own events say as well. */
static void nothing_that_only_the_truth_says_is_in_a_teams_stream(void **state)
{
    (void)state;
    g_autofree char *text = report_file(REPORT_DRILL);
    static const char *const secrets[] = {"recon", "Guess the clerk", "Raise the tank", "deface",
            "T1110.001", "T0836", "blocked", "hydra", "mbpoll", "10.20.1.66"};
    g_autoptr(GPtrArray) events = report_events(text);
    static const char *const teams[] = {"blue1", "blue2"};
    g_autofree char *truth = lines_of(events, STREAM_ECS, NULL, NULL);
    assert_non_null(strstr(truth, "T1110.001"));
    for (gsize t = 0; t < G_N_ELEMENTS(teams); t++) {
        g_autofree char *seen = lines_of(events, STREAM_ECS, teams[t], NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++) {
            if (strstr(seen, secrets[i])) {
                fail_msg("\"%s\" is in the stream of %s", secrets[i], teams[t]);
            }
        }
        assert_null(strstr(seen, teams[1 - t]));
    }
}

static void no_event_is_in_both_streams(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = drill();
    struct stream *truth = stream_new(STREAM_ECS, NULL);
    struct stream *blue = stream_new(STREAM_ECS, "blue1");
    int counts[2] = {0};
    for (guint i = 0; i < events->len; i++) {
        const struct event *event = g_ptr_array_index(events, i);
        g_autofree char *told = stream_line(truth, event);
        g_autofree char *seen = stream_line(blue, event);
        if (told && seen) {
            fail_msg("event %d (%s) is in both", (int)event->seq, event->kind);
        }
        counts[0] += told != NULL;
        counts[1] += seen != NULL;
    }
    assert_true(counts[0] > 50 && counts[1] > 50);
    assert_true(stream_knows_team(blue));
    stream_free(truth);
    stream_free(blue);
}

static void kinds_that_nobody_knows_yet_are_in_no_stream(void **state)
{
    (void)state;
    static const char *const teams[] = {NULL, "blue1"};
    for (gsize i = 0; i < G_N_ELEMENTS(teams); i++) {
        struct stream *stream = stream_new(STREAM_ECS, teams[i]);
        auto_event event = event_new("weather.changed", "blue1", "x", NULL);
        assert_null(stream_line(stream, event));
        stream_free(stream);
    }
}

static void lines_of_a_team_are_numbered_without_gaps(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = drill();
    g_autofree char *seen = lines_of(events, STREAM_ECS, "blue1", NULL);
    g_auto(GStrv) lines = g_strsplit(seen, "\n", -1);
    for (int i = 0; lines[i] && *lines[i]; i++) {
        auto_json line = cJSON_Parse(lines[i]);
        assert_int_equal(json_int(json_object(line, "event"), "sequence", 0), i + 1);
        assert_null(cJSON_GetObjectItem(line, "seq"));
    }
}

/* ---- documented fields --------------------------------------------------------------------- */

static void expect_one_of(const char *value, const char *const *allowed)
{
    if (!g_strv_contains(allowed, value)) {
        fail_msg("\"%s\" is not allowed there", value);
    }
}

/* ECS 8.11: @timestamp and ecs.version are required; event.* have lists of allowed values, and each
 * category a list of expected types. */
static void expect_ecs(const cJSON *line)
{
    static const char *const kinds[] = {"alert", "asset", "enrichment", "event", "metric", "state",
            "pipeline_error", "signal", NULL};
    static const char *const categories[] = {"api", "authentication", "configuration", "database",
            "driver", "email", "file", "host", "iam", "intrusion_detection", "library", "malware",
            "network", "package", "process", "registry", "session", "threat", "vulnerability",
            "web", NULL};
    static const char *const outcomes[] = {"failure", "success", "unknown", NULL};
    static const char *const types[] = {"info", NULL}; /* expected of each category that we use */
    const cJSON *event = json_object(line, "event");
    assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$",
            json_string(line, "@timestamp", ""), 0, 0));
    assert_string_equal(json_string(json_object(line, "ecs"), "version", ""), "8.11.0");
    expect_one_of(json_string(event, "kind", ""), kinds);
    expect_one_of(json_array(event, "category")->child->valuestring, categories);
    expect_one_of(json_array(event, "type")->child->valuestring, types);
    const char *outcome = json_string(event, "outcome", NULL);
    if (outcome) {
        expect_one_of(outcome, outcomes);
    }
    assert_non_null(json_string(line, "message", NULL));
    const cJSON *label = NULL;
    cJSON_ArrayForEach(label, json_object(line, "labels"))
    {
        assert_true(cJSON_IsString(label)); /* keywords, not nested */
    }
    const cJSON *threat = json_object(line, "threat");
    if (threat) {
        assert_non_null(json_array(json_object(threat, "technique"), "id"));
        assert_string_equal(json_string(threat, "framework", ""), "MITRE ATT&CK");
    }
}

/* OCSF 1.3.0: what the base event and the three classes require. */
static void expect_ocsf(const cJSON *line)
{
    static const char *const numbers[] = {
            "category_uid", "class_uid", "activity_id", "type_uid", "time", "severity_id"};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        assert_true(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(line, numbers[i])));
    }
    gint64 class = json_int(line, "class_uid", 0);
    assert_int_equal(json_int(line, "type_uid", 0), class * 100 + json_int(line, "activity_id", 0));
    assert_int_equal(json_int(line, "category_uid", 0), class / 1000);
    assert_in_range(json_int(line, "severity_id", -1), 0, 6);
    assert_true(json_int(line, "time", 0) > G_GINT64_CONSTANT(1600000000000)); /* milliseconds */
    const cJSON *metadata = json_object(line, "metadata");
    assert_string_equal(json_string(metadata, "version", ""), "1.3.0");
    assert_non_null(json_string(json_object(metadata, "product"), "vendor_name", NULL));
    if (class == 2004) {
        assert_non_null(json_string(json_object(line, "finding_info"), "uid", NULL));
        assert_in_range(json_int(line, "activity_id", 0), 1, 3);
    } else if (class == 1007) {
        assert_non_null(json_object(line, "actor"));
        assert_non_null(json_object(line, "process"));
        assert_int_equal(json_int(json_object(line, "device"), "type_id", -1), 1);
    } else {
        assert_int_equal(class, 6002);
        assert_non_null(json_string(json_object(line, "app"), "name", NULL));
        assert_non_null(json_string(line, "activity_name", NULL)); /* required by activity 99 */
    }
}

static void every_line_has_the_fields_that_its_format_asks_for(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = drill();
    static const char *const teams[] = {NULL, "blue1", "blue2"};
    for (gsize t = 0; t < G_N_ELEMENTS(teams); t++) {
        for (int format = STREAM_ECS; format <= STREAM_OCSF; format++) {
            g_autofree char *text = lines_of(events, (enum stream_format)format, teams[t], NULL);
            g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
            for (int i = 0; lines[i] && *lines[i]; i++) {
                g_autoptr(GError) error = NULL;
                auto_json line = json_parse(lines[i], strlen(lines[i]), &error);
                assert_no_error(error);
                (format == STREAM_ECS ? expect_ecs : expect_ocsf)(line);
            }
        }
    }
}

static void the_streams_of_the_recorded_drill_are_the_known_ones(void **state)
{
    (void)state;
    g_autofree char *text = report_file(REPORT_DRILL);
    g_autoptr(GPtrArray) events = report_events(text);
    g_autofree char *blue = lines_of(events, STREAM_ECS, "blue1", NULL);
    g_autofree char *truth = lines_of(events, STREAM_OCSF, NULL, NULL);
    report_golden("blue1.ecs.ndjson", blue);
    report_golden("truth.ocsf.ndjson", truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_teams_stream_is_the_same_bytes_with_and_without_the_truth),
            cmocka_unit_test(nothing_that_only_the_truth_says_is_in_a_teams_stream),
            cmocka_unit_test(no_event_is_in_both_streams),
            cmocka_unit_test(kinds_that_nobody_knows_yet_are_in_no_stream),
            cmocka_unit_test(lines_of_a_team_are_numbered_without_gaps),
            cmocka_unit_test(every_line_has_the_fields_that_its_format_asks_for),
            cmocka_unit_test(the_streams_of_the_recorded_drill_are_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
