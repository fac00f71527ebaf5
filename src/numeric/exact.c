/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Most numbers never meet the accumulator: a chunk of elements of similar size is
 * summed exactly in two doubles (body_exact.h), which then are added like two elements.
 * Others go in one by one, as in the small superaccumulator of Neal (arXiv:1505.05571):
 * 32 bits a limb in 64, so that carries can wait.
 */
#include "numeric/exact.h"

#include "base/compiler.h"
#include "numeric/limbs.h"

typedef numeric_limbs_wide wide;

enum { N_LIMBS = NUMERIC_EXACT_LIMBS, ORIGIN = 2176, LIMB_BITS = 32 };
#define LIMB_MASK INT64_C(0xffffffff)
/* A number adds less than 2^32 to a limb, and 2^31 of these fit. */
#define MAX_PENDING (INT64_C(1) << 30)

void numeric_exact_init(struct numeric_exact *exact)
{
    *exact = (struct numeric_exact){.n_pending = 0};
}

/* All limbs in [0, 2^32) but the last, which has the sign. */
static void tidy(struct numeric_exact *exact)
{
    int64_t carry = 0;

    for (int i = 0; i < N_LIMBS - 1; i++) {
        int64_t sum = exact->limb[i] + carry;
        exact->limb[i] = sum & LIMB_MASK;
        carry = sum >> LIMB_BITS;
    }
    exact->limb[N_LIMBS - 1] += carry;
    exact->n_pending = 0;
}

static void make_room(struct numeric_exact *exact, int64_t n_numbers)
{
    if (exact->n_pending > MAX_PENDING - n_numbers)
        tidy(exact);
    exact->n_pending += n_numbers;
}

/* mantissa 2^(position - 2176); room must have been made. */
static inline void add_bits(struct numeric_exact *exact,
                            uint64_t mantissa,
                            unsigned position,
                            bool is_negative)
{
    int64_t *limb = exact->limb + position / LIMB_BITS, sign = -(int64_t)is_negative;
    unsigned shift = position % LIMB_BITS;
    int64_t parts[3] = {
        (int64_t)(mantissa << shift) & LIMB_MASK,
        (int64_t)(mantissa >> (LIMB_BITS - shift)) & LIMB_MASK,
        (int64_t)(mantissa >> 1 >> (63 - shift)),
    };
    for (int i = 0; i < 3; i++)
        limb[i] += (parts[i] ^ sign) - sign;
}

static COLD void add_special(struct numeric_exact *exact, uint64_t bits)
{
    exact->flags |= numeric_limbs_special(bits);
}

static inline void add_one(struct numeric_exact *exact, double value)
{
    uint64_t bits = numeric_bits_of(value), fraction = bits & UINT64_C(0xfffffffffffff);
    unsigned field = (unsigned)(bits >> 52) & 2047;

    if (UNLIKELY(field == 2047)) {
        add_special(exact, bits);
        return;
    }
    uint64_t implicit = (uint64_t)(field != 0) << 52;
    add_bits(exact, fraction | implicit, (field | !field) + ORIGIN - 1075, bits >> 63);
}

/* Only whether all elements are -0 must be known of zeros. */
static void note_zeros(struct numeric_exact *exact, const double *x, int64_t n)
{
    exact->flags |= n > 0 ? NUMERIC_SOME_ELEMENT : 0;
    for (int64_t i = 0; i < n && !(exact->flags & NUMERIC_NOT_MINUS_ZERO); i++)
        if (numeric_bits_of(x[i]) != numeric_bits_of(-0.0))
            exact->flags |= NUMERIC_NOT_MINUS_ZERO;
}

/*
 * Fractions with the same sign and exponent are added as integers, in a pile that has
 * room for a thousand of them (as in the large superaccumulator of Neal). Where there
 * is no leading one to add, for zeros and subnormals, or nothing to add, the pile is
 * always full, so that one look at the sum tells both.
 */
enum { PILE_FIELD = 2047, AHEAD = 256, LINE = 8 /* elements */ };
#define PILE_FULL (UINT64_C(1) << 63)

static bool is_for_numbers(unsigned pile)
{
    return (pile & PILE_FIELD) != PILE_FIELD && (pile & PILE_FIELD) != 0;
}

void numeric_piles_init(struct numeric_piles *piles)
{
    for (unsigned pile = 0; pile < NUMERIC_PILES; pile++)
        piles->height[pile] = is_for_numbers(pile) ? 0 : PILE_FULL;
}

static void
clear_pile(struct numeric_exact *exact, struct numeric_piles *piles, unsigned pile)
{
    make_room(exact, 1);
    add_bits(exact, piles->height[pile], (pile & PILE_FIELD) + ORIGIN - 1075,
             pile > PILE_FIELD);
    piles->height[pile] = 0;
}

