/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/tree.h"

#include "base/alloc.h"
#include "base/require.h"
#include <string.h>

/* Up to this size all the room a carrier may ever need is there from the start. */
enum { WHOLE_BYTES = 16384, FIRST_NODES = 4, HEADER_BYTES = 2 * sizeof(int64_t) };

int numeric_tree_height(int64_t n_leaves)
{
    return n_leaves <= 1 ? 0 : 64 - __builtin_clzll((uint64_t)n_leaves - 1);
}

int numeric_tree_level(int64_t n_leaves, int64_t begin, int64_t end)
{
    int height = numeric_tree_height(n_leaves);
    int level = begin == 0 ? height : __builtin_ctzll((uint64_t)begin);

    /* What reaches the last leaf goes up as long as it is a left half. */
    if (end == n_leaves)
        return level < height ? level : height;
    while (begin + (INT64_C(1) << level) > end)
        level--;
    return level;
}

static int max_nodes(const struct numeric_tree *tree)
{
    return 2 * numeric_tree_height(tree->n_leaves) + 2;
}

static void *node_value(const struct numeric_carrier *carrier, int node)
{
    return carrier->values + (size_t)node * carrier->stride_bytes;
}

/* Room for n_nodes; the carrier is as it was when there is none. */
static bool make_room(struct numeric_carrier *carrier, int n_nodes)
{
    if (LIKELY(n_nodes <= carrier->capacity))
        return true;
    int capacity = carrier->capacity * 2 > n_nodes ? carrier->capacity * 2 : n_nodes;
    size_t size_bytes;
    if (__builtin_mul_overflow((size_t)capacity, carrier->stride_bytes, &size_bytes))
        return false;
    unsigned char *values = base_try_realloc(carrier->values, size_bytes);
    if (values == NULL)
        return false;
    carrier->values = values;
    carrier->capacity = capacity;
    return true;
}

troupe_status numeric_carrier_init(struct numeric_carrier *carrier,
                                   const struct numeric_tree *tree,
                                   int64_t begin)
{
    if (tree->n_leaves < 0 || tree->n_leaves > INT64_C(1) << NUMERIC_MAX_LEVEL ||
        begin < 0 || begin > tree->n_leaves || tree->value_bytes > SIZE_MAX / 2)
        return TROUPE_INVALID;
    *carrier = (struct numeric_carrier){.tree = *tree, .begin = begin, .end = begin};
    carrier->stride_bytes = (tree->value_bytes + 15) & ~(size_t)15;
    int n_nodes = max_nodes(tree);
    if (carrier->stride_bytes > WHOLE_BYTES / (size_t)n_nodes && n_nodes > FIRST_NODES)
        n_nodes = FIRST_NODES;
    return make_room(carrier, n_nodes) ? TROUPE_OK : TROUPE_NO_MEMORY;
}

void numeric_carrier_fini(struct numeric_carrier *carrier)
{
    base_free(carrier->values);
    carrier->values = NULL;
}

/* Merges and lifts the last node until it is neither half of what is there. */
static void settle(struct numeric_carrier *carrier)
{
    int height = numeric_tree_height(carrier->tree.n_leaves);

    for (;;) {
        int last = carrier->n_nodes - 1;
        int level = carrier->levels[last];
        bool is_right = (carrier->starts[last] >> level) % 2 == 1;

        if (is_right) {
            if (last == 0 || carrier->levels[last - 1] != level)
                return;
            carrier->tree.merge(node_value(carrier, last - 1),
                                node_value(carrier, last), carrier->tree.argument);
            carrier->levels[last - 1]++;
            carrier->n_nodes--;
        } else {
            int64_t sibling = carrier->starts[last] + (INT64_C(1) << level);
            if (level == height || sibling < carrier->tree.n_leaves)
                return;
            carrier->levels[last]++;
        }
    }
}

troupe_status
numeric_carrier_push(struct numeric_carrier *carrier, int level, const void *value)
{
    int64_t size = INT64_C(1) << level, left = carrier->tree.n_leaves - carrier->end;

    base_assert(left > 0 && carrier->end % size == 0);
    if (!make_room(carrier, carrier->n_nodes + 1))
        return TROUPE_NO_MEMORY;
    int last = carrier->n_nodes++;
    memcpy(node_value(carrier, last), value, carrier->tree.value_bytes);
    carrier->levels[last] = (uint8_t)level;
    carrier->starts[last] = carrier->end;
    carrier->end += size < left ? size : left;
    settle(carrier);
    return TROUPE_OK;
}

