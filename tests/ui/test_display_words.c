/* test_display_words.c - no text of the display is missing in a language. */
#include "support/test.h"

#include "display/words.h"

#include <string.h>

static bool is_known(const char *text)
{
    for (int i = 0; words_entry(i, LANGUAGE_EN); i++) {
        if (!strcmp(words_entry(i, LANGUAGE_EN), text)) {
            return true;
        }
    }
    return false;
}

/* "a" "b" with line breaks between, as written: one text. */
static char *joined(const char *literals)
{
    g_autoptr(GRegex) gap = g_regex_new("\"\\s*\"", 0, 0, NULL);
    g_autofree char *trimmed = g_strstrip(g_strdup(literals));
    g_autofree char *bare = g_strndup(trimmed + 1, strlen(trimmed) - 2);
    g_autofree char *whole = g_regex_replace_literal(gap, bare, -1, 0, "", 0, NULL);
    return g_strcompress(whole);
}

static int check_source(const char *path)
{
    g_autofree char *source = NULL;
    g_autoptr(GMatchInfo) match = NULL;
    int found = 0;
    g_autoptr(GRegex) call =
            g_regex_new("\\b(?:tr|WORD)\\(\\s*((?:\"(?:[^\"\\\\]|\\\\.)*\"\\s*)+)\\)", 0, 0, NULL);
    assert_true(g_file_get_contents(path, &source, NULL, NULL));
    for (g_regex_match(call, source, 0, &match); g_match_info_matches(match);
            g_match_info_next(match, NULL)) {
        g_autofree char *literals = g_match_info_fetch(match, 1);
        g_autofree char *text = joined(literals);
        if (!is_known(text)) {
            fail_msg("%s: \"%s\" is not in words_table.c", path, text);
        }
        found++;
    }
    return found;
}

/* The sum of what check says of the display's sources, but those named. */
static int each_source(int (*check)(const char *path), const char *const *but)
{
    g_autoptr(GDir) dir = g_dir_open(SANDTABLE_SOURCE_DIR "/ui/display", 0, NULL);
    assert_non_null(dir);
    int found = 0;
    const char *name = NULL;
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".c") && !g_strv_contains(but, name)) {
            g_autofree char *path =
                    g_build_filename(SANDTABLE_SOURCE_DIR "/ui/display", name, NULL);
            found += check(path);
        }
    }
    return found;
}

static void every_text_in_the_sources_is_in_the_table(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    int found = each_source(check_source, none);
    assert_in_range(found, 100, 10000); /* the search itself works */
}

/* The first of text's string literals that has words in it, the caller's; NULL: none. */
static char *words_in(const char *text)
{
    g_autoptr(GRegex) literal = g_regex_new("\"((?:[^\"\\\\]|\\\\.)*)\"", 0, 0, NULL);
    g_autoptr(GRegex) value = g_regex_new("%[-+0-9.*]*[a-z%]", G_REGEX_CASELESS, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(literal, text, 0, &match); g_match_info_matches(match);
            g_match_info_next(match, NULL)) {
        g_autofree char *inner = g_match_info_fetch(match, 1);
        g_autofree char *bare = g_regex_replace_literal(value, inner, -1, 0, "", 0, NULL);
        if (g_regex_match_simple("[A-Za-z]{2}", bare, 0, 0)) {
            return g_strdup(inner);
        }
    }
    return NULL;
}

/* What is said to people: an error, a line of the feed, a status, a reason that is recorded. */
static int check_said(const char *path)
{
    g_autofree char *source = NULL;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) said =
            g_regex_new("\\b(?:g_set_error(?:_literal)?|model_say|app_say)\\(.*?\\);|"
                        "AddStringToObject\\(\\w+, \"reason\", [^;]*;",
                    G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GRegex) known =
            g_regex_new("\\b(?:tr|WORD)\\(\\s*(?:\"(?:[^\"\\\\]|\\\\.)*\"\\s*)+\\)|"
                        "\\bjson_\\w+\\([^()]*\\)|\"reason\"",
                    0, 0, NULL);
    int found = 0;
    assert_true(g_file_get_contents(path, &source, NULL, NULL));
    for (g_regex_match(said, source, 0, &match); g_match_info_matches(match);
            g_match_info_next(match, NULL)) {
        g_autofree char *whole = g_match_info_fetch(match, 0);
        g_autofree char *rest = g_regex_replace_literal(known, whole, -1, 0, "", 0, NULL);
        g_autofree char *bare = g_regex_replace_literal(known, rest, -1, 0, "", 0, NULL);
        g_autofree char *words = words_in(bare);
        if (words) {
            fail_msg("%s: \"%s\" is said in English only", path, words);
        }
        found++;
    }
    return found;
}

/* Not of the options (main.c, theme.c): those are answered on the terminal. */
static void nothing_is_said_in_one_language_only(void **state)
{
    (void)state;
    static const char *const terminal[] = {"main.c", "theme.c", NULL};
    int found = each_source(check_said, terminal);
    assert_in_range(found, 60, 10000);
    g_autofree char *caught = words_in("g_set_error(error, 1, 2, \"%s: no room\", path);");
    assert_non_null(caught);
}

/* "%s%u" of "%s: %u of it" */
static char *values_of(const char *text)
{
    GString *values = g_string_new(NULL);
    for (const char *at = strchr(text, '%'); at; at = strchr(at, '%')) {
        gsize length = 1 + strspn(at + 1, "0123456789.+-");
        if (at[length] != '%' && at[length] != ' ' && at[length] != '\0') {
            g_string_append_len(values, at, (gssize)length + 1);
        }
        at += length + 1;
    }
    return g_string_free(values, FALSE);
}

static void every_text_takes_the_same_values_in_each_language(void **state)
{
    (void)state;
    for (int i = 0; words_entry(i, LANGUAGE_EN); i++) {
        const char *english = words_entry(i, LANGUAGE_EN);
        g_autofree char *wanted = values_of(english);
        for (int l = 0; l < LANGUAGES; l++) {
            const char *text = words_entry(i, (enum language)l);
            assert_non_null(text);
            assert_true(*text && g_utf8_validate(text, -1, NULL));
            g_autofree char *got = values_of(text);
            if (strcmp(wanted, got) != 0) {
                fail_msg("\"%s\" takes %s, \"%s\" takes %s", english, wanted, text, got);
            }
        }
    }
}

static void a_text_is_given_in_the_chosen_language(void **state)
{
    (void)state;
    assert_string_equal(tr("Pause"), "Pause");
    words_use(LANGUAGE_ZH);
    assert_string_equal(tr("Pause"), "暂停");
    assert_string_equal(tr_name("crashed"), "崩溃");
    assert_string_equal(tr_name("what nobody wrote"), "what nobody wrote");
    words_use(LANGUAGE_EN);
    enum language language = LANGUAGE_EN;
    assert_true(words_find("zh", &language));
    assert_int_equal(language, LANGUAGE_ZH);
    assert_false(words_find("tlh", &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_text_in_the_sources_is_in_the_table),
            cmocka_unit_test(nothing_is_said_in_one_language_only),
            cmocka_unit_test(every_text_takes_the_same_values_in_each_language),
            cmocka_unit_test(a_text_is_given_in_the_chosen_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