/* Room must have been made. */
static NOINLINE void
add_beside(struct numeric_exact *exact, struct numeric_piles *piles, double value)
{
    unsigned pile = (unsigned)(numeric_bits_of(value) >> 52);

    if (value == 0)
        return;
    if (is_for_numbers(pile))
        clear_pile(exact, piles, pile);
    add_one(exact, value);
}

static inline void
pile_one(struct numeric_exact *exact, struct numeric_piles *piles, const double *x)
{
    const uint64_t leading = UINT64_C(1) << 52;
    uint64_t bits, height;

    memcpy(&bits, x, sizeof bits);
    height = piles->height[bits >> 52] + (leading | (bits & (leading - 1)));
    if (UNLIKELY(height >= PILE_FULL))
        add_beside(exact, piles, *x);
    else
        piles->height[bits >> 52] = height;
}

static void pile_up(struct numeric_exact *exact,
                    struct numeric_piles *piles,
                    const double *x,
                    int64_t n)
{
    int64_t i = 0;

    for (; i + LINE <= n; i += LINE) {
        /* What comes 2 KiB behind: the machine alone does not look so far ahead. */
        __builtin_prefetch(x + i + AHEAD);
        for (int k = 0; k < LINE; k++)
            pile_one(exact, piles, x + i + k);
    }
    for (; i < n; i++)
        pile_one(exact, piles, x + i);
}

void numeric_exact_take_piles(struct numeric_exact *exact, struct numeric_piles *piles)
{
    for (unsigned pile = 0; pile < NUMERIC_PILES; pile++)
        if (piles->height[pile] != 0 && is_for_numbers(pile))
            clear_pile(exact, piles, pile);
}

/* What one call of numeric_exact_add has at hand. */
struct adding {
    struct numeric_exact *exact;
    const struct numeric_terms *terms;
    struct numeric_piles *piles; /* NULL: none are worth while */
    int n_untried;               /* chunks that go onto piles without a look */
};

/* Where a chunk's elements differ too much, those of the next ones will too. */
enum { UNTRIED = 31 };

static bool add_similar(struct adding *adding, const double *x, int64_t n)
{
    double sums[2];

    if (n < NUMERIC_LANES)
        return false;
    if (adding->n_untried > 0) {
        adding->n_untried--;
        return false;
    }
    if (adding->terms->isa->exact_chunk(x, n, sums)) {
        add_one(adding->exact, sums[0]);
        add_one(adding->exact, sums[1]);
        return true;
    }
    adding->n_untried = adding->piles ? UNTRIED : 0;
    return false;
}

