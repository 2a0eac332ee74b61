/* test_report_export.c - the exports, checked against what their formats' documents require. */
#include "support/report.h"

#include "base/error.h"
#include "report/export.h"

static char *export_of(const cJSON *document, const char *format)
{
    g_autoptr(GError) error = NULL;
    char *text = export_text(document, format, &error);
    assert_no_error(error);
    return text;
}

static cJSON *hostile(void)
{
    g_autofree char *text = report_hostile();
    g_autoptr(GPtrArray) events = report_events(text);
    return report_fold(events);
}

static cJSON *parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    cJSON *json = json_parse(text, strlen(text), &error);
    assert_no_error(error);
    return json;
}

static void the_exports_of_the_recorded_drill_are_the_known_ones(void **state)
{
    (void)state;
    static const char *const formats[] = {"csv", "navigator", "stix", "ctftime", "ccs"};
    auto_json document = report_of_file(REPORT_DRILL);
    auto_json again = report_of_file(REPORT_DRILL);
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *text = export_of(document, formats[i]);
        g_autofree char *second = export_of(again, formats[i]);
        g_autofree char *name = g_strdup_printf("drill.%s", formats[i]);
        assert_string_equal(text, second);
        report_golden(name, text);
    }
}

static void an_unknown_format_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    auto_json document = report_of_file(REPORT_DRILL);
    assert_null(export_text(document, "navigater", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE));
    assert_non_null(strstr(error->message, "did you mean \"navigator\""));
}

/* ---- CSV ----------------------------------------------------------------------------------- */

/* Fields of an RFC 4180 text in which all fields are quoted; rows end with an empty vector. */
static GPtrArray *fields_of(const char *text)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *row = NULL;
    while (*text) {
        if (!row) {
            row = g_ptr_array_new_with_free_func(g_free);
            g_ptr_array_add(rows, row);
        }
        assert_int_equal(*text, '"');
        GString *field = g_string_new(NULL);
        for (text++; *text && (*text != '"' || text[1] == '"'); text++) {
            text += *text == '"';
            g_string_append_c(field, *text);
        }
        assert_int_equal(*text, '"');
        text++;
        g_ptr_array_add(row, g_string_free(field, FALSE));
        if (*text == ',') {
            text++;
        } else {
            assert_memory_equal(text, "\r\n", 2);
            text += 2;
            row = NULL;
        }
    }
    return rows;
}

static void no_field_of_the_gradebook_is_a_formula(void **state)
{
    (void)state;
    auto_json document = hostile();
    g_autofree char *text = export_of(document, "csv");
    g_autoptr(GPtrArray) rows = fields_of(text);
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_int_equal(rows->len, 4);
    const GPtrArray *heads = g_ptr_array_index(rows, 0);
    bool defused = false;
    for (guint r = 1; r < rows->len; r++) {
        const GPtrArray *row = g_ptr_array_index(rows, r);
        assert_int_equal(row->len, heads->len);
        for (guint i = 0; i < row->len; i++) {
            const char *field = g_ptr_array_index(row, i);
            char *end = NULL;
            (void)g_ascii_strtod(field, &end);
            bool is_number = *field && !*end;
            if (!is_number && *field && strchr("=+-@\t\r\n", *field)) {
                fail_msg("a spreadsheet would run \"%s\"", field);
            }
            defused |= g_str_has_prefix(field, "'=1+2<script>");
        }
    }
    assert_true(defused);
}

/* ---- ATT&CK Navigator: layer format 4.5 ----------------------------------------------------- */

