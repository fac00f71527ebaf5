/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LEDGER_OPTIONS_H
#define LEDGER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the command ends with, beyond what the runtime itself has to say. */
enum exit_code {
    EXIT_ALL_DONE = 0,
    EXIT_WRONG_SUM = 1,
    EXIT_NO_RESULT = 2,
    EXIT_USAGE = 64
};

struct options {
    uint64_t n_accounts, n_transfers, n_tellers, seed;
    double pause_s;
    const char *stamps; /* a file; NULL: none */
    bool json;
    bool help;
};

/* Reads the command line. False: it is wrong, and standard error says how. */
bool options_parse(int argc, char **argv, struct options *options);

void options_print_help(FILE *out);

#endif
