#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plans/inclusion.h"

enum { LARGEST = 11 };

static struct digest leaf(size_t number)
{
    return merkle_leaf(&number, sizeof number);
}

/* A tree, a subset of its leaves as bits, and the proof for it. */
struct example {
    struct digest leaves[LARGEST];
    struct digest members[LARGEST];
    size_t indexes[LARGEST];
    struct leaf_set set;
    struct digest path[LARGEST];
    size_t path_count;
    struct digest root;
};

static void make(struct example *example, size_t size, unsigned subset)
{
    AUTO_BUFFER struct buffer path = {0};

    *example = (struct example){.set = {.tree_size = size, .indexes = example->indexes}};
    for (size_t i = 0; i < size; i++) {
        example->leaves[i] = leaf(i);
        if ((subset >> i & 1) == 0)
            continue;
        example->members[example->set.count] = example->leaves[i];
        example->indexes[example->set.count++] = i;
    }
    AUTO(merkle_tree) struct merkle_tree *tree = merkle_tree_new(example->leaves, size);
    example->root = merkle_tree_root(tree);
    inclusion_prove(tree, &example->set, &path);
    example->path_count = path.length / DIGEST_SIZE;
    assert_in_range(example->path_count, 0, LARGEST);
    if (path.length > 0)
        memcpy(example->path, path.bytes, path.length);
}

static bool holds(const struct example *example)
{
    return inclusion_verify(&example->set, example->members, example->path, example->path_count,
                            &example->root);
}

static void every_subset_of_every_small_tree_is_proved(void **state)
{
    (void)state;
    for (size_t size = 1; size <= LARGEST; size++) {
        for (unsigned subset = 1; subset < 1U << size; subset++) {
            struct example example;

            make(&example, size, subset);
            assert_true(holds(&example));
            example.members[0].bytes[0] ^= 1;
            assert_false(holds(&example));
        }
    }
}

static void the_proof_for_one_leaf_is_that_of_rfc_6962(void **state)
{
    (void)state;
    struct merkle_proof proof;
    struct example example;

    make(&example, 7, 1U << 4);
    AUTO(merkle_tree) struct merkle_tree *tree = merkle_tree_new(example.leaves, 7);
    merkle_tree_prove(tree, 4, &proof);
    assert_int_equal(example.path_count, proof.count);
    for (size_t i = 0; i < proof.count; i++) {
        bool found = false;

        for (size_t j = 0; j < example.path_count; j++)
            found |= digest_equal(&proof.path[i], &example.path[j]);
        assert_true(found);
    }
}

static void a_leaf_elsewhere_in_the_tree_is_refused(void **state)
{
    (void)state;
    struct example example;

    make(&example, 8, 1U << 3);
    for (size_t other = 0; other < 8; other++) {
        example.indexes[0] = other;
        assert_int_equal(holds(&example), other == 3);
    }
}

static void a_path_too_short_or_too_long_is_refused(void **state)
{
    (void)state;
    struct example example;

    make(&example, 9, 0x11);
    example.path_count--;
    assert_false(holds(&example));
    example.path_count += 2;
    assert_false(holds(&example));
}

static void indexes_that_repeat_descend_or_overflow_are_refused(void **state)
{
    (void)state;
    static const size_t bad[][2] = {{1, 1}, {2, 1}, {1, 4}};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct example example;

        make(&example, 4, 0x6);
        memcpy(example.indexes, bad[i], sizeof bad[i]);
        assert_false(holds(&example));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subset_of_every_small_tree_is_proved),
        cmocka_unit_test(the_proof_for_one_leaf_is_that_of_rfc_6962),
        cmocka_unit_test(a_leaf_elsewhere_in_the_tree_is_refused),
        cmocka_unit_test(a_path_too_short_or_too_long_is_refused),
        cmocka_unit_test(indexes_that_repeat_descend_or_overflow_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
