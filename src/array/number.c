/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "array/number.h"
#include "numeric/environment.h"
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- floating point ----------------------------------------------------------- */

/* Digits and a power of ten. */
struct decimal {
    uint64_t digits;
    int exponent;
    bool is_negative;
};

enum {
    MOST_DIGITS = 19,
    MOST_EXPONENT = 9999
}; /* what 64 bits hold; more is no help */

static const char *
read_digits(const char *at, const char *end, struct decimal *decimal, int *n_digits)
{
    while (at < end && *at >= '0' && *at <= '9') {
        decimal->digits = decimal->digits * 10 + (uint64_t)(*at++ - '0');
        *n_digits += *n_digits > 0 || decimal->digits > 0;
    }
    return at;
}

static const char *
read_exponent(const char *at, const char *end, struct decimal *decimal)
{
    bool is_negative = false;
    const char *first;
    int exponent = 0;

    if (at < end && (*at == '+' || *at == '-'))
        is_negative = *at++ == '-';
    first = at;
    while (at < end && *at >= '0' && *at <= '9' && exponent < MOST_EXPONENT)
        exponent = exponent * 10 + (*at++ - '0');
    decimal->exponent += is_negative ? -exponent : exponent;
    return at > first ? at : NULL;
}

/* False: it is not of this form, or has more digits. */
static bool read_decimal(const char *at, const char *end, struct decimal *decimal)
{
    int n_digits = 0;
    bool has_point = false;
    const char *first, *point;

    *decimal = (struct decimal){0};
    if (at < end && (*at == '+' || *at == '-'))
        decimal->is_negative = *at++ == '-';
    first = at;
    at = read_digits(at, end, decimal, &n_digits);
    point = at;
    if (at < end && *at == '.') {
        has_point = true;
        at = read_digits(at + 1, end, decimal, &n_digits);
        decimal->exponent = -(int)(at - point - 1);
    }
    if (n_digits > MOST_DIGITS || end - first > 400 || at - first == has_point)
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = read_exponent(at + 1, end, decimal);
    return at == end;
}

/* W. Clinger, "How to read floating point numbers accurately", PLDI 1990: where both
 * are exact, one operation rounds as it should. */
static bool from_few_digits(const struct decimal *decimal, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (decimal->digits >> 53 || decimal->exponent < -22 || decimal->exponent > 22)
        return false;
    *value = decimal->exponent < 0
                 ? (double)decimal->digits / powers[-decimal->exponent]
                 : (double)decimal->digits * powers[decimal->exponent];
    return true;
}

#if LDBL_MANT_DIG == 64
/* 5^27 < 2^63: 64 bits hold them exactly. */
static const long double powers[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                     1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                     1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                     1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

/*
 * One operation on numbers that 64 bits hold exactly is off by half a
 * unit of the 64th bit at most. So rounding to the 53 bits of a double goes the right
 * way unless the 11 bits that it drops are next to the half.
 */
static bool from_decimal(const struct decimal *decimal, double *value)
{
    long double wide = (long double)decimal->digits;
    uint64_t bits;
    uint32_t dropped;

    if (decimal->exponent < -27 || decimal->exponent > 27)
        return false;
    if (decimal->exponent < 0)
        wide /= powers[-decimal->exponent];
    else
        wide *= powers[decimal->exponent];
    memcpy(&bits, &wide, sizeof bits); /* the significand comes first */
    dropped = (uint32_t)bits & 0x7ff;
    if (decimal->digits > 0 && dropped - 0x3ff <= 2)
        return false;
    *value = (double)wide;
    return true;
}
#else
static bool from_decimal(const struct decimal *decimal, double *value)
{
    return from_few_digits(decimal, value);
}
#endif

static enum number_result
read_slowly(locale_t c_locale, const char *text, size_t n_bytes, double *value)
{
    char copy[NUMBER_MOST_READ_BYTES + 1], *end;

    if (n_bytes == 0 || n_bytes > NUMBER_MOST_READ_BYTES || text[0] == ' ' ||
        (text[0] >= '\t' && text[0] <= '\r'))
        return NUMBER_NONE;
    memcpy(copy, text, n_bytes);
    copy[n_bytes] = '\0';
    errno = 0;
    *value = strtod_l(copy, &end, c_locale);
    if (end != copy + n_bytes)
        return NUMBER_NONE;
    return errno == ERANGE && isinf(*value) ? NUMBER_BEYOND : NUMBER_GOOD;
}

static bool read_quickly(const char *text, size_t n_bytes, double *value)
{
    struct decimal decimal;

    if (n_bytes == 0 || !read_decimal(text, text + n_bytes, &decimal) ||
        !from_decimal(&decimal, value))
        return false;
    if (decimal.is_negative)
        *value = -*value;
    return true;
}

/* Not by way of a double, which would round twice. */
static enum number_result
read_float(locale_t c_locale, const char *text, size_t n_bytes, float *value)
{
    char copy[NUMBER_MOST_READ_BYTES + 1];
    double wide;
    enum number_result result = read_slowly(c_locale, text, n_bytes, &wide);

    if (result != NUMBER_GOOD)
        return result;
    memcpy(copy, text, n_bytes);
    copy[n_bytes] = '\0';
    *value = strtof_l(copy, NULL, c_locale);
    return isinf(*value) && !isinf(wide) ? NUMBER_BEYOND : NUMBER_GOOD;
}

/* ---- whole numbers ------------------------------------------------------------ */

enum number_result number_read_integer(const char *text,
                                       size_t n_bytes,
                                       bool *is_negative,
                                       uint64_t *magnitude)
{
    const char *at = text, *end = text + n_bytes;
    bool is_beyond = false;

    *is_negative = false;
    *magnitude = 0;
    if (at < end && (*at == '+' || *at == '-'))
        *is_negative = *at++ == '-';
    if (at == end)
        return NUMBER_NONE;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return NUMBER_NONE;
        is_beyond |= __builtin_mul_overflow(*magnitude, (uint64_t)10, magnitude);
        is_beyond |=
            __builtin_add_overflow(*magnitude, (uint64_t)(*at - '0'), magnitude);
    }
    return is_beyond ? NUMBER_BEYOND : NUMBER_GOOD;
}

