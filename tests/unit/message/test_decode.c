/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/snapshot.h"
#include "message/table.h"
#include "support/check_main.h"
#include "types.h"
#include <string.h>

#define WELL(tag, bytes, size) message_is_well_formed(TROUPE_TYPE_OF(tag), bytes, size)

START_TEST(the_size_must_be_the_structs)
{
    unsigned char zeros[64] = {0};

    for (size_t size = 0; size < sizeof zeros; size++) {
        ck_assert_int_eq(WELL(work, zeros, size), size == sizeof(struct work));
        ck_assert_int_eq(WELL(stop, zeros, size), size == 0);
        ck_assert(!WELL(cache, zeros, size));
    }
    ck_assert(WELL(stop, NULL, 0));
}
END_TEST

START_TEST(the_count_must_fit_the_size)
{
    _Alignas(8) unsigned char bytes[64] = {0};
    struct chunk *chunk = (struct chunk *)bytes;

    for (uint32_t n = 0; n < 40; n++) {
        chunk->n_text = n;
        for (size_t size = 0; size < sizeof bytes; size++)
            ck_assert_int_eq(WELL(chunk, bytes, size), size == 12 + n);
    }
    chunk->n_text = UINT32_MAX;
    ck_assert(!WELL(chunk, bytes, 12 + (size_t)UINT32_MAX));
    ck_assert(!WELL(chunk, bytes, 11));
}
END_TEST

START_TEST(a_count_that_overflows_is_noticed)
{
    static const int64_t counts[] = {-1,
                                     INT64_MIN,
                                     INT64_MAX,
                                     INT64_MAX / 8,
                                     ((int64_t)1 << 61) + 1,
                                     (int64_t)1 << 61};
    struct row row;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        row.n = counts[i];
        ck_assert(!WELL(row, &row, sizeof row));
        ck_assert(!WELL(row, &row, sizeof row + 8));
    }
    row.n = -1;
    ck_assert_uint_eq(troupe_value_size(TROUPE_TYPE_OF(row), &row), SIZE_MAX);
    row.n = 0;
    ck_assert(WELL(row, &row, sizeof row));
}
END_TEST

START_TEST(bools_are_0_or_1_wherever_they_stand)
{
    _Alignas(
        8) unsigned char bytes[sizeof(struct cloud) + 2 * sizeof(struct arrays)] = {0};
    static const size_t of_bools[] = {
        offsetof(struct arrays, flags),
        offsetof(struct arrays, flags) + 3,
        offsetof(struct arrays, nested),
        offsetof(struct arrays, nested) + 7,
    };

    bytes[0] = 2; /* the count */
    ck_assert(WELL(cloud, bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof of_bools / sizeof of_bools[0]; i++)
        for (size_t part = 0; part < 2; part++) {
            size_t at =
                sizeof(struct cloud) + part * sizeof(struct arrays) + of_bools[i];

            bytes[at] = 1;
            ck_assert(WELL(cloud, bytes, sizeof bytes));
            bytes[at] = 2;
            ck_assert(!WELL(cloud, bytes, sizeof bytes));
            bytes[at] = 255;
            ck_assert(!WELL(cloud, bytes, sizeof bytes));
            bytes[at] = 0;
        }
    bytes[sizeof(struct cloud) + offsetof(struct arrays, text)] = 255;
    ck_assert(WELL(cloud, bytes, sizeof bytes));
}
END_TEST

START_TEST(bools_in_a_tail_are_looked_at)
{
    unsigned char bytes[16] = {3, 0, 0, 0, 1, 0, 1};

    ck_assert(WELL(flags, bytes, 7));
    bytes[6] = 4;
    ck_assert(!WELL(flags, bytes, 7));
    bytes[0] = 2;
    ck_assert(WELL(flags, bytes, 6));
}
END_TEST

/* Frames do not align what is in them. */
START_TEST(bytes_may_stand_anywhere)
{
    unsigned char bytes[64];
    struct row row = {.n = 1};

    for (size_t at = 0; at < 8; at++) {
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes + at, &row, sizeof row);
        ck_assert(WELL(row, bytes + at, sizeof row + 8));
        ck_assert_uint_eq(message_count(TROUPE_TYPE_OF(row), bytes + at), 1);
    }
}
END_TEST

