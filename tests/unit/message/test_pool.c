/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/random.h"
#include "message/envelope.h"
#include "support/check_main.h"
#include "support/child.h"
#include <string.h>

static struct message_pool_counts counts_of(const struct message_pool *pool)
{
    struct message_pool_counts counts;

    message_pool_count(pool, &counts);
    return counts;
}

START_TEST(every_size_fits_its_class)
{
    for (size_t size = 1; size < 70000; size++) {
        uint32_t size_class = message_class_of(size);

        ck_assert_uint_ge(message_class_bytes(size_class), size);
        ck_assert(size_class == 0 || message_class_bytes(size_class - 1) < size);
    }
    for (uint32_t size_class = 0; size_class < MESSAGE_N_CLASSES; size_class++) {
        size_t bytes = message_class_bytes(size_class);

        ck_assert_uint_eq(message_class_of(bytes), size_class);
        ck_assert_uint_eq(message_class_of(bytes + 1), size_class + 1);
        ck_assert_uint_eq(bytes % 16, 0);
    }
    ck_assert_uint_eq(message_class_bytes(MESSAGE_N_CARVED - 1), MESSAGE_CARVED_BYTES);
    ck_assert_uint_eq(message_class_bytes(MESSAGE_N_CLASSES - 1), (size_t)1 << 40);
}
END_TEST

START_TEST(a_fresh_envelope_is_blank)
{
    struct message_pool *pool = message_pool_create();
    struct message_envelope *envelope = message_take(pool, 24);

    memset(envelope, 0xff, sizeof *envelope + 24);
    envelope->size_class = (uint8_t)message_class_of(sizeof *envelope + 24);
    envelope->flags = 0;
    message_give(pool, envelope);
    ck_assert_ptr_eq(message_take(pool, 24), envelope);
    ck_assert_ptr_null(envelope->next);
    ck_assert_uint_eq(envelope->sender, 0);
    ck_assert_uint_eq(envelope->reference, 0);
    ck_assert_uint_eq(envelope->size_bytes, 24);
    ck_assert_uint_eq(envelope->incarnation, 0);
    ck_assert_uint_eq(envelope->type, 0);
    ck_assert_uint_eq(envelope->flags, 0);
    ck_assert_ptr_eq(message_payload(envelope), envelope->inline_payload);
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, 1);
    message_give(pool, envelope);
    message_pool_destroy(pool);
}
END_TEST

struct holding {
    struct message_envelope *envelope;
    unsigned char fill;
};

static size_t random_size(struct base_random *random)
{
    uint32_t bits = base_random_below(random, 21);

    return base_random_below(random, (1u << bits) + 1);
}

static void check_filled(const struct holding *holding)
{
    const unsigned char *bytes = message_payload(holding->envelope);

    for (size_t i = 0; i < holding->envelope->size_bytes; i++)
        if (bytes[i] != holding->fill)
            ck_abort_msg("byte %zu of %lu was overwritten", i,
                         (unsigned long)holding->envelope->size_bytes);
}

START_TEST(random_traffic_keeps_what_is_held)
{
    struct message_pool *pool = message_pool_create();
    struct base_random random = {1};
    struct holding held[64] = {{NULL, 0}};
    int64_t before = base_alloc_live();

    message_pool_set_cache(pool, 4 << 20);
    for (int i = 0; i < 20000; i++) {
        struct holding *holding = &held[base_random_below(&random, 64)];

        if (holding->envelope) {
            check_filled(holding);
            message_give(pool, holding->envelope);
            holding->envelope = NULL;
            continue;
        }
        holding->envelope = message_take(pool, random_size(&random));
        ck_assert_ptr_nonnull(holding->envelope);
        ck_assert_uint_eq((uintptr_t)holding->envelope % 16, 0);
        holding->fill = (unsigned char)i;
        memset(holding->envelope->inline_payload, holding->fill,
               holding->envelope->size_bytes);
        ck_assert_uint_le(counts_of(pool).cached_bytes, 4 << 20);
    }
    uint64_t n_held = 0;
    for (int i = 0; i < 64; i++)
        n_held += held[i].envelope != NULL;
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, n_held);
    message_pool_destroy(pool); /* what is held goes as well */
    ck_assert_int_eq(base_alloc_live(), before - 1);
}
END_TEST