static bool is_signed(enum troupe_element element)
{
    return element == TROUPE_INT8 || element == TROUPE_INT16 ||
           element == TROUPE_INT32 || element == TROUPE_INT64;
}

static enum number_result
read_whole(enum troupe_element element, const char *text, size_t n_bytes, void *value)
{
    size_t size_bytes = troupe_element_bytes(element);
    unsigned n_bits = (unsigned)size_bytes * 8 - is_signed(element);
    uint64_t most = UINT64_MAX >> (64 - n_bits), magnitude;
    bool is_negative;
    enum number_result result =
        number_read_integer(text, n_bytes, &is_negative, &magnitude);

    if (result != NUMBER_GOOD)
        return result;
    if (is_negative ? magnitude > (is_signed(element) ? most + 1 : 0)
                    : magnitude > most)
        return NUMBER_BEYOND;
    if (is_negative)
        magnitude = 0 - magnitude;
    memcpy(value, &magnitude, size_bytes); /* little-endian: the low bytes come first */
    return NUMBER_GOOD;
}

/* ---- elements ----------------------------------------------------------------- */

/* A process may have modes of its own, or those of a library linked with -ffast-math.
 */

enum number_result
number_read_double(locale_t c_locale, const char *text, size_t n_bytes, double *value)
{
    struct numeric_environment environment;
    enum number_result result = NUMBER_GOOD;

    /* It makes no subnormals, so that another way to round alone would change it. */
    if (fegetround() == FE_TONEAREST && read_quickly(text, n_bytes, value))
        return NUMBER_GOOD;
    (void)numeric_environment_enter(&environment);
    if (!read_quickly(text, n_bytes, value))
        result = read_slowly(c_locale, text, n_bytes, value);
    (void)numeric_environment_leave(&environment);
    return result;
}

enum number_result number_read(locale_t c_locale,
                               enum troupe_element element,
                               const char *text,
                               size_t n_bytes,
                               void *value)
{
    struct numeric_environment environment;
    enum number_result result;

    if (element == TROUPE_DOUBLE)
        return number_read_double(c_locale, text, n_bytes, value);
    if (element != TROUPE_FLOAT)
        return read_whole(element, text, n_bytes, value);
    (void)numeric_environment_enter(&environment);
    result = read_float(c_locale, text, n_bytes, value);
    (void)numeric_environment_leave(&environment);
    return result;
}

/* So many tell any two doubles apart. */
enum { WRITTEN_DIGITS = 17 };

/* As a whole number and a power of ten; of numbers that are written without one. */
static void to_decimal(double value, struct decimal *decimal)
{
    char text[NUMBER_TEXT_BYTES];
    int n = snprintf(text, sizeof text, "%.*e", WRITTEN_DIGITS - 1, value);

    (void)read_decimal(text, text + n, decimal);
}