START_TEST(sizes_follow_the_tail)
{
    const troupe_type *row = TROUPE_TYPE_OF(row), *work = TROUPE_TYPE_OF(work);

    ck_assert_uint_eq(message_size(row, 0), 8);
    ck_assert_uint_eq(message_size(row, 3), 32);
    ck_assert_uint_eq(message_size(row, SIZE_MAX / 8), SIZE_MAX);
    ck_assert_uint_eq(message_size(row, SIZE_MAX), SIZE_MAX);
    ck_assert_uint_eq(message_size(work, 0), 16);
    ck_assert_uint_eq(message_size(work, 1), SIZE_MAX);
    ck_assert_uint_eq(message_size(TROUPE_TYPE_OF(chunk), 5), 17);
}
END_TEST

START_TEST(the_count_is_set_if_it_fits)
{
    struct row row = {.n = 9};
    struct chunk chunk = {.index = 5, .n_text = 9};

    ck_assert(message_set_count(TROUPE_TYPE_OF(row), &row, 3));
    ck_assert_int_eq(row.n, 3);
    ck_assert(!message_set_count(TROUPE_TYPE_OF(row), &row, (size_t)INT64_MAX + 1));
    ck_assert(message_set_count(TROUPE_TYPE_OF(chunk), &chunk, INT32_MAX));
    ck_assert_uint_eq(chunk.n_text, INT32_MAX);
    ck_assert(!message_set_count(TROUPE_TYPE_OF(chunk), &chunk, (size_t)INT32_MAX + 1));
    ck_assert_uint_eq(chunk.n_text, INT32_MAX);
    ck_assert_int_eq(chunk.index, 5);
    ck_assert(message_set_count(TROUPE_TYPE_OF(work), &row, 0));
    ck_assert(!message_set_count(TROUPE_TYPE_OF(work), &row, 1));
}
END_TEST

/* ---- a state's own save and restore
 * -------------------------------------------------- */

START_TEST(what_is_saved_is_restored)
{
    struct base_bytes bytes;
    struct troupe_writer writer = {&bytes};
    struct troupe_reader reader;
    struct work work = {1, 2}, again = {0, 0};
    int32_t number = 7;

    base_bytes_init(&bytes);
    ck_assert_int_eq(troupe_write_bytes(&writer, &number, sizeof number), TROUPE_OK);
    ck_assert_int_eq(troupe_write_bytes(&writer, NULL, 0), TROUPE_OK);
    ck_assert_int_eq(troupe_write_bytes(&writer, &work, sizeof work), TROUPE_OK);
    number = 0;
    base_cursor_init(&reader.cursor, bytes.data, bytes.size);
    ck_assert_int_eq(troupe_read_bytes(&reader, &number, sizeof number), TROUPE_OK);
    ck_assert_int_eq(troupe_read_bytes(&reader, NULL, 0), TROUPE_OK);
    ck_assert_int_eq(troupe_read_bytes(&reader, &again, sizeof again), TROUPE_OK);
    ck_assert_int_eq(number, 7);
    ck_assert_double_eq(again.high, 2);
    ck_assert_int_eq(troupe_read_bytes(&reader, &number, 1), TROUPE_INVALID);
    ck_assert_int_eq(number, 7);
    base_bytes_fini(&bytes);
}
END_TEST

START_TEST(nothing_comes_from_nothing)
{
    struct troupe_reader reader;
    struct work work = {1, 2};

    base_cursor_init(&reader.cursor, NULL, 0);
    ck_assert_int_eq(troupe_read_bytes(&reader, NULL, 0), TROUPE_OK);
    ck_assert_int_eq(troupe_read_bytes(&reader, &work, 1), TROUPE_INVALID);
    ck_assert_double_eq(work.low, 1);
}
END_TEST

START_TEST(a_writer_without_memory_says_so)
{
    struct base_bytes bytes;
    struct troupe_writer writer = {&bytes};

    base_bytes_init(&bytes);
    bytes.failed = true;
    ck_assert_int_eq(troupe_write_bytes(&writer, "x", 1), TROUPE_NO_MEMORY);
    base_bytes_fini(&bytes);
}
END_TEST

CHECK_MAIN("decode",
           the_size_must_be_the_structs,
           the_count_must_fit_the_size,
           a_count_that_overflows_is_noticed,
           bools_are_0_or_1_wherever_they_stand,
           bools_in_a_tail_are_looked_at,
           bytes_may_stand_anywhere,
           sizes_follow_the_tail,
           the_count_is_set_if_it_fits,
           what_is_saved_is_restored,
           nothing_comes_from_nothing,
           a_writer_without_memory_says_so)
