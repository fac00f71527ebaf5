/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool arguments_next(struct arguments *arguments)
{
    if (arguments->i + 1 >= arguments->argc)
        return false;
    arguments->argument = arguments->argv[++arguments->i];
    return true;
}

const char *arguments_value(struct arguments *arguments, const char *name)
{
    const char *argument = arguments->argument;
    size_t n = strlen(name);
    if (strncmp(argument, name, n) == 0 && argument[n] == '=')
        return argument + n + 1;
    if (strcmp(argument, name) != 0)
        return NULL;
    return arguments->i + 1 < arguments->argc ? arguments->argv[++arguments->i] : "";
}

bool arguments_is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

bool arguments_judge(struct arguments *arguments, bool is_good, const char *wanted)
{
    if (!is_good)
        arguments->wanted = wanted;
    return is_good;
}

bool arguments_complain(const struct arguments *arguments,
                        const char *what,
                        const char *about)
{
    if (arguments->speaks)
        fprintf(stderr, "%s: %s%s\n%s", arguments->program, what, about,
                arguments->usage);
    return false;
}

bool arguments_refuse(const struct arguments *arguments)
{
    if (arguments->speaks)
        fprintf(stderr, "%s: %.*s wants %s\n%s", arguments->program,
                (int)strcspn(arguments->argument, "="), arguments->argument,
                arguments->wanted, arguments->usage);
    return false;
}

bool arguments_count(const char *text, int64_t least, int64_t most, int64_t *number)
{
    /* strtoll would take blanks and signs. */
    size_t n_digits = strspn(text, "0123456789");
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return n_digits > 0 && text[n_digits] == '\0' && errno == 0 && *number >= least &&
           *number <= most;
}

bool arguments_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}
