#include "common/merkle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/*
 * A node stands over two of the level below; the last of an odd level moves up as it is. That is
 * the same tree as RFC 6962's split at the largest power of two below the number of leaves.
 */
struct merkle_tree {
    size_t level_count; /* 0 for no leaves; the last level is the root alone */
    struct merkle_level {
        struct digest *nodes;
        size_t count;
    } levels[MERKLE_PROOF_MAX + 1];
};

struct digest merkle_leaf(const void *data, size_t length)
{
    AUTO(hasher) struct hasher *hasher = hasher_new();

    hasher_add(hasher, "\0", 1);
    hasher_add(hasher, data, length);
    return hasher_finish(hasher);
}

static struct digest node_over(const struct digest *left, const struct digest *right)
{
    uint8_t bytes[1 + 2 * DIGEST_SIZE];

    bytes[0] = 1;
    memcpy(bytes + 1, left->bytes, DIGEST_SIZE);
    memcpy(bytes + 1 + DIGEST_SIZE, right->bytes, DIGEST_SIZE);
    return digest_of(bytes, sizeof bytes);
}

static struct merkle_level level_above(const struct merkle_level *below)
{
    size_t count = (below->count + 1) / 2;
    struct digest *nodes = xcalloc(count, sizeof *nodes);

    for (size_t i = 0; i < count; i++) {
        const struct digest *left = &below->nodes[2 * i];

        nodes[i] = 2 * i + 1 < below->count ? node_over(left, left + 1) : *left;
    }
    return (struct merkle_level){nodes, count};
}

struct merkle_tree *merkle_tree_new(const struct digest *leaves, size_t count)
{
    struct merkle_tree *tree = xcalloc(1, sizeof *tree);

    if (count == 0)
        return tree;
    tree->levels[0] = (struct merkle_level){xcalloc(count, sizeof *leaves), count};
    memcpy(tree->levels[0].nodes, leaves, count * sizeof *leaves);
    tree->level_count = 1;
    while (tree->levels[tree->level_count - 1].count > 1) {
        tree->levels[tree->level_count] = level_above(&tree->levels[tree->level_count - 1]);
        tree->level_count++;
    }
    return tree;
}

void merkle_tree_free(struct merkle_tree *tree)
{
    if (tree == NULL)
        return;
    for (size_t i = 0; i < tree->level_count; i++)
        free(tree->levels[i].nodes);
    free(tree);
}

struct digest merkle_tree_root(const struct merkle_tree *tree)
{
    if (tree->level_count == 0)
        return digest_of("", 0);
    return tree->levels[tree->level_count - 1].nodes[0];
}

void merkle_tree_prove(const struct merkle_tree *tree, size_t index, struct merkle_proof *proof)
{
    assert(tree->level_count > 0 && index < tree->levels[0].count);
    proof->count = 0;
    for (size_t i = 0; i + 1 < tree->level_count; i++) {
        size_t sibling = index ^ 1;

        if (sibling < tree->levels[i].count)
            proof->path[proof->count++] = tree->levels[i].nodes[sibling];
        index /= 2;
    }
}

/* RFC 9162, section 2.1.3.2, which verifies the proofs of RFC 6962. */
bool merkle_verify(const struct digest *leaf, size_t index, size_t count,
                   const struct merkle_proof *proof, const struct digest *root)
{
    struct digest node = *leaf;
    size_t used = 0;

    if (index >= count || proof->count > MERKLE_PROOF_MAX)
        return false;
    for (size_t last = count - 1; last > 0; last /= 2, index /= 2) {
        bool is_right = index % 2 == 1;

        if (!is_right && index == last)
            continue;
        if (used == proof->count)
            return false;
        const struct digest *sibling = &proof->path[used++];
        node = is_right ? node_over(sibling, &node) : node_over(&node, sibling);
    }
    return used == proof->count && digest_equal(&node, root);
}
