/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: vectors, and rows of 16 doubles made of them. */
#include "base/compiler.h"
#include "numeric/histogram.h"
#include "numeric/isa.h"
#include "numeric/numeric.h"
#include "numeric/tree.h"
#include <math.h>

#if BODY_WIDTH == 8
#include <immintrin.h>
#define X86(name) _mm512_##name
typedef __m512d machine_doubles;
typedef __m512i machine_integers;
#elif BODY_WIDTH == 4
#include <immintrin.h>
#define X86(name) _mm256_##name
typedef __m256d machine_doubles;
typedef __m256i machine_integers;
#elif defined(__SSE2__)
#include <emmintrin.h>
#define X86(name) _mm_##name
typedef __m128d machine_doubles;
typedef __m128i machine_integers;
#endif

enum { WIDTH = BODY_WIDTH, N_VECTORS = NUMERIC_LANES / WIDTH };

typedef double vector __attribute__((vector_size(8 * BODY_WIDTH)));
typedef int64_t integers __attribute__((vector_size(8 * BODY_WIDTH)));
typedef uint64_t naturals __attribute__((vector_size(8 * BODY_WIDTH)));
typedef float floats __attribute__((vector_size(4 * BODY_WIDTH)));

/* 1.0 and 2^-53 */
#define BITS_OF_ONE  UINT64_C(0x3ff0000000000000)
#define BITS_OF_2_53 UINT64_C(0x3ca0000000000000)

#define INLINE static inline __attribute__((always_inline))

/* Nothing is said about alignment: arrays begin where they begin. */
INLINE vector load(const double *from)
{
    vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(double *to, vector v)
{
    memcpy(to, &v, sizeof v);
}

INLINE vector splat(double value)
{
    return value - (vector){0};
}

INLINE double power_of_2(int exponent)
{
    return numeric_from_bits((uint64_t)(exponent + 1023) << 52);
}

INLINE vector widen(const float *from)
{
    floats v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, vector);
}

/* Each lane of a where the mask's lane is -1, of b where it is 0. */
INLINE vector choose(integers mask, vector a, vector b)
{
    return (vector)(((integers)a & mask) | ((integers)b & ~mask));
}

INLINE vector magnitude(vector v)
{
    return (vector)((integers)v & INT64_MAX);
}

INLINE bool any_set(integers mask)
{
    int64_t all = 0;
    for (int i = 0; i < WIDTH; i++)
        all |= mask[i];
    return all != 0;
}

/*
 * Loops that compute much per element run too short a way ahead of themselves for
 * memory to deliver at full rate. Asking for what comes in 2 KiB, a line here and a
 * line there rather than many at once, made a sum of 512 MiB twice as fast. Beyond an
 * array's end it does no harm.
 */
enum { AHEAD_BYTES = 2048, LINE_BYTES = 64 };

INLINE void fetch_ahead(const void *from, int64_t n_bytes)
{
    for (int64_t byte = 0; byte < n_bytes; byte += LINE_BYTES)
        __builtin_prefetch((const char *)from + AHEAD_BYTES + byte, 0, 2);
}

/* product + error = x * y exactly. */
struct split {
    vector product, error;
};

#if BODY_WIDTH >= 4
INLINE struct split two_product(vector x, vector y)
{
    vector p = x * y;
    return (struct split){p,
                          (vector)X86(fmsub_pd)((machine_doubles)x, (machine_doubles)y,
                                                (machine_doubles)p)};
}
#elif defined(__FP_FAST_FMA)
INLINE struct split two_product(vector x, vector y)
{
    vector p = x * y, error;
    for (int i = 0; i < WIDTH; i++)
        error[i] = __builtin_fma(x[i], y[i], -p[i]);
    return (struct split){p, error};
}
#else
/* Veltkamp's splitting: two halves of at most 26 bits. */
INLINE vector upper_half(vector v)
{
    vector c = v * 0x1p27 + v;
    return c - (c - v);
}

/*
 * Dekker (1971). It gives what fma would as long as nothing overflows and the error is
 * no subnormal; where that is not sure, libm's fma, which is exact and slow.
 */
INLINE struct split two_product(vector x, vector y)
{
    vector p = x * y, x1 = upper_half(x), y1 = upper_half(y), x2 = x - x1, y2 = y - y1;
    vector error = ((x1 * y1 - p) + x1 * y2 + x2 * y1) + x2 * y2;
    vector size = magnitude(p);
    integers split = (magnitude(x) < 0x1p990) & (magnitude(y) < 0x1p990);
    integers fits = ((size > 0x1p-960) & (size < 0x1p1000)) | (x == 0) | (y == 0);
    if (UNLIKELY(any_set(~(split & fits))))
        for (int i = 0; i < WIDTH; i++)
            error[i] = fma(x[i], y[i], -p[i]);
    return (struct split){p, error};
}
#endif
