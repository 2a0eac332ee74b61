/* report.h - recorded exercises for tests of the report, its exports and streams.
 *
 * tests/golden/report/drill.ndjson is the first drill as it was recorded on real machines; names of
 * the host were taken out and the scenario's advice (repair) was put in afterwards, so its hashes
 * are not those of its rows. exam.ndjson is a sitting on the simulated world, as
 * tests/scenario/test_exam_end.c writes it down.
 */
#pragma once

#include "support/test.h"

#include "base/event.h"
#include "base/json.h"
#include "report/aar.h"

#include <string.h>

#define REPORT_DRILL TESTS_DIR "/golden/report/drill.ndjson"
#define REPORT_EXAM TESTS_DIR "/golden/report/exam.ndjson"

static inline char *report_file(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    assert_no_error(error);
    return text;
}

/* Events of such a text; free with g_ptr_array_unref(). */
static inline GPtrArray *report_events(const char *text)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        g_autoptr(GError) error = NULL;
        if (*lines[i]) {
            struct event *event = event_from_line(lines[i], strlen(lines[i]), &error);
            assert_no_error(error);
            g_ptr_array_add(events, event);
        }
    }
    return events;
}

static inline cJSON *report_fold(const GPtrArray *events)
{
    struct aar *aar = aar_new();
    for (guint i = 0; i < events->len; i++) {
        aar_apply(aar, g_ptr_array_index(events, i));
    }
    cJSON *document = aar_to_json(aar);
    aar_free(aar);
    return document;
}

static inline cJSON *report_of_file(const char *path)
{
    g_autofree char *text = report_file(path);
    g_autoptr(GPtrArray) events = report_events(text);
    return report_fold(events);
}

static inline char *report_replace(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);
    return g_strjoinv(with, parts);
}

/* What a team, a guest or an author might try: in JSON's escapes. */
#define HOSTILE_JSON                                                                               \
    "=1+2<script>alert(1)</script><img src=http://leak.invalid/x.png onerror=x>"                   \
    "\\\"'></title></style><style>@import url(http://leak.invalid/y.css)</style>"                  \
    "{{teams}}\\u0001standings\\u0002\\u202e&amp;"

/* The drill with such names for teams, steps, services and machines' answers, and with what is rare
 * in it: corrections, alarms, resets, other verdicts (tests/golden/report/hostile.ndjson). */
static inline char *report_hostile(void)
{
    static const char *const replaced[] = {"Harbour North", "Find the office's services",
            "Web site", "Tide is out", "Failed password", "the time is up", "HOSTILE"};
    g_autofree char *drill = report_file(REPORT_DRILL);
    g_autofree char *more = report_file(TESTS_DIR "/golden/report/hostile.ndjson");
    char *text = g_strconcat(drill, more, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(replaced); i++) {
        char *next = report_replace(text, replaced[i], HOSTILE_JSON);
        g_free(text);
        text = next;
    }
    return text;
}

static inline void report_golden(const char *name, const char *text)
{
    g_autofree char *golden = g_build_filename(TESTS_DIR, "golden", "report", name, NULL);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(golden, text, -1, NULL));
    }
    g_autofree char *expected = report_file(golden);
    if (strcmp(expected, text) != 0) {
        gsize at = 0;
        while (expected[at] && expected[at] == text[at]) {
            at++;
        }
        fail_msg("%s differs at byte %zu: \"%.60s\" is wanted, got \"%.60s\"", name, at,
                expected + at, text + at);
    }
}

/* Every address in the page is one within it. */
G_GNUC_UNUSED static void report_expect_nothing_outside(const char *html)
{
    static const char *const never[] = {"<script", "<img", "<iframe", "<object", "<embed", "<form",
            "src=", "srcset", "url(", "@import", "action=", "<base", "xlink", "formaction"};
    g_autofree char *low = g_ascii_strdown(html, -1);
    /* what is escaped is text: it has no markup in it */
    g_autoptr(GRegex) tags = g_regex_new("<[^>]*>", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    int count = 0;
    for (g_regex_match(tags, low, 0, &match); g_match_info_matches(match);
            g_match_info_next(match, NULL)) {
        g_autofree char *tag = g_match_info_fetch(match, 0);
        const char *href = strstr(tag, "href=");
        for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
            if (g_str_has_prefix(tag, never[i]) || (never[i][0] != '<' && strstr(tag, never[i]))) {
                fail_msg("the page has %s", tag);
            }
        }
        if (href && !g_str_has_prefix(href, "href=\"#") &&
                !g_str_has_prefix(href, "href=\"data:,")) {
            fail_msg("the page has %s", tag);
        }
        if (strstr(tag, " on")) {
            fail_msg("the page has %s", tag);
        }
        count++;
    }
    assert_true(count > 100);
    const char *style = strstr(low, "<style>");
    const char *end = strstr(low, "</style>");
    assert_non_null(style);
    g_autofree char *css = g_strndup(style, (gsize)(end - style));
    assert_null(strstr(css, "url("));
    assert_null(strstr(css, "@import"));
    assert_null(strstr(end + 1, "<style"));
}