troupe_status numeric_carrier_join(struct numeric_carrier *left,
                                   const struct numeric_carrier *right)
{
    if (left->end != right->begin || left->tree.n_leaves != right->tree.n_leaves ||
        left->tree.value_bytes != right->tree.value_bytes)
        return TROUPE_INVALID;
    int n_nodes = left->n_nodes + right->n_nodes, most = max_nodes(&left->tree);
    if (!make_room(left, n_nodes < most ? n_nodes : most))
        return TROUPE_NO_MEMORY;
    for (int i = 0; i < right->n_nodes; i++) {
        troupe_status status =
            numeric_carrier_push(left, right->levels[i], node_value(right, i));
        base_require(status == TROUPE_OK, "a carrier lost its room");
    }
    return TROUPE_OK;
}

size_t numeric_carrier_packed_bytes(const struct numeric_carrier *carrier)
{
    return HEADER_BYTES + (size_t)carrier->n_nodes * carrier->tree.value_bytes;
}

void numeric_carrier_pack(const struct numeric_carrier *carrier, void *bytes)
{
    unsigned char *to = bytes;

    memcpy(to, &carrier->begin, sizeof(int64_t));
    memcpy(to + sizeof(int64_t), &carrier->end, sizeof(int64_t));
    to += HEADER_BYTES;
    for (int i = 0; i < carrier->n_nodes; i++, to += carrier->tree.value_bytes)
        memcpy(to, node_value(carrier, i), carrier->tree.value_bytes);
}

static int count_nodes(int64_t n_leaves, int64_t begin, int64_t end)
{
    int n_nodes = 0;

    for (; begin < end; n_nodes++)
        begin += INT64_C(1) << numeric_tree_level(n_leaves, begin, end);
    return n_nodes;
}

troupe_status numeric_carrier_unpack(struct numeric_carrier *carrier,
                                     const void *bytes,
                                     size_t size_bytes)
{
    int64_t n_leaves = carrier->tree.n_leaves, begin, end;
    const unsigned char *from = bytes;

    if (size_bytes < HEADER_BYTES)
        return TROUPE_INVALID;
    memcpy(&begin, from, sizeof begin);
    memcpy(&end, from + sizeof begin, sizeof end);
    if (begin < 0 || begin > end || end > n_leaves)
        return TROUPE_INVALID;
    size_t n_nodes = (size_t)count_nodes(n_leaves, begin, end), value_bytes;
    if (__builtin_mul_overflow(n_nodes, carrier->tree.value_bytes, &value_bytes) ||
        size_bytes - HEADER_BYTES != value_bytes)
        return TROUPE_INVALID;
    if (!make_room(carrier, (int)n_nodes))
        return TROUPE_NO_MEMORY;
    carrier->begin = begin;
    carrier->end = end;
    carrier->n_nodes = (int)n_nodes;
    from += HEADER_BYTES;
    for (int i = 0; i < carrier->n_nodes; i++, from += carrier->tree.value_bytes) {
        memcpy(node_value(carrier, i), from, carrier->tree.value_bytes);
        carrier->starts[i] = begin;
        carrier->levels[i] = (uint8_t)numeric_tree_level(n_leaves, begin, end);
        begin += INT64_C(1) << carrier->levels[i];
    }
    return TROUPE_OK;
}

const void *numeric_carrier_value(const struct numeric_carrier *carrier)
{
    bool whole = carrier->begin == 0 && carrier->end == carrier->tree.n_leaves;

    base_assert(!whole || carrier->n_nodes == (carrier->end > 0 ? 1 : 0));
    return whole && carrier->n_nodes == 1 ? node_value(carrier, 0) : NULL;
}

bool numeric_carrier_fold(const struct numeric_carrier *carrier, void *value)
{
    if (carrier->n_nodes == 0)
        return false;
    memcpy(value, node_value(carrier, 0), carrier->tree.value_bytes);
    for (int i = 1; i < carrier->n_nodes; i++)
        carrier->tree.merge(value, node_value(carrier, i), carrier->tree.argument);
    return true;
}
