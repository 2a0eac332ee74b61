/* fuzz_recipe.c - recipes and apt's source lists, of any bytes. */
#include "image/apt_sources.h"
#include "image/recipe.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    auto_recipe recipe = recipe_parse("x", "images/x", (const char *)data, size, NULL);
    g_autofree char *lines = apt_sources_parse(text, FALSE);
    g_autofree char *stanzas = apt_sources_parse(text, TRUE);
    return recipe && lines && stanzas ? 0 : -1; /* -1: not worth keeping in the corpus */
}
