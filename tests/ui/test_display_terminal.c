/* test_display_terminal.c - what a guest's bytes make of the console's screen. */
#include "support/test.h"

#include "display/terminal.h"

#include <string.h>

/* A row as text, without what is blank at its end; the caller's. */
static char *row_text(const struct terminal *t, int row)
{
    const struct terminal_cell *cells = terminal_row(t, row);
    assert_non_null(cells);
    GString *text = g_string_new(NULL);
    for (int i = 0; i < TERMINAL_COLUMNS; i++) {
        if (cells[i].c) {
            assert_true(g_unichar_isprint(cells[i].c));
            g_string_append_unichar(text, cells[i].c);
        }
    }
    return g_strchomp(g_string_free(text, FALSE));
}

static void expect_row(const struct terminal *t, int row, const char *wanted)
{
    g_autofree char *got = row_text(t, row);
    assert_string_equal(got, wanted);
}

static void expect_cursor(const struct terminal *t, int row, int column)
{
    int at_row = -1;
    int at_column = -1;
    (void)terminal_cursor(t, &at_row, &at_column);
    assert_int_equal(at_row, row);
    assert_int_equal(at_column, column);
}

static void feed(struct terminal *t, const char *bytes)
{
    terminal_feed(t, bytes, strlen(bytes));
}

static void a_shell_and_its_line_editor_look_as_on_a_terminal(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    feed(t, "Debian\r\nweb login: ");
    expect_row(t, 0, "Debian");
    expect_row(t, 1, "web login:");
    expect_cursor(t, 1, 11);
    feed(t, "rot\b\b\33[@o"); /* a letter forgotten, and put in */
    expect_row(t, 1, "web login: root");
    feed(t, "\r\33[K$ ls -l\33[1D\33[P\33[?2004h");
    expect_row(t, 1, "$ ls -");
    feed(t, "\r\n\33[01;34mbin\33[0m\tetc");
    expect_row(t, 2, "bin     etc");
    terminal_free(t);
}

static void what_scrolls_out_is_kept_and_bounded(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    for (int i = 0; i < 700; i++) {
        g_autofree char *line = g_strdup_printf("line %d\r\n", i);
        feed(t, line);
    }
    assert_int_equal(terminal_above(t), TERMINAL_BACK);
    expect_row(t, TERMINAL_ROWS - 2, "line 699");
    expect_row(t, 0, "line 677");
    expect_row(t, -1, "line 676");
    expect_row(t, -TERMINAL_BACK, "line 177");
    assert_null(terminal_row(t, -TERMINAL_BACK - 1));
    assert_null(terminal_row(t, TERMINAL_ROWS));
    terminal_free(t);
}

static void a_full_screen_program_draws_where_it_says(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    feed(t, "before\33[?1049h\33[H\33[2Jtop\33[24;1Hstatus\33[1;23r\33[2;1Hone\r\ntwo\33[?1h");
    expect_row(t, 0, "top");
    expect_row(t, 2, "two");
    expect_row(t, 23, "status");
    assert_true(terminal_wants_application_keys(t));
    feed(t, "\33[2;1H\33[M"); /* a line is deleted: the status stays */
    expect_row(t, 1, "two");
    expect_row(t, 23, "status");
    feed(t, "\33[1;1H\33M\33[23;1H\n"); /* back down, and one up again */
    expect_row(t, 0, "top");
    expect_row(t, 23, "status");
    feed(t, "\33[r\33[?1049l");
    expect_row(t, 0, "");
    terminal_free(t);
}

static void long_lines_wrap_and_wide_characters_take_two_cells(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    g_autofree char *line = g_strnfill(TERMINAL_COLUMNS, 'x');
    feed(t, line);
    expect_cursor(t, 0, TERMINAL_COLUMNS - 1); /* it waits for the next character */
    feed(t, "y");
    expect_row(t, 1, "y");
    feed(t, "\r\n红叶!");
    expect_cursor(t, 2, 5);
    expect_row(t, 2, "红叶!");
    feed(t, "\33[3;80H红"); /* no room for both halves */
    expect_cursor(t, 3, 2);
    terminal_free(t);
}

static void expect_look(const struct terminal *t, int column, int ink, int paper, int style)
{
    const struct terminal_look *look = &terminal_row(t, 0)[column].look;
    assert_int_equal(look->ink, ink);
    assert_int_equal(look->paper, paper);
    assert_int_equal(look->style, style);
}

