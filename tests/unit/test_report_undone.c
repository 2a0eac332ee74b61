/* test_report_undone.c - what a restore took back counts in no part of the report. */
#include "support/report.h"

#include "report/page.h"

#define STEP(seq, team, step, more)                                                                \
    "{\"seq\":" #seq ",\"at_us\":" #seq "000000,\"kind\":\"step." more "\",\"team\":\"" team       \
    "\",\"subject\":\"" step "\",\"body\":{\"step\":\"" step "\","
#define RUNS(seq, team, step) STEP(seq, team, step, "state") "\"state\":\"running\"}}\n"
#define ENDS(seq, team, step, verdict)                                                             \
    STEP(seq, team, step, "verdict") "\"verdict\":\"" verdict "\"}}\n"
#define RESTORED(seq, spans)                                                                       \
    "{\"seq\":" #seq ",\"at_us\":" #seq                                                            \
    "000000,\"kind\":\"checkpoint.restored\",\"team\":\"blue1\","                                  \
    "\"subject\":\"one\",\"body\":{\"counts\":{\"blue1\":" spans "}}}\n"

static const char game[] =
        "{\"seq\":1,\"at_us\":0,\"kind\":\"exercise.created\",\"subject\":\"x\",\"body\":{\"plan\":"
        "{\"title\":\"T\",\"teams\":[{\"id\":\"blue1\",\"title\":\"A\",\"group\":\"blue\",\"role\":"
        "\"blue\"},{\"id\":\"blue2\",\"title\":\"B\",\"group\":\"blue\",\"role\":\"blue\"},{\"id\":"
        "\"red\",\"title\":\"R\",\"group\":\"red\",\"role\":\"red\"}],\"services\":[{\"name\":"
        "\"s\","
        "\"group\":\"blue\"}],\"steps\":[{\"name\":\"guess\",\"title\":\"GUESS\",\"attacker\":"
        "\"red\"},{\"name\":\"deface\",\"title\":\"DEFACE\",\"attacker\":\"red\"},{\"name\":"
        "\"slow\","
        "\"title\":\"SLOW\",\"attacker\":\"red\"}]}}}\n"
        "{\"seq\":2,\"at_us\":0,\"kind\":\"exercise.state\",\"subject\":\"x\",\"body\":{\"state\":"
        "\"running\"}}\n" RUNS(3, "blue1", "guess") ENDS(4, "blue1", "guess", "blocked")
                RUNS(5, "blue1", "deface") ENDS(6, "blue1", "deface", "effect")
                        RUNS(7, "blue2", "deface") ENDS(8, "blue2", "deface", "effect")
                                RUNS(9, "blue1", "slow") RESTORED(10, "[[1,4]]")
                                        RUNS(11, "blue1", "deface")
                                                ENDS(12, "blue1", "deface", "inert");

/* "guess:0 deface:1 …": of each run, whether it is void. */
static char *voids(const cJSON *document)
{
    GString *out = g_string_new(NULL);
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        g_string_append_printf(out, "%s%s:%d", out->len > 0 ? " " : "",
                json_string(run, "step", ""), json_bool(run, "void", false));
    }
    return g_string_free(out, FALSE);
}

static cJSON *document_of(const char *text, struct aar *aar)
{
    g_autoptr(GPtrArray) events = report_events(text);
    for (guint i = 0; i < events->len; i++) {
        aar_apply(aar, g_ptr_array_index(events, i));
    }
    cJSON *document = aar_to_json(aar);
    aar_free(aar);
    return document;
}

static void runs_that_a_restore_took_back_are_void(void **state)
{
    (void)state;
    auto_json document = document_of(game, aar_new());
    g_autofree char *is = voids(document);
    assert_string_equal(is, "guess:0 deface:1 deface:0 slow:1 deface:0");
    auto_json public = document_of(game, aar_new_public());
    g_autofree char *shown = voids(public); /* that a step is under way is not public */
    assert_string_equal(shown, "guess:0 deface:1 deface:0 deface:0");
    const cJSON *of = cJSON_GetArrayItem(json_array(document, "coverage"), 0);
    const cJSON *counts = cJSON_GetArrayItem(json_array(of, "teams"), 0);
    assert_string_equal(json_string(counts, "team", ""), "blue1");
    assert_int_equal(json_int(counts, "effect", -1), 0);
    assert_int_equal(json_int(counts, "executed", -1), 2);
}

static void a_later_restore_may_make_some_count_again(void **state)
{
    (void)state;
    g_autofree char *text = g_strconcat(game, RESTORED(13, "[[1,6]]"), NULL);
    auto_json document = document_of(text, aar_new());
    g_autofree char *is = voids(document);
    assert_string_equal(is, "guess:0 deface:0 deface:0 slow:1 deface:1");
    g_autofree char *other = report_replace(game, "\"blue1\":[[1,4]]", "\"blue2\":[[1,2]],\"x\":7");
    auto_json second = document_of(other, aar_new());
    g_autofree char *was = voids(second);
    assert_string_equal(was, "guess:0 deface:0 deface:1 slow:0 deface:0");
}

/* What stands between two headings of the team's page. */
static char *part(const char *html, const char *team, const char *from, const char *to)
{
    g_autofree char *section = g_strdup_printf("<section class=team id=\"team-%s\">", team);
    const char *page = strstr(html, section);
    const char *begin = page ? strstr(page, from) : NULL;
    const char *end = begin ? strstr(begin, to) : NULL;
    if (!end) {
        fail_msg("the page of %s has no %s", team, from);
        return NULL;
    }
    return g_strndup(begin, (gsize)(end - begin));
}

static void the_page_says_who_missed_and_who_held_what(void **state)
{
    (void)state;
    auto_json document = document_of(game, aar_new());
    g_autofree char *html = page_html(document, "en");
    g_autofree char *missed = part(html, "blue1", "Missed, and how", ">Held<");
    g_autofree char *held = part(html, "blue1", ">Held<", ">Other outcomes<");
    g_autofree char *other = part(html, "blue1", ">Other outcomes<", "<h4>");
    g_autofree char *second = part(html, "blue2", "Missed, and how", ">Held<");
    assert_null(strstr(missed, "DEFACE"));
    assert_non_null(strstr(second, "DEFACE"));
    assert_non_null(strstr(held, "GUESS"));
    assert_null(strstr(held, "DEFACE"));
    assert_non_null(strstr(other, "DEFACE")); /* inert: nobody held that */
    assert_null(strstr(other, "GUESS"));
    assert_null(strstr(other, "SLOW"));
    assert_non_null(strstr(html, "其他结果"));
    assert_non_null(strstr(html, "<div class=tile><b>3</b>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(runs_that_a_restore_took_back_are_void),
            cmocka_unit_test(a_later_restore_may_make_some_count_again),
            cmocka_unit_test(the_page_says_who_missed_and_who_held_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
