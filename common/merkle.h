/*
 * merkle - Merkle tree hashes and inclusion proofs as RFC 6962, section 2.1, defines them.
 *
 * leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || left || right).
 */
#ifndef FLEET_COMMON_MERKLE_H
#define FLEET_COMMON_MERKLE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"

enum { MERKLE_PROOF_MAX = 64 };

struct merkle_proof {
    size_t count;
    struct digest path[MERKLE_PROOF_MAX]; /* from the leaf's sibling up */
};

struct digest merkle_leaf(const void *data, size_t length);

/* A tree over leaf hashes; keeps every level, so that a proof costs log n. */
struct merkle_tree;
struct merkle_tree *merkle_tree_new(const struct digest *leaves, size_t count) MUST_USE;
void merkle_tree_free(struct merkle_tree *tree);
AUTO_DEFINE(merkle_tree)

/* The root; of no leaves it is SHA-256 of nothing. */
struct digest merkle_tree_root(const struct merkle_tree *tree);
/* The proof that leaf index is in the tree; index < count. */
void merkle_tree_prove(const struct merkle_tree *tree, size_t index, struct merkle_proof *proof);

/* Whether the leaf is the index-th of count leaves under root. */
bool merkle_verify(const struct digest *leaf, size_t index, size_t count,
                   const struct merkle_proof *proof, const struct digest *root) MUST_USE;

#endif
