/* export.h - a finished exercise in formats of other programs. The same events, the same bytes.
 *
 *   csv        a gradebook: a row a team (RFC 4180, UTF-8; texts that a spreadsheet would take for
 *              formulas are defused)
 *   navigator  ATT&CK Navigator layers, format 4.5: an array of them
 *   stix       a STIX 2.1 bundle
 *   ctftime    CTFtime's scoreboard feed
 *   ccs        an event feed of the Contest API, 2023-06, one object a line
 *   ecs, ocsf  events as of the Elastic Common Schema 8.11 and OCSF 1.3.0, one a line: see stream.h
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

/* The text of document (aar_to_json()) in format, with a line feed at its end; the caller's. NULL
 * and an error with the nearest name when there is no such format, or it is one of events. */
char *export_text(const cJSON *document, const char *format, GError **error);

/* All names, NULL-terminated: those of export_text() and those of stream.h. */
extern const char *const export_formats[];