static void layers_have_what_format_4_5_requires(void **state)
{
    (void)state;
    auto_json document = hostile();
    g_autofree char *text = export_of(document, "navigator");
    auto_json layers = parsed(text);
    const cJSON *layer = NULL;
    int techniques = 0;
    static const char *const domains[] = {"enterprise-attack", "ics-attack", "mobile-attack", NULL};
    assert_true(cJSON_GetArraySize(layers) >= 6);
    cJSON_ArrayForEach(layer, layers)
    {
        assert_non_null(json_string(layer, "name", NULL));
        assert_true(g_strv_contains(domains, json_string(layer, "domain", "")));
        assert_string_equal(json_string(json_object(layer, "versions"), "layer", ""), "4.5");
        assert_non_null(json_string(json_object(layer, "versions"), "navigator", NULL));
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(layer, "techniques"))
        {
            assert_non_null(json_string(item, "techniqueID", NULL));
            assert_true(json_number(item, "score", -1) > 0);
            techniques++;
        }
        assert_int_equal(
                cJSON_GetArraySize(json_array(json_object(layer, "gradient"), "colors")), 2);
    }
    assert_true(techniques > 8);
}

/* ---- STIX 2.1 ------------------------------------------------------------------------------ */

static const cJSON *object_of(const cJSON *bundle, const char *id)
{
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, json_array(bundle, "objects"))
    {
        if (!strcmp(json_string(object, "id", ""), id)) {
            return object;
        }
    }
    fail_msg("the bundle refers to %s, which is not in it", id);
    return NULL;
}

static void expect_refs(const cJSON *bundle, const cJSON *object, const char *name)
{
    const cJSON *ref = NULL;
    assert_true(cJSON_GetArraySize(json_array(object, name)) > 0);
    cJSON_ArrayForEach(ref, json_array(object, name))
    {
        object_of(bundle, ref->valuestring);
    }
}

static void expect_object(const cJSON *bundle, const cJSON *object)
{
    const char *type = json_string(object, "type", "");
    const char *id = json_string(object, "id", "");
    g_autofree char *pattern = g_strdup_printf(
            "^%s--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", type);
    assert_true(g_regex_match_simple(pattern, id, 0, 0));
    assert_string_equal(json_string(object, "spec_version", ""), "2.1");
    if (!strcmp(type, "process")) { /* a cyber-observable has no times of its own */
        assert_non_null(json_string(object, "command_line", NULL));
        return;
    }
    const char *const times[] = {"created", "modified"};
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$",
                json_string(object, times[i], ""), 0, 0));
    }
    if (!strcmp(type, "sighting")) {
        object_of(bundle, json_string(object, "sighting_of_ref", ""));
        expect_refs(bundle, object, "where_sighted_refs");
        expect_refs(bundle, object, "observed_data_refs");
        assert_true(strcmp(json_string(object, "first_seen", "z"),
                            json_string(object, "last_seen", "")) <= 0);
    } else if (!strcmp(type, "observed-data")) {
        expect_refs(bundle, object, "object_refs");
        assert_true(json_int(object, "number_observed", 0) >= 1);
        assert_true(strcmp(json_string(object, "first_observed", "z"),
                            json_string(object, "last_observed", "")) <= 0);
    } else {
        assert_true(!strcmp(type, "identity") || !strcmp(type, "attack-pattern"));
        assert_true(*json_string(object, "name", ""));
    }
}

static void every_object_of_the_bundle_is_whole_and_refers_to_others_in_it(void **state)
{
    (void)state;
    auto_json document = hostile();
    g_autofree char *text = export_of(document, "stix");
    auto_json bundle = parsed(text);
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    const cJSON *object = NULL;
    assert_string_equal(json_string(bundle, "type", ""), "bundle");
    assert_true(g_str_has_prefix(json_string(bundle, "id", ""), "bundle--"));
    cJSON_ArrayForEach(object, json_array(bundle, "objects"))
    {
        assert_true(g_hash_table_add(ids, (gpointer)json_string(object, "id", "")));
        expect_object(bundle, object);
    }
    assert_true(g_hash_table_size(ids) > 30);
}

/* ---- CTFtime ------------------------------------------------------------------------------- */

