/* run_work.h - slow work on files, which must not keep the exercise from its other work. */
#pragma once

#include "run/run.h"

/* In a thread; touches data only. */
typedef void (*run_work_fn)(gpointer data);
/* In the context, once it is over. exercise is NULL when it was freed meanwhile: data is still the
 * callee's to free. */
typedef void (*run_worked_fn)(struct exercise *exercise, gpointer data);

/* Never calls back from inside. */
void run_work(struct exercise *exercise, run_work_fn work, run_worked_fn done, gpointer data);
/* How much is under way. */
guint run_works(const struct exercise *exercise);
/* Calls then once nothing is; from inside when nothing is now. One at a time. */
void run_works_then(struct exercise *exercise, void (*then)(struct exercise *exercise));
void run_works_free(struct exercise *exercise);

/* In a thread: removes the tree; one at a time, so that two that overlap do not disturb each other.
 * With the file that is named first, if any (relative to folder): without it the rest is nothing. */
bool run_remove_tree(const char *folder, const char *first, GError **error);
