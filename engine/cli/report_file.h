/* report_file.h - an exercise's report read from its ledger, as data, page or file. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* The document of aar.h over the whole ledger. NULL and an error that names the row when the ledger
 * does not verify: a report over half of it would be wrong without looking so. */
cJSON *report_read(const char *ledger, GError **error);
/* The same of what the public may see: up to the freeze, without secrets. */
cJSON *report_read_public(const char *ledger, GError **error);

/* Writes the page beside the ledger, as NAME.html, whole or not at all; the path, the caller's. */
char *report_write_beside(const char *ledger, GError **error);

/* What LC_ALL, LC_MESSAGES and LANG say: "zh" or "en". */
const char *report_usual_lang(void);

/* All of text to fd; path is for the message. */
bool report_write_all(int fd, const char *path, const char *text, GError **error);
