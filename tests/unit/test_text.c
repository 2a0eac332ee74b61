/* test_text.c - nearest names, clock text, clean output. */
#include "support/test.h"

#include "base/text.h"

#include <string.h>

static const char *const names[] = {"office", "plant", "scada", "web", NULL};

static void the_nearest_name_is_found_when_it_is_near(void **state)
{
    (void)state;
    assert_string_equal(text_nearest("scda", names), "scada");
    assert_string_equal(text_nearest("offcie", names), "office");
    assert_string_equal(text_nearest("wbe1", (const char *const[]){"web1", NULL}) ? "web1" : "none",
            "none"); /* two edits in four letters are too many */
    assert_null(text_nearest("harbour", names));
    assert_null(text_nearest("web", NULL));
    g_autofree char *monster = g_strnfill(100000, 'w');
    assert_null(text_nearest(monster, names));
}

static void the_hint_is_ready_to_append(void **state)
{
    (void)state;
    g_autofree char *hint = text_did_you_mean("plnt", names);
    g_autofree char *none = text_did_you_mean("zzzzzz", names);
    assert_string_equal(hint, " (did you mean \"plant\"?)");
    assert_string_equal(none, "");
}

static void the_clock_shows_hours_only_when_there_are_any(void **state)
{
    (void)state;
    static const struct {
        gint64 at_us;
        const char *text;
    } cases[] = {{0, "T+00:00"}, {-5, "T+00:00"}, {999999, "T+00:00"}, {61000000, "T+01:01"},
            {3599999999, "T+59:59"}, {3600000000, "T+1:00:00"},
            {G_GINT64_CONSTANT(36061000000), "T+10:01:01"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = text_clock(cases[i].at_us);
        assert_string_equal(text, cases[i].text);
    }
}

static void output_of_machines_is_cut_and_cleaned(void **state)
{
    (void)state;
    static const char raw[] = "\x1b[31mred\x07\r\n\tend\x7f\0more";
    g_autofree char *clean = text_clean_tail(raw, sizeof(raw) - 1, 100);
    assert_true(g_utf8_validate(clean, -1, NULL));
    assert_null(strchr(clean, 0x1b));
    assert_null(strchr(clean, '\r'));
    assert_null(strchr(clean, 0x7f));
    assert_true(g_str_has_prefix(clean, "[31mred\n\tend"));
    /* the eight-bit control sequence introducer, and a mark that would show txt.exe */
    static const char sly[] = "a\302\233"
                              "31mb\342\200\256c\303\244";
    g_autofree char *honest = text_clean_tail(sly, sizeof(sly) - 1, 100);
    assert_string_equal(honest, "a31mbc\303\244");
    g_autofree char *tail = text_clean_tail("0123456789", 10, 4);
    assert_string_equal(tail, "6789");
    /* cut in the middle of a character */
    g_autofree char *half = text_clean_tail("\303\274x", 3, 2);
    assert_true(g_utf8_validate(half, -1, NULL));
    assert_true(g_str_has_suffix(half, "x"));
}

static void the_cleaned_tail_is_never_longer_than_its_limit(void **state)
{
    (void)state;
    g_autofree char *bytes = g_strnfill(3000, '\xff');
    g_autofree char *clean = text_clean_tail(bytes, 3000, 2048);
    assert_true(strlen(clean) <= 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_nearest_name_is_found_when_it_is_near),
            cmocka_unit_test(the_hint_is_ready_to_append),
            cmocka_unit_test(the_clock_shows_hours_only_when_there_are_any),
            cmocka_unit_test(output_of_machines_is_cut_and_cleaned),
            cmocka_unit_test(the_cleaned_tail_is_never_longer_than_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