static void add_chunk(struct adding *adding, const double *x, int64_t n)
{
    struct numeric_exact *exact = adding->exact;

    make_room(exact, n + 2);
    if (add_similar(adding, x, n))
        return;
    if (adding->piles != NULL) {
        pile_up(exact, adding->piles, x, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        add_one(exact, x[i]);
}

/* Any product of finite numbers, by integers. */
static void add_product(struct numeric_exact *exact, double x, double y)
{
    uint64_t a = numeric_bits_of(x), b = numeric_bits_of(y);
    unsigned field_a = (unsigned)(a >> 52) & 2047, field_b = (unsigned)(b >> 52) & 2047;

    if (field_a == 2047 || field_b == 2047) {
        add_special(exact, numeric_bits_of(x * y));
        return;
    }
    uint64_t whole = UINT64_C(1) << 52, mask = whole - 1;
    wide product = (wide)((a & mask) | (field_a ? whole : 0)) *
                   ((b & mask) | (field_b ? whole : 0));
    unsigned position = (field_a | !field_a) + (field_b | !field_b) + ORIGIN - 2150;
    bool is_negative = (a ^ b) >> 63;
    make_room(exact, 2);
    add_bits(exact, (uint64_t)product & mask, position, is_negative);
    /* Up to 54 bits; the product of two 53-bit numbers is less than 2^106. */
    add_bits(exact, (uint64_t)(product >> 52), position + 52, is_negative);
}

static void
add_product_chunk(struct adding *adding, const double *x, const double *y, int64_t n)
{
    double products[NUMERIC_EXACT_CHUNK], errors[NUMERIC_EXACT_CHUNK];
    int64_t whole = n - n % NUMERIC_LANES;

    for (int64_t i = whole; i < n; i++)
        products[i] = x[i] * y[i];
    bool split = adding->terms->isa->products(x, y, whole, products, errors);
    note_zeros(adding->exact, products, n);
    if (split) {
        add_chunk(adding, products, whole);
        add_chunk(adding, errors, whole);
    }
    for (int64_t i = split ? whole : 0; i < n; i++)
        add_product(adding->exact, x[i], y[i]);
}

/* Floats, or their products, which are exact in double. */
static void add_float_chunk(struct adding *adding, int64_t first, int64_t n)
{
    const struct numeric_terms *terms = adding->terms;
    const float *x = (const float *)terms->x + first;
    double values[NUMERIC_EXACT_CHUNK];

    for (int64_t i = 0; i < n; i++)
        values[i] = (double)x[i];
    if (terms->term == NUMERIC_DOT_FLOAT)
        for (int64_t i = 0; i < n; i++)
            values[i] *= (double)((const float *)terms->y + first)[i];
    note_zeros(adding->exact, values, n);
    add_chunk(adding, values, n);
}

void numeric_exact_add(struct numeric_exact *exact,
                       struct numeric_piles *piles,
                       const struct numeric_terms *terms,
                       int64_t n)
{
    struct adding adding = {.exact = exact, .terms = terms, .piles = piles};

    for (int64_t i = 0; i < n; i += NUMERIC_EXACT_CHUNK) {
        int64_t n_chunk = n - i < NUMERIC_EXACT_CHUNK ? n - i : NUMERIC_EXACT_CHUNK;
        if (terms->term == NUMERIC_SUM_DOUBLE) {
            const double *x = (const double *)terms->x + i;
            note_zeros(exact, x, n_chunk);
            add_chunk(&adding, x, n_chunk);
        } else if (terms->term == NUMERIC_DOT_DOUBLE) {
            const double *x = (const double *)terms->x + i;
            const double *y = (const double *)terms->y + i;
            add_product_chunk(&adding, x, y, n_chunk);
        } else {
            add_float_chunk(&adding, i, n_chunk);
        }
    }
}

void numeric_exact_add_number(struct numeric_exact *exact, double value)
{
    note_zeros(exact, &value, 1);
    make_room(exact, 1);
    add_one(exact, value);
}

void numeric_exact_merge(struct numeric_exact *into, struct numeric_exact *from)
{
    tidy(into);
    tidy(from);
    for (int i = 0; i < N_LIMBS; i++)
        into->limb[i] += from->limb[i];
    into->flags |= from->flags;
    tidy(into);
}

/* The magnitude of a tidy sum; true when it was negative. */
static bool take_magnitude(struct numeric_exact *exact)
{
    bool is_negative = exact->limb[N_LIMBS - 1] < 0;

    if (is_negative) {
        for (int i = 0; i < N_LIMBS; i++)
            exact->limb[i] = -exact->limb[i];
        tidy(exact);
    }
    return is_negative;
}

static uint64_t round_magnitude(const struct numeric_exact *exact)
{
    int first = N_LIMBS - 1;
    bool is_more = false;
    wide top = 0;

    while (first >= 0 && exact->limb[first] == 0)
        first--;
    if (first < 0)
        return 0;
    for (int i = first; i > first - 3; i--)
        top = top << LIMB_BITS | (uint64_t)(i >= 0 ? exact->limb[i] : 0);
    for (int i = first - 3; i >= 0; i--)
        is_more = is_more || exact->limb[i] != 0;
    return numeric_limbs_round(top, is_more, (first - 2) * LIMB_BITS - ORIGIN);
}

static bool is_zero(const struct numeric_exact *exact)
{
    int64_t any = 0;

    for (int i = 0; i < N_LIMBS; i++)
        any |= exact->limb[i];
    return any == 0;
}

double numeric_exact_round(struct numeric_exact *exact)
{
    struct numeric_exact rest;
    double special;

    if (numeric_limbs_is_special(exact->flags, &special))
        return special;
    tidy(exact);
    rest = *exact;
    if (is_zero(exact))
        return numeric_limbs_zero(exact->flags);
    bool is_negative = take_magnitude(&rest);
    return numeric_from_bits(round_magnitude(&rest) | (uint64_t)is_negative << 63);
}

void numeric_exact_pack(struct numeric_exact *exact,
                        unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES])
{
    tidy(exact);
    for (int i = 0; i < N_LIMBS; i++) {
        uint32_t limb = (uint32_t)exact->limb[i];
        memcpy(bytes + 4 * i, &limb, sizeof limb);
    }
    memcpy(bytes + 4 * N_LIMBS, &exact->flags, sizeof exact->flags);
}

troupe_status
numeric_exact_unpack(struct numeric_exact *exact,
                     const unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES])
{
    struct numeric_exact read = {.n_pending = 0};
    uint32_t limb = 0;

    memcpy(&read.flags, bytes + 4 * N_LIMBS, sizeof read.flags);
    for (int i = 0; i < N_LIMBS; i++) {
        memcpy(&limb, bytes + 4 * i, sizeof limb);
        read.limb[i] = limb;
    }
    /* The last limb holds nothing but the sign. */
    if (read.flags > NUMERIC_ALL_FLAGS || (limb != 0 && limb != UINT32_MAX))
        return TROUPE_INVALID;
    read.limb[N_LIMBS - 1] = (int32_t)limb;
    *exact = read;
    return TROUPE_OK;
}
