/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/random.h"
#include "numeric/tree.h"
#include "support/check_main.h"
#include <stdio.h>
#include <string.h>

/* A value that says how it was made: "((01)2)" and so on, so that neither another order
 * nor another bracketing goes unseen. */
enum { TEXT_BYTES = 1024 };

struct text {
    char characters[TEXT_BYTES];
};

static int n_merges;

static void bracket(void *left, const void *right, const void *argument)
{
    struct text *a = left;
    const struct text *b = right;
    struct text both;

    n_merges++;
    ck_assert_str_eq(argument, "argument");
    int length = snprintf(both.characters, TEXT_BYTES, "(%.500s %.500s)", a->characters,
                          b->characters);
    ck_assert_int_lt(length, TEXT_BYTES);
    *a = both;
}

static struct numeric_tree tree_of(int64_t n_leaves)
{
    return (struct numeric_tree){n_leaves, sizeof(struct text), bracket, "argument"};
}

static struct text leaf(int64_t i)
{
    struct text text = {{0}};
    snprintf(text.characters, TEXT_BYTES, "%d", (int)i);
    return text;
}

/* The definition: halve at the largest power of two below the number of leaves. */
static struct text defined(int64_t first, int64_t n)
{
    struct text left, right;
    int64_t half = 1;

    if (n == 1)
        return leaf(first);
    while (2 * half < n)
        half *= 2;
    left = defined(first, half);
    right = defined(first + half, n - half);
    bracket(&left, &right, "argument");
    return left;
}

static void open_at(struct numeric_carrier *carrier, int64_t n_leaves, int64_t begin)
{
    struct numeric_tree tree = tree_of(n_leaves);
    ck_assert_int_eq(numeric_carrier_init(carrier, &tree, begin), TROUPE_OK);
}

static void push_leaves(struct numeric_carrier *carrier, int64_t end)
{
    while (carrier->end < end) {
        struct text text = leaf(carrier->end);
        ck_assert_int_eq(numeric_carrier_push(carrier, 0, &text), TROUPE_OK);
    }
}

/* Over the wire and back. */
static void travel(struct numeric_carrier *carrier)
{
    size_t size_bytes = numeric_carrier_packed_bytes(carrier);
    unsigned char *bytes = malloc(size_bytes);
    struct numeric_carrier other;

    numeric_carrier_pack(carrier, bytes);
    open_at(&other, carrier->tree.n_leaves, 0);
    ck_assert_int_eq(numeric_carrier_unpack(&other, bytes, size_bytes), TROUPE_OK);
    free(bytes);
    numeric_carrier_fini(carrier);
    *carrier = other;
}

enum { MAX_PARTS = 6 };

/* Cuts at random, some parts empty, and joins neighbours in random order. */
static void reduce_in_parts(int64_t n_leaves,
                            struct base_random *random,
                            struct numeric_carrier *result)
{
    struct numeric_carrier parts[MAX_PARTS];
    int n_parts = 1 + (int)base_random_below(random, MAX_PARTS);
    int64_t begin = 0;

    for (int i = 0; i < n_parts; i++) {
        int64_t left = n_leaves - begin;
        int64_t n =
            i == n_parts - 1 ? left : base_random_below(random, (uint32_t)left + 1);
        open_at(&parts[i], n_leaves, begin);
        push_leaves(&parts[i], begin + n);
        begin += n;
    }
    while (n_parts > 1) {
        int i = (int)base_random_below(random, (uint32_t)n_parts - 1);
        travel(&parts[i + 1]);
        ck_assert_int_eq(numeric_carrier_join(&parts[i], &parts[i + 1]), TROUPE_OK);
        numeric_carrier_fini(&parts[i + 1]);
        n_parts--;
        memmove(&parts[i + 1], &parts[i + 2],
                (size_t)(n_parts - i - 1) * sizeof parts[0]);
    }
    *result = parts[0];
}

