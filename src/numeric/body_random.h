/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: Philox, and what becomes of its bits. */

/* The product of the lower halves. */
INLINE naturals multiply_32(naturals a, naturals b)
{
#ifdef X86
    /* No compiler finds the one instruction that does it in all widths. */
    return (naturals)X86(mul_epu32)((machine_integers)a, (machine_integers)b);
#else
    return (a & UINT32_MAX) * (b & UINT32_MAX);
#endif
}

INLINE naturals splat_bits(uint64_t value)
{
    return value - (naturals){0};
}

struct philox {
    naturals word[4]; /* the lower halves count; above them stands anything */
};

/* Salmon, Moraes, Dror, Shaw, SC11, section 3.3; the multipliers are those of Table 2.
 */
INLINE void philox_round(struct philox *state, uint32_t key_0, uint32_t key_1)
{
    naturals a = multiply_32(state->word[0], splat_bits(0xD2511F53));
    naturals b = multiply_32(state->word[2], splat_bits(0xCD9E8D57));
    state->word[0] = (b >> 32) ^ state->word[1] ^ key_0;
    state->word[1] = b;
    state->word[2] = (a >> 32) ^ state->word[3] ^ key_1;
    state->word[3] = a;
}

INLINE naturals join_words(naturals lower, naturals upper)
{
    return (lower & UINT32_MAX) | (upper << 32);
}

static void philox(uint64_t seed,
                   uint32_t stream,
                   uint32_t draw,
                   uint64_t first,
                   int64_t n,
                   uint64_t *low,
                   uint64_t *high)
{
    naturals steps = {0};
    for (int i = 0; i < WIDTH; i++)
        steps[i] = (uint64_t)i;
    for (int64_t row = 0; row < n; row += NUMERIC_LANES) {
        struct philox states[N_VECTORS];
        for (int v = 0; v < N_VECTORS; v++) {
            naturals index = steps + (first + (uint64_t)(row + v * WIDTH));
            states[v] = (struct philox){
                {index, index >> 32, splat_bits(draw), splat_bits(stream)}};
        }
        uint32_t key_0 = (uint32_t)seed, key_1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; round++) {
            for (int v = 0; v < N_VECTORS; v++)
                philox_round(&states[v], key_0, key_1);
            key_0 += 0x9E3779B9; /* Weyl sequences: the golden ratio, */
            key_1 += 0xBB67AE85; /* and the root of 3 less 1 */
        }
        for (int v = 0; v < N_VECTORS; v++) {
            naturals lower = join_words(states[v].word[0], states[v].word[1]);
            naturals upper = join_words(states[v].word[2], states[v].word[3]);
            memcpy(low + row + v * WIDTH, &lower, sizeof lower);
            memcpy(high + row + v * WIDTH, &upper, sizeof upper);
        }
    }
}

INLINE naturals load_bits(const uint64_t *from)
{
    naturals v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* k 2^-52 for k < 2^52, through the bits of 1 + k 2^-52: exact, and vectors of any kind
 * can do it. */
INLINE vector fraction_52(naturals k)
{
    return (vector)(k | BITS_OF_ONE) - 1.0;
}

/* (x >> 11) 2^-53: the upper 52 bits and one more. */
static void uniform(const uint64_t *low, int64_t n, double *values)
{
    for (int64_t i = 0; i < n; i += WIDTH) {
        naturals x = load_bits(low + i), last = -((x >> 11) & 1);
        store(values + i, fraction_52(x >> 12) + (vector)(last & BITS_OF_2_53));
    }
}

INLINE vector square_root(vector v)
{
#ifdef X86
    return (vector)X86(sqrt_pd)((machine_doubles)v);
#else
    for (int i = 0; i < WIDTH; i++)
        v[i] = __builtin_sqrt(v[i]);
    return v;
#endif
}

/*
 * The natural logarithm of 0 < u < 1, no subnormal: u = 2^e m with m between the roots
 * of 1/2 and 2, log m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| < 0.172. The series
 * of artanh is cut after s^21, which leaves 2^-60 of it. ln 2 is split so that e times
 * its upper part (40 bits) is exact.
 */
INLINE vector logarithm(vector u)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
    naturals shifted = (naturals)u + (BITS_OF_ONE - root_half);
    naturals field = (shifted >> 52) | UINT64_C(0x4330000000000000);
    vector e = (vector)field - (0x1p52 + 1023);
    vector m = (vector)((shifted & UINT64_C(0xfffffffffffff)) + root_half);
    vector s = (m - 1.0) / (m + 1.0), z = s * s;
    vector sum = splat(1.0 / 21);
    for (int k = 19; k >= 3; k -= 2)
        sum = sum * z + 1.0 / k;
    vector twice = s + s;
    return e * 0x1.62e42fefa2p-1 +
           (twice + (twice * (z * sum) + e * 0x1.9ef35793c7673p-41));
}

/*
 * The cosine of the turn that `bits` is 2^-64 of, offset by half of its last place
 * kept. The quarter is taken off exactly; what is left is f quarters, |f| < 1/2, for
 * which the Taylor series of cos and sin of f pi/2 end at f^16 and f^17, 2^-58 from the
 * truth.
 */
INLINE vector cosine_of_turn(naturals bits)
{
    static const double sine[] = {
        0x1.921fb54442d18p+0,  -0x1.4abbce625be53p-1,  0x1.466bc6775aae2p-4,
        -0x1.32d2cce62bd86p-8, 0x1.50783487ee782p-13,  -0x1.e3074fde8871fp-19,
        0x1.e8f434d018d63p-25, -0x1.6fadb9f155744p-31, 0x1.aaec32af93359p-38};
    static const double cosine[] = {
        0x1.0000000000000p+0,  -0x1.3bd3cc9be45dep+0,  0x1.03c1f081b5ac4p-2,
        -0x1.55d3c7e3cbffap-6, 0x1.e1f506891babbp-11,  -0x1.a6d1f2a204a8cp-16,
        0x1.f9d38a3763cc3p-22, -0x1.b6e24f44b128fp-28, 0x1.20c62c2f2d7f5p-34};
    naturals turned = bits + (UINT64_C(1) << 61), quarter = turned >> 62;
    vector f = fraction_52(turned << 2 >> 12) - 0.5 + 0x1p-53, z = f * f;
    vector s = splat(sine[8]), c = splat(cosine[8]);
    for (int k = 7; k >= 0; k--) {
        s = s * z + sine[k];
        c = c * z + cosine[k];
    }
    /* cos, -sin, -cos, sin */
    vector value = choose((integers) - (quarter & 1), s * f, c);
    naturals sign = ((quarter + 1) >> 1) << 63;
    return (vector)((naturals)value ^ sign);
}

/* Box and Muller (1958), the cosine alone. */
static void normal(const uint64_t *low, const uint64_t *high, int64_t n, double *values)
{
    for (int64_t i = 0; i < n; i += WIDTH) {
        vector u = fraction_52(load_bits(low + i) >> 12) + 0x1p-53;
        vector radius = square_root(-2.0 * logarithm(u));
        store(values + i, radius * cosine_of_turn(load_bits(high + i)));
    }
}
