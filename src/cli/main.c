/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "cli/cli.h"
#include "troupe/base.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `troupe`: what there is to do around a job. One row a subcommand. */

static int run_help(int argc, char **argv);
static int run_version(int argc, char **argv);

static const struct cli_command help = {
    .name = "help",
    .summary = "what a command does and takes",
    .help = "usage: troupe help [COMMAND]\n",
    .run = run_help,
};

static const struct cli_command version = {
    .name = "version",
    .summary = "the version",
    .help = "usage: troupe version\n",
    .run = run_version,
};

static const struct cli_command *const commands[] = {
    &cli_checkpoint, &cli_info, &cli_place, &cli_run, &help, &version};

static const struct cli_command *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(FILE *file)
{
    fprintf(file,
            "usage: troupe COMMAND [ARGUMENT...]\n"
            "       troupe --version\n\n"
            "Programs that use Troupe are started with mpirun or srun, like all MPI\n"
            "programs; this command is for what there is to do around them.\n\n"
            "commands:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(file, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(file, "\n'troupe help COMMAND' says more.\n");
}

/* ---- mistakes
 * ------------------------------------------------------------------------- */

int cli_usage(const char *command, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("troupe: ", stderr);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; see 'troupe help%s%s'\n", command ? " " : "",
            command ? command : "");
    va_end(arguments);
    return CLI_USAGE;
}

bool cli_is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int unknown_command(const char *name)
{
    const char *names[ARRAY_LENGTH(commands) + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        names[i] = commands[i]->name;
    nearest = cli_nearest(name, names);
    if (nearest)
        return cli_usage(NULL, "no command '%s': did you mean '%s'?", name, nearest);
    return cli_usage(NULL, "no command '%s'", name);
}

/* ---- the commands that stand here
 * ----------------------------------------------------- */

static int run_help(int argc, char **argv)
{
    const struct cli_command *command;

    if (argc > 2)
        return cli_usage("help", "help takes one command");
    if (argc < 2) {
        print_overview(stdout);
        return CLI_OK;
    }
    command = find(argv[1]);
    if (!command)
        return unknown_command(argv[1]);
    printf("troupe %s: %s\n\n%s", command->name, command->summary, command->help);
    return CLI_OK;
}

static int run_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return cli_usage("version", "version takes nothing");
    printf("%s\n", troupe_version());
    return CLI_OK;
}

/* ---- the way to them
 * ------------------------------------------------------------------ */

static int run(int argc, char **argv)
{
    const struct cli_command *command;

    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    if (cli_is_help(argv[1])) {
        print_overview(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("troupe %s\n", troupe_version());
        return CLI_OK;
    }
    if (argv[1][0] == '-')
        return cli_usage(NULL, "no option '%s'", argv[1]);
    command = find(argv[1]);
    if (!command)
        return unknown_command(argv[1]);
    if (argc == 3 && cli_is_help(argv[2])) {
        char *words[] = {argv[0], argv[1], NULL};

        return run_help(2, words);
    }
    return command->run(argc - 1, argv + 1);
}

/* What was printed counts only once it is out: a full disk is an error. */
int main(int argc, char **argv)
{
    int exit_code = run(argc, argv);

    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    fprintf(stderr, "troupe: cannot write to standard output\n");
    return CLI_IO;
}
