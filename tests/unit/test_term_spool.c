/* test_term_spool.c - terms of a long score come out by team, in their order, whole. */
#include "support/test.h"

#include "base/json.h"
#include "cli/term_spool.h"

#include <math.h>
#include <string.h>

#define TERMS 3000 /* of a team: more than its buffer holds */

static const char *const teams[] = {"blue1", "blue2", "blue3"};

static struct term_spool *filled(void)
{
    struct term_spool *spool = term_spool_new();
    for (int i = 0; i < 2 * TERMS; i++) {
        g_autofree char *why = g_strdup_printf("term %d \"of\" \\ a\tgame, ü", i);
        const struct score_term term = {
                .team = teams[i % 2],
                .model = "faust",
                .part = "attack",
                .why = why,
                .seq = i,
                .at_us = (gint64)i * 4000000000,
                .points = 1.0 / (i + 1),
        };
        term_spool_add(spool, &term);
    }
    return spool;
}

static char *printed(struct term_spool *spool, const char *team, GError **error)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool ok = term_spool_print(spool, team, out, error);
    (void)fclose(out);
    char *copy = ok ? g_strdup(text) : NULL;
    free(text);
    return copy;
}

static void terms_come_out_by_team_in_their_order(void **state)
{
    (void)state;
    struct term_spool *spool = filled();
    for (int team = 0; team < 2; team++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = printed(spool, teams[team], &error);
        assert_no_error(error);
        auto_json list = json_parse(text, strlen(text), &error);
        assert_no_error(error);
        assert_int_equal(cJSON_GetArraySize(list), TERMS);
        int i = team;
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, list)
        {
            g_autofree char *why = g_strdup_printf("term %d \"of\" \\ a\tgame, ü", i);
            assert_string_equal(json_string(term, "why", ""), why);
            assert_int_equal(json_int(term, "seq", -1), i);
            assert_true(json_int(term, "at_us", -1) == (gint64)i * 4000000000);
            assert_true(fabs(json_number(term, "points", 0) * (i + 1) - 1) < 1e-14);
            i += 2;
        }
        g_autofree char *again = json_text(list); /* written as json_text() does */
        assert_string_equal(again, text);
    }
    g_autofree char *none = printed(spool, teams[2], NULL);
    assert_string_equal(none, "[]");
    term_spool_free(spool);
}

static void no_room_is_an_error_and_not_half_a_document(void **state)
{
    (void)state;
    g_setenv("TMPDIR", "/nowhere/at/all", TRUE);
    struct term_spool *spool = filled();
    g_unsetenv("TMPDIR");
    g_autoptr(GError) error = NULL;
    assert_null(printed(spool, teams[0], &error));
    assert_non_null(strstr(error->message, "No such file or directory"));
    term_spool_free(spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(terms_come_out_by_team_in_their_order),
            cmocka_unit_test(no_room_is_an_error_and_not_half_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
