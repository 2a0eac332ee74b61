/* words.c - finding a text in the chosen language. */
#include "words_private.h"

#include <string.h>

static enum language used = LANGUAGE_EN;

static int by_english(const void *key, const void *entry)
{
    return strcmp(key, ((const struct word *)entry)->text[LANGUAGE_EN]);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct word *)a)->text[LANGUAGE_EN],
            ((const struct word *)b)->text[LANGUAGE_EN]);
}

static struct word *sorted(void)
{
    static struct word *table;
    if (g_once_init_enter(&table)) {
        struct word *made = g_memdup2(words_table, (gsize)words_count * sizeof *made);
        qsort(made, (gsize)words_count, sizeof *made, compare);
        g_once_init_leave(&table, made);
    }
    return table;
}

const char *tr_name(const char *text)
{
    if (used == LANGUAGE_EN) {
        return text;
    }
    const struct word *word =
            bsearch(text, sorted(), (gsize)words_count, sizeof(struct word), by_english);
    return word ? word->text[used] : text;
}

const char *tr(const char *text)
{
    return tr_name(text);
}

void words_use(enum language language)
{
    used = language;
}

enum language words_used(void)
{
    return used;
}

bool words_find(const char *code, enum language *ret)
{
    static const char *const codes[LANGUAGES] = {"en", "zh"};
    for (int i = 0; i < LANGUAGES; i++) {
        if (!strcmp(codes[i], code)) {
            *ret = (enum language)i;
            return true;
        }
    }
    return false;
}

enum language words_from_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value && *value) {
            return g_str_has_prefix(value, "zh") ? LANGUAGE_ZH : LANGUAGE_EN;
        }
    }
    return LANGUAGE_EN;
}

const char *words_entry(int index, enum language language)
{
    return index < words_count ? words_table[index].text[language] : NULL;
}
