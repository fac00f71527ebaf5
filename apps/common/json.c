/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"
#include <stdint.h>

/* Of a character of UTF-8: its first byte, and the bounds of its second. */
struct form {
    unsigned char first_low, first_high;
    unsigned char second_low, second_high;
    unsigned char n_bytes;
};

/* Overlong forms, surrogates and what lies beyond U+10FFFF are not in it. */
static const struct form forms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The length of the character that begins here, 0 if none does. */
static size_t character_bytes(const unsigned char *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct form *form = &forms[i];
        if (bytes[0] < form->first_low || bytes[0] > form->first_high)
            continue;
        if (form->n_bytes > n_bytes)
            return 0;
        if (form->n_bytes > 1 &&
            (bytes[1] < form->second_low || bytes[1] > form->second_high))
            return 0;
        for (size_t k = 2; k < form->n_bytes; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
        }
        return form->n_bytes;
    }
    return 0;
}

bool json_is_utf8(const unsigned char *bytes, size_t n_bytes)
{
    for (size_t at = 0, n; at < n_bytes; at += n) {
        n = character_bytes(bytes + at, n_bytes - at);
        if (n == 0)
            return false;
    }
    return true;
}

/* How many bytes from here on stand for themselves. */
static size_t plain_bytes(const unsigned char *bytes, size_t n_bytes)
{
    size_t n = 0;
    while (n < n_bytes && bytes[n] >= 0x20 && bytes[n] < 0x7f && bytes[n] != '"' &&
           bytes[n] != '\\')
        n++;
    return n;
}

void json_write_string(FILE *out, const unsigned char *bytes, size_t n_bytes)
{
    putc('"', out);
    for (size_t at = 0; at < n_bytes;) {
        size_t n = plain_bytes(bytes + at, n_bytes - at);
        fwrite(bytes + at, 1, n, out);
        at += n;
        if (at == n_bytes)
            break;
        n = character_bytes(bytes + at, n_bytes - at);
        if (n > 1)
            fwrite(bytes + at, 1, n, out);
        else if (n == 0)
            fputs("\xef\xbf\xbd", out); /* U+FFFD */
        else if (bytes[at] == '"' || bytes[at] == '\\')
            fprintf(out, "\\%c", bytes[at]);
        else
            fprintf(out, "\\u%04x", bytes[at]);
        at += n > 0 ? n : 1;
    }
    putc('"', out);
}
