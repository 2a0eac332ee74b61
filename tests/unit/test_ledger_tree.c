/* test_ledger_tree.c - the Merkle tree: published roots, every proof of small trees, forgeries. */
#include "support/test.h"

#include "ledger/tree.h"

#include <sodium.h>
#include <string.h>

/* A row's hash made of its number. */
static void row(int i, unsigned char *ret)
{
    unsigned char bytes[4] = {(unsigned char)i, (unsigned char)(i >> 8), 0x5a, 0xa5};
    crypto_hash_sha256(ret, bytes, sizeof bytes);
}

static bool included(const unsigned char *hash, gint64 index, gint64 size, const GByteArray *proof,
        const unsigned char *root)
{
    const struct tree_claim claim = {
            .suite = SUITE_ED25519, .size = size, .root = root, .proof = proof};
    return tree_check_inclusion(&claim, hash, index);
}

static bool begins(gint64 earlier, gint64 size, const GByteArray *proof,
        const unsigned char *earlier_root, const unsigned char *root)
{
    const struct tree_claim claim = {
            .suite = SUITE_ED25519, .size = size, .root = root, .proof = proof};
    return tree_check_consistency(&claim, earlier, earlier_root);
}

static struct tree *grown(int n)
{
    struct tree *tree = tree_new(SUITE_ED25519, true);
    unsigned char hash[TREE_HASH];
    for (int i = 0; i < n; i++) {
        row(i, hash);
        tree_add(tree, hash);
    }
    return tree;
}

/* RFC 6962's recursive definition, word for word: slow, and nothing like the code it checks. */
static void definition(int from, int to, unsigned char *ret)
{
    if (to - from == 1) {
        unsigned char bytes[1 + TREE_HASH] = {0};
        row(from, bytes + 1);
        crypto_hash_sha256(ret, bytes, sizeof bytes);
        return;
    }
    int k = 1;
    while (k * 2 < to - from) {
        k *= 2;
    }
    unsigned char bytes[1 + 2 * TREE_HASH] = {1};
    definition(from, from + k, bytes + 1);
    definition(from + k, to, bytes + 1 + TREE_HASH);
    crypto_hash_sha256(ret, bytes, sizeof bytes);
}

static void the_empty_tree_has_the_root_that_the_standard_gives(void **state)
{
    (void)state;
    struct tree *tree = tree_new(SUITE_ED25519, false);
    unsigned char root[TREE_HASH];
    tree_root(tree, 0, root);
    char hex[2 * TREE_HASH + 1];
    sodium_bin2hex(hex, sizeof hex, root, sizeof root);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    tree_free(tree);
}

static void roots_are_those_of_the_definition(void **state)
{
    (void)state;
    struct tree *tree = grown(70);
    struct tree *small = tree_new(SUITE_ED25519, false);
    for (int n = 1; n <= 70; n++) {
        unsigned char wanted[TREE_HASH];
        unsigned char found[TREE_HASH];
        definition(0, n, wanted);
        tree_root(tree, n, found);
        assert_memory_equal(found, wanted, TREE_HASH);
        row(n - 1, found);
        tree_add(small, found);
        tree_root(small, n, found);
        assert_memory_equal(found, wanted, TREE_HASH);
    }
    tree_free(small);
    tree_free(tree);
}

static void earlier_roots_of_a_large_tree_are_remembered(void **state)
{
    (void)state;
    struct tree *tree = tree_new(SUITE_ED25519, true);
    static const int sizes[] = {1, 1023, 1024, 1025, 2048, 3000, 4999};
    unsigned char at_the_time[G_N_ELEMENTS(sizes)][TREE_HASH];
    gsize next = 0;
    for (int i = 0; i < 5000; i++) {
        unsigned char hash[TREE_HASH];
        row(i, hash);
        tree_add(tree, hash);
        if (next < G_N_ELEMENTS(sizes) && tree_size(tree) == sizes[next]) {
            tree_root(tree, sizes[next], at_the_time[next]);
            next++;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        unsigned char root[TREE_HASH];
        tree_root(tree, sizes[i], root);
        assert_memory_equal(root, at_the_time[i], TREE_HASH);
    }
    tree_free(tree);
}

static void every_row_can_be_proved_and_nothing_else(void **state)
{
    (void)state;
    enum { ROWS = 33 };
    struct tree *tree = grown(ROWS);
    for (int size = 1; size <= ROWS; size++) {
        unsigned char root[TREE_HASH];
        tree_root(tree, size, root);
        for (int index = 0; index < size; index++) {
            g_autoptr(GByteArray) proof = tree_inclusion(tree, index, size);
            unsigned char hash[TREE_HASH];
            row(index, hash);
            assert_true(included(hash, index, size, proof, root));
            assert_false(included(hash, index + 1, size, proof, root));
            assert_false(included(hash, index, 0, proof, root));
            assert_false(included(hash, -1, size, proof, root));
            hash[5] ^= 1;
            assert_false(included(hash, index, size, proof, root));
            hash[5] ^= 1;
            g_byte_array_append(proof, hash, TREE_HASH);
            assert_false(included(hash, index, size, proof, root));
            g_byte_array_set_size(proof, proof->len - TREE_HASH - 1 * (proof->len > TREE_HASH));
            assert_true(size == 1 || !included(hash, index, size, proof, root));
        }
    }
    tree_free(tree);
}

static void every_earlier_tree_is_a_beginning_and_no_other_is(void **state)
{
    (void)state;
    enum { ROWS = 33 };
    struct tree *tree = grown(ROWS);
    for (int size = 1; size <= ROWS; size++) {
        unsigned char root[TREE_HASH];
        tree_root(tree, size, root);
        for (int earlier = 1; earlier <= size; earlier++) {
            unsigned char before[TREE_HASH];
            tree_root(tree, earlier, before);
            g_autoptr(GByteArray) proof = tree_consistency(tree, earlier, size);
            assert_true(begins(earlier, size, proof, before, root));
            assert_false(begins(0, size, proof, before, root));
            assert_false(begins(size + 1, size, proof, before, root));
            before[3] ^= 1; /* a changed past */
            assert_false(begins(earlier, size, proof, before, root));
            before[3] ^= 1;
            if (proof->len > 0) {
                proof->data[0] ^= 1;
                assert_false(begins(earlier, size, proof, before, root));
            }
        }
    }
    tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_empty_tree_has_the_root_that_the_standard_gives),
            cmocka_unit_test(roots_are_those_of_the_definition),
            cmocka_unit_test(earlier_roots_of_a_large_tree_are_remembered),
            cmocka_unit_test(every_row_can_be_proved_and_nothing_else),
            cmocka_unit_test(every_earlier_tree_is_a_beginning_and_no_other_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
