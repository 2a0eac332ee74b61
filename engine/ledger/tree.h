/* tree.h - the Merkle tree over a ledger's rows (RFC 6962, 2.1), its proofs and their checking.
 *
 * Leaf i (from 0) is row i + 1: H(0x00 ‖ the row's hash); a node is H(0x01 ‖ left ‖ right). H is
 * the hash of the ledger's suite: SHA-256 or SM3. All hashes have 32 bytes.
 */
#pragma once

#include "ledger/suite.h"

#include <glib.h>
#include <stdbool.h>

#define TREE_HASH 32

struct tree;

/* With keep, roots of earlier sizes and proofs can be asked for; it costs 32 bytes a row. */
struct tree *tree_new(enum suite suite, bool keep);
void tree_free(struct tree *tree); /* accepts NULL */
void tree_add(struct tree *tree, const unsigned char *row_hash);
gint64 tree_size(const struct tree *tree);

/* The root over the first size rows, 0 ≤ size ≤ tree_size(); without keep only over all. */
void tree_root(const struct tree *tree, gint64 size, unsigned char *ret);

/* Nodes, one after the other, that prove row index (from 0) to be in the tree of size rows. The
 * caller unrefs. */
GByteArray *tree_inclusion(const struct tree *tree, gint64 index, gint64 size);

/* … and that the tree of size rows begins with the tree of earlier rows (0 < earlier ≤ size). */
GByteArray *tree_consistency(const struct tree *tree, gint64 earlier, gint64 size);

/* Hostile input: false for anything that proves nothing. */
struct tree_claim {
    enum suite suite;
    gint64 size;
    const unsigned char *root; /* of the tree of that size */
    const GByteArray *proof;
};
bool tree_check_inclusion(
        const struct tree_claim *claim, const unsigned char *row_hash, gint64 index);
bool tree_check_consistency(
        const struct tree_claim *claim, gint64 earlier, const unsigned char *earlier_root);
