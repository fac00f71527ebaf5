/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include "common/arguments.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: mpirun -n RANKS summary [OPTION...] FILE\n"
    "  --column NAME|N   the column, by its name in the first line or its number from "
    "1\n"
    "                    (default: 1)\n"
    "  --header          the first line is no data, though the column goes by number\n"
    "  --separator C     instead of a comma; 'tab' for one\n"
    "  --missing         fields that are empty or no numbers are counted and left "
    "out;\n"
    "                    without it they are an error\n"
    "  --level LEVEL     tree (default), tree_dd or exact\n"
    "  --quantiles P,..  parts from 0 to 1 (default: 0.25,0.5,0.75)\n"
    "  --bins N          of the histogram, up to 1000 (default: 10; 0: none)\n"
    "  --json            one object instead of lines\n"
    "  --help            print this\n"
    "What the numbers of a column of a CSV file are like. Every figure has the same "
    "bits\n"
    "on any number of ranks and threads (TROUPE_WORKERS). Exit codes: 0; 2 no result; "
    "64\n"
    "usage.\n";

void options_print_help(void)
{
    fputs(usage, stdout);
}

static bool parse_part(const char *text, double *part)
{
    return arguments_number(text, part) && *part >= 0 && *part <= 1;
}

/* ---- one for each option --------------------------------------------------------- */

static bool set_column(struct options *options, const char *text)
{
    int64_t number;

    if (arguments_count(text, 1, INT64_C(1) << 30, &number))
        options->column = number - 1;
    else
        options->name = text;
    return *text != '\0';
}

static bool set_separator(struct options *options, const char *text)
{
    bool is_tab = strcmp(text, "tab") == 0;

    options->separator = is_tab ? '\t' : *text;
    return is_tab || (*text != '\0' && text[1] == '\0' &&
                      !isalnum((unsigned char)*text) && !strchr("+-.\"\r\n", *text));
}

static bool set_level(struct options *options, const char *text)
{
    static const char *const names[] = {"tree", "tree_dd", "exact"};

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            options->level = (enum troupe_level)i;
            return true;
        }
    return false;
}

static bool set_quantiles(struct options *options, const char *text)
{
    options->n_quantiles = 0;
    while (options->n_quantiles < MOST_QUANTILES) {
        char item[64];
        size_t n = strcspn(text, ",");

        if (n == 0 || n >= sizeof item)
            return false;
        memcpy(item, text, n);
        item[n] = '\0';
        if (!parse_part(item, &options->quantiles[options->n_quantiles++]))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
    return false;
}

static bool set_bins(struct options *options, const char *text)
{
    int64_t number;

    if (!arguments_count(text, 0, MOST_BINS, &number))
        return false;
    options->n_bins = (int)number;
    return true;
}

static const struct {
    const char *name;
    bool (*set)(struct options *options, const char *text);
    const char *wanted;
} with_value[] = {
    {"--column", set_column, "a name, or a number from 1 on"},
    {"--separator", set_separator,
     "'tab', or one character that is no part of numbers and no quote"},
    {"--level", set_level, "tree, tree_dd or exact"},
    {"--quantiles", set_quantiles, "up to 32 numbers from 0 to 1, with commas between"},
    {"--bins", set_bins, "a whole number up to 1000"},
};

static bool set_flag(struct options *options, const char *text)
{
    bool *flag = strcmp(text, "--header") == 0    ? &options->has_header
                 : strcmp(text, "--missing") == 0 ? &options->may_miss
                 : strcmp(text, "--json") == 0    ? &options->json
                 : arguments_is_help(text)        ? &options->help
                                                  : NULL;

    if (flag)
        *flag = true;
    return flag != NULL;
}

/* ---- the command line ------------------------------------------------------------ */

static bool take_value(struct arguments *arguments, struct options *options)
{
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++) {
        const char *value = arguments_value(arguments, with_value[i].name);

        if (value)
            return arguments_judge(arguments, with_value[i].set(options, value),
                                   with_value[i].wanted);
    }
    return false;
}

static bool take_argument(struct arguments *arguments, struct options *options)
{
    const char *argument = arguments->argument;

    if (argument[0] != '-') {
        if (options->path)
            return arguments_complain(arguments, "more than one FILE: ", argument);
        options->path = argument;
        return true;
    }
    if (set_flag(options, argument) || take_value(arguments, options))
        return true;
    return arguments->wanted
               ? arguments_refuse(arguments)
               : arguments_complain(arguments, "unknown option ", argument);
}

bool options_parse(int argc, char **argv, bool is_loud, struct options *options)
{
    struct arguments arguments = {.program = "summary",
                                  .usage = usage,
                                  .speaks = is_loud,
                                  .argc = argc,
                                  .argv = argv};

    *options = (struct options){.level = TROUPE_LEVEL_TREE,
                                .quantiles = {0.25, 0.5, 0.75},
                                .n_quantiles = 3,
                                .n_bins = 10};
    while (arguments_next(&arguments))
        if (!take_argument(&arguments, options))
            return false;
    return options->path || options->help ||
           arguments_complain(&arguments, "no FILE is given", "");
}
