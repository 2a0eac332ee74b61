/* page.h - the after-action report as one HTML page that needs nothing else.
 *
 * No script, no picture, no font, no address outside the page: a policy in its head forbids even to
 * try. Both languages are in it; a choice at its top, made of CSS alone, shows one. Texts from
 * machines, teams and scenarios are escaped.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* document is what aar_to_json() gives; lang ("en", "zh") is shown first. The caller's. */
char *page_html(const cJSON *document, const char *lang);

/* True for a language there is. */
bool page_lang_is_known(const char *lang);
