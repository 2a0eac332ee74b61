/* tree.c - the Merkle tree over a ledger's rows: roots, proofs, their checking. */
#include "ledger/tree.h"

#include <string.h>

#define LEVELS 63
#define EVERY 1024 /* rows between two remembered frontiers */

struct frontier { /* roots of the full subtrees that make up a size, by level */
    unsigned char node[LEVELS][TREE_HASH];
};

struct tree {
    enum suite suite;
    bool keep;
    gint64 size;
    struct frontier now;
    GByteArray *leaves; /* their hashes, when kept */
    GPtrArray *past;    /* struct frontier after each EVERY rows, when kept */
};

static void hash_leaf(enum suite suite, const unsigned char *data, unsigned char *ret)
{
    const struct suite_part parts[] = {{"\0", 1}, {data, TREE_HASH}};
    suite_hash(suite, parts, G_N_ELEMENTS(parts), ret);
}

static void hash_node(
        enum suite suite, const unsigned char *left, const unsigned char *right, unsigned char *ret)
{
    const struct suite_part parts[] = {{"\1", 1}, {left, TREE_HASH}, {right, TREE_HASH}};
    suite_hash(suite, parts, G_N_ELEMENTS(parts), ret);
}

struct tree *tree_new(enum suite suite, bool keep)
{
    struct tree *tree = g_new0(struct tree, 1);
    tree->suite = suite;
    tree->keep = keep;
    tree->leaves = g_byte_array_new();
    tree->past = g_ptr_array_new_with_free_func(g_free);
    return tree;
}

void tree_free(struct tree *tree)
{
    if (tree) {
        g_byte_array_unref(tree->leaves);
        g_ptr_array_unref(tree->past);
        g_free(tree);
    }
}

gint64 tree_size(const struct tree *tree)
{
    return tree->size;
}

/* One more leaf: like adding one to a binary number, a carry joins two subtrees. */
static void grow(
        enum suite suite, struct frontier *frontier, gint64 size, const unsigned char *leaf)
{
    unsigned char node[TREE_HASH];
    memcpy(node, leaf, sizeof node);
    int level = 0;
    for (; size & 1; size >>= 1) {
        hash_node(suite, frontier->node[level++], node, node);
    }
    memcpy(frontier->node[level], node, sizeof node);
}

void tree_add(struct tree *tree, const unsigned char *row_hash)
{
    unsigned char leaf[TREE_HASH];
    hash_leaf(tree->suite, row_hash, leaf);
    grow(tree->suite, &tree->now, tree->size++, leaf);
    if (tree->keep) {
        g_byte_array_append(tree->leaves, leaf, sizeof leaf);
        if (tree->size % EVERY == 0) {
            g_ptr_array_add(tree->past, g_memdup2(&tree->now, sizeof tree->now));
        }
    }
}

static void root_of(
        enum suite suite, const struct frontier *frontier, gint64 size, unsigned char *ret)
{
    if (size == 0) {
        suite_hash(suite, NULL, 0, ret);
        return;
    }
    bool any = false;
    for (int level = 0; size >> level; level++) {
        if (!((size >> level) & 1)) {
            continue;
        }
        if (any) {
            hash_node(suite, frontier->node[level], ret, ret);
        } else {
            memcpy(ret, frontier->node[level], TREE_HASH);
        }
        any = true;
    }
}

static const unsigned char *leaf_at(const struct tree *tree, gint64 index)
{
    return tree->leaves->data + index * TREE_HASH;
}

void tree_root(const struct tree *tree, gint64 size, unsigned char *ret)
{
    g_assert(size >= 0 && size <= tree->size && (tree->keep || size == tree->size));
    if (size == tree->size) {
        root_of(tree->suite, &tree->now, size, ret);
        return;
    }
    struct frontier frontier = {0};
    gint64 at = size / EVERY * EVERY;
    if (at > 0) {
        frontier = *(const struct frontier *)g_ptr_array_index(tree->past, at / EVERY - 1);
    }
    for (; at < size; at++) {
        grow(tree->suite, &frontier, at, leaf_at(tree, at));
    }
    root_of(tree->suite, &frontier, size, ret);
}

/* The root of leaves from … to (not included). */
static void range_root(const struct tree *tree, gint64 from, gint64 to, unsigned char *ret)
{
    struct frontier frontier;
    for (gint64 i = from; i < to; i++) {
        grow(tree->suite, &frontier, i - from, leaf_at(tree, i));
    }
    root_of(tree->suite, &frontier, to - from, ret);
}

/* The largest power of two below n, for n > 1: where RFC 6962 splits. */
static gint64 split(gint64 n)
{
    gint64 k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    return k;
}

