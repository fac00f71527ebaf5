/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_MESSAGE_TYPES_H
#define UNIT_MESSAGE_TYPES_H

/* Message types for the tests of this folder: every kind and form. */

#include "troupe/message.h"
#include "troupe/system.h"
#include <complex.h>

struct work {
    double low, high;
};
TROUPE_TYPE(work, low, high);

struct point {
    float x, y;
};
TROUPE_TYPE(point, x, y);

/* A struct with a bool inside, for those that contain it. */
struct flag {
    bool is_set;
};
TROUPE_TYPE(flag, is_set);

enum color { RED, GREEN };

struct kinds {
    bool flag;
    char letter;
    int8_t i8;
    uint8_t u8;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    enum color color;
    float f32;
    int64_t i64;
    uint64_t u64;
    double f64;
    float complex c64;
    double complex c128;
    troupe_address address;
    troupe_reference reference;
    troupe_held held;
    troupe_put_end put_end;
    troupe_take_end take_end;
};
TROUPE_TYPE(kinds,
            flag,
            letter,
            i8,
            u8,
            i16,
            u16,
            i32,
            u32,
            color,
            f32,
            i64,
            u64,
            f64,
            c64,
            c128,
            address,
            reference,
            held,
            put_end,
            take_end);

struct arrays {
    bool flags[4];
    char text[8];
    int16_t i16[2];
    struct point points[2];
    struct flag nested[8];
};
TROUPE_TYPE(arrays,
            flags,
            text,
            i16,
            TROUPE_NESTED(points, point),
            TROUPE_NESTED(nested, flag));

/* The tail begins where padding would be. */
struct chunk {
    int64_t index;
    uint32_t n_text;
    char text[];
};
TROUPE_TYPE(chunk, index, n_text, TROUPE_TAIL(text, n_text));

struct row {
    int64_t n;
    double values[];
};
TROUPE_TYPE(row, n, TROUPE_TAIL(values, n));

struct flags {
    int32_t n;
    bool values[];
};
TROUPE_TYPE(flags, n, TROUPE_TAIL(values, n));

struct cloud {
    uint64_t n;
    struct arrays parts[];
};
TROUPE_TYPE(cloud, n, TROUPE_TAIL(parts, n, arrays));

struct cache {
    void *data;
    char c;
};
TROUPE_PRIVATE(cache);

TROUPE_SIGNAL(stop);

#endif
