/* cli_record.h - what a console says, with its times, as asciicast v2
 * (docs.asciinema.org/manual/asciicast/v2): one header line, then [seconds, "o", text] lines.
 *
 * Only output is kept: what is typed shows in it unless the machine hides it, as it does with
 * passwords.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct cli_record;

/* Takes fd over. */
struct cli_record *cli_record_new(int fd, const char *title);
/* Bytes as they come; a character that is cut in two waits for its rest. */
void cli_record_add(struct cli_record *record, const char *bytes, gsize length);
/* Ends and frees it. *ret_sha256 (64 hexadecimal digits, the caller's) and *ret_bytes are of the
 * whole file. False when something could not be written. */
bool cli_record_end(struct cli_record *record, char **ret_sha256, gint64 *ret_bytes);
