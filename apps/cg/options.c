/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include "common/arguments.h"
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: cg [options] FILE.mtx\n       cg [options] --poisson N\n";

static const char help[] =
    "Solves A x = b for a symmetric positive definite A by conjugate gradients with\n"
    "Jacobi's preconditioner, on all ranks together:\n"
    "  mpirun -n 2 cg --poisson 128 --history residuals.csv\n"
    "\n"
    "  FILE.mtx          a matrix in the Matrix Market format \"coordinate\"\n"
    "  --poisson N       instead: Poisson's equation on N x N x N points\n"
    "  --points 7|27     of its stencil (7)\n"
    "  --tolerance T     ends when the residual's norm is at most T times that of b\n"
    "                    (1e-8)\n"
    "  --iterations K    ends after K at the latest (10000)\n"
    "  --rhs ones|random every element of b is 1, or one in [-1, 1) that depends on "
    "its\n"
    "                    index alone (ones)\n"
    "  --history FILE    writes iteration,residual with all bits of the residual (%a)\n"
    "  --plot FILE.svg   draws the residuals with gnuplot\n"
    "  --json            print one JSON object\n"
    "  --help            print this\n"
    "\n"
    "A matrix that is singular and else good is noticed where two rows show it.\n"
    "\n"
    "The residuals have the same bits for any number of ranks and of threads in each\n"
    "(TROUPE_WORKERS). On a terminal the residual is shown as it falls,\n"
    "elsewhere in a line on standard error each half minute; TROUPE_PROGRESS=0 turns "
    "that\n"
    "off, 1 forces the former.\n"
    "\n"
    "Exit codes: 0 solved; 1 the tolerance was not reached; 2 no result: the file "
    "cannot\n"
    "be read or is wrong, the matrix is not square, symmetric or positive definite, "
    "has\n"
    "a row without entries or a value that is no number, numbers overflow, or a file\n"
    "cannot be written; 64 wrong arguments.\n";

static bool parse_history(const char *text, const char **path)
{
    *path = text;
    return *text != '\0' && strcmp(text, "-") != 0;
}

static bool parse_plot(const char *text, const char **path)
{
    size_t n = strlen(text);
    *path = text;
    return n > 4 && strcmp(text + n - 4, ".svg") == 0;
}

static bool parse_right(const char *text, enum conjugate_right *right)
{
    *right = strcmp(text, "random") == 0 ? CONJUGATE_RANDOM : CONJUGATE_ONES;
    return *right == CONJUGATE_RANDOM || strcmp(text, "ones") == 0;
}

static bool parse_points(const char *text, int64_t *n_points)
{
    return arguments_count(text, 7, 27, n_points) &&
           (*n_points == 7 || *n_points == 27);
}

/* Options with a value. False: it is wrong, or the argument is none of them. */
static bool parse_value(struct arguments *arguments, struct options *options)
{
    const char *value;
    if ((value = arguments_value(arguments, "--poisson")) != NULL)
        return arguments_judge(arguments,
                               arguments_count(value, 1, 1 << 20, &options->n),
                               "a whole number from 1 to 1048576");
    if ((value = arguments_value(arguments, "--points")) != NULL)
        return arguments_judge(arguments, parse_points(value, &options->n_points),
                               "7 or 27");
    if ((value = arguments_value(arguments, "--tolerance")) != NULL)
        return arguments_judge(arguments,
                               arguments_number(value, &options->tolerance) &&
                                   options->tolerance >= 0,
                               "a number that is not negative");
    if ((value = arguments_value(arguments, "--iterations")) != NULL)
        return arguments_judge(
            arguments, arguments_count(value, 1, INT64_MAX, &options->n_iterations),
            "a whole number from 1 on");
    if ((value = arguments_value(arguments, "--rhs")) != NULL)
        return arguments_judge(arguments, parse_right(value, &options->right),
                               "ones or random");
    if ((value = arguments_value(arguments, "--history")) != NULL)
        return arguments_judge(arguments, parse_history(value, &options->history),
                               "the name of a file");
    if ((value = arguments_value(arguments, "--plot")) != NULL)
        return arguments_judge(arguments, parse_plot(value, &options->plot),
                               "a name that ends in .svg");
    return false;
}

static bool parse_argument(struct arguments *arguments, struct options *options)
{
    const char *argument = arguments->argument;
    if (argument[0] != '-') {
        if (options->path)
            return arguments_complain(arguments, "more than one FILE: ", argument);
        options->path = argument;
        return true;
    }
    options->json |= strcmp(argument, "--json") == 0;
    options->help |= arguments_is_help(argument);
    if (strcmp(argument, "--json") == 0 || arguments_is_help(argument) ||
        parse_value(arguments, options))
        return true;
    return arguments->wanted
               ? arguments_refuse(arguments)
               : arguments_complain(arguments, "unknown option ", argument);
}

bool options_parse(int argc, char **argv, bool speaks, struct options *options)
{
    struct arguments arguments = {
        .program = "cg", .usage = usage, .speaks = speaks, .argc = argc, .argv = argv};
    *options =
        (struct options){.tolerance = 1e-8, .n_iterations = 10000, .n_points = 7};
    while (arguments_next(&arguments)) {
        if (!parse_argument(&arguments, options))
            return false;
    }
    if (options->help)
        return true;
    if (!options->path && options->n == 0)
        return arguments_complain(&arguments, "neither a FILE nor --poisson is given",
                                  "");
    if (options->path && options->n > 0)
        return arguments_complain(&arguments,
                                  "both --poisson and a FILE: ", options->path);
    return true;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
