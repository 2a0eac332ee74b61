/* check_exam.c - validation of an exam: questions that can be answered and marked, fair variants. */
#include "plan/check.h"
#include "plan/exam.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

struct exam_checker {
    const struct checker *check;
    const struct plan_exam *exam;
    const struct plan_exam_question *question;
    char *owner; /* 'question "ports"' */
};

static void problem(const struct exam_checker *c, int line, const char *what)
{
    plan_problem_add(c->check->problems, line, "%s: %s", c->owner, what);
}

static void check_choices(const struct exam_checker *c, const struct plan_exam_form *form)
{
    bool found = false;
    bool twice = false;
    for (guint i = 0; i < form->choices->len; i++) {
        found |= !g_strcmp0(form->choices->pdata[i], form->answer);
        for (guint k = 0; k < i; k++) {
            twice |= !strcmp(form->choices->pdata[i], form->choices->pdata[k]);
        }
    }
    if (form->choices->len < 2 || form->choices->len > 20 || twice) {
        problem(c, form->line, "choice must have from 2 to 20 different texts");
    }
    if (!found) {
        problem(c, form->line, "answer must be one of the texts of choice");
    }
}

static bool is_theirs(const struct exam_checker *c, const char *machine)
{
    const struct plan_host *host = machine ? plan_host(c->check->plan, machine) : NULL;
    return !host || !g_strcmp0(host->group, c->exam->candidates); /* unknown: said elsewhere */
}

static bool is_about_theirs(const struct exam_checker *c, const struct plan_predicate *predicate)
{
    bool theirs = is_theirs(c, predicate->machine) &&
                  (!predicate->probe || is_theirs(c, predicate->probe->machine));
    for (guint i = 0; i < predicate->parts->len; i++) {
        theirs &= is_about_theirs(c, predicate->parts->pdata[i]);
    }
    return theirs;
}

static void check_form(const struct exam_checker *c, const struct plan_exam_form *form)
{
    enum plan_exam_kind kind = plan_exam_form_kind(form);
    g_autoptr(GError) why = NULL;
    if (kind == PLAN_EXAM_NONE) {
        problem(c, form->line,
                "give exactly one of choice (with answer), value, secret = true, file, effect");
    }
    if (!form->ask) {
        problem(c, form->line, "ask is missing; add ask = \"what the candidate reads\"");
    }
    if (kind == PLAN_EXAM_CHOICE) {
        check_choices(c, form);
    }
    if (kind == PLAN_EXAM_VALUE && !(isfinite(form->value) && !(form->tolerance < 0))) {
        problem(c, form->line, "value is a number, tolerance one from 0 on");
    }
    if (kind == PLAN_EXAM_FILE && form->sha256 &&
            (form->pattern || strlen(form->sha256) != 64 ||
                    strspn(form->sha256, "0123456789abcdef") != 64)) {
        problem(c, form->line,
                "file has either sha256 (64 hexadecimal digits in small letters) or pattern");
    }
    if (form->pattern) {
        g_autoptr(GRegex) regex = g_regex_new(form->pattern, G_REGEX_MULTILINE, 0, &why);
        if (!regex) {
            problem(c, form->line, why->message);
        }
    }
    if (kind == PLAN_EXAM_EFFECT) {
        check_predicate(c->check, c->owner, form->effect);
        if (plan_predicate_looks_back(form->effect)) {
            problem(c, form->line,
                    "effect: grew and counter compare with an earlier moment, which "
                    "an exam does not have; use exec");
        }
        if (!is_about_theirs(c, form->effect)) {
            problem(c, form->line, "effect: it must be about a machine of the candidates");
        }
    }
}

/* Variants are equally hard as far as that can be seen: of one kind, as many choices, as exact. */
static void check_variants(const struct exam_checker *c)
{
    const struct plan_exam_form *first = c->question->forms->pdata[0];
    for (guint i = 1; i < c->question->forms->len; i++) {
        const struct plan_exam_form *form = c->question->forms->pdata[i];
        bool same_keys = form->values->len == first->values->len;
        for (guint k = 0; same_keys && k < form->values->len; k++) {
            const struct plan_exam_value *a = form->values->pdata[k];
            bool known = false;
            for (guint n = 0; n < first->values->len; n++) {
                const struct plan_exam_value *b = first->values->pdata[n];
                known |= !strcmp(a->key, b->key);
            }
            same_keys &= known;
        }
        if (plan_exam_form_kind(form) != plan_exam_form_kind(first) ||
                form->choices->len != first->choices->len || !same_keys) {
            problem(c, form->line,
                    "variants must be equally hard: of one kind, with as many choices, and with "
                    "the same names in values");
        }
    }
}

