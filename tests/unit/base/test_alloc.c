/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/alloc.h"
#include "base/require.h"
#include "support/check_main.h"
#include "support/child.h"
#include <string.h>
#include <unistd.h>

START_TEST(live_blocks_are_counted)
{
    int64_t before = base_alloc_live();
    void *blocks[] = {
        base_new(uint64_t),          base_new_array(uint32_t, 10),
        base_try_alloc(100),         base_try_alloc_aligned(256, 100),
        base_try_realloc(NULL, 100), base_copy_text("text"),
    };
    ck_assert_int_eq(base_alloc_live() - before, 6);
    blocks[2] = base_try_realloc(blocks[2], 10000);
    ck_assert_int_eq(base_alloc_live() - before, 6);
    ck_assert_str_eq(blocks[5], "text");
    for (size_t i = 0; i < 6; i++)
        base_free(blocks[i]);
    base_free(NULL);
    ck_assert_int_eq(base_alloc_live(), before);
}
END_TEST

START_TEST(new_memory_is_zero)
{
    int n_others = 0;
    for (int round = 0; round < 10; round++) {
        unsigned char *bytes = base_new_array(unsigned char, 5000);
        for (int i = 0; i < 5000; i++)
            n_others += bytes[i] != 0;
        memset(bytes, 0xff, 5000);
        base_free(bytes);
    }
    ck_assert_int_eq(n_others, 0);
}
END_TEST

START_TEST(blocks_are_aligned)
{
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        for (size_t size = 0; size < 300; size += 37) {
            unsigned char *block = base_try_alloc_aligned(alignment, size);
            ck_assert_ptr_nonnull(block);
            ck_assert_uint_eq((uintptr_t)block % alignment, 0);
            ck_assert_uint_eq((uintptr_t)block % 16, 0);
            memset(block, 1, size);
            base_free(block);
        }
    }
    void *block = base_try_alloc(1);
    ck_assert_uint_eq((uintptr_t)block % 16, 0);
    base_free(block);
}
END_TEST

START_TEST(size_zero_is_a_block)
{
    void *first = base_try_alloc(0), *second = base_try_alloc(0);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_ne(first, second);
    first = base_try_realloc(first, 0);
    ck_assert_ptr_nonnull(first);
    base_free(first);
    base_free(second);
}
END_TEST

/* `volatile`, or the compiler knows that these cannot be had, and says so. */
START_TEST(too_much_gives_null)
{
    volatile size_t huge = SIZE_MAX - 5;
    int64_t before = base_alloc_live();
    ck_assert_ptr_null(base_try_alloc_aligned(64, huge));
    ck_assert_int_eq(base_alloc_live(), before);
}
END_TEST

START_TEST(every_nth_fails)
{
    for (uint64_t n = 1; n <= 5; n++) {
        base_alloc_fail_every(n);
        for (uint64_t i = 1; i <= 60; i++) {
            void *block = i % 3 == 0   ? base_try_alloc(8)
                          : i % 3 == 1 ? base_try_alloc_aligned(64, 8)
                                       : base_try_realloc(NULL, 8);
            ck_assert_int_eq(block == NULL, i % n == 0);
            base_free(block);
        }
        ck_assert_uint_eq(base_alloc_fail_every(0), n);
    }
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

START_TEST(failed_realloc_leaves_the_block)
{
    char *block = base_try_alloc(6);
    strcpy(block, "hello");
    base_alloc_fail_every(1);
    ck_assert_ptr_null(base_try_realloc(block, 1000));
    void *control = base_new_bytes(8, "what never fails in a test");
    base_alloc_fail_every(0);
    ck_assert_str_eq(block, "hello");
    ck_assert_int_eq(base_alloc_live(), 2);
    base_free(control);
    base_free(block);
}
END_TEST

static void end_with_code(void *context, int exit_code)
{
    (void)context;
    _exit(exit_code);
}

static void ask_too_much(void *argument)
{
    (void)argument;
    volatile size_t n_items = SIZE_MAX / 8 + 2; /* times 8 is a small number again */
    base_free(base_new_array(uint64_t, n_items));
}

START_TEST(new_ends_the_rank)
{
    base_death_set(&(struct base_death){.end = end_with_code});
    struct child_end end;
    child_run(ask_too_much, NULL, &end);
    ck_assert_int_eq(end.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(end.text, "no memory for uint64_t array"));
}
END_TEST

CHECK_MAIN("alloc",
           live_blocks_are_counted,
           new_memory_is_zero,
           blocks_are_aligned,
           size_zero_is_a_block,
           too_much_gives_null,
           every_nth_fails,
           failed_realloc_leaves_the_block,
           new_ends_the_rank)
