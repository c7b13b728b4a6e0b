#include "plans/inclusion.h"

#include <assert.h>
#include <string.h>

/* A subtree, and which of the set's leaves it has. */
struct span {
    size_t begin; /* its first leaf */
    size_t size;
    size_t first; /* into the set's indexes */
    size_t count;
    size_t depth; /* 0 for the whole tree */
};

static struct span whole(const struct leaf_set *set)
{
    return (struct span){.size = set->tree_size, .count = set->count};
}

/* Splits at the largest power of two below the size, as RFC 6962 does. */
static void divide(const struct leaf_set *set, const struct span *span, struct span *left,
                   struct span *right)
{
    size_t half = 1;
    size_t count = 0;

    while (half < span->size - half)
        half *= 2;
    while (count < span->count && set->indexes[span->first + count] - span->begin < half)
        count++;
    *left = (struct span){span->begin, half, span->first, count, span->depth + 1};
    *right = (struct span){span->begin + half, span->size - half, span->first + count,
                           span->count - count, span->depth + 1};
}

/* Appends the hash of what lies beside the subtree that has this leaf at this depth. */
static void append_sibling(const struct merkle_tree *tree, size_t leaf, size_t depth,
                           struct buffer *path)
{
    struct merkle_proof proof;

    merkle_tree_prove(tree, leaf, &proof);
    buffer_append(path, proof.path[proof.count - depth].bytes, DIGEST_SIZE);
}

static void prove(const struct merkle_tree *tree, const struct leaf_set *set,
                  const struct span *span, struct buffer *path)
{
    struct span left;
    struct span right;

    if (span->size == 1)
        return;
    divide(set, span, &left, &right);
    if (left.count > 0)
        prove(tree, set, &left, path);
    else
        append_sibling(tree, set->indexes[right.first], right.depth, path);
    if (right.count > 0)
        prove(tree, set, &right, path);
    else
        append_sibling(tree, set->indexes[left.first], left.depth, path);
}

void inclusion_prove(const struct merkle_tree *tree, const struct leaf_set *set,
                     struct buffer *path)
{
    struct span all = whole(set);

    assert(set->count > 0);
    prove(tree, set, &all, path);
}

/* The hashes of a proof that are still to be used. */
struct rest {
    const struct digest *path;
    size_t count;
    bool short_of_one;
};

static struct digest take_hash(struct rest *rest)
{
    if (rest->count == 0) {
        rest->short_of_one = true;
        return (struct digest){0};
    }
    rest->count--;
    return *rest->path++;
}

static struct digest node_hash(const struct digest *left, const struct digest *right)
{
    unsigned char bytes[1 + 2 * DIGEST_SIZE] = {0x01};

    memcpy(bytes + 1, left->bytes, DIGEST_SIZE);
    memcpy(bytes + 1 + DIGEST_SIZE, right->bytes, DIGEST_SIZE);
    return digest_of(bytes, sizeof bytes);
}

static struct digest subtree_hash(const struct leaf_set *set, const struct span *span,
                                  const struct digest *leaves, struct rest *rest)
{
    struct span left;
    struct span right;

    if (span->count == 0)
        return take_hash(rest);
    if (span->size == 1)
        return leaves[span->first];
    divide(set, span, &left, &right);
    struct digest left_hash = subtree_hash(set, &left, leaves, rest);
    struct digest right_hash = subtree_hash(set, &right, leaves, rest);
    return node_hash(&left_hash, &right_hash);
}

static bool is_well_formed(const struct leaf_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->indexes[i] >= set->tree_size || (i > 0 && set->indexes[i] <= set->indexes[i - 1]))
            return false;
    return set->count > 0;
}

bool inclusion_verify(const struct leaf_set *set, const struct digest *leaves,
                      const struct digest *path, size_t path_count, const struct digest *root)
{
    struct span all = whole(set);
    struct rest rest = {path, path_count, false};

    if (!is_well_formed(set))
        return false;
    struct digest found = subtree_hash(set, &all, leaves, &rest);
    return !rest.short_of_one && rest.count == 0 && digest_equal(&found, root);
}