static void append_range(GByteArray *proof, const struct tree *tree, gint64 from, gint64 to)
{
    unsigned char node[TREE_HASH];
    range_root(tree, from, to, node);
    g_byte_array_append(proof, node, sizeof node);
}

/* From the root down one collects siblings; a proof lists them from the leaf up. */
static void turn_round(GByteArray *proof)
{
    for (gsize a = 0, b = proof->len; a + TREE_HASH < b; a += TREE_HASH) {
        unsigned char node[TREE_HASH];
        b -= TREE_HASH;
        if (a >= b) {
            return;
        }
        memcpy(node, proof->data + a, TREE_HASH);
        memcpy(proof->data + a, proof->data + b, TREE_HASH);
        memcpy(proof->data + b, node, TREE_HASH);
    }
}

GByteArray *tree_inclusion(const struct tree *tree, gint64 index, gint64 size)
{
    g_assert(tree->keep && index >= 0 && index < size && size <= tree->size);
    GByteArray *proof = g_byte_array_new();
    gint64 from = 0;
    gint64 to = size;
    while (to - from > 1) {
        gint64 middle = from + split(to - from);
        if (index < middle) {
            append_range(proof, tree, middle, to);
            to = middle;
        } else {
            append_range(proof, tree, from, middle);
            from = middle;
        }
    }
    turn_round(proof);
    return proof;
}

GByteArray *tree_consistency(const struct tree *tree, gint64 earlier, gint64 size)
{
    g_assert(tree->keep && earlier > 0 && earlier <= size && size <= tree->size);
    GByteArray *proof = g_byte_array_new();
    gint64 from = 0;
    gint64 to = size;
    bool whole = true; /* the earlier tree is what is looked at now */
    while (earlier != to) {
        gint64 middle = from + split(to - from);
        if (earlier <= middle) {
            append_range(proof, tree, middle, to);
            to = middle;
        } else {
            append_range(proof, tree, from, middle);
            from = middle;
            whole = false;
        }
    }
    if (!whole) {
        append_range(proof, tree, from, to);
    }
    turn_round(proof);
    return proof;
}

/* ---- checking ------------------------------------------------------------------------------ */

/* RFC 9162, 2.1.3.2 */
bool tree_check_inclusion(
        const struct tree_claim *claim, const unsigned char *row_hash, gint64 index)
{
    const GByteArray *proof = claim->proof;
    if (index < 0 || index >= claim->size || proof->len % TREE_HASH) {
        return false;
    }
    unsigned char node[TREE_HASH];
    hash_leaf(claim->suite, row_hash, node);
    gint64 last = claim->size - 1;
    for (guint at = 0; at < proof->len; at += TREE_HASH) {
        const unsigned char *sibling = proof->data + at;
        if (last == 0) {
            return false;
        }
        if ((index & 1) || index == last) {
            hash_node(claim->suite, sibling, node, node);
            while (!(index & 1) && index) {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash_node(claim->suite, node, sibling, node);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(node, claim->root, TREE_HASH) == 0;
}

/* The loop of RFC 9162, 2.1.4.2, over the nodes from at on: one and two grow to the two roots. */
static bool climb(const struct tree_claim *claim, guint at, gint64 index, unsigned char *one,
        unsigned char *two)
{
    gint64 last = claim->size - 1;
    for (; index & 1; index >>= 1) {
        last >>= 1;
    }
    for (; at < claim->proof->len; at += TREE_HASH) {
        const unsigned char *node = claim->proof->data + at;
        if (last == 0) {
            return false;
        }
        if ((index & 1) || index == last) {
            hash_node(claim->suite, node, one, one);
            hash_node(claim->suite, node, two, two);
            while (!(index & 1) && index) {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash_node(claim->suite, two, node, two);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0;
}

bool tree_check_consistency(
        const struct tree_claim *claim, gint64 earlier, const unsigned char *earlier_root)
{
    const GByteArray *proof = claim->proof;
    if (earlier <= 0 || earlier > claim->size || proof->len % TREE_HASH) {
        return false;
    }
    if (earlier == claim->size) {
        return proof->len == 0 && memcmp(earlier_root, claim->root, TREE_HASH) == 0;
    }
    bool power = (earlier & (earlier - 1)) == 0;
    if (!power && proof->len == 0) {
        return false;
    }
    const unsigned char *first = power ? earlier_root : proof->data;
    unsigned char one[TREE_HASH];
    unsigned char two[TREE_HASH];
    memcpy(one, first, TREE_HASH);
    memcpy(two, first, TREE_HASH);
    return climb(claim, power ? 0 : TREE_HASH, earlier - 1, one, two) &&
           memcmp(one, earlier_root, TREE_HASH) == 0 && memcmp(two, claim->root, TREE_HASH) == 0;
}
