/* words.h - every word that people read, in English and simplified Chinese.
 *
 * The English text is the key. A test reads the sources and fails when a text is not in the table,
 * is missing in a language, or takes other values there.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum language { LANGUAGE_EN, LANGUAGE_ZH, LANGUAGES };

/* The text in the chosen language; text itself when the table does not have it. */
const char *tr(const char *text) G_GNUC_FORMAT(1);
/* The same for a name that is found at run time, such as a machine's state; no format. */
const char *tr_name(const char *text);
/* Marks a text in a table that tr_name() is given later. */
#define WORD(text) (text)

void words_use(enum language language);
enum language words_used(void);
bool words_find(const char *code, enum language *ret); /* "en", "zh" */
enum language words_from_environment(void);

/* For the test: entry index, NULL at the end. */
const char *words_entry(int index, enum language language);
