/*
 * inclusion - one proof that several leaves are in an RFC 6962 tree.
 *
 * An agent's targets share most of their paths to the root, so one proof for all of them is far
 * smaller than one for each. It holds the hashes of the largest subtrees that have none of the
 * leaves, left to right; with the leaves they give the root.
 */
#ifndef FLEET_PLANS_INCLUSION_H
#define FLEET_PLANS_INCLUSION_H

#include "common/buffer.h"
#include "common/merkle.h"

/* Some leaves of a tree. */
struct leaf_set {
    size_t tree_size;
    const size_t *indexes; /* ascending, each once, below tree_size */
    size_t count;          /* at least 1 */
};

/* Appends the proof's digests to path, DIGEST_SIZE bytes each. */
void inclusion_prove(const struct merkle_tree *tree, const struct leaf_set *set,
                     struct buffer *path);

/* Whether the leaf hashes stand at those indexes of the tree with this root, and the path holds
   nothing more than it must. */
bool inclusion_verify(const struct leaf_set *set, const struct digest *leaves,
                      const struct digest *path, size_t path_count,
                      const struct digest *root) MUST_USE;

#endif