START_TEST(any_cuts_joined_in_any_order_give_the_tree)
{
    struct base_random random = {7};
    for (int64_t n_leaves = 1; n_leaves <= 70; n_leaves++) {
        struct text expected = defined(0, n_leaves);
        for (int round = 0; round < 20; round++) {
            struct numeric_carrier carrier;
            reduce_in_parts(n_leaves, &random, &carrier);
            const struct text *value = numeric_carrier_value(&carrier);
            ck_assert_ptr_nonnull(value);
            ck_assert_str_eq(value->characters, expected.characters);
            numeric_carrier_fini(&carrier);
        }
    }
}
END_TEST

START_TEST(a_node_pushed_whole_is_as_good_as_its_leaves)
{
    struct numeric_carrier carrier;
    struct text expected = defined(0, 23);

    open_at(&carrier, 23, 0);
    for (int64_t block = 0; block < 23; block += 4) {
        struct text node = defined(block, block + 4 < 23 ? 4 : 23 - block);
        ck_assert_int_eq(numeric_carrier_push(&carrier, 2, &node), TROUPE_OK);
    }
    const struct text *value = numeric_carrier_value(&carrier);
    ck_assert_str_eq(value->characters, expected.characters);
    numeric_carrier_fini(&carrier);
}
END_TEST

START_TEST(one_leaf_and_none)
{
    struct numeric_carrier carrier, right;
    struct text text;

    open_at(&carrier, 0, 0);
    ck_assert_ptr_null(numeric_carrier_value(&carrier));
    ck_assert(!numeric_carrier_fold(&carrier, &text));
    travel(&carrier);
    ck_assert_ptr_null(numeric_carrier_value(&carrier));
    numeric_carrier_fini(&carrier);

    n_merges = 0;
    open_at(&carrier, 1, 0);
    open_at(&right, 1, 1);
    push_leaves(&carrier, 1);
    ck_assert_int_eq(numeric_carrier_join(&carrier, &right), TROUPE_OK);
    const struct text *value = numeric_carrier_value(&carrier);
    ck_assert_str_eq(value->characters, "0");
    ck_assert_int_eq(n_merges, 0);
    numeric_carrier_fini(&carrier);
    numeric_carrier_fini(&right);
}
END_TEST

/* The prefix of a leaf depends on the leaf alone, not on the number of leaves. */
START_TEST(prefixes_are_folds_of_the_largest_nodes)
{
    static const char *const expected[] = {"0",
                                           "(0 1)",
                                           "((0 1) 2)",
                                           "((0 1) (2 3))",
                                           "(((0 1) (2 3)) 4)",
                                           "(((0 1) (2 3)) (4 5))",
                                           "((((0 1) (2 3)) (4 5)) 6)"};
    for (int64_t n_leaves = 8; n_leaves < 20; n_leaves++) {
        struct numeric_carrier carrier;
        struct text text;
        open_at(&carrier, n_leaves, 0);
        for (int64_t i = 1; i <= 7; i++) {
            push_leaves(&carrier, i);
            ck_assert(numeric_carrier_fold(&carrier, &text));
            ck_assert_str_eq(text.characters, expected[i - 1]);
        }
        numeric_carrier_fini(&carrier);
    }
}
END_TEST

static void add_numbers(void *left, const void *right, const void *argument)
{
    (void)argument;
    *(int64_t *)left += *(const int64_t *)right;
}

/* Whole nodes only, or there would be no end. */
START_TEST(as_many_leaves_as_there_can_be)
{
    int64_t n_leaves = INT64_C(1) << NUMERIC_MAX_LEVEL;
    int64_t ends[] = {n_leaves / 2 - 3, n_leaves / 2 + 12345678901, n_leaves - 1,
                      n_leaves};
    struct numeric_tree tree = {n_leaves, sizeof(int64_t), add_numbers, NULL};
    struct numeric_carrier whole, part;

    ck_assert_int_eq(numeric_carrier_init(&whole, &tree, 0), TROUPE_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(numeric_carrier_init(&part, &tree, whole.end), TROUPE_OK);
        while (part.end < ends[i]) {
            int level = numeric_tree_level(n_leaves, part.end, ends[i]);
            int64_t count = INT64_C(1) << level;
            ck_assert_int_eq(numeric_carrier_push(&part, level, &count), TROUPE_OK);
        }
        ck_assert_int_le(part.n_nodes, NUMERIC_MAX_NODES);
        ck_assert_int_eq(numeric_carrier_join(&whole, &part), TROUPE_OK);
        numeric_carrier_fini(&part);
    }
    const int64_t *count = numeric_carrier_value(&whole);
    ck_assert_int_eq(*count, n_leaves);
    tree.n_leaves++;
    ck_assert_int_eq(numeric_carrier_init(&part, &tree, 0), TROUPE_INVALID);
    numeric_carrier_fini(&whole);
}
END_TEST

