/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUMMARY_OPTIONS_H
#define SUMMARY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <troupe/kernel.h>

enum exit_code { EXIT_SUMMED = 0, EXIT_NO_RESULT = 2, EXIT_USAGE = 64 };
enum { MOST_QUANTILES = 32, MOST_BINS = 1000 };

struct options {
    const char *path;
    const char *name; /* of the column; NULL: by number */
    int64_t column;   /* from 0 */
    bool has_header, may_miss, json, help;
    char separator;
    enum troupe_level level;
    double quantiles[MOST_QUANTILES];
    int n_quantiles, n_bins;
};

/* False: the command line is wrong; with `is_loud` standard error says how. */
bool options_parse(int argc, char **argv, bool is_loud, struct options *options);
void options_print_help(void);

#endif
