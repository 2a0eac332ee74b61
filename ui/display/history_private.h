/* history_private.h - what replay and its index file share. */
#pragma once

#include "history.h"

#include "ledger/ledger.h"

#include <stdio.h>

struct entry { /* a checkpoint: the model after event seq */
    gint64 seq, at_us;
    gint64 offset; /* in the spool, of the event after it */
    GBytes *model;
};

struct history {
    char *ledger;
    struct ledger_reader *reader;
    FILE *spool, *copy; /* written; read */
    struct event *first, *last;
    struct event *pending; /* read, not folded */
    gint64 next;           /* seq that the reader gives next; 0: unknown */
    GArray *entries;       /* struct entry */
    gint64 gap, due;       /* events between entries; seq of the next */
    GArray *track;         /* gint64 rows: at_us, seq, total of each team */
    guint columns;         /* of a row: 2 + teams */
    gint64 sampled_us;     /* head's sample_us of the last row */
};

void history_forget(struct history *history);
void history_entry_add(struct history *history, const struct entry *entry);
