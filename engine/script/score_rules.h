/* score_rules.h - scoring models in Lua: what runs the "custom" models of score/custom.h.
 *
 * A rule is a text in a sandbox of its own, which has less than a scenario's: nothing in it can tell
 * one run from another. No clock, chance, files or modules; no pcall, since what a program makes of a
 * used-up budget would depend on the machine; tables are walked through in the order of their keys,
 * sorted without a pivot of chance, and never shown by their address.
 */
#pragma once

#include <lua.h>

/* Makes this program able to run them; any number of times. */
void script_provide_score_rules(void);

/* Takes from the environment of L what a rule may not have, and puts what it has instead
 * (score_rules_pure.c). Raises. */
void score_rules_purify(lua_State *L);
