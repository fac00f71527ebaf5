/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CG_OPTIONS_H
#define CG_OPTIONS_H

#include "common/conjugate.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the command ends with, beyond what the runtime itself has to say. */
enum exit_code {
    EXIT_CONVERGED = 0,
    EXIT_NOT_CONVERGED = 1, /* the result is there, but not as good as asked for */
    EXIT_NO_RESULT = 2,
    EXIT_USAGE = 64
};

struct options {
    const char *path; /* NULL: Poisson's equation */
    int64_t n;        /* points along an edge of its cube */
    int64_t n_points; /* neighbours in a row, with the point itself */
    double tolerance;
    int64_t n_iterations; /* at most */
    enum conjugate_right right;
    const char *history, *plot;
    bool json;
    bool help;
};

/* Reads the command line. False: it is wrong, and standard error says how if `speaks`.
 */
bool options_parse(int argc, char **argv, bool speaks, struct options *options);

void options_print_help(FILE *out);

#endif
