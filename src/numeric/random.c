/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/random.h"

#include "base/require.h"

__extension__ typedef unsigned __int128 wide;

/* A chunk of both halves stays in the first cache. */
enum { CHUNK = 256 };

struct chunk {
    uint64_t low[CHUNK], high[CHUNK];
    int64_t n, n_rounded; /* elements wanted; up to whole rows of 16 */
};

static void draw(const struct numeric_isa *isa,
                 const struct numeric_random *random,
                 int64_t first,
                 int64_t n_left,
                 struct chunk *chunk)
{
    chunk->n = n_left < CHUNK ? n_left : CHUNK;
    chunk->n_rounded = (chunk->n + NUMERIC_LANES - 1) / NUMERIC_LANES * NUMERIC_LANES;
    isa->philox(random->seed, random->stream, 0, (uint64_t)first, chunk->n_rounded,
                chunk->low, chunk->high);
}

struct numeric_random_bits numeric_random_at(const struct numeric_random *random,
                                             int64_t index,
                                             uint32_t draw_number)
{
    uint32_t word[4] = {(uint32_t)index, (uint32_t)((uint64_t)index >> 32), draw_number,
                        random->stream};
    uint32_t key_0 = (uint32_t)random->seed, key_1 = (uint32_t)(random->seed >> 32);

    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)word[0] * 0xD2511F53, b = (uint64_t)word[2] * 0xCD9E8D57;
        word[0] = (uint32_t)(b >> 32) ^ word[1] ^ key_0;
        word[1] = (uint32_t)b;
        word[2] = (uint32_t)(a >> 32) ^ word[3] ^ key_1;
        word[3] = (uint32_t)a;
        key_0 += 0x9E3779B9;
        key_1 += 0xBB67AE85;
    }
    return (struct numeric_random_bits){word[0] | (uint64_t)word[1] << 32,
                                        word[2] | (uint64_t)word[3] << 32};
}

void numeric_random_uniform(const struct numeric_isa *isa,
                            const struct numeric_random *random,
                            int64_t first,
                            int64_t n,
                            double *values)
{
    double made[CHUNK];
    struct chunk chunk;

    for (int64_t i = 0; i < n; i += chunk.n) {
        draw(isa, random, first + i, n - i, &chunk);
        isa->uniform(chunk.low, chunk.n_rounded, made);
        memcpy(values + i, made, (size_t)chunk.n * sizeof(double));
    }
}

void numeric_random_normal(const struct numeric_isa *isa,
                           const struct numeric_random *random,
                           int64_t first,
                           int64_t n,
                           double *values)
{
    double made[CHUNK];
    struct chunk chunk;

    for (int64_t i = 0; i < n; i += chunk.n) {
        draw(isa, random, first + i, n - i, &chunk);
        isa->normal(chunk.low, chunk.high, chunk.n_rounded, made);
        memcpy(values + i, made, (size_t)chunk.n * sizeof(double));
    }
}

/* The upper 64 bits of (high 2^64 + low) * n_values. */
static uint64_t scaled(uint64_t low, uint64_t high, uint64_t n_values)
{
    wide carry = (wide)low * n_values >> 64;
    return (uint64_t)(((wide)high * n_values + carry) >> 64);
}

void numeric_random_integers(const struct numeric_isa *isa,
                             const struct numeric_random *random,
                             int64_t first,
                             int64_t n,
                             int64_t lowest,
                             int64_t highest,
                             int64_t *values)
{
    uint64_t n_values = (uint64_t)highest - (uint64_t)lowest + 1;
    struct chunk chunk;

    base_assert(lowest <= highest);
    for (int64_t i = 0; i < n; i += chunk.n) {
        draw(isa, random, first + i, n - i, &chunk);
        for (int64_t k = 0; k < chunk.n; k++) {
            /* All 2^64 values wrap to none. */
            uint64_t step = n_values == 0
                                ? chunk.high[k]
                                : scaled(chunk.low[k], chunk.high[k], n_values);
            values[i + k] = (int64_t)((uint64_t)lowest + step);
        }
    }
}
