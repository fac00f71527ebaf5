/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/running.h"

#include "base/compiler.h"
#include "base/require.h"
#include "numeric/limbs.h"

/* One word has a bit for each limb of 40 bits, and three are looked at in 128. */
enum { N_LIMBS = NUMERIC_RUNNING_LIMBS, ORIGIN = 1160, LIMB_BITS = 40 };
#define LIMB_FULL (INT64_C(1) << LIMB_BITS)
#define LIMB_MASK (LIMB_FULL - 1)

_Static_assert(N_LIMBS <= 64, "a word has a bit for each limb");

/* Adds to a limb, and returns what goes on to the next. */
static inline int64_t add_to_limb(int64_t *limb, int64_t part)
{
    int64_t sum = *limb + part, carry = (sum + LIMB_FULL / 2) >> LIMB_BITS;

    *limb = sum - carry * LIMB_FULL;
    return carry;
}

/* mantissa 2^(position - 1160), mantissa < 2^53 */
static inline void add_bits(struct numeric_running *running,
                            uint64_t mantissa,
                            unsigned position,
                            bool is_negative)
{
    unsigned i = position / LIMB_BITS, shift = position % LIMB_BITS;
    int64_t *limb = running->limb + i, sign = -(int64_t)is_negative, carry = 0;
    int64_t parts[3] = {
        (int64_t)(mantissa << shift) & LIMB_MASK,
        (int64_t)(mantissa >> (LIMB_BITS - shift)) & LIMB_MASK,
        (int64_t)(mantissa >> LIMB_BITS >> (LIMB_BITS - shift)),
    };
    uint64_t used = 0;

    for (int k = 0; k < 3; k++) {
        carry = add_to_limb(&limb[k], ((parts[k] ^ sign) - sign) + carry);
        used |= (uint64_t)(limb[k] != 0) << k;
    }
    used = (running->used & ~(UINT64_C(7) << i)) | used << i;
    for (i += 3; UNLIKELY(carry != 0); i++) {
        carry = add_to_limb(&running->limb[i], carry);
        used = (used & ~(UINT64_C(1) << i)) | (uint64_t)(running->limb[i] != 0) << i;
    }
    running->used = used;
}

static inline void add_one(struct numeric_running *running, double value)
{
    uint64_t bits = numeric_bits_of(value), fraction = bits & UINT64_C(0xfffffffffffff);
    unsigned field = (unsigned)(bits >> 52) & 2047;

    running->flags |= NUMERIC_SOME_ELEMENT;
    if (bits != numeric_bits_of(-0.0))
        running->flags |= NUMERIC_NOT_MINUS_ZERO;
    if (UNLIKELY(field == 2047)) {
        running->flags |= numeric_limbs_special(bits);
        return;
    }
    uint64_t implicit = (uint64_t)(field != 0) << 52;
    add_bits(running, fraction | implicit, (field | !field) + ORIGIN - 1075,
             bits >> 63);
}

/* The highest of some limbs. */
static inline int highest(uint64_t used)
{
    return 63 - __builtin_clzll(used);
}

/*
 * The three highest limbs come to at least 2^78 of the last one's units, since those
 * behind the first take away little more than half of its; and all behind the three
 * come to less than one unit, which is taken away, and something less put back, where
 * their sign is another. No element reaches below limb 2.
 */
static inline double round_sum(const struct numeric_running *running)
{
    __extension__ typedef __int128 signed_wide;
    int first = highest(running->used);
    const int64_t *limb = running->limb + first - 2;
    uint64_t rest = running->used & ((UINT64_C(1) << (first - 2)) - 1);
    signed_wide top =
        ((signed_wide)limb[2] * LIMB_FULL + limb[1]) * LIMB_FULL + limb[0];
    int64_t sign = -(int64_t)(limb[2] < 0);
    /* Where there is no rest, limb 0, which is zero. */
    int64_t rest_sign = -(int64_t)(running->limb[highest(rest | 1)] < 0);
    bool is_less = rest != 0 && rest_sign != sign;
    numeric_limbs_wide magnitude = (numeric_limbs_wide)((top ^ sign) - sign);

    uint64_t bits = numeric_limbs_round(magnitude - is_less, rest != 0,
                                        (first - 2) * LIMB_BITS - ORIGIN);
    return numeric_from_bits(bits | (uint64_t)sign << 63);
}

static inline double round_running(const struct numeric_running *running)
{
    double special;

    if (UNLIKELY(numeric_limbs_is_special(running->flags, &special)))
        return special;
    return running->used != 0 ? round_sum(running) : numeric_limbs_zero(running->flags);
}

/* The limbs of `before`, from that of 2^-1088 on, each with a sign of its own. */
void numeric_running_begin(struct numeric_running *running,
                           struct numeric_exact *before)
{
    enum { OTHER_BITS = 32, FIRST = NUMERIC_EXACT_LIMBS / 4 };
    const int other_origin = OTHER_BITS * NUMERIC_EXACT_LIMBS / 2;
    unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES];
    uint32_t other[NUMERIC_EXACT_LIMBS];
    int64_t carry = 0;

    numeric_exact_pack(before, bytes);
    memcpy(other, bytes, sizeof other);
    *running = (struct numeric_running){.flags = before->flags};
    for (int i = FIRST; i < NUMERIC_EXACT_LIMBS; i++) {
        int64_t sum = (int64_t)other[i] + carry;

        carry = (sum + (INT64_C(1) << (OTHER_BITS - 1))) >> OTHER_BITS;
        sum -= carry << OTHER_BITS;
        if (sum != 0)
            add_bits(running, (uint64_t)(sum < 0 ? -sum : sum),
                     (unsigned)(OTHER_BITS * i - other_origin + ORIGIN), sum < 0);
    }
}

void numeric_running_scan(struct numeric_running *running,
                          enum numeric_element element,
                          bool is_exclusive,
                          const void *x,
                          int64_t n,
                          double *results)
{
    for (int64_t i = 0; i < n; i++) {
        double value = element == NUMERIC_FLOAT ? (double)((const float *)x)[i]
                                                : ((const double *)x)[i];

        if (is_exclusive)
            results[i] = round_running(running);
        add_one(running, value);
        if (!is_exclusive)
            results[i] = round_running(running);
    }
}

double numeric_running_sum(struct numeric_running *running, const double *x, int64_t n)
{
    double sum;

    base_assert(running->used == 0 && running->flags == 0);
    for (int64_t i = 0; i < n; i++)
        add_one(running, x[i]);
    sum = round_running(running);
    for (; running->used != 0; running->used &= running->used - 1)
        running->limb[__builtin_ctzll(running->used)] = 0;
    running->flags = 0;
    return sum;
}
