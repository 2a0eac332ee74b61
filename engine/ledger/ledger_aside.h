/* ledger_aside.h - what of a verification need not wait for the walk along the rows: two threads.
 *
 * The walk compares every row with the one before it. Beside it SQLite looks at all pages, over a
 * connection of its own, and the Merkle tree grows from the hashes that the walk found right. Where
 * the system gives no thread, the same is done in turn. For ledger_verify.c only.
 */
#pragma once

#include "ledger/ledger_internal.h"
#include "ledger/tree.h"

/* ---- the pages ----------------------------------------------------------------------------- */

struct aside_pages;

/* NULL and SANDTABLE_ERROR_LEDGER when the file cannot be opened once more. */
struct aside_pages *aside_pages_begin(const char *path, GError **error);

/* What SQLite finds wrong with them, in one line, or NULL when all is well; waits for it once, and
 * answers the same later. The caller frees it. */
char *aside_pages_damage(struct aside_pages *pages);

/* Stops the look where it is. Accepts NULL. */
void aside_pages_free(struct aside_pages *pages);

/* ---- the tree ------------------------------------------------------------------------------ */

struct aside_tree;

struct aside_tree *aside_tree_new(enum suite suite);
void aside_tree_add(struct aside_tree *aside, const unsigned char *row_hash);

/* With all rows that were added; not touched by the thread until one more is. */
const struct tree *aside_tree_wait(struct aside_tree *aside);
void aside_tree_free(struct aside_tree *aside); /* accepts NULL */
