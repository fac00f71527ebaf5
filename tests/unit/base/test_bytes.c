/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/bytes.h"
#include "support/check_main.h"
#include <stdio.h>
#include <string.h>

/* A number, a text, an empty text, a small number, three bytes. */
static void write_record(struct base_bytes *bytes)
{
    base_bytes_append_u64(bytes, UINT64_C(0x0123456789abcdef));
    base_bytes_append_text(bytes, "hello");
    base_bytes_append_text(bytes, "");
    base_bytes_append_u32(bytes, 77);
    base_bytes_append(bytes, "\1\2\3", 3);
}

enum { RECORD_BYTES = 8 + 4 + 5 + 4 + 4 + 3 };

START_TEST(what_is_written_is_read)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    write_record(&bytes);
    ck_assert_uint_eq(bytes.size, RECORD_BYTES);
    ck_assert_uint_eq(bytes.data[0], 0xef);
    struct base_cursor cursor;
    char text[6];
    base_cursor_init(&cursor, bytes.data, bytes.size);
    ck_assert_uint_eq(base_cursor_u64(&cursor), UINT64_C(0x0123456789abcdef));
    base_cursor_text(&cursor, text, sizeof(text));
    ck_assert_str_eq(text, "hello");
    base_cursor_text(&cursor, text, sizeof(text));
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(base_cursor_u32(&cursor), 77);
    ck_assert_mem_eq(base_cursor_take(&cursor, 3), "\1\2\3", 3);
    ck_assert_ptr_eq(cursor.next, cursor.end);
    ck_assert(!cursor.failed);
    base_bytes_fini(&bytes);
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

/* Whole only with all bytes; cut anywhere it fails and stays within the bounds. */
START_TEST(a_cut_record_fails)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    write_record(&bytes);
    for (size_t size = 0; size <= RECORD_BYTES; size++) {
        /* In a block of its own, where a sanitizer sees the end. */
        unsigned char *part = base_try_alloc(size);
        ck_assert_ptr_nonnull(part);
        memcpy(part, bytes.data, size);
        struct base_cursor cursor;
        char text[16];
        base_cursor_init(&cursor, part, size);
        base_cursor_u64(&cursor);
        base_cursor_text(&cursor, text, sizeof(text));
        ck_assert_str_eq(text, size < 8 + 4 + 5 ? "" : "hello");
        base_cursor_text(&cursor, text, sizeof(text));
        ck_assert_str_eq(text, "");
        uint32_t small = base_cursor_u32(&cursor);
        ck_assert_uint_eq(small, size < RECORD_BYTES - 3 ? 0 : 77);
        const void *rest = base_cursor_take(&cursor, 3);
        ck_assert_int_eq(rest != NULL, size == RECORD_BYTES);
        ck_assert_int_eq(cursor.failed, size < RECORD_BYTES);
        base_free(part);
    }
    base_bytes_fini(&bytes);
}
END_TEST

START_TEST(after_a_failure_only_zeros)
{
    const unsigned char data[16] = {1, 2, 3};
    struct base_cursor cursor;
    base_cursor_init(&cursor, data, sizeof(data));
    ck_assert_ptr_null(base_cursor_take(&cursor, 17));
    ck_assert(cursor.failed);
    ck_assert_uint_eq(base_cursor_u32(&cursor), 0);
    ck_assert_uint_eq(base_cursor_u64(&cursor), 0);
    ck_assert_ptr_null(base_cursor_take(&cursor, 1));
    base_cursor_init(&cursor, data, sizeof(data));
    ck_assert_ptr_null(base_cursor_take(&cursor, SIZE_MAX));
}
END_TEST

START_TEST(nothing_at_all)
{
    struct base_cursor cursor;
    base_cursor_init(&cursor, NULL, 0);
    ck_assert_ptr_null(base_cursor_take(&cursor, 0));
    ck_assert(!cursor.failed);
    ck_assert_uint_eq(base_cursor_u32(&cursor), 0);
    ck_assert(cursor.failed);
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    base_bytes_append(&bytes, NULL, 0);
    ck_assert(!bytes.failed);
    ck_assert_uint_eq(bytes.size, 0);
    base_bytes_fini(&bytes);
}
END_TEST

static bool text_fits(const void *characters, uint32_t length, size_t capacity)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    base_bytes_append_u32(&bytes, length);
    base_bytes_append(&bytes, characters, 5);
    struct base_cursor cursor;
    base_cursor_init(&cursor, bytes.data, bytes.size);
    char text[8];
    memset(text, '#', sizeof(text));
    base_cursor_text(&cursor, text, capacity);
    if (cursor.failed)
        ck_assert_str_eq(text, "");
    for (size_t i = capacity; i < sizeof(text); i++)
        ck_assert_int_eq(text[i], '#');
    base_bytes_fini(&bytes);
    return !cursor.failed;
}

START_TEST(texts_that_do_not_fit)
{
    ck_assert(text_fits("hello", 5, 6));
    ck_assert(!text_fits("hello", 5, 5));
    ck_assert(!text_fits("hello", 5, 1));
    ck_assert(!text_fits("hello", 6, 8));
    ck_assert(!text_fits("hello", UINT32_MAX, 8));
    ck_assert(!text_fits("he\0lo", 5, 8));
}
END_TEST

START_TEST(format_appends_without_end)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    char expected[3000] = "";
    for (int i = 0; i < 300; i++) {
        char one[16];
        snprintf(one, sizeof(one), "<%d>", i * i);
        strcat(expected, one);
        base_bytes_append_format(&bytes, "<%d>", i * i);
    }
    ck_assert_uint_eq(bytes.size, strlen(expected));
    ck_assert_mem_eq(bytes.data, expected, bytes.size);
    base_bytes_append_format(&bytes, "%s", "");
    ck_assert_uint_eq(bytes.size, strlen(expected));
    base_bytes_fini(&bytes);
}
END_TEST

/* What was there stays whole, and nothing more comes after the gap. */
START_TEST(without_memory_it_fails_for_good)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    base_bytes_append_u32(&bytes, 5);
    base_alloc_fail_every(1);
    char large[1000] = {0};
    base_bytes_append(&bytes, large, sizeof(large));
    base_alloc_fail_every(0);
    ck_assert(bytes.failed);
    base_bytes_append_u32(&bytes, 6);
    base_bytes_append_text(&bytes, "six");
    base_bytes_append_format(&bytes, "%d", 6);
    ck_assert_uint_eq(bytes.size, 4);
    base_bytes_fini(&bytes);
    base_bytes_init(&bytes);
    base_bytes_append(&bytes, large, SIZE_MAX - 10);
    ck_assert(bytes.failed);
    base_bytes_fini(&bytes);
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

CHECK_MAIN("bytes",
           what_is_written_is_read,
           a_cut_record_fails,
           after_a_failure_only_zeros,
           nothing_at_all,
           texts_that_do_not_fit,
           format_appends_without_end,
           without_memory_it_fails_for_good)
