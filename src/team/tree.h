/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEAM_TREE_H
#define TEAM_TREE_H

/*
 * Members stand in blocks: at level k those of 2^k members that begin at a multiple of
 * 2^k, the last one perhaps cut short. Two neighbouring blocks of level k make one of
 * level k + 1. Each block has a leader: the root where it is inside, else the first
 * member. Blocks travel from leader to leader, so every root has its tree and the shape
 * of a fold is the same in all of them. With root 0 it is the binomial tree.
 */

#include <stdint.h>

static inline int tree_block(int index, int level)
{
    return (int)((unsigned)index >> level << level);
}

/* The block beside it in the block one level above. */
static inline int tree_sibling(int index, int level)
{
    return tree_block(index, level) ^ (1 << level);
}

static inline int tree_leader(int block, int level, int root)
{
    return tree_block(root, level) == block ? root : block;
}

/* The first level whose block holds everybody. */
static inline int tree_levels(int size)
{
    int level = 0;

    while (1 << level < size)
        level++;
    return level;
}

/* The members of a block. */
static inline int tree_count(int block, int level, int size)
{
    return size - block < 1 << level ? size - block : 1 << level;
}

/* The level whose block the member leads, but not the one above. */
static inline int tree_top(int index, int root, int n_levels)
{
    int level = 0;

    while (level < n_levels &&
           tree_leader(tree_block(index, level + 1), level + 1, root) == index)
        level++;
    return level;
}

static inline int tree_parent(int index, int root, int top, int n_levels)
{
    return top == n_levels ? -1
                           : tree_leader(tree_block(index, top + 1), top + 1, root);
}

/* The child at a level below the member's top; -1: none. */
static inline int tree_child(int index, int root, int level, int size)
{
    int sibling = tree_sibling(index, level);

    return sibling < size ? tree_leader(sibling, level, root) : -1;
}

#endif