static void check_question(
        const struct checker *check, const struct plan_exam *exam, struct plan_exam_question *q)
{
    g_autofree char *owner = g_strdup_printf("question \"%s\"", q->name);
    const struct exam_checker c = {check, exam, q, owner};
    bool known = !q->skill;
    for (guint i = 0; i < exam->skills->len; i++) {
        known |= !g_strcmp0(
                ((const struct plan_exam_skill *)exam->skills->pdata[i])->name, q->skill);
    }
    check_name(check, q->line, "question", q->name);
    if (!known) {
        g_autofree char *hint = check_known(exam->skills, q->skill);
        plan_problem_add(
                check->problems, q->line, "%s: unknown skill \"%s\"%s", owner, q->skill, hint);
    }
    if (q->points < 1 || q->points > 1000) {
        problem(&c, q->line, "points must be from 1 to 1000");
    }
    if (q->attempts < 0 || q->attempts > 1000) {
        problem(&c, q->line, "attempts must be from 0 (any number) to 1000");
    }
    if (q->to_us && q->to_us <= q->from_us) {
        problem(&c, q->line, "window: to must come after from");
    }
    for (guint i = 0; i < q->forms->len; i++) {
        check_form(&c, q->forms->pdata[i]);
    }
    check_variants(&c);
}

static bool value_is_known(const struct plan_exam *exam, const char *name)
{
    const char *dot = strchr(name, '.');
    g_autofree char *question = dot ? g_strndup(name, (gsize)(dot - name)) : NULL;
    int index = question ? plan_exam_question_index(exam, question) : -1;
    if (index < 0) {
        return !strcmp(name, "candidate");
    }
    const struct plan_exam_question *q = exam->questions->pdata[index];
    const struct plan_exam_form *form = q->forms->pdata[0];
    bool known = !strcmp(dot + 1, "secret") && plan_exam_kind_of(q) == PLAN_EXAM_FLAG;
    for (guint i = 0; i < form->values->len; i++) {
        known |= !strcmp(((const struct plan_exam_value *)form->values->pdata[i])->key, dot + 1);
    }
    return known;
}

/* Every @{…} of a command has a meaning. Files may hold anything, and are left as they are. */
static void check_commands(const struct checker *check, const struct plan_host *host)
{
    for (guint i = 0; i < host->setup->len; i++) {
        for (char **word = host->setup->pdata[i]; *word; word++) {
            const char *at = strstr(*word, "@{");
            const char *end = at ? strchr(at, '}') : NULL;
            g_autofree char *name = end ? g_strndup(at + 2, (gsize)(end - at) - 2) : NULL;
            if (name && !value_is_known(check->plan->exam, name)) {
                plan_problem_add(check->problems, host->line,
                        "machine \"%s\": setup: unknown name @{%s}; known are @{candidate}, "
                        "@{QUESTION.secret} and @{QUESTION.NAME} of its values",
                        host->name, name);
            }
        }
    }
}

static void check_skills(const struct checker *check, const struct plan_exam *exam)
{
    for (guint i = 0; i < exam->skills->len; i++) {
        const struct plan_exam_skill *skill = exam->skills->pdata[i];
        check_name(check, skill->line, "skill", skill->name);
        if (skill->pass < 0 || skill->pass > 100) {
            plan_problem_add(check->problems, skill->line,
                    "skill \"%s\": pass is per cent, 0 to 100", skill->name);
        }
    }
}

void check_exam(const struct checker *check)
{
    const struct plan *plan = check->plan;
    const struct plan_exam *exam = plan->exam;
    const struct plan_group *group =
            exam && exam->candidates ? plan_group(plan, exam->candidates) : NULL;
    if (!exam) {
        return;
    }
    if (exam->candidates && (!group || group->role != PLAN_ROLE_BLUE)) {
        g_autofree char *known = check_known(plan->groups, exam->candidates);
        plan_problem_add(check->problems, exam->line,
                "exam: candidates: \"%s\" is no team with the role \"blue\"%s", exam->candidates,
                group ? "" : known);
    }
    if (exam->questions->len == 0 || exam->questions->len > PLAN_EXAM_QUESTIONS_MAX) {
        plan_problem_add(check->problems, exam->line, "exam: from 1 to %d questions are possible",
                PLAN_EXAM_QUESTIONS_MAX);
    }
    if (exam->pass < 0 || exam->pass > 100) {
        plan_problem_add(check->problems, exam->line, "exam: pass is per cent, from 0 to 100");
    }
    if (strlen(exam->prefix) > 12 ||
            strspn(exam->prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != strlen(exam->prefix)) {
        plan_problem_add(check->problems, exam->line,
                "exam: prefix has at most 12 capital letters and digits");
    }
    if (exam->duration_us > plan->duration_us) {
        plan_problem_add(check->problems, exam->line,
                "exam: duration is longer than the exercise's, which also needs room for extra "
                "time");
    }
    check_skills(check, exam);
    for (guint i = 0; i < exam->questions->len; i++) {
        check_question(check, exam, exam->questions->pdata[i]);
    }
    for (guint i = 0; i < plan->hosts->len; i++) {
        check_commands(check, plan->hosts->pdata[i]);
    }
}
