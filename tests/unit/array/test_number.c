/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "array/number.h"
#include "base/random.h"
#include "support/check_main.h"
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* Numbers from text against the C library's, and back. */

static locale_t c_locale;

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void compare(const char *text)
{
    double value = 77, wanted = strtod(text, NULL);
    enum number_result result =
        number_read_double(c_locale, text, strlen(text), &value);

    ck_assert_msg(
        result == (isinf(wanted) && !strpbrk(text, "iI") ? NUMBER_BEYOND : NUMBER_GOOD),
        "%s: result %d", text, (int)result);
    ck_assert_msg(isnan(wanted) ? isnan(value) : bits_of(value) == bits_of(wanted),
                  "%s: %a, not %a", text, value, wanted);
}

START_TEST(doubles_as_the_library_reads_them)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "1",
        "-1",
        "+1",
        "1.",
        ".5",
        "-.5e3",
        "1e0",
        "1E+5",
        "1e-5",
        "0.1",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567890",
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740992.99999999999999",
        "9007199254740994.99999",
        "0.000000000000000000000000000001",
        "1e22",
        "1e23",
        "8.5e27",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e309",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.5e-324",
        "2.2250738585072011e-308",
        "inf",
        "-Infinity",
        "nan",
        "0x1p-3",
        "-0x1.8p1",
        "1e9999999999",
        "0.00000000000000000000000000000000000000000000000000000000000001e60",
        "1000000000000000000000000000000000000000000000000000000000000000e-60",
        "0e999999",
        "6929495644600919.5",
        "3.2378839133029012895883524125015321748e-17"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        compare(texts[i]);
}
END_TEST

START_TEST(random_doubles)
{
    static const char *const formats[] = {"%.17g", "%.15g", "%.16e", "%.19e",
                                          "%.25e", "%.6f",  "%.1f",  "%a"};
    struct base_random random = {7};
    char text[400];

    for (int i = 0; i < 30000; i++) {
        uint64_t bits = base_random_next(&random);
        double value = double_of(bits);

        if (i % 3 == 0) /* as people have them */
            value = (double)(int64_t)(bits >> 20) * 1e-7;
        else if (i % 3 == 1)
            value = ldexp((double)(bits >> 11), (int)(bits % 160) - 130);
        if (!isfinite(value) || fabs(value) > 1e300)
            continue;
        snprintf(text, sizeof text, formats[i % 8], value);
        compare(text);
    }
}
END_TEST

/* Where the 53 bits end in just about a half is where it goes wrong. */
START_TEST(doubles_next_to_a_half)
{
    struct base_random random = {8};
    char text[100];

    for (int i = 0; i < 30000; i++) {
        uint64_t odd = (base_random_next(&random) >> 10) | UINT64_C(1) << 53 | 1;
        unsigned shift = base_random_below(&random, 10);
        uint64_t half = odd << shift; /* 54 bits, the last of them 1, and zeros */
        int tail = (int)base_random_below(&random, 3) - 1;

        snprintf(text, sizeof text, "%" PRIu64, half + (uint64_t)(int64_t)tail);
        compare(text);
        snprintf(text, sizeof text, "%" PRIu64 "e-%u", half + (uint64_t)(int64_t)tail,
                 base_random_below(&random, 28));
        compare(text);
    }
}
END_TEST

START_TEST(what_is_no_double)
{
    static const char *const texts[] = {
        "",   " ",     "1 ", " 1",  "e",   "1e",  "1e+",  "+",   "-",   ".",
        "-.", "1.2.3", "0x", "abc", "1,5", "--1", "1e5x", "1\n", "infx"};
    char many[2000];
    double value;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(number_read_double(c_locale, texts[i], strlen(texts[i]),
                                         &value) == NUMBER_NONE,
                      "\"%s\"", texts[i]);
    memset(many, '1', sizeof many);
    ck_assert_int_eq(number_read_double(c_locale, many, sizeof many, &value),
                     NUMBER_NONE);
    ck_assert_int_eq(number_read_double(c_locale,
                                        "1\0"
                                        "2",
                                        3, &value),
                     NUMBER_NONE);
}
END_TEST

static void
expect_element(enum troupe_element element, const char *text, enum number_result wanted)
{
    unsigned char value[8];

    ck_assert_msg(number_read(c_locale, element, text, strlen(text), value) == wanted,
                  "%s \"%s\"", troupe_element_name(element), text);
}

