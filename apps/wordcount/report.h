/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_REPORT_H
#define WORDCOUNT_REPORT_H

/* The result on standard output: lines, or a JSON object. Errors stay with the file. */

#include "table.h"
#include <stdio.h>

struct totals {
    uint64_t n_files;
    uint64_t n_bytes;
    uint64_t n_words;
    uint64_t n_distinct;
};

struct report {
    FILE *out;
    bool json;
    uint64_t n_lines;
};

void report_begin(struct report *report, const struct totals *totals);
void report_word(struct report *report, const struct word *word);
void report_end(struct report *report, double seconds);

#endif
