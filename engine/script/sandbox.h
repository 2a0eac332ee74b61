/* sandbox.h - a Lua state built from nothing: bounded memory, bounded instructions, no way out.
 *
 * What a scenario has is listed in sandbox.c; everything else is absent. Three bounds hold:
 * the allocator refuses beyond a limit (a Lua "not enough memory" error); a count hook ends a turn
 * whose budget is used up, in instructions or in the processor time that slow ones take, and keeps
 * firing on every instruction until the turn is over, so that pcall cannot catch it; the pattern
 * functions of string refuse what could back-track for ever,
 * because hooks do not run inside them.
 */
#pragma once

#include <glib.h>
#include <lua.h>
#include <stdbool.h>

#define SANDBOX_MEMORY (64 * 1024 * 1024)
#define SANDBOX_LOAD_BUDGET 50000000LL /* instructions for loading a scenario: about 0.2 s */
#define SANDBOX_TURN_BUDGET 20000000LL /* for a task between two waits */
#define SANDBOX_CLOSE_BUDGET 1000000LL /* for the <close> variables of a cancelled task */
#define SANDBOX_STEPS_A_SECOND 20e6 /* of the budget, for what is paid by time: a tenth of usual */

struct sandbox {
    lua_State *L;
    gsize used, limit;    /* bytes of the allocator */
    gint64 left;          /* instructions of this turn */
    bool spent;           /* the turn's budget is gone */
    double hooked;        /* processor time at the last hook */
    bool loading;         /* the scenario is being read */
    const char *too_long; /* said when a budget is used up, instead of the usual; static */
    lua_State *running;   /* whose hook is set when memory uses the turn up */
    char *module;         /* text of a module on its way into Lua, or NULL */
    char *chunk;          /* name of the scenario's text in messages */
    char *folder;         /* where require looks, or NULL */
    char *library;        /* lua/ of the data folder, or NULL */
    guint64 seed;
    GHashTable *sources; /* path in the scenario's folder → GBytes: read, and not yet kept */
    char *keep;          /* where copies of them go, or NULL */
};

/* NULL when memory_limit is too small even for the libraries. chunk is copied. */
struct sandbox *sandbox_new(const char *chunk, const char *folder, gsize memory_limit);
void sandbox_free(struct sandbox *sandbox); /* accepts NULL */

/* The sandbox a state or one of its threads belongs to. */
struct sandbox *sandbox_of(lua_State *L);

/* Gives the next turn so many instructions; before every call or resume. */
void sandbox_budget(struct sandbox *sandbox, gint64 instructions);

/* A new coroutine has no hook; this gives it the sandbox's. */
void sandbox_watch(struct sandbox *sandbox, lua_State *thread);

/* Seeds math.random. */
void sandbox_seed(struct sandbox *sandbox, guint64 seed);

/* Loads text and runs it within the load budget, leaving its result on the stack. False and a
 * message for people in *ret_error, its line in *ret_line (1 when unknown). */
bool sandbox_run(
        struct sandbox *sandbox, const char *text, gsize length, char **ret_error, int *ret_line);

/* Processor time of this thread. */
double sandbox_cpu_seconds(void);

/* Takes steps, about as long as an instruction each, from the budget: for loops in C, where no hook
 * runs. Raises when the budget is gone. */
void sandbox_charge(lua_State *L, double steps);

/* Something was read that a copy of the scenario needs; and the writing of such a copy
 * (sources.c). */
void sandbox_note_source(
        struct sandbox *sandbox, const char *path, const char *bytes, gsize length);
bool sandbox_keep_sources(struct sandbox *sandbox, GError **error);

/* For functions that stand before one of Lua's own, which is their first upvalue: calls that with
 * all arguments; returns the number of results, as a C function of Lua does. */
int sandbox_call_real(lua_State *L);

/* Replaces functions of the table library at the top by bounded ones (table_bounded.c). */
void sandbox_open_tables(lua_State *L);

/* Opens the bounded string functions over the table at the top (string_bounded.c). */
void sandbox_open_strings(lua_State *L);

/* require(name): text chunks from the scenario's folder and lua/ (require.c). */
int sandbox_require(lua_State *L);
