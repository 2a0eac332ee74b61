/* test_report.c - the after-action report: its numbers, its page, and what hostile names do there. */
#include "support/report.h"

#include "cli/report_file.h"
#include "report/page.h"

#include <math.h>

/* ---- numbers ------------------------------------------------------------------------------- */

static void the_report_has_the_totals_of_the_board_and_terms_that_add_up(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_DRILL);
    const cJSON *row = NULL;
    int teams = 0;
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        const char *team = json_string(row, "team", "");
        double total = json_number(row, "total", NAN);
        double sum = 0;
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(document, "terms"))
        {
            sum += strcmp(json_string(item, "team", ""), team) ? 0 : json_number(item, "points", 0);
        }
        assert_true(fabs(sum - total) < 1e-9);
        cJSON_ArrayForEach(item, json_array(document, "lines"))
        {
            if (!strcmp(json_string(item, "team", ""), team)) {
                const cJSON *last = json_array(item, "points")->child->prev;
                assert_true(cJSON_GetArrayItem(last, 1)->valuedouble == total);
            }
        }
        teams++;
    }
    assert_int_equal(teams, 3);
}

static const cJSON *service_of(const cJSON *document, const char *team, const char *name)
{
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, json_array(document, "services"))
    {
        if (!strcmp(json_string(service, "team", ""), team) &&
                !strcmp(json_string(service, "service", ""), name)) {
            return service;
        }
    }
    fail_msg("no service %s of %s", name, team);
    return NULL;
}

static void an_outage_is_an_interval_with_the_events_that_saw_it(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_DRILL);
    const cJSON *site = service_of(document, "blue2", "site");
    const cJSON *last = json_array(site, "spans")->child->prev;
    assert_string_equal(json_string(last, "status", ""), "down");
    assert_int_equal(json_int(last, "looks", 0), json_int(site, "failed", -1));
    assert_int_equal(
            json_int(last, "to_us", 0), json_int(json_object(document, "exercise"), "ran_us", -1));
    assert_int_equal(json_int(site, "down_us", 0),
            json_int(last, "to_us", 0) - json_int(last, "from_us", 0));
    assert_int_equal(json_int(service_of(document, "blue1", "site"), "down_us", -1), 0);
}

static const cJSON *run_of(const cJSON *document, const char *team, const char *step)
{
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (!strcmp(json_string(run, "team", ""), team) &&
                !strcmp(json_string(run, "step", ""), step)) {
            return run;
        }
    }
    fail_msg("no run of %s against %s", step, team);
    return NULL;
}

static void a_step_knows_its_evidence_its_advice_and_the_service_it_took_down(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_DRILL);
    const cJSON *deface = run_of(document, "blue2", "deface");
    assert_string_equal(json_string(deface, "verdict", ""), "effect");
    assert_non_null(strstr(json_string(deface, "repair", ""), "chown -R root:root"));
    assert_non_null(strstr(json_string(deface, "repair_zh", ""), "备份"));
    const cJSON *outage = json_object(json_object(deface, "response"), "outage");
    assert_string_equal(json_string(outage, "service", ""), "site");
    assert_false(json_bool(outage, "over", true));
    assert_true(json_int(outage, "from_us", 0) >= json_int(deface, "started_us", G_MAXINT64));

    const cJSON *guess = run_of(document, "blue1", "guess");
    assert_string_equal(json_string(guess, "verdict", ""), "blocked");
    const cJSON *sign = cJSON_GetArrayItem(json_array(guess, "evidence"), 1);
    assert_string_equal(json_string(sign, "what", ""), "blocked_by");
    assert_non_null(strstr(json_string(sign, "why", ""), "Failed password for clerk"));
    assert_string_equal(json_string(run_of(document, "blue1", "deface"), "verdict", ""), "skipped");
}

static void a_report_of_the_technique_or_of_its_parent_counts_as_detection(void **state)
{
    (void)state;
    g_autofree char *text = report_file(REPORT_DRILL);
    g_autofree char *with = g_strconcat(text,
            "{\"seq\":2001,\"at_us\":299000000,\"wall_us\":1795382899000000,\"kind\":\"report."
            "filed\","
            "\"team\":\"blue2\",\"subject\":\"\",\"body\":{\"what\":\"T1110\"}}\n",
            NULL);
    g_autoptr(GPtrArray) events = report_events(with);
    auto_json document = report_fold(events);
    const cJSON *guess = json_object(run_of(document, "blue2", "guess"), "response");
    assert_int_equal(json_int(guess, "reported_us", 0), 299000000);
    assert_int_equal(json_int(guess, "report_seq", 0), 2001);
    assert_null(cJSON_GetObjectItem(
            json_object(run_of(document, "blue1", "guess"), "response"), "reported_us"));
    assert_null(cJSON_GetObjectItem(
            json_object(run_of(document, "blue2", "login"), "response"), "reported_us"));
}