#if LDBL_MANT_DIG == 64
/*
 * The same, by one operation, whose result is rounded to a multiple of 2^-7 at most.
 * Halves are such multiples too, so that it lies on the right side of each, unless it
 * is one: then false.
 */
static bool to_decimal_quickly(double value, struct decimal *decimal)
{
    long double wide = fabsl((long double)value), scaled, rest;
    int exponent = 0;
    int64_t whole;

    (void)frexpl(wide, &exponent);
    /* Its power of ten is this one or the next: 78913 / 2^18 is the log10 of 2. */
    exponent = ((exponent - 1) * 78913 >> 18) - (WRITTEN_DIGITS - 1);
    scaled = wide * powers[-exponent];
    if (scaled >= 1e17L)
        scaled = wide * powers[-++exponent];
    whole = (int64_t)scaled;
    rest = scaled - (long double)whole;
    *decimal = (struct decimal){.digits = (uint64_t)whole + (rest > 0.5L),
                                .exponent = exponent,
                                .is_negative = value < 0};
    return scaled >= 1e16L && rest != 0.5L;
}
#else
static bool to_decimal_quickly(double value, struct decimal *decimal)
{
    (void)value;
    (void)decimal;
    return false;
}
#endif

/* To 15 digits, if they read back equal. */
static void shorten(double value, struct decimal *decimal)
{
    struct decimal fewer = {(decimal->digits + 50) / 100, decimal->exponent + 2, false};
    double back;

    if (from_few_digits(&fewer, &back) && back == fabs(value))
        decimal->digits = fewer.digits * 100;
}

/* Without an exponent; digits that are zero at the end are left out. */
static size_t write_decimal(const struct decimal *decimal, char *text)
{
    char digits[WRITTEN_DIGITS + 1], *at = text;
    int n_before = decimal->exponent + WRITTEN_DIGITS, n = WRITTEN_DIGITS;
    uint64_t rest = decimal->digits;

    for (int i = n; i-- > 0; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (n > 1 && n > n_before && digits[n - 1] == '0')
        n--;
    if (decimal->is_negative)
        *at++ = '-';
    if (n_before <= 0)
        *at++ = '0';
    for (int i = n_before < 0 ? n_before : 0; i < n; i++) {
        if (i == n_before)
            *at++ = '.';
        *at++ = i < 0 ? '0' : digits[i];
    }
    return (size_t)(at - text);
}

static size_t write_double(double value, char *text)
{
    struct decimal decimal;
    int n;

    if (fabs(value) >= 1e-4 && fabs(value) < 1e17) {
        if (!to_decimal_quickly(value, &decimal))
            to_decimal(value, &decimal);
        shorten(value, &decimal);
        return write_decimal(&decimal, text);
    }
    n = snprintf(text, NUMBER_TEXT_BYTES, "%.15g", value);
    if (!isnan(value) && strtod(text, NULL) != value)
        n = snprintf(text, NUMBER_TEXT_BYTES, "%.17g", value);
    return (size_t)n;
}

static size_t write_float(float value, char *text)
{
    int n = snprintf(text, NUMBER_TEXT_BYTES, "%.6g", (double)value);

    if (!isnan(value) && strtof(text, NULL) != value)
        n = snprintf(text, NUMBER_TEXT_BYTES, "%.9g", (double)value);
    return (size_t)n;
}

static size_t write_whole(enum troupe_element element, const void *value, char *text)
{
    size_t size_bytes = troupe_element_bytes(element);
    unsigned n_other_bits = 64 - (unsigned)size_bytes * 8;
    uint64_t bits = 0;

    memcpy(&bits, value, size_bytes);
    if (is_signed(element))
        return (size_t)snprintf(text, NUMBER_TEXT_BYTES, "%lld",
                                (long long)(bits << n_other_bits) >> n_other_bits);
    return (size_t)snprintf(text, NUMBER_TEXT_BYTES, "%llu", (unsigned long long)bits);
}

static size_t write_real(enum troupe_element element, const void *value, char *text)
{
    double wide;
    float narrow;

    if (element == TROUPE_FLOAT) {
        memcpy(&narrow, value, sizeof narrow);
        return write_float(narrow, text);
    }
    memcpy(&wide, value, sizeof wide);
    return write_double(wide, text);
}

size_t number_write(enum troupe_element element, const void *value, char *text)
{
    struct numeric_environment environment;
    size_t n_bytes;

    if (element != TROUPE_DOUBLE && element != TROUPE_FLOAT)
        return write_whole(element, value, text);
    (void)numeric_environment_enter(&environment);
    n_bytes = write_real(element, value, text);
    (void)numeric_environment_leave(&environment);
    return n_bytes;
}