START_TEST(steady_traffic_takes_no_more_memory)
{
    static const size_t sizes[] = {8, 100, 1000, 5000, 20000, 300000, 1 << 20};
    struct message_pool *pool = message_pool_create();
    uint64_t resident_bytes = 0;

    message_pool_set_cache(pool, 64 << 20);
    for (int round = 0; round < 10; round++) {
        struct message_envelope *envelopes[ARRAY_LENGTH(sizes)][8];

        for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
            for (int k = 0; k < 8; k++)
                envelopes[i][k] = message_take(pool, sizes[i]);
        for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
            for (int k = 0; k < 8; k++)
                message_give(pool, envelopes[i][k]);
        if (round == 0)
            resident_bytes = counts_of(pool).resident_bytes;
        ck_assert_uint_eq(counts_of(pool).resident_bytes, resident_bytes);
    }
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, 0);
    message_pool_destroy(pool);
}
END_TEST

START_TEST(large_blocks_are_kept_up_to_a_bound)
{
    struct message_pool *pool = message_pool_create();
    struct message_envelope *envelopes[8];

    message_pool_set_cache(pool, 5 << 20);
    for (int i = 0; i < 8; i++)
        envelopes[i] = message_take(pool, (size_t)1 << 20);
    for (int i = 0; i < 8; i++)
        message_give(pool, envelopes[i]);
    ck_assert_uint_gt(counts_of(pool).cached_bytes, 3 << 20);
    ck_assert_uint_le(counts_of(pool).cached_bytes, 5 << 20);
    /* Another size pushes them out. */
    for (int i = 0; i < 4; i++)
        envelopes[i] = message_take(pool, (size_t)900 << 10);
    for (int i = 0; i < 4; i++)
        message_give(pool, envelopes[i]);
    uint64_t resident_bytes = counts_of(pool).resident_bytes;
    for (int i = 0; i < 4; i++)
        envelopes[i] = message_take(pool, (size_t)900 << 10);
    ck_assert_uint_eq(counts_of(pool).resident_bytes, resident_bytes);
    for (int i = 0; i < 4; i++)
        message_give(pool, envelopes[i]);
    message_pool_set_cache(pool, 0);
    ck_assert_uint_eq(counts_of(pool).cached_bytes, 0);
    ck_assert_uint_eq(counts_of(pool).resident_bytes, 0);
    message_give(pool, message_take(pool, 100000));
    ck_assert_uint_eq(counts_of(pool).resident_bytes, 0);
    message_pool_destroy(pool);
}
END_TEST

START_TEST(a_shared_payload_lives_until_its_last_holder)
{
    struct message_pool *pool = message_pool_create();
    struct message_shared *shared = message_shared_take(pool, 5000);
    struct message_envelope *envelopes[3];

    ck_assert_uint_eq((uintptr_t)shared->payload % 16, 0);
    memset(shared->payload, 7, 5000);
    for (int i = 0; i < 3; i++) {
        envelopes[i] = message_share(pool, shared);
        ck_assert_ptr_eq(message_payload(envelopes[i]), shared->payload);
        ck_assert_uint_eq(envelopes[i]->size_bytes, 5000);
    }
    ck_assert_uint_eq(shared->n_holders, 4);
    message_shared_give(pool, shared);
    message_give(pool, envelopes[1]);
    message_give(pool, envelopes[0]);
    ck_assert_uint_eq(shared->n_holders, 1);
    ck_assert_uint_eq(((const unsigned char *)message_payload(envelopes[2]))[4999], 7);
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, 2);
    message_give(pool, envelopes[2]);
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, 0);
    message_pool_destroy(pool);
}
END_TEST

START_TEST(raw_blocks_come_in_every_size)
{
    static const size_t sizes[] = {0, 1, 16, 17, 4032, 8192, 8193, 100000};
    struct message_pool *pool = message_pool_create();

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        uint8_t size_class, again;
        void *block = message_block_take(pool, sizes[i], &size_class);

        ck_assert_uint_eq((uintptr_t)block % 16, 0);
        memset(block, 1, sizes[i]);
        message_block_give(pool, block, size_class);
        ck_assert_ptr_eq(message_block_take(pool, sizes[i], &again), block);
        ck_assert_uint_eq(again, size_class);
        message_block_give(pool, block, size_class);
    }
    message_pool_destroy(pool);
}
END_TEST