static void colours_and_styles_are_those_that_were_asked_for(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    feed(t, "\33[01;31mr\33[0;44mb\33[7;4mi\33[22;27;24;39;49mp\33[93;103my\33[m.");
    expect_look(t, 0, 1, TERMINAL_PLAIN, TERMINAL_BOLD);
    expect_look(t, 1, TERMINAL_PLAIN, 4, 0);
    expect_look(t, 2, TERMINAL_PLAIN, 4, TERMINAL_INVERSE | TERMINAL_UNDERLINED);
    expect_look(t, 3, TERMINAL_PLAIN, TERMINAL_PLAIN, 0);
    expect_look(t, 4, 11, 11, 0);
    expect_look(t, 5, TERMINAL_PLAIN, TERMINAL_PLAIN, 0);
    feed(t, "\33[2K\r\33[38;5;9ma\33[48;5;21mb\33[38;2;250;10;10;48;2;0;0;90mc\33[0;38;5;244md");
    expect_look(t, 0, 9, TERMINAL_PLAIN, 0);
    expect_look(t, 1, 9, 12, 0); /* the nearest */
    expect_look(t, 2, 9, 4, 0);
    expect_look(t, 3, 8, TERMINAL_PLAIN, 0);
    feed(t, "\33[m\33[2K\r\33[32m\0337\33[1;35m\0338g\33[>4;2mh\33[58;2;31;41;7mi");
    expect_look(t, 0, 2, TERMINAL_PLAIN, 0); /* brought back with the cursor */
    expect_look(t, 1, 2, TERMINAL_PLAIN, 0); /* no look was asked for */
    expect_look(t, 2, 2, TERMINAL_PLAIN, 0);
    feed(t, "\33[0;41m\33[2K\33[m\r红");
    expect_look(t, 1, TERMINAL_PLAIN, TERMINAL_PLAIN, 0); /* its right half */
    expect_look(t, 2, TERMINAL_PLAIN, 1, 0);              /* the paper of what was erased */
    feed(t, "\33[m\33[2K\r\33[38:2::250:10:10ma\33[38:2:0:0:90mb\33[48:5:21mc\33[m\33[4:3md\33[1;4:"
            "0me");
    expect_look(t, 0, 9, TERMINAL_PLAIN, 0); /* by parts, as ITU-T T.416 has it */
    expect_look(t, 1, 4, TERMINAL_PLAIN, 0);
    expect_look(t, 2, 4, 12, 0);
    expect_look(t, 3, TERMINAL_PLAIN, TERMINAL_PLAIN, TERMINAL_UNDERLINED);
    expect_look(t, 4, TERMINAL_PLAIN, TERMINAL_PLAIN, TERMINAL_BOLD);
    feed(t, "\33[32m\33[s\33[m\33[?u\33[=5u\33[>1uf"); /* asks for another keyboard */
    expect_look(t, 5, TERMINAL_PLAIN, TERMINAL_PLAIN, 0);
    feed(t, "\33[31m\33c.");
    expect_look(t, 0, TERMINAL_PLAIN, TERMINAL_PLAIN, 0);
    terminal_free(t);
}

static void no_look_is_out_of_bounds(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    feed(t, "\33[38;5;999999m1\33[48;5m2\33[38;2;1m3\33[38m4\33[38;2;9999;9999;9999m5\33[;;m6"
            "\33[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;38;5;3;48;5m7\33[38:2::255:0:0m8\33[99;108;29m9");
    expect_row(t, 0, "123456789");
    for (int i = 0; i < TERMINAL_COLUMNS; i++) {
        const struct terminal_look *look = &terminal_row(t, 0)[i].look;
        assert_true(look->ink <= TERMINAL_PLAIN && look->paper <= TERMINAL_PLAIN);
        assert_true(look->style < 8);
    }
    terminal_free(t);
}

static void nothing_hostile_gets_through(void **state)
{
    (void)state;
    struct terminal *t = terminal_new();
    feed(t, "a\33]0;title\ab\33P1$r\33\\c\33[6nd\33[cE\x7F\x0e\x01");
    expect_row(t, 0, "abcdE");
    feed(t, "\r\n\xE2\x80\xAE"
            "turned\xC2\x9B"
            "31m \xFF\xFE \xF0\x9F\xA0");
    feed(t, "!");
    expect_row(t, 1, "turned31m \xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD!");
    feed(t, "\r\n\33[99999999999;99999999999Hz");
    expect_cursor(t, TERMINAL_ROWS - 1, TERMINAL_COLUMNS - 1);
    feed(t, "\33[2J\33[H\33[999999L\33[999999M\33[99999P\33[99999@\33[99999X\33[99999S\33[9999T");
    feed(t, "\33[0;0r\33[5;2rok\33]never ends");
    g_autofree char *endless = g_strnfill(5000, 'x');
    feed(t, endless);
    g_autofree char *first = row_text(t, 0);
    assert_true(g_str_has_prefix(first, "okxx")); /* the string was cut off */
    feed(t, "\33c\33[1;2;3;4;5;6;7;8;9;10;11;12mfine");
    expect_row(t, 0, "fine");
    terminal_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_shell_and_its_line_editor_look_as_on_a_terminal),
            cmocka_unit_test(what_scrolls_out_is_kept_and_bounded),
            cmocka_unit_test(a_full_screen_program_draws_where_it_says),
            cmocka_unit_test(long_lines_wrap_and_wide_characters_take_two_cells),
            cmocka_unit_test(colours_and_styles_are_those_that_were_asked_for),
            cmocka_unit_test(no_look_is_out_of_bounds),
            cmocka_unit_test(nothing_hostile_gets_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
