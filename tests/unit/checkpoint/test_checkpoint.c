/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/random.h"
#include "checkpoint/cut.h"
#include "support/check_main.h"
#include <string.h>

/* What a cut is made of: the image in memory, the thread beside, the interval. */

static const int64_t second_ns = 1000 * 1000 * 1000;

/* ---- the interval -------------------------------------------------------------- */

static double interval_s(double cost_s)
{
    return (double)checkpoint_interval_ns(0, (int64_t)(cost_s * 1e9)) * 1e-9;
}

START_TEST(interval_is_as_in_the_paper)
{
    /* Worked by hand: sqrt(2 * 2 * 86400) * (1 + sqrt(2 / 172800) / 3 + ...) - 2. */
    ck_assert_double_eq_tol(interval_s(2), 586.545, 0.01);
    ck_assert_double_eq_tol(interval_s(30), 2256.884, 0.01);
}
END_TEST

START_TEST(interval_has_bounds)
{
    ck_assert_double_eq_tol(interval_s(0), 60, 1e-6);
    ck_assert_double_eq_tol(interval_s(0.001), 60, 1e-6);
    ck_assert_double_eq_tol(interval_s(100), 3600, 1e-6);
    ck_assert_double_eq_tol(interval_s(1000), 20000, 1e-6); /* at most 5 % */
    ck_assert_double_eq_tol(interval_s(1e6), 2e7, 1e-3);
}
END_TEST

START_TEST(interval_may_be_given)
{
    ck_assert_int_eq(checkpoint_interval_ns(7 * second_ns, second_ns), 7 * second_ns);
    ck_assert_int_eq(checkpoint_interval_ns(-1, second_ns), INT64_MAX);
}
END_TEST

/* ---- the image ----------------------------------------------------------------- */

enum { N_RECORDS = 3000, LARGE_BYTES = 3 << 20 };

static size_t size_of(uint64_t i)
{
    return i % 1000 == 999 ? (size_t)LARGE_BYTES : (size_t)(i % 37);
}

static unsigned char byte_of(uint64_t i)
{
    return (unsigned char)(i * 31 + 7);
}

static void put_all(struct checkpoint_image *image, uint64_t seed)
{
    struct base_random random = {seed};
    unsigned char *bytes = malloc(LARGE_BYTES);

    for (uint64_t i = 0; i < N_RECORDS; i++) {
        uint8_t kind = (uint8_t)base_random_below(&random, 3);
        uint64_t key = base_random_below(&random, 50);

        memset(bytes, byte_of(i), size_of(i));
        ck_assert_int_eq(image->saver.put(&image->saver, kind, key, bytes, size_of(i)),
                         TROUPE_OK);
    }
    free(bytes);
}

static void check_all(const struct checkpoint_image *image)
{
    const struct checkpoint_item *before = NULL;

    ck_assert_uint_eq(image->n_items, N_RECORDS);
    for (uint64_t i = 0; i < image->n_items; i++) {
        const struct checkpoint_item *item = &image->items[i];

        ck_assert_uint_eq(item->size_bytes, size_of(item->order));
        for (size_t b = 0; b < item->size_bytes; b += 1 + item->size_bytes / 7)
            ck_assert_uint_eq(item->data[b], byte_of(item->order));
        if (before) {
            ck_assert_int_le(before->kind, item->kind);
            if (before->kind == item->kind)
                ck_assert_uint_le(before->key, item->key);
            if (before->kind == item->kind && before->key == item->key)
                ck_assert_uint_lt(before->order, item->order);
        }
        before = item;
    }
}

START_TEST(image_has_what_was_put)
{
    int64_t n_live = base_alloc_live();
    struct checkpoint_image image;

    checkpoint_image_init(&image);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        put_all(&image, seed);
        checkpoint_image_sort(&image);
        check_all(&image);
        checkpoint_image_clear(&image);
    }
    checkpoint_image_fini(&image);
    ck_assert_int_eq(base_alloc_live(), n_live);
}
END_TEST

/* What was reserved takes it all; what is there is not taken anew. */
START_TEST(image_has_room_that_was_reserved)
{
    int64_t n_live = base_alloc_live();
    struct checkpoint_image image;
    const unsigned char *first;
    uint64_t bytes = 0;

    checkpoint_image_init(&image);
    put_all(&image, 1);
    bytes = image.size_bytes;
    checkpoint_image_clear(&image);
    checkpoint_image_reserve(&image, 2 * bytes);
    ck_assert_uint_eq(image.n_chunks, 1);
    first = image.chunks[0].bytes;
    checkpoint_image_reserve(&image, bytes);
    put_all(&image, 2);
    ck_assert_uint_eq(image.n_chunks, 1);
    ck_assert_ptr_eq(image.chunks[0].bytes, first);
    checkpoint_image_sort(&image);
    check_all(&image);
    checkpoint_image_fini(&image);
    ck_assert_int_eq(base_alloc_live(), n_live);
}
END_TEST

START_TEST(image_says_when_there_is_no_room)
{
    struct checkpoint_image image;
    char byte = 1;
    int n_failed = 0, n_good = 0;

    checkpoint_image_init(&image);
    base_alloc_fail_every(2);
    for (int i = 0; i < 100; i++) {
        troupe_status status = image.saver.put(&image.saver, 1, 1, &byte, 1);

        n_good += status == TROUPE_OK;
        n_failed += status == TROUPE_NO_MEMORY;
    }
    base_alloc_fail_every(0);
    ck_assert_int_gt(n_failed, 0);
    ck_assert_int_eq(n_good + n_failed, 100);
    ck_assert_uint_eq(image.n_items, (uint64_t)n_good);
    checkpoint_image_fini(&image);
}
END_TEST

/* ---- the worker ---------------------------------------------------------------- */

static void count(void *context)
{
    ++*(int *)context;
}

static void check_worker(bool is_threaded)
{
    struct checkpoint_worker worker;
    int n_done = 0;

    checkpoint_worker_init(&worker, is_threaded);
    for (int i = 1; i <= 100; i++) {
        ck_assert(checkpoint_worker_is_idle(&worker));
        checkpoint_worker_give(&worker, count, &n_done);
        while (!checkpoint_worker_is_idle(&worker))
            continue;
        ck_assert_int_eq(n_done, i);
    }
    checkpoint_worker_give(&worker, count, &n_done);
    checkpoint_worker_fini(&worker);
    if (is_threaded)
        ck_assert_int_eq(n_done, 101);
}

START_TEST(worker_does_what_it_is_given)
{
    check_worker(true);
    check_worker(false);
}
END_TEST

CHECK_MAIN("checkpoint",
           interval_is_as_in_the_paper,
           interval_has_bounds,
           interval_may_be_given,
           image_has_what_was_put,
           image_has_room_that_was_reserved,
           image_says_when_there_is_no_room,
           worker_does_what_it_is_given)
