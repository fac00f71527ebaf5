/* SPDX-License-Identifier: BSD-3-Clause */
/* Every kind, form and shape. */
#include "troupe/message.h"
#include <complex.h>

enum color { RED, GREEN };

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);

struct one {
    bool yes;
};
TROUPE_TYPE(one, yes);

struct kinds {
    bool flag;
    char letter;
    signed char i8;
    unsigned char u8;
    int16_t i16;
    uint16_t u16;
    int i32;
    unsigned int u32;
    enum color color;
    troupe_status status;
    long i64;
    unsigned long u64;
    long long i64_too;
    unsigned long long u64_too;
    float f32;
    float f32_too;
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
            status,
            i64,
            u64,
            i64_too,
            u64_too,
            f32,
            f32_too,
            f64,
            c64,
            c128,
            address,
            reference,
            held,
            put_end,
            take_end);

struct arrays {
    bool flags[8];
    char text[16];
    int8_t i8[3];
    uint8_t u8[5];
    int64_t i64[2];
    float f32[2];
    double complex c128[2];
    troupe_address addresses[3];
    struct point points[2];
    struct point point;
    enum color colors[1];
    int32_t last;
};
TROUPE_TYPE(arrays,
            flags,
            text,
            i8,
            u8,
            i64,
            f32,
            c128,
            addresses,
            TROUPE_NESTED(points, point),
            TROUPE_NESTED(point, point),
            colors,
            last);

struct deep {
    int64_t n;
    struct arrays arrays;
};
TROUPE_TYPE(deep, n, TROUPE_NESTED(arrays, arrays));

/* The tail may begin where padding would be. */
struct chunk {
    int64_t index;
    uint32_t n_text;
    char text[];
};
TROUPE_TYPE(chunk, index, n_text, TROUPE_TAIL(text, n_text));

struct row {
    size_t n;
    double values[];
};
TROUPE_TYPE(row, n, TROUPE_TAIL(values, n));

struct cloud {
    int64_t n;
    struct point points[];
};
TROUPE_TYPE(cloud, n, TROUPE_TAIL(points, n, point));

struct inside {
    struct {
        int32_t a, b;
    };
    int64_t c;
};
TROUPE_TYPE(inside, a, b, c);

struct cache {
    void *data;
    char c;
};
TROUPE_PRIVATE(cache);
TROUPE_SIGNAL(stop);

struct wide {
    int32_t f00, f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14,
        f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30,
        f31, f32, f33, f34, f35, f36, f37, f38, f39, f40, f41, f42, f43, f44, f45, f46,
        f47, f48, f49, f50, f51, f52, f53, f54, f55, f56, f57, f58, f59, f60, f61, f62,
        f63;
};
TROUPE_TYPE(wide,
            f00,
            f01,
            f02,
            f03,
            f04,
            f05,
            f06,
            f07,
            f08,
            f09,
            f10,
            f11,
            f12,
            f13,
            f14,
            f15,
            f16,
            f17,
            f18,
            f19,
            f20,
            f21,
            f22,
            f23,
            f24,
            f25,
            f26,
            f27,
            f28,
            f29,
            f30,
            f31,
            f32,
            f33,
            f34,
            f35,
            f36,
            f37,
            f38,
            f39,
            f40,
            f41,
            f42,
            f43,
            f44,
            f45,
            f46,
            f47,
            f48,
            f49,
            f50,
            f51,
            f52,
            f53,
            f54,
            f55,
            f56,
            f57,
            f58,
            f59,
            f60,
            f61,
            f62,
            f63);

extern const troupe_type *const *const all;
const troupe_type *const *const all = TROUPE_TYPES(
    point, one, kinds, arrays, deep, chunk, row, cloud, inside, cache, stop, wide);
