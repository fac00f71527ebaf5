/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ARGUMENTS_H
#define COMMON_ARGUMENTS_H

/* A command line with options "--name V" or "--name=V", flags and at most one FILE. */

#include <stdbool.h>
#include <stdint.h>

struct arguments {
    const char *program, *usage;
    bool speaks; /* standard error gets what is wrong, then the usage */
    int argc, i;
    char **argv;
    const char *argument; /* the one being looked at; its value follows */
    const char *wanted;   /* what its value must be, once that is wrong */
};

/* Goes to the next argument; false: there is none. */
bool arguments_next(struct arguments *arguments);

/* The value if the argument is this option, "" if it lacks one; NULL: it is not. */
const char *arguments_value(struct arguments *arguments, const char *name);

bool arguments_is_help(const char *argument);

/* Keeps what a value must be if it is not good; returns whether it is. */
bool arguments_judge(struct arguments *arguments, bool is_good, const char *wanted);

/* All return false. */
bool arguments_complain(const struct arguments *arguments,
                        const char *what,
                        const char *about);
bool arguments_refuse(const struct arguments *arguments); /* "--name wants ..." */

/* Digits and nothing else, of a number within the two. */
bool arguments_count(const char *text, int64_t least, int64_t most, int64_t *number);
/* A number that is finite. */
bool arguments_number(const char *text, double *number);

#endif
