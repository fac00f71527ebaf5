/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
    "What the numbers of a column of a CSV file are like. Every figure has the same "
    "bits\n"
    "on any number of ranks and threads (TROUPE_WORKERS). Exit codes: 0; 2 no result; "
    "64\n"
    "usage.\n";

void options_print_help(void)
{
    fputs(usage, stdout);
}

static bool parse_number(const char *text, double low, double high, double *number)
{
    char *end;

    errno = 0;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && *number >= low &&
           *number <= high;
}

static bool parse_whole(const char *text, int64_t low, int64_t high, int64_t *number)
{
    double real;

    if (!parse_number(text, (double)low, (double)high, &real))
        return false;
    *number = (int64_t)real;
    return (double)*number == real;
}

/* ---- one for each option --------------------------------------------------------- */

static bool set_column(struct options *options, const char *text)
{
    int64_t number;

    if (*text == '\0')
        return false;
    if (parse_whole(text, 1, INT64_C(1) << 30, &number)) {
        options->column = number - 1;
        return true;
    }
    options->name = text;
    return true;
}

static bool set_separator(struct options *options, const char *text)
{
    options->separator = strcmp(text, "tab") == 0 ? '\t' : *text;
    return *text != '\0' && (text[1] == '\0' || options->separator == '\t');
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
        if (!parse_number(item, 0, 1, &options->quantiles[options->n_quantiles++]))
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

    if (!parse_whole(text, 0, MOST_BINS, &number))
        return false;
    options->n_bins = (int)number;
    return true;
}

static const struct {
    const char *name;
    bool (*set)(struct options *options, const char *text);
} with_value[] = {
    {"--column", set_column}, {"--separator", set_separator},
    {"--level", set_level},   {"--quantiles", set_quantiles},
    {"--bins", set_bins},
};

static bool set_flag(struct options *options, const char *text)
{
    bool *flag = strcmp(text, "--header") == 0    ? &options->has_header
                 : strcmp(text, "--missing") == 0 ? &options->may_miss
                 : strcmp(text, "--json") == 0    ? &options->json
                 : strcmp(text, "--help") == 0    ? &options->help
                                                  : NULL;

    if (flag)
        *flag = true;
    return flag != NULL;
}

/* ---- the command line ------------------------------------------------------------ */

static bool fail(bool is_loud, const char *what, const char *text)
{
    if (is_loud)
        fprintf(stderr, "summary: %s%s%s\n%s", what, *text ? " " : "", text, usage);
    return false;
}

/* How many arguments the option takes; 0: it is none, or its value is wrong. */
static int take_option(struct options *options, char **argv, int n_left)
{
    if (set_flag(options, argv[0]))
        return 1;
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++)
        if (strcmp(argv[0], with_value[i].name) == 0)
            return n_left > 1 && with_value[i].set(options, argv[1]) ? 2 : 0;
    return 0;
}

bool options_parse(int argc, char **argv, bool is_loud, struct options *options)
{
    *options = (struct options){.level = TROUPE_LEVEL_TREE,
                                .quantiles = {0.25, 0.5, 0.75},
                                .n_quantiles = 3,
                                .n_bins = 10};
    for (int i = 1; i < argc;) {
        int n = 1;

        if (strncmp(argv[i], "--", 2) == 0)
            n = take_option(options, argv + i, argc - i);
        else if (options->path)
            return fail(is_loud, "one file, and not also", argv[i]);
        else
            options->path = argv[i];
        if (n == 0)
            return fail(is_loud, "wrong option or value:", argv[i]);
        i += n;
    }
    if (!options->path && !options->help)
        return fail(is_loud, "which file?", "");
    return true;
}
