/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Are these bytes UTF-8, as RFC 3629 has it? */
bool json_is_utf8(const unsigned char *bytes, size_t n_bytes);

/*
 * Writes a JSON string with its quotes. A byte that is part of no character of UTF-8
 * becomes U+FFFD. Errors stay with the file: ferror().
 */
void json_write_string(FILE *out, const unsigned char *bytes, size_t n_bytes);

#endif
