/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_OPTIONS_H
#define WORDCOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the command ends with, beyond what the runtime itself has to say. */
enum exit_code {
    EXIT_ALL_COUNTED = 0,
    EXIT_SOME_LEFT_OUT = 1, /* the result is there, with warnings */
    EXIT_NO_RESULT = 2,
    EXIT_USAGE = 64
};

struct options {
    uint64_t n_top; /* UINT64_MAX: all */
    bool json;
    bool help;
    const char *output; /* NULL: standard output */
    const char **paths;
    int n_paths;
};

/*
 * Reads the command line. False: it is wrong, and standard error says how. The paths
 * are the arguments themselves, in an array that options_fini() frees.
 */
bool options_parse(int argc, char **argv, struct options *options);
void options_fini(struct options *options);

void options_print_help(FILE *out);

#endif
