/* history.h - the past of an exercise, for replay: any moment again, by checkpoint and fold.
 *
 * While the head model folds, history keeps a snapshot of it every so often and a record of totals
 * over time. A seek takes the nearest snapshot before the moment and folds the events since. Events
 * are read from the ledger when there is one, else from a copy of what came, in a file without a
 * name. Up to HISTORY_WHOLE events a seek folds from the first one, scores and all; of a longer
 * exercise the totals are those of the record, at most a few seconds old.
 */
#pragma once

#include "model.h"

#define HISTORY_WHOLE 20000

struct history;

struct history *history_new(const char *ledger); /* NULL: there is no ledger to read */
void history_free(struct history *history);      /* accepts NULL */

/* After head has folded event. */
void history_note(struct history *history, const struct model *head, const struct event *event);

/* Makes model what it was after the last event at or before at_us, or after event seq. Errors: the
 * past cannot be read. */
bool history_seek_time(struct history *history, struct model *model, gint64 at_us, GError **error);
bool history_seek_seq(struct history *history, struct model *model, gint64 seq, GError **error);

gint64 history_last_seq(const struct history *history);

/* The index of a finished ledger, so that it is built once. load makes head what it was at the end;
 * false when there is none, or it is another ledger's. */
bool history_save(struct history *history, const struct model *head);
bool history_load(struct history *history, struct model *head);
