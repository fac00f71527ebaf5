/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/common/json.c"
#include "support/check_main.h"
#include <string.h>

/* What is written for some bytes, in quotes. */
static void check_string(const char *bytes, size_t n_bytes, const char *expected)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(out);
    json_write_string(out, (const unsigned char *)bytes, n_bytes);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, expected);
    free(text);
}

static bool is_utf8(const char *bytes)
{
    return json_is_utf8((const unsigned char *)bytes, strlen(bytes));
}

START_TEST(strings_are_escaped)
{
    check_string("", 0, "\"\"");
    check_string("plain", 5, "\"plain\"");
    check_string("a\"b\\c\n\x01\x7f", 8, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f\"");
    check_string("\0", 1, "\"\\u0000\"");
    check_string("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xad", 14,
                 "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xad\"");
    check_string("caf\xe9!", 5, "\"caf\xef\xbf\xbd!\"");
    check_string("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""); /* cut off */
}
END_TEST

START_TEST(utf8_is_told_from_other_bytes)
{
    ck_assert(is_utf8("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"));
    ck_assert(is_utf8("\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    static const char *const bad[] = {
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xc3(",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xe2\x82",
        "\xe2\x82(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!is_utf8(bad[i]), "bad[%zu]", i);
}
END_TEST

CHECK_MAIN("json", strings_are_escaped, utf8_is_told_from_other_bytes)
