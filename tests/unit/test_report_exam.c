/* test_report_exam.c - an exam's report: every candidate's mark, on the page and in the gradebook. */
#include "support/report.h"

#include "report/export.h"
#include "report/page.h"

static const cJSON *candidate_of(const cJSON *document, const char *id)
{
    const cJSON *candidate = NULL;
    cJSON_ArrayForEach(candidate, json_array(json_object(document, "marks"), "candidates"))
    {
        if (!strcmp(json_string(candidate, "candidate", ""), id)) {
            return candidate;
        }
    }
    fail_msg("no candidate %s", id);
    return NULL;
}

static void the_page_of_the_recorded_exam_is_the_known_one(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_EXAM);
    g_autofree char *html = page_html(document, "en");
    report_golden("exam.html", html);
    report_expect_nothing_outside(html);
    g_autofree char *zh = page_html(document, "zh");
    assert_non_null(strstr(zh, "<body class=\"exam marked\">"));
    const cJSON *first = candidate_of(document, "c-7f3a");
    const cJSON *second = candidate_of(document, "c-19bd");
    assert_true(json_bool(first, "passed", false));
    assert_false(json_bool(second, "passed", true));
}

/* The text between two others, the first after it; the caller's. */
static char *part_of(const char *html, const char *from, const char *to)
{
    const char *begin = strstr(html, from);
    assert_non_null(begin);
    const char *end = strstr(begin, to);
    assert_non_null(end);
    return g_strndup(begin, (gsize)(end - begin));
}

static void a_candidates_page_has_marks_skills_credits_and_late_answers_of_its_own(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_EXAM);
    g_autofree char *html = page_html(document, "en");
    g_autofree char *first = part_of(html, "<section class=team id=\"team-seat1\">", "</section>");
    g_autofree char *second = part_of(html, "<section class=team id=\"team-seat2\">", "</section>");
    assert_non_null(strstr(first, "is-passed\"><i>✓</i>"));
    assert_non_null(strstr(first, "<b>80 %</b>"));
    assert_non_null(strstr(first, "the candidate was unwell"));
    assert_non_null(strstr(first, "+6:00"));
    assert_non_null(strstr(first, "looked at when it ended"));
    assert_null(strstr(first, "the portal was slow"));
    assert_null(strstr(first, "Outside the time"));
    assert_non_null(strstr(second, "<b>25 %</b>"));
    assert_non_null(strstr(second, "Outside the time"));
    assert_non_null(strstr(second, "accepted by two persons"));
    assert_non_null(strstr(second, ">late<"));
    assert_non_null(strstr(second, "machine away"));
    assert_null(strstr(second, "unwell"));
}

static void the_public_is_shown_no_marks(void **state)
{
    (void)state;
    g_autofree char *text = report_file(REPORT_EXAM);
    g_autoptr(GPtrArray) events = report_events(text);
    struct aar *aar = aar_new_public();
    for (guint i = 0; i < events->len; i++) {
        aar_apply(aar, g_ptr_array_index(events, i));
    }
    auto_json document = aar_to_json(aar);
    aar_free(aar);
    assert_null(cJSON_GetObjectItem(document, "marks"));
    g_autofree char *html = page_html(document, "en");
    assert_null(strstr(html, "c-7f3a"));
    assert_null(strstr(html, "unwell"));
    assert_non_null(strstr(html, "<body class=\"exam public\">"));
}

static void the_gradebook_has_a_row_a_candidate_with_the_mark_and_each_skill(void **state)
{
    (void)state;
    auto_json document = report_of_file(REPORT_EXAM);
    g_autofree char *csv = export_text(document, "csv", NULL);
    g_auto(GStrv) lines = g_strsplit(csv, "\r\n", -1);
    assert_int_equal(g_strv_length(lines), 3 + 1);
    assert_true(g_str_has_suffix(lines[0],
            ",\"candidate\",\"mark_points\",\"mark_of\",\"mark_percent\",\"mark_passed\","
            "\"credited_s\",\"assets_percent\",\"weaknesses_percent\",\"prevention_percent\","
            "\"forensics_percent\""));
    for (int i = 1; i <= 2; i++) {
        bool first = g_str_has_prefix(lines[i], "\"seat1\"");
        const char *end = first ? ",\"c-7f3a\",\"80\",\"100\",\"80\",\"yes\",\"960\",\"100\","
                                  "\"60\",\"100\",\"50\""
                                : ",\"c-19bd\",\"25\",\"100\",\"25\",\"no\",\"180\",\"0\",\"100\","
                                  "\"0\",\"0\"";
        if (!g_str_has_suffix(lines[i], end)) {
            fail_msg("%s", lines[i]);
        }
    }
}

static void names_of_candidates_questions_and_reasons_are_text_and_nothing_else(void **state)
{
    (void)state;
    static const char *const replaced[] = {"Seat 1", "Forensics", "The weak account",
            "the candidate was unwell", "the portal was slow"};
    g_autofree char *recorded = report_file(REPORT_EXAM);
    char *text = report_replace(recorded, "\"id\":\"c-19bd\"", "\"id\":\"" HOSTILE_JSON "\"");
    for (gsize i = 0; i < G_N_ELEMENTS(replaced); i++) {
        char *next = report_replace(text, replaced[i], HOSTILE_JSON);
        g_free(text);
        text = next;
    }
    g_autoptr(GPtrArray) events = report_events(text);
    g_free(text);
    auto_json document = report_fold(events);
    g_autofree char *html = page_html(document, "zh");
    report_expect_nothing_outside(html);
    assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_null(strchr(html, '\001'));
    g_autofree char *csv = export_text(document, "csv", NULL);
    assert_null(strstr(csv, ",\"=1+2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_page_of_the_recorded_exam_is_the_known_one),
            cmocka_unit_test(
                    a_candidates_page_has_marks_skills_credits_and_late_answers_of_its_own),
            cmocka_unit_test(the_public_is_shown_no_marks),
            cmocka_unit_test(the_gradebook_has_a_row_a_candidate_with_the_mark_and_each_skill),
            cmocka_unit_test(names_of_candidates_questions_and_reasons_are_text_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
