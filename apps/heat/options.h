/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HEAT_OPTIONS_H
#define HEAT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <troupe/troupe.h>

/* What the command ends with, beyond what the runtime itself has to say. */
enum exit_code { EXIT_ALL_DONE = 0, EXIT_NO_RESULT = 2, EXIT_USAGE = 64 };

struct options {
    const char *path;           /* NULL: the built-in scene */
    int64_t width, height;      /* of the scene; 0: of the file */
    int64_t n_steps, n_between; /* from one report to the next */
    double rate;
    enum troupe_border border;
    double fixed;
    enum troupe_level level; /* of the energy */
    const char *frames;      /* how their names begin; NULL: none */
    bool json;
    bool help;
};

/* Reads the command line. False: it is wrong, and standard error says how if `speaks`.
 */
bool options_parse(int argc, char **argv, bool speaks, struct options *options);

void options_print_help(FILE *out);

#endif
