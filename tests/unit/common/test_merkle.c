#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/merkle.h"

/* The leaves and roots that Certificate Transparency's reference tests use for RFC 6962. */
static const struct {
    const char *bytes;
    size_t length;
} data[] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct digest *make_leaves(size_t count)
{
    struct digest *leaves = xcalloc(count, sizeof *leaves);

    for (size_t i = 0; i < count; i++)
        leaves[i] = i < COUNT_OF(data) ? merkle_leaf(data[i].bytes, data[i].length)
                                       : merkle_leaf(&i, sizeof i);
    return leaves;
}

static struct merkle_tree *make_tree(size_t count)
{
    struct digest *leaves = make_leaves(count);
    struct merkle_tree *tree = merkle_tree_new(leaves, count);

    free(leaves);
    return tree;
}

static void roots_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t count = 0; count < COUNT_OF(roots); count++) {
        AUTO(merkle_tree) struct merkle_tree *tree = make_tree(count);
        struct digest root = merkle_tree_root(tree);
        char hex[DIGEST_HEX_SIZE];

        digest_to_hex(&root, hex);
        assert_string_equal(hex, roots[count]);
    }
}

static void a_proof_is_that_of_the_reference(void **state)
{
    (void)state;
    /* PATH(5, D[8]) */
    static const char *const expected[] = {
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    };
    AUTO(merkle_tree) struct merkle_tree *tree = make_tree(8);
    struct merkle_proof proof;

    merkle_tree_prove(tree, 5, &proof);
    assert_int_equal(proof.count, COUNT_OF(expected));
    for (size_t i = 0; i < proof.count; i++) {
        char hex[DIGEST_HEX_SIZE];

        digest_to_hex(&proof.path[i], hex);
        assert_string_equal(hex, expected[i]);
    }
}

static void every_leaf_of_every_size_can_be_proved(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 70; count++) {
        struct digest *leaves = make_leaves(count);
        AUTO(merkle_tree) struct merkle_tree *tree = merkle_tree_new(leaves, count);
        struct digest root = merkle_tree_root(tree);

        for (size_t i = 0; i < count; i++) {
            struct merkle_proof proof;

            merkle_tree_prove(tree, i, &proof);
            assert_true(proof.count <= 7);
            assert_true(merkle_verify(&leaves[i], i, count, &proof, &root));
        }
        free(leaves);
    }
}

static void a_proof_holds_for_its_leaf_place_and_root_alone(void **state)
{
    (void)state;
    struct digest *leaves = make_leaves(7);
    AUTO(merkle_tree) struct merkle_tree *tree = merkle_tree_new(leaves, 7);
    struct digest root = merkle_tree_root(tree);
    struct merkle_proof proof;

    merkle_tree_prove(tree, 4, &proof);
    assert_false(merkle_verify(&leaves[5], 4, 7, &proof, &root));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(merkle_verify(&leaves[4], i, 7, &proof, &root), i == 4);
    assert_false(merkle_verify(&leaves[4], 4, 3, &proof, &root));
    for (size_t i = 0; i < proof.count; i++) {
        struct merkle_proof changed = proof;

        changed.path[i].bytes[0] ^= 1;
        assert_false(merkle_verify(&leaves[4], 4, 7, &changed, &root));
    }
    struct merkle_proof longer = proof;
    longer.path[longer.count++] = root;
    assert_false(merkle_verify(&leaves[4], 4, 7, &longer, &root));
    struct merkle_proof shorter = proof;
    shorter.count--;
    assert_false(merkle_verify(&leaves[4], 4, 7, &shorter, &root));
    root.bytes[31] ^= 1;
    assert_false(merkle_verify(&leaves[4], 4, 7, &proof, &root));
    free(leaves);
}

static void a_node_cannot_pass_for_a_leaf(void **state)
{
    (void)state;
    AUTO(merkle_tree) struct merkle_tree *tree = make_tree(2);
    struct digest *leaves = make_leaves(2);
    struct digest root = merkle_tree_root(tree);
    struct digest forged = merkle_leaf(leaves, 2 * sizeof *leaves);
    struct merkle_proof none = {0};

    assert_false(merkle_verify(&forged, 0, 1, &none, &root));
    free(leaves);
}

static void nothing_is_in_an_empty_tree(void **state)
{
    (void)state;
    struct digest leaf = merkle_leaf("", 0);
    struct digest root = digest_of("", 0);
    struct merkle_proof none = {0};

    assert_false(merkle_verify(&leaf, 0, 0, &none, &root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_the_reference),
        cmocka_unit_test(a_proof_is_that_of_the_reference),
        cmocka_unit_test(every_leaf_of_every_size_can_be_proved),
        cmocka_unit_test(a_proof_holds_for_its_leaf_place_and_root_alone),
        cmocka_unit_test(a_node_cannot_pass_for_a_leaf),
        cmocka_unit_test(nothing_is_in_an_empty_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
