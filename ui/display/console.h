/* console.h - the serial port of one machine: asked of the engine, joined by a thread of its own.
 *
 * A connection of its own to the engine, so that hanging up gives the port back and the record says
 * when. Nothing here blocks who draws.
 */
#pragma once

#include "source.h"
#include "terminal.h"

struct console;

enum console_state { CONSOLE_OPENING, CONSOLE_OPEN, CONSOLE_ENDED };

/* Never fails; wake as in source_open_live(). person: who sits here, or NULL. */
struct console *console_open(
        const char *socket, const char *machine, const char *person, source_wake_fn wake);
void console_close(struct console *console); /* accepts NULL; ends it */

/* Feeds the terminal with what the machine has said since; false when that is nothing. */
bool console_take(struct console *console, struct terminal *terminal);
/* why (the caller's): why it ended, in the engine's words, else NULL. */
enum console_state console_state(struct console *console, char **why);
/* To the machine. False when it takes no more now. */
bool console_send(struct console *console, const char *bytes, gsize length);
