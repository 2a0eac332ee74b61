/* read_exam.c - exam = { … }: questions, their variants, skills. */
#include "plan/exam.h"
#include "script/reader.h"

#include <string.h>

/* ---- what a question is answered with ------------------------------------------------------ */

static void read_effect_of(
        struct reader *reader, const struct node *node, struct plan_exam_form *form)
{
    read_predicate(reader, node, &form->effect);
}

static void read_file_of(
        struct reader *reader, const struct node *node, struct plan_exam_form *form)
{
    static const struct field fields[] = {
            {"sha256", FIELD_TEXT, false, offsetof(struct plan_exam_form, sha256), NULL},
            {"pattern", FIELD_TEXT, false, offsetof(struct plan_exam_form, pattern), NULL},
            {0},
    };
    reader_fields(reader, node, fields, form);
}

static void read_values_of(
        struct reader *reader, const struct node *node, struct plan_exam_form *form)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table such as { port = \"2222\" }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (!entry->key) {
            reader_expected(reader, entry, "NAME = \"text\"");
            continue;
        }
        struct plan_exam_value *value = g_new0(struct plan_exam_value, 1);
        value->key = g_strdup(entry->key);
        value->text = reader_text(reader, entry, "a text");
        value->text = value->text ? value->text : g_strdup("");
        g_ptr_array_add(form->values, value);
    }
}

#define OF_FORM(what)                                                                              \
    static void form_##what(struct reader *reader, const struct node *node, gpointer target)       \
    {                                                                                              \
        read_##what##_of(reader, node, target);                                                    \
    }                                                                                              \
    static void question_##what(struct reader *reader, const struct node *node, gpointer target)   \
    {                                                                                              \
        read_##what##_of(reader, node, &((struct plan_exam_question *)target)->own);               \
    }
OF_FORM(effect)
OF_FORM(file)
OF_FORM(values)

#define IN_FORM(base, member) ((base) + offsetof(struct plan_exam_form, member))
#define FORM_FIELDS(base)                                                                          \
    {"ask", FIELD_TEXT, false, IN_FORM(base, ask), NULL},                                          \
            {"choice", FIELD_TEXTS, false, IN_FORM(base, choices), NULL},                          \
            {"answer", FIELD_TEXT, false, IN_FORM(base, answer), NULL},                            \
            {"value", FIELD_NUMBER, false, IN_FORM(base, value), NULL},                            \
            {"tolerance", FIELD_NUMBER, false, IN_FORM(base, tolerance), NULL},                    \
    {                                                                                              \
        "secret", FIELD_BOOLEAN, false, IN_FORM(base, secret), NULL                                \
    }

static void read_variants(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            FORM_FIELDS(0),
            {"effect", FIELD_OTHER, false, 0, form_effect},
            {"file", FIELD_OTHER, false, 0, form_file},
            {"values", FIELD_OTHER, false, 0, form_values},
            {0},
    };
    struct plan_exam_question *question = target;
    if (!reader_is_list(reader, node, "a list of variants, such as { { value = 1 }, … }")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        struct plan_exam_form *form = plan_exam_form_new();
        form->line = entry->line;
        g_ptr_array_add(question->forms, form);
        reader_fields(reader, entry, fields, form);
    }
}

static void read_window(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"from", FIELD_DURATION, false, offsetof(struct plan_exam_question, from_us), NULL},
            {"to", FIELD_DURATION, false, offsetof(struct plan_exam_question, to_us), NULL},
            {0},
    };
    reader_fields(reader, node, fields, target);
}

static void read_question(struct reader *reader, const struct node *node)
{
    enum { OWN = offsetof(struct plan_exam_question, own) };
    static const struct field fields[] = {
            FORM_FIELDS(OWN),
            {"effect", FIELD_OTHER, false, 0, question_effect},
            {"file", FIELD_OTHER, false, 0, question_file},
            {"values", FIELD_OTHER, false, 0, question_values},
            {"title", FIELD_TEXT, false, offsetof(struct plan_exam_question, title), NULL},
            {"skill", FIELD_TEXT, false, offsetof(struct plan_exam_question, skill), NULL},
            {"points", FIELD_INTEGER, false, offsetof(struct plan_exam_question, points), NULL},
            {"attempts", FIELD_INTEGER, false, offsetof(struct plan_exam_question, attempts), NULL},
            {"window", FIELD_OTHER, false, 0, read_window},
            {"variants", FIELD_OTHER, false, 0, read_variants},
            {0},
    };
    struct plan_exam_question *question = plan_exam_question_new();
    question->name = g_strdup(node->key);
    question->line = question->own.line = node->line;
    g_ptr_array_add(reader->plan->exam->questions, question);
    reader_fields(reader, node, fields, question);
}

static void read_questions(struct reader *reader, const struct node *node, gpointer target)
{
    (void)target;
    reader_each(reader, node, read_question);
}

/* ---- skills -------------------------------------------------------------------------------- */

static void read_skill(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"title", FIELD_TEXT, false, offsetof(struct plan_exam_skill, title), NULL},
            {"pass", FIELD_INTEGER, false, offsetof(struct plan_exam_skill, pass), NULL},
            {0},
    };
    struct plan_exam_skill *skill = g_new0(struct plan_exam_skill, 1);
    skill->name = g_strdup(node->key);
    skill->line = node->line;
    g_ptr_array_add(reader->plan->exam->skills, skill);
    reader_fields(reader, node, fields, skill);
}

static void read_skills(struct reader *reader, const struct node *node, gpointer target)
{
    (void)target;
    reader_each(reader, node, read_skill);
}

void read_exam(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"candidates", FIELD_TEXT, true, offsetof(struct plan_exam, candidates), NULL},
            {"duration", FIELD_DURATION, true, offsetof(struct plan_exam, duration_us), NULL},
            {"pass", FIELD_INTEGER, false, offsetof(struct plan_exam, pass), NULL},
            {"attempts", FIELD_INTEGER, false, offsetof(struct plan_exam, attempts), NULL},
            {"two_persons", FIELD_BOOLEAN, false, offsetof(struct plan_exam, two_persons), NULL},
            {"feedback", FIELD_BOOLEAN, false, offsetof(struct plan_exam, feedback), NULL},
            {"prefix", FIELD_TEXT, false, offsetof(struct plan_exam, prefix), NULL},
            {"skills", FIELD_OTHER, false, 0, read_skills},
            {"questions", FIELD_OTHER, true, 0, read_questions},
            {0},
    };
    struct plan *plan = target;
    plan_exam_free(plan->exam);
    plan->exam = plan_exam_new();
    plan->exam->line = node->line;
    reader_fields(reader, node, fields, plan->exam);
    plan_exam_finish(plan->exam);
}
