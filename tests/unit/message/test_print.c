/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/table.h"
#include "support/check_main.h"
#include "types.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char text[2000];

#define PRINTED(tag, pointer)                                                          \
    printed(TROUPE_TYPE_OF(tag), pointer,                                              \
            troupe_value_size(TROUPE_TYPE_OF(tag), pointer))

static const char *
printed(const troupe_type *type, const void *value, size_t size_bytes)
{
    size_t length = troupe_value_format(type, value, size_bytes, text, sizeof text);

    ck_assert_uint_eq(length, strlen(text));
    return text;
}

START_TEST(numbers_take_few_digits)
{
    ck_assert_str_eq(PRINTED(work, (&(struct work){0, 1})), "{low=0, high=1}");
    ck_assert_str_eq(PRINTED(work, (&(struct work){0.1, 1.0 / 3})),
                     "{low=0.1, high=0.3333333333333333}");
    ck_assert_str_eq(PRINTED(work, (&(struct work){-1e300, 5e-324})),
                     "{low=-1e+300, high=4.94065645841247e-324}");
    ck_assert_str_eq(PRINTED(work, (&(struct work){(double)INFINITY, -0.0})),
                     "{low=inf, high=-0}");
    ck_assert_str_eq(PRINTED(point, (&(struct point){0.1f, 1.0f / 3})),
                     "{x=0.1, y=0.33333334}");
}
END_TEST

START_TEST(every_kind_is_printed)
{
    struct kinds kinds = {
        .flag = true,
        .letter = 'x',
        .i8 = -8,
        .u8 = 8,
        .i16 = -16,
        .u16 = 16,
        .i32 = INT32_MIN,
        .u32 = UINT32_MAX,
        .color = GREEN,
        .f32 = 0.5f,
        .i64 = INT64_MIN,
        .u64 = UINT64_MAX,
        .f64 = 2.5,
        .c64 = 1,
        .c128 = -2,
        .address = {1},
        .reference = {16},
        .held = {0},
        .put_end = {UINT64_MAX},
        .take_end = {255},
    };

    ck_assert_str_eq(
        PRINTED(kinds, &kinds),
        "{flag=true, letter='x', i8=-8, u8=8, i16=-16, u16=16, i32=-2147483648, "
        "u32=4294967295, color=1, f32=0.5, i64=-9223372036854775808, "
        "u64=18446744073709551615, f64=2.5, c64=1 + 0i, c128=-2 + 0i, address=0x1, "
        "reference=0x10, held=0x0, put_end=0xffffffffffffffff, take_end=0xff}");
}
END_TEST

START_TEST(arrays_and_structs_are_printed)
{
    struct arrays arrays = {.flags = {true},
                            .text = "a\"b\\\n",
                            .i16 = {-1, 1},
                            .points = {{1, 2}, {3, 4}}};

    ck_assert_str_eq(
        PRINTED(arrays, &arrays),
        "{flags=[true, false, false, false], text=\"a\\\"b\\\\\\x0a\", i16=[-1, 1], "
        "points=[{x=1, y=2}, {x=3, y=4}], nested=[{is_set=false}, {is_set=false}, "
        "{is_set=false}, {is_set=false}, {is_set=false}, {is_set=false}, "
        "{is_set=false}, "
        "{is_set=false}]}");
    ck_assert_str_eq(printed(TROUPE_TYPE_OF(stop), NULL, 0), "{}");
}
END_TEST

START_TEST(tails_are_printed)
{
    _Alignas(8) unsigned char bytes[64] = {0};
    struct chunk *chunk = (struct chunk *)bytes;
    struct row *row = (struct row *)bytes;

    chunk->index = 7;
    chunk->n_text = 3;
    memcpy(chunk->text, "abc", 3);
    ck_assert_str_eq(PRINTED(chunk, chunk), "{index=7, n_text=3, text=\"abc\"}");
    row->n = 2;
    row->values[0] = 1.5;
    row->values[1] = -1;
    ck_assert_str_eq(PRINTED(row, row), "{n=2, values=[1.5, -1]}");
    row->n = 0;
    ck_assert_str_eq(PRINTED(row, row), "{n=0, values=[]}");
}
END_TEST

/* Most of the text is counted only. */
START_TEST(long_texts_are_cut)
{
    enum { N = 1000 };
    struct chunk *chunk = calloc(1, sizeof *chunk + N);
    size_t size_bytes, length;

    chunk->n_text = N;
    memset(chunk->text, 'a', N);
    size_bytes = troupe_value_size(TROUPE_TYPE_OF(chunk), chunk);
    length = troupe_value_format(TROUPE_TYPE_OF(chunk), chunk, size_bytes, text, 40);
    ck_assert_uint_eq(length, strlen("{index=0, n_text=1000, text=\"\"}") + N);
    ck_assert_str_eq(text, "{index=0, n_text=1000, text=\"aaaaaaa...");
    chunk->n_text = N + 1; /* more than there is */
    ck_assert_str_eq(printed(TROUPE_TYPE_OF(chunk), chunk, size_bytes),
                     "(1012 bytes that are no chunk)");
    free(chunk);
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
    static const char whole[] = "{low=12, high=34}";
    struct work work = {12, 34};

    for (size_t capacity = 0; capacity < sizeof whole + 3; capacity++) {
        memset(text, '#', sizeof text);
        ck_assert_uint_eq(troupe_value_format(TROUPE_TYPE_OF(work), &work, sizeof work,
                                              capacity ? text : NULL, capacity),
                          strlen(whole));
        ck_assert_int_eq(text[capacity], '#');
        if (capacity == 0)
            continue;
        if (capacity >= sizeof whole) {
            ck_assert_str_eq(text, whole);
            continue;
        }
        ck_assert_uint_eq(strlen(text), capacity - 1);
        if (capacity > 3) {
            ck_assert_str_eq(text + capacity - 4, "...");
            ck_assert_int_eq(strncmp(text, whole, capacity - 4), 0);
        }
    }
}
END_TEST

START_TEST(bytes_of_no_value_are_not_read)
{
    struct work work = {0, 1};

    ck_assert_str_eq(printed(TROUPE_TYPE_OF(work), &work, 15),
                     "(15 bytes that are no work)");
    ck_assert_str_eq(printed(TROUPE_TYPE_OF(cache), &work, 16),
                     "(16 bytes that are no cache)");
    ck_assert_str_eq(printed(TROUPE_TYPE_OF(stop), &work, 1),
                     "(1 bytes that are no stop)");
}
END_TEST

CHECK_MAIN("print",
           numbers_take_few_digits,
           every_kind_is_printed,
           arrays_and_structs_are_printed,
           tails_are_printed,
           long_texts_are_cut,
           what_does_not_fit_is_cut,
           bytes_of_no_value_are_not_read)