START_TEST(the_bounds_of_elements)
{
    expect_element(TROUPE_INT8, "127", NUMBER_GOOD);
    expect_element(TROUPE_INT8, "128", NUMBER_BEYOND);
    expect_element(TROUPE_INT8, "-128", NUMBER_GOOD);
    expect_element(TROUPE_INT8, "-129", NUMBER_BEYOND);
    expect_element(TROUPE_UINT8, "255", NUMBER_GOOD);
    expect_element(TROUPE_UINT8, "256", NUMBER_BEYOND);
    expect_element(TROUPE_UINT8, "-1", NUMBER_BEYOND);
    expect_element(TROUPE_UINT8, "-0", NUMBER_GOOD);
    expect_element(TROUPE_INT64, "9223372036854775807", NUMBER_GOOD);
    expect_element(TROUPE_INT64, "9223372036854775808", NUMBER_BEYOND);
    expect_element(TROUPE_INT64, "-9223372036854775808", NUMBER_GOOD);
    expect_element(TROUPE_INT64, "-9223372036854775809", NUMBER_BEYOND);
    expect_element(TROUPE_UINT64, "18446744073709551615", NUMBER_GOOD);
    expect_element(TROUPE_UINT64, "18446744073709551616", NUMBER_BEYOND);
    expect_element(TROUPE_INT32, "1.0", NUMBER_NONE);
    expect_element(TROUPE_INT32, "", NUMBER_NONE);
    expect_element(TROUPE_INT32, "-", NUMBER_NONE);
    expect_element(TROUPE_FLOAT, "3.4028235e38", NUMBER_GOOD);
    expect_element(TROUPE_FLOAT, "3.5e38", NUMBER_BEYOND);
    expect_element(TROUPE_FLOAT, "inf", NUMBER_GOOD);
}
END_TEST

/* Rounds once: 1 + 2^-24 + 2^-60 is above the half, its double is the half. */
START_TEST(floats_round_once)
{
    float value;

    ck_assert_int_eq(
        number_read(c_locale, TROUPE_FLOAT, "1.00000005960464477626", 22, &value),
        NUMBER_GOOD);
    ck_assert(value == 1.00000011920928955078125f);
}
END_TEST

/* What a number from 1e-4 to 1e17 is on any processor: 15 digits or 17, as the library
 * rounds them, without an exponent. */
static size_t plain_text(double value, char *text)
{
    char digits[64], *at = text;
    int exponent = 0, n_digits = 1;

    snprintf(digits, sizeof digits, "%.14e", fabs(value));
    if (strtod(digits, NULL) != fabs(value))
        snprintf(digits, sizeof digits, "%.16e", fabs(value));
    exponent = atoi(strchr(digits, 'e') + 1);
    for (const char *from = digits + 2; *from != 'e'; from++)
        digits[n_digits++] = *from;
    while (n_digits > 1 && digits[n_digits - 1] == '0')
        n_digits--;
    if (value < 0)
        *at++ = '-';
    for (int i = exponent < 0 ? exponent : 0; i <= exponent || i < n_digits; i++) {
        if (i == exponent + 1)
            *at++ = '.';
        *at++ = i >= 0 && i < n_digits ? digits[i] : '0';
    }
    return (size_t)(at - text);
}

static void there_and_back(enum troupe_element element, uint64_t bits)
{
    char text[NUMBER_TEXT_BYTES];
    size_t size_bytes = troupe_element_bytes(element);
    uint64_t back = 0;
    size_t n = number_write(element, &bits, text);

    ck_assert_uint_lt(n, NUMBER_TEXT_BYTES);
    ck_assert_int_eq(number_read(c_locale, element, text, n, &back), NUMBER_GOOD);
    ck_assert_msg(memcmp(&bits, &back, size_bytes) == 0, "%s %016" PRIx64 " -> %.*s",
                  troupe_element_name(element), bits, (int)n, text);
    if (element == TROUPE_DOUBLE && fabs(double_of(bits)) >= 1e-4 &&
        fabs(double_of(bits)) < 1e17) {
        char plain[64];
        size_t n_plain = plain_text(double_of(bits), plain);

        ck_assert_msg(n == n_plain && memcmp(text, plain, n) == 0, "%.*s, not %.*s",
                      (int)n, text, (int)n_plain, plain);
    }
}

START_TEST(all_elements_there_and_back)
{
    struct base_random random = {9};

    for (int i = 0; i < 30000; i++) {
        enum troupe_element element = (enum troupe_element)(i % TROUPE_BYTES);
        uint64_t bits = base_random_next(&random);
        float narrow;

        memcpy(&narrow, &bits, sizeof narrow);
        if ((element == TROUPE_DOUBLE && isnan(double_of(bits))) ||
            (element == TROUPE_FLOAT && isnan(narrow)))
            continue;
        there_and_back(element, bits);
    }
    for (int i = 0; i < 30000; i++) {
        uint64_t bits = base_random_next(&random);
        double whole = (double)(int64_t)(bits >> (8 + bits % 50));

        there_and_back(TROUPE_DOUBLE,
                       bits_of(ldexp((double)(bits >> 11) + 1, (int)(bits % 80) - 70)));
        there_and_back(TROUPE_DOUBLE, bits_of(-whole * 1e-3));
        there_and_back(TROUPE_DOUBLE, bits_of(whole / 7));
        there_and_back(TROUPE_DOUBLE, bits_of((double)(bits >> 15) * 1e-15));
        there_and_back(TROUPE_DOUBLE, bits_of(nextafter(pow(10, (int)(bits % 24) - 6),
                                                        bits >> 63 ? 0 : INFINITY)));
    }
    there_and_back(TROUPE_DOUBLE, bits_of(INFINITY));
    there_and_back(TROUPE_DOUBLE, bits_of(-0.0));
}
END_TEST

