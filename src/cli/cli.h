/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* The subcommands of `troupe`, one file each. */

#include <stdbool.h>

/* Exit codes of the command itself, as sysexits.h has them. */
enum cli_exit { CLI_OK = 0, CLI_USAGE = 64, CLI_IO = 74, CLI_CONFIG = 78 };

struct cli_command {
    const char *name;
    const char *summary; /* one line */
    const char *help;    /* usage and options; lines end with \n */
    /* argv[0] is the subcommand's name. */
    int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_info;
extern const struct cli_command cli_checkpoint;
extern const struct cli_command cli_place;
extern const struct cli_command cli_run;

/* Says on standard error what is wrong with the use of `command`; CLI_USAGE. */
int cli_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Is this argument a wish for help? */
bool cli_is_help(const char *argument);

/*
 * The word of `words` (NULL-ended) that `word` was likely meant to be: NULL if none is
 * near.
 */
const char *cli_nearest(const char *word, const char *const *words);

#endif