static void the_scoreboard_feed_has_ctftimes_members_in_order_of_place(void **state)
{
    (void)state;
    auto_json document = hostile();
    g_autofree char *text = export_of(document, "ctftime");
    auto_json feed = parsed(text);
    const cJSON *standing = NULL;
    gint64 pos = 0;
    assert_true(cJSON_GetArraySize(json_array(feed, "tasks")) > 0);
    cJSON_ArrayForEach(standing, json_array(feed, "standings"))
    {
        assert_true(json_int(standing, "pos", 0) >= pos);
        pos = json_int(standing, "pos", 0);
        assert_non_null(json_string(standing, "team", NULL));
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(standing, "score")));
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(standing, "lastAccept")));
        const cJSON *stat = NULL;
        cJSON_ArrayForEach(stat, json_object(standing, "taskStats"))
        {
            assert_true(cJSON_IsNumber(cJSON_GetObjectItem(stat, "points")));
            assert_true(json_int(stat, "time", 0) > 1600000000);
        }
    }
    assert_int_equal(pos, 3);
}

/* ---- CCS ----------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    const char *required[8];
} ccs_types[] = {
        {"contest", {"id", "name", "duration", "start_time", "penalty_time"}},
        {"judgement-types", {"id", "name", "penalty", "solved"}},
        {"languages", {"id", "name", "entry_point_required", "extensions"}},
        {"problems", {"id", "label", "name", "ordinal", "time_limit", "test_data_count"}},
        {"teams", {"id", "label", "name"}},
        {"submissions",
                {"id", "language_id", "problem_id", "team_id", "time", "contest_time", "files"}},
        {"judgements", {"id", "submission_id", "judgement_type_id", "start_time",
                               "start_contest_time", "end_time", "end_contest_time"}},
        {"state", {"started", "ended", "frozen", "thawed", "finalized", "end_of_updates"}},
};

static void expect_notification(const cJSON *line, GHashTable *known)
{
    const char *type = json_string(line, "type", "");
    const cJSON *data = json_object(line, "data");
    const cJSON *id = cJSON_GetObjectItem(line, "id");
    bool is_single = !strcmp(type, "contest") || !strcmp(type, "state");
    bool found = false;
    assert_true(is_single ? cJSON_IsNull(id) : cJSON_IsString(id));
    for (gsize i = 0; i < G_N_ELEMENTS(ccs_types); i++) {
        for (int k = 0; !strcmp(ccs_types[i].type, type) && ccs_types[i].required[k]; k++) {
            found = true;
            if (!cJSON_HasObjectItem(data, ccs_types[i].required[k])) {
                fail_msg("%s has no %s", type, ccs_types[i].required[k]);
            }
        }
    }
    assert_true(found);
    static const char *const refs[][2] = {{"problem_id", "problems"}, {"team_id", "teams"},
            {"language_id", "languages"}, {"submission_id", "submissions"},
            {"judgement_type_id", "judgement-types"}};
    for (gsize i = 0; i < G_N_ELEMENTS(refs); i++) {
        const char *to = json_string(data, refs[i][0], NULL);
        g_autofree char *key = g_strdup_printf("%s/%s", refs[i][1], to ? to : "");
        if (to && !g_hash_table_contains(known, key)) {
            fail_msg("%s refers to %s, which was not told before", type, key);
        }
    }
    if (!is_single) {
        assert_true(
                g_regex_match_simple("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,35}$", id->valuestring, 0, 0));
        g_hash_table_add(known, g_strdup_printf("%s/%s", type, id->valuestring));
    }
}

static void the_event_feed_tells_each_thing_before_what_refers_to_it(void **state)
{
    (void)state;
    auto_json document = hostile();
    g_autofree char *text = export_of(document, "ccs");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int count = 0;
    for (; lines[count] && *lines[count]; count++) {
        auto_json line = parsed(lines[count]);
        expect_notification(line, known);
    }
    assert_true(count > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_exports_of_the_recorded_drill_are_the_known_ones),
            cmocka_unit_test(an_unknown_format_is_refused_with_the_nearest_name),
            cmocka_unit_test(no_field_of_the_gradebook_is_a_formula),
            cmocka_unit_test(layers_have_what_format_4_5_requires),
            cmocka_unit_test(every_object_of_the_bundle_is_whole_and_refers_to_others_in_it),
            cmocka_unit_test(the_scoreboard_feed_has_ctftimes_members_in_order_of_place),
            cmocka_unit_test(the_event_feed_tells_each_thing_before_what_refers_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
