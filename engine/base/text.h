/* text.h - help for messages to people. */
#pragma once

#include <glib.h>

/* The name in the NULL-terminated candidates nearest to wrong by edit distance (at most a third of
 * its length, at least 1), or NULL. The result belongs to candidates. */
const char *text_nearest(const char *wrong, const char *const *candidates);

/* " (did you mean \"x\"?)" or "": to append to a message; the caller frees it. */
char *text_did_you_mean(const char *wrong, const char *const *candidates);

/* Exercise time as T+mm:ss or T+h:mm:ss; the caller frees it. */
char *text_clock(gint64 at_us);

/* The last max bytes of text as valid UTF-8 without control characters but newline and tab, and
 * without marks that turn the direction of writing; for output of guests on its way to a ledger or
 * a terminal. The caller frees it. */
char *text_clean_tail(const char *text, gsize length, gsize max);