START_TEST(few_digits_where_few_do)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.1, "0.1"},
                {-0.25, "-0.25"},
                {1, "1"},
                {-1, "-1"},
                {0, "0"},
                {-0.0, "-0"},
                {1234567, "1234567"},
                {1e16, "10000000000000000"},
                {1e17, "1e+17"},
                {1e22, "1e+22"},
                {0.001, "0.001"},
                {0.0001, "0.0001"},
                {0.00012, "0.00012"},
                {0.00001, "1e-05"},
                {1e-300, "1e-300"},
                {123.456, "123.456"},
                {99999999999999984.0, "99999999999999984"},
                {9007199254740993.0, "9007199254740992"},
                {0.30000000000000004, "0.30000000000000004"},
                {INFINITY, "inf"}};
    char text[NUMBER_TEXT_BYTES];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = number_write(TROUPE_DOUBLE, &rows[i].value, text);

        ck_assert_msg(n == strlen(rows[i].text) && memcmp(text, rows[i].text, n) == 0,
                      "%s is written %.*s", rows[i].text, (int)n, text);
    }
}
END_TEST

/* ---- whatever the floating-point modes ------------------------------------------- */

enum { N_SPOILED = 300 };

/* By the numbers' kind: subnormal, or such as are read and written in few steps. */
static void draw(int i, double *wide, float *narrow)
{
    struct base_random random = {(uint64_t)i + 1};
    uint64_t bits = base_random_next(&random);
    uint32_t low = (uint32_t)bits & 0x7fffff;

    if (i % 2)
        *wide = double_of(bits >> 12);
    else
        *wide = (double)(int64_t)bits * 0x1p-50;
    if (i % 2 == 0)
        low = 0x3f800000 + (uint32_t)(bits >> 38);
    memcpy(narrow, &low, sizeof low);
}

/* All that is written, and then read, one after the other. */
static void write_and_read(char *texts, double *wides, float *narrows)
{
    for (int i = 0; i < N_SPOILED; i++) {
        size_t n;

        n = number_write(TROUPE_DOUBLE, &wides[i], texts);
        ck_assert_int_eq(number_read(c_locale, TROUPE_DOUBLE, texts, n, &wides[i]),
                         NUMBER_GOOD);
        texts += n;
        n = number_write(TROUPE_FLOAT, &narrows[i], texts);
        ck_assert_int_eq(number_read(c_locale, TROUPE_FLOAT, texts, n, &narrows[i]),
                         NUMBER_GOOD);
        texts += n;
        /* Not by the shortest text: what has to be rounded. */
        ck_assert_int_eq(number_read_double(c_locale, "0.1", 3, &wides[N_SPOILED + i]),
                         NUMBER_GOOD);
    }
}

static void spoil(int mode)
{
    if (mode == 1)
        fesetround(FE_UPWARD);
    if (mode == 2)
        fesetround(FE_TOWARDZERO);
#ifdef __SSE2__
    if (mode == 3) /* what a library linked with -ffast-math does */
        _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

START_TEST(modes_change_nothing)
{
    static char texts[2][2 * N_SPOILED * NUMBER_TEXT_BYTES];
    static double wides[2][2 * N_SPOILED];
    static float narrows[2][N_SPOILED];
    fenv_t before;

    fegetenv(&before);
    for (int mode = 0; mode < 4; mode++) {
        int k = mode > 0;

        for (int i = 0; i < N_SPOILED; i++)
            draw(i, &wides[k][i], &narrows[k][i]);
        memset(texts[k], 0, sizeof texts[k]);
        spoil(mode);
        write_and_read(texts[k], wides[k], narrows[k]);
        fesetenv(&before);
        ck_assert_msg(strcmp(texts[k], texts[0]) == 0, "mode %d: other texts", mode);
        ck_assert_mem_eq(wides[k], wides[0], sizeof wides[0]);
        ck_assert_mem_eq(narrows[k], narrows[0], sizeof narrows[0]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {doubles_as_the_library_reads_them,
                                  random_doubles,
                                  doubles_next_to_a_half,
                                  what_is_no_double,
                                  the_bounds_of_elements,
                                  floats_round_once,
                                  all_elements_there_and_back,
                                  few_digits_where_few_do,
                                  modes_change_nothing};

    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return check_main_run("number", tests, sizeof tests / sizeof tests[0]);
}