START_TEST(without_memory_nothing_is_taken)
{
    struct message_pool *pool = message_pool_create();
    uint8_t size_class;

    ck_assert_ptr_null(message_take(pool, SIZE_MAX));
    ck_assert_ptr_null(message_take(pool, SIZE_MAX / 2));
    ck_assert_ptr_null(message_take(pool, (size_t)1 << 40));
    ck_assert_ptr_null(message_shared_take(pool, SIZE_MAX - 8));
    ck_assert_ptr_null(message_block_take(pool, SIZE_MAX, &size_class));
    uint64_t before = base_alloc_fail_every(1);
    ck_assert_ptr_null(message_take(pool, 8));
    ck_assert_ptr_null(message_take(pool, 100000));
    ck_assert_ptr_null(message_shared_take(pool, 8));
    base_alloc_fail_every(before);
    ck_assert_uint_eq(counts_of(pool).n_live_blocks, 0);
    ck_assert_uint_eq(counts_of(pool).resident_bytes, 0);

    struct message_shared *shared = message_shared_take(pool, 2000);
    base_alloc_fail_every(1);
    ck_assert_ptr_null(message_share(pool, shared));
    base_alloc_fail_every(before);
    ck_assert_uint_eq(shared->n_holders, 1);
    message_shared_give(pool, shared);
    message_pool_destroy(pool);
    message_pool_destroy(NULL);
}
END_TEST

/* ---- another source
 * ------------------------------------------------------------------ */

struct region {
    unsigned char *bytes;
    size_t used, returned;
};

static void *region_take(void *context, size_t size_bytes)
{
    struct region *region = context;
    unsigned char *memory = region->bytes + region->used;

    if (region->used + size_bytes > (size_t)1 << 20)
        return NULL;
    region->used += (size_bytes + 63) & ~(size_t)63;
    return memory;
}

static void region_give(void *context, void *memory, size_t size_bytes)
{
    struct region *region = context;

    ck_assert((unsigned char *)memory >= region->bytes);
    region->returned += (size_bytes + 63) & ~(size_t)63;
}

START_TEST(memory_comes_from_the_source)
{
    struct message_pool *pool = message_pool_create();
    struct region region = {base_try_alloc_aligned(64, (size_t)1 << 20), 0, 0};
    struct message_envelope *envelope;

    message_pool_set_source(
        pool, &(struct message_source){&region, region_take, region_give});
    envelope = message_take(pool, 100);
    ck_assert_uint_lt((uintptr_t)envelope - (uintptr_t)region.bytes, 1 << 20);
    ck_assert_ptr_nonnull(message_take(pool, 500000));
    ck_assert_ptr_null(message_take(pool, 500000));
    message_pool_destroy(pool);
    ck_assert_uint_eq(region.returned, region.used);
    base_free(region.bytes);
}
END_TEST

#ifndef MESSAGE_ASAN
#define MESSAGE_ASAN 0
#endif

static void write_what_was_given(void *argument)
{
    struct message_pool *pool = message_pool_create();
    struct message_envelope *envelope = message_take(pool, *(size_t *)argument);

    message_give(pool, envelope);
    ((volatile unsigned char *)envelope->inline_payload)[0] = 1;
}

START_TEST(asan_catches_use_after_give)
{
    for (size_t size = 8; MESSAGE_ASAN && size < 1000000; size *= 10) {
        struct child_end end;

        child_run(write_what_was_given, &size, &end);
        /* The largest may have been given back to the heap. */
        ck_assert_ptr_nonnull(strstr(end.text, "AddressSanitizer: "));
        ck_assert_ptr_nonnull(strstr(end.text, "use-after-"));
    }
}
END_TEST

#ifdef TROUPE_ASSERT
#define ASSERTS 1
#else
#define ASSERTS 0
#endif

static void give_twice(void *argument)
{
    struct message_pool *pool = argument;
    struct message_envelope *envelope = message_take(pool, 8);

    message_give(pool, envelope);
    message_give(pool, envelope);
}

START_TEST(giving_twice_ends_the_rank)
{
    struct message_pool *pool = message_pool_create();
    struct child_end end;

    if (ASSERTS) {
        child_run(give_twice, pool, &end);
        ck_assert(end.exit_code != 0);
    }
    message_pool_destroy(pool);
}
END_TEST

CHECK_MAIN("pool",
           every_size_fits_its_class,
           a_fresh_envelope_is_blank,
           random_traffic_keeps_what_is_held,
           steady_traffic_takes_no_more_memory,
           large_blocks_are_kept_up_to_a_bound,
           a_shared_payload_lives_until_its_last_holder,
           raw_blocks_come_in_every_size,
           without_memory_nothing_is_taken,
           memory_comes_from_the_source,
           asan_catches_use_after_give,
           giving_twice_ends_the_rank)
