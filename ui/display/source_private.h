/* source_private.h - what a kind of source provides. */
#pragma once

#include "source.h"

struct source {
    int (*next)(struct source *source, struct event **ret, GError **error);
    void (*close)(struct source *source);
    enum source_link (*link)(struct source *source);                          /* NULL: a file */
    bool (*request)(struct source *source, const char *line, GError **error); /* NULL: a file */
    char *(*answer)(struct source *source, bool *refused);                    /* NULL: a file */
    gint64 (*ponged)(struct source *source);                                  /* NULL: a file */
    bool (*skip)(struct source *source, gint64 from);                         /* NULL: cannot */
    gint64 total;
    int patience_ms;
    gint64 id; /* of the last request */
};