static void a_report_of_any_prefix_is_whole(void **state)
{
    (void)state;
    g_autofree char *text = report_hostile();
    g_autoptr(GPtrArray) events = report_events(text);
    for (guint length = 0; length < events->len; length += 23) {
        struct aar *aar = aar_new();
        for (guint i = 0; i < length; i++) {
            aar_apply(aar, g_ptr_array_index(events, i));
        }
        auto_json document = aar_to_json(aar);
        g_autofree char *html = page_html(document, "en");
        assert_true(g_str_has_suffix(html, "</html>\n"));
        aar_free(aar);
    }
}

/* ---- the page ------------------------------------------------------------------------------ */

static void the_page_of_the_recorded_drill_is_the_known_one(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_DRILL);
    g_autofree char *html = page_html(document, "en");
    g_autofree char *again = page_html(document, "en");
    assert_string_equal(html, again);
    report_golden("drill.html", html);
    assert_null(strstr(html, "{{"));
    g_autofree char *zh = page_html(document, "zh");
    assert_non_null(strstr(zh, "<html lang=\"zh-Hans\">"));
    assert_non_null(strstr(zh, "id=\"lang-zh\" checked"));
    assert_null(strstr(zh, "id=\"lang-en\" checked"));
}

static void a_day_long_exercise_has_a_time_axis_that_can_be_read(void **state)
{
    (void)state;
    static const int hours[] = {1, 5, 12, 24, 24 * 30};
    for (gsize i = 0; i < G_N_ELEMENTS(hours); i++) {
        struct aar *aar = aar_new();
        auto_event last =
                event_new("exercise.state", NULL, "x", cJSON_Parse("{\"state\":\"ended\"}"));
        last->at_us = hours[i] * 3600 * (gint64)G_USEC_PER_SEC;
        aar_apply(aar, last);
        auto_json document = aar_to_json(aar);
        g_autofree char *html = page_html(document, "en");
        const char *axis = strstr(html, "<g class=axis>");
        assert_non_null(axis);
        g_autofree char *group = g_strndup(axis, (gsize)(strstr(axis, "</g>") - axis));
        g_auto(GStrv) ticks = g_strsplit(group, "<text", -1);
        assert_in_range(g_strv_length(ticks) - 1, 4, 11);
        aar_free(aar);
    }
}

static void names_of_teams_and_answers_of_guests_are_text_and_nothing_else(void **state)
{
    (void)state;
    g_autofree char *text = report_hostile();
    g_autoptr(GPtrArray) events = report_events(text);
    auto_json document = report_fold(events);
    static const char *const langs[] = {"en", "zh"};
    for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
        g_autofree char *html = page_html(document, langs[i]);
        report_expect_nothing_outside(html);
        assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert_non_null(strstr(html, "&amp;amp;"));
        assert_null(strchr(html, '\001'));
        assert_null(strstr(html, "\342\200\256")); /* turns the writing round */
        /* a name cannot pull in a part of the page: there is one place of each */
        g_auto(GStrv) parts = g_strsplit(html, "<section class=team id=\"team-blue1\">", -1);
        assert_int_equal(g_strv_length(parts), 2);
    }
}

static void the_recorded_page_needs_nothing_from_outside(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_DRILL);
    g_autofree char *html = page_html(document, "en");
    report_expect_nothing_outside(html);
    assert_non_null(strstr(html, "default-src 'none'"));
}

/* ---- bad ledgers --------------------------------------------------------------------------- */

static void what_is_no_ledger_gives_no_report(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "no.ledger", NULL);
    g_autoptr(GError) error = NULL;
    assert_true(g_file_set_contents(path, "not a ledger at all", -1, NULL));
    assert_null(report_read(path, &error));
    assert_non_null(error);
    assert_non_null(strstr(error->message, "no.ledger"));
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_report_has_the_totals_of_the_board_and_terms_that_add_up),
            cmocka_unit_test(an_outage_is_an_interval_with_the_events_that_saw_it),
            cmocka_unit_test(a_step_knows_its_evidence_its_advice_and_the_service_it_took_down),
            cmocka_unit_test(a_report_of_the_technique_or_of_its_parent_counts_as_detection),
            cmocka_unit_test(a_report_of_any_prefix_is_whole),
            cmocka_unit_test(the_page_of_the_recorded_drill_is_the_known_one),
            cmocka_unit_test(a_day_long_exercise_has_a_time_axis_that_can_be_read),
            cmocka_unit_test(names_of_teams_and_answers_of_guests_are_text_and_nothing_else),
            cmocka_unit_test(the_recorded_page_needs_nothing_from_outside),
            cmocka_unit_test(what_is_no_ledger_gives_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
