/* test_exam_plan.c - rosters, variants and secrets: who gets what, and what is refused. */
#include "support/test.h"

#include "base/json.h"
#include "plan/exam.h"
#include "script/script.h"

#include <string.h>

static const unsigned char key[PLAN_EXAM_KEY] = {7};

static void assert_roster(const char *text, const char *why)
{
    g_autoptr(GError) error = NULL;
    auto_json roster = plan_exam_roster_parse(text, strlen(text), &error);
    assert_null(roster);
    if (!strstr(error->message, why)) {
        fail_msg("%s", error->message);
    }
}

static void a_roster_with_a_mistake_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_roster("", "roster:");
    assert_roster("[]", "candidates");
    assert_roster("{\"candidates\":[]}", "from 1 to");
    assert_roster("{\"candidates\":[{\"id\":\"a b\"}]}", "candidates[1]: id");
    assert_roster("{\"candidates\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", "candidates[2]");
    assert_roster("{\"candidates\":[{\"id\":\"a\",\"name\":\"Lin\"}]}", "Names of people");
    assert_roster("{\"candidates\":[{\"id\":\"a\",\"factor\":0.5}]}", "from 1 to 4");
    assert_roster("{\"candidates\":[{\"id\":\"a\",\"factor\":\"2\"}]}", "from 1 to 4");
    assert_roster("{\"candidates\":[{\"id\":\"a\",\"extra\":\"soon\"}]}", "extra");
    assert_roster("{\"candidates\":[{\"id\":\"a\"}],\"examiners\":[{\"id\":\"e\",\"token_sha256\":"
                  "\"x\"}]}",
            "examiners[1]");
}

static struct plan *seated(
        int teams, const unsigned char *with, const char *nonce, struct script **ret_script)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct plan *plan = NULL;
    *ret_script = script_load(
            SANDTABLE_SOURCE_DIR "/scenarios/exam-foundations", &plan, problems, &error);
    assert_int_equal(problems->len, 0);
    assert_true(plan_expand(plan, teams, &error));
    const struct plan_exam_ask ask = {.key = with, .nonce = nonce};
    assert_true(plan_exam_assign(plan, &ask, &error));
    return plan;
}

static const char *secret(const struct plan *plan, int seat)
{
    int question = plan_exam_question_index(plan->exam, "backup");
    return ((struct plan_exam_seat *)plan->exam->seats->pdata[seat])->secrets->pdata[question];
}

static void seats_are_the_same_for_the_same_key_and_others_for_another(void **state)
{
    (void)state;
    const unsigned char other[PLAN_EXAM_KEY] = {8};
    struct script *scripts[4];
    struct plan *a = seated(3, key, "n", &scripts[0]);
    struct plan *again = seated(3, key, "n", &scripts[1]);
    struct plan *rekeyed = seated(3, other, "n", &scripts[2]);
    struct plan *later = seated(3, key, "m", &scripts[3]);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(secret(a, i), secret(again, i));
        assert_string_not_equal(secret(a, i), secret(rekeyed, i));
        assert_string_not_equal(secret(a, i), secret(later, i)); /* another sitting */
        assert_true(plan_exam_is_secret("EXAM", secret(a, i)));
    }
    assert_string_not_equal(secret(a, 0), secret(a, 1));
    auto_json one = plan_exam_json(a);
    auto_json two = plan_exam_json(again);
    g_autofree char *x = json_text(one);
    g_autofree char *y = json_text(two);
    assert_string_equal(x, y);
    assert_null(strstr(x, secret(a, 0))); /* no client sees one */
    struct plan *all[] = {a, again, rekeyed, later};
    for (int i = 0; i < 4; i++) {
        plan_free(all[i]);
        script_free(scripts[i]);
    }
}

static void every_variant_is_drawn_by_some_of_many_seats(void **state)
{
    (void)state;
    struct script *script = NULL;
    struct plan *plan = seated(64, key, "n", &script);
    int question = plan_exam_question_index(plan->exam, "port");
    int seen[3] = {0};
    for (guint i = 0; i < plan->exam->seats->len; i++) {
        const struct plan_exam_seat *seat = plan->exam->seats->pdata[i];
        seen[g_array_index(seat->forms, int, question)]++;
    }
    for (int i = 0; i < 3; i++) {
        assert_in_range(seen[i], 8, 40); /* a third of 64, give or take four deviations */
    }
    plan_free(plan);
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_roster_with_a_mistake_is_refused_with_its_place),
            cmocka_unit_test(seats_are_the_same_for_the_same_key_and_others_for_another),
            cmocka_unit_test(every_variant_is_drawn_by_some_of_many_seats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
