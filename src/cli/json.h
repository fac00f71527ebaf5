/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/* Text for programs, on standard output. */

/* In quotes. */
void cli_json_string(const char *text);
/* "key":"text", or "key":null for NULL. */
void cli_json_member(const char *key, const char *text);

#endif
