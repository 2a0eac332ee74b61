/* words_private.h - the table of texts. */
#pragma once

#include "words.h"

struct word {
    const char *text[LANGUAGES];
};

extern const struct word words_table[];
extern const int words_count;
