/* problem.c - what is wrong with a scenario, and how it is shown. */
#include "plan/plan.h"

static void problem_free(gpointer data)
{
    struct plan_problem *problem = data;
    g_free(problem->text);
    g_free(problem);
}

GPtrArray *plan_problems_new(void)
{
    return g_ptr_array_new_with_free_func(problem_free);
}

void plan_problem_add(GPtrArray *problems, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct plan_problem *problem = g_new0(struct plan_problem, 1);
    problem->line = line;
    problem->text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(problems, problem);
}

static int by_line(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    const struct plan_problem *x = a;
    const struct plan_problem *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

char *plan_problems_text(const GPtrArray *problems, const char *file)
{
    g_autoptr(GSequence) sorted = g_sequence_new(NULL); /* keeps the order of equal lines */
    for (guint i = 0; i < problems->len; i++) {
        g_sequence_insert_sorted(sorted, problems->pdata[i], by_line, NULL);
    }
    GString *text = g_string_new(NULL);
    for (GSequenceIter *at = g_sequence_get_begin_iter(sorted); !g_sequence_iter_is_end(at);
            at = g_sequence_iter_next(at)) {
        const struct plan_problem *problem = g_sequence_get(at);
        g_string_append_printf(text, "%s:%d: %s\n", file, problem->line, problem->text);
    }
    return g_string_free(text, FALSE);
}
