/* exam_view.h - what is read of an exam: who stands where, the paper, marks, evidence. */
#pragma once

#include "cli/cli_view.h"

#include <stdbool.h>

/* The exam of a ledger, folded; NULL and an error when it has none. exam_free(). */
struct exam;
struct exam *exam_view_read(const char *ledger, gint64 *ret_at_us, GError **error);

/* Print for people; json is what the fold gives. */
void exam_view_status(const cJSON *status);
void exam_view_paper(const cJSON *paper);
void exam_view_mark(const cJSON *mark);
void exam_view_evidence(const cJSON *evidence);
