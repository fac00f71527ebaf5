/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json.h"
#include <stdio.h>

void cli_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

void cli_json_member(const char *key, const char *text)
{
    cli_json_string(key);
    putchar(':');
    if (text)
        cli_json_string(text);
    else
        printf("null");
}