static void
ck_refused(struct numeric_carrier *carrier, int64_t begin, int64_t end, size_t size)
{
    unsigned char bytes[4096] = {0};
    int64_t before = carrier->end;

    memcpy(bytes, &begin, sizeof begin);
    memcpy(bytes + sizeof begin, &end, sizeof end);
    ck_assert_int_eq(numeric_carrier_unpack(carrier, bytes, size), TROUPE_INVALID);
    ck_assert_int_eq(carrier->end, before);
}

START_TEST(bytes_that_are_no_carrier_are_refused)
{
    struct numeric_tree tree = {100, sizeof(int64_t), add_numbers, NULL};
    struct numeric_carrier carrier;

    ck_assert_int_eq(numeric_carrier_init(&carrier, &tree, 3), TROUPE_OK);
    ck_refused(&carrier, 0, 0, 0);
    ck_refused(&carrier, 0, 0, 15);
    ck_refused(&carrier, 0, 0, 24);
    ck_refused(&carrier, -1, 5, 16);
    ck_refused(&carrier, -8, 0, 24);
    ck_refused(&carrier, 5, 4, 16);
    ck_refused(&carrier, 0, 101, 24);
    ck_refused(&carrier, INT64_MIN, INT64_MAX, 16);
    ck_refused(&carrier, 0, 100, 16);
    ck_refused(&carrier, 0, 100, 32);
    ck_refused(&carrier, 1, 99, 16 + 8 * 8);
    ck_refused(&carrier, 1, 99, 16 + 8 * 10);
    numeric_carrier_fini(&carrier);
}
END_TEST

START_TEST(carriers_that_are_no_neighbours_do_not_join)
{
    struct numeric_carrier left, right;

    open_at(&left, 9, 0);
    open_at(&right, 9, 4);
    push_leaves(&left, 3);
    push_leaves(&right, 9);
    ck_assert_int_eq(numeric_carrier_join(&left, &right), TROUPE_INVALID);
    ck_assert_int_eq(left.end, 3);
    ck_assert_ptr_null(numeric_carrier_value(&left));
    numeric_carrier_fini(&left);
    numeric_carrier_fini(&right);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    struct numeric_tree tree = {INT64_C(1) << 40, 4096, bracket, "argument"};
    struct numeric_carrier carrier;
    unsigned char value[4096] = {0};

    ck_assert_int_eq(numeric_carrier_init(&carrier, &tree, 1), TROUPE_OK);
    base_alloc_fail_every(1);
    troupe_status status = TROUPE_OK;
    while (status == TROUPE_OK && carrier.n_nodes < 40) {
        int level = __builtin_ctzll((uint64_t)carrier.end);
        status = numeric_carrier_push(&carrier, level, value);
    }
    ck_assert_int_eq(status, TROUPE_NO_MEMORY);
    int n_nodes = carrier.n_nodes;
    ck_assert_int_gt(n_nodes, 1);
    base_alloc_fail_every(0);
    int level = __builtin_ctzll((uint64_t)carrier.end);
    ck_assert_int_eq(numeric_carrier_push(&carrier, level, value), TROUPE_OK);
    ck_assert_int_eq(carrier.n_nodes, n_nodes + 1);
    numeric_carrier_fini(&carrier);
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

CHECK_MAIN("kernel tree",
           any_cuts_joined_in_any_order_give_the_tree,
           a_node_pushed_whole_is_as_good_as_its_leaves,
           one_leaf_and_none,
           prefixes_are_folds_of_the_largest_nodes,
           as_many_leaves_as_there_can_be,
           bytes_that_are_no_carrier_are_refused,
           carriers_that_are_no_neighbours_do_not_join,
           without_memory_nothing_changes)
