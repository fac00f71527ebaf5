/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include <errno.h>
#include <math.h>
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
    "The residuals have the same bits for any number of ranks and of threads in each\n"
    "(TROUPE_WORKERS). On a terminal the residual is shown as it falls;\n"
    "TROUPE_PROGRESS=0 turns that off, 1 forces it.\n"
    "\n"
    "Exit codes: 0 solved; 1 the tolerance was not reached; 2 no result: the file "
    "cannot\n"
    "be read or is wrong, the matrix is not square, symmetric or positive definite, "
    "has\n"
    "a row without entries or a value that is no number, or a file cannot be written;\n"
    "64 wrong arguments.\n";

struct parser {
    int argc, i;
    char **argv;
    const char *argument; /* the one being looked at; its value follows */
    bool speaks;
};

static bool
complain(const struct parser *parser, const char *what, const char *argument)
{
    if (parser->speaks)
        fprintf(stderr, "cg: %s%s\n%s", what, argument, usage);
    return false;
}

/* The value of "--name V" or "--name=V"; NULL if this is not that option. */
static const char *value_of(struct parser *parser, const char *name)
{
    const char *argument = parser->argument;
    size_t n = strlen(name);
    if (strncmp(argument, name, n) == 0 && argument[n] == '=')
        return argument + n + 1;
    if (strcmp(argument, name) != 0)
        return NULL;
    return parser->i + 1 < parser->argc ? parser->argv[++parser->i] : "";
}

static bool parse_count(const char *text, int64_t most, int64_t *number)
{
    /* strtoll would take blanks and signs. */
    size_t n_digits = strspn(text, "0123456789");
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return n_digits > 0 && text[n_digits] == '\0' && errno == 0 && *number > 0 &&
           *number <= most;
}

static bool parse_tolerance(const char *text, double *tolerance)
{
    char *end;
    *tolerance = strtod(text, &end);
    return end != text && *end == '\0' && *tolerance >= 0 && isfinite(*tolerance);
}

static bool parse_right(const char *text, enum conjugate_right *right)
{
    *right = strcmp(text, "random") == 0 ? CONJUGATE_RANDOM : CONJUGATE_ONES;
    return *right == CONJUGATE_RANDOM || strcmp(text, "ones") == 0;
}

/* Options with a value. 0: it is none of them; -1: it is wrong. */
static int parse_value(struct parser *parser, struct options *options)
{
    const char *value;
    bool is_good;
    if ((value = value_of(parser, "--poisson")) != NULL)
        is_good = parse_count(value, 1 << 20, &options->n);
    else if ((value = value_of(parser, "--points")) != NULL)
        is_good = parse_count(value, 27, &options->n_points) &&
                  (options->n_points == 7 || options->n_points == 27);
    else if ((value = value_of(parser, "--tolerance")) != NULL)
        is_good = parse_tolerance(value, &options->tolerance);
    else if ((value = value_of(parser, "--iterations")) != NULL)
        is_good = parse_count(value, INT64_MAX, &options->n_iterations);
    else if ((value = value_of(parser, "--rhs")) != NULL)
        is_good = parse_right(value, &options->right);
    else if ((value = value_of(parser, "--history")) != NULL)
        is_good = *(options->history = value) != '\0';
    else if ((value = value_of(parser, "--plot")) != NULL)
        is_good = *(options->plot = value) != '\0';
    else
        return 0;
    return is_good ? 1 : -1;
}

static bool parse_argument(struct parser *parser, struct options *options)
{
    const char *argument = parser->argument = parser->argv[parser->i];
    if (argument[0] != '-') {
        if (options->path)
            return complain(parser, "more than one FILE: ", argument);
        options->path = argument;
        return true;
    }
    if (strcmp(argument, "--json") == 0) {
        options->json = true;
        return true;
    }
    if (strcmp(argument, "--help") == 0) {
        options->help = true;
        return true;
    }
    switch (parse_value(parser, options)) {
    case 0:
        return complain(parser, "unknown option ", argument);
    case -1:
        return complain(parser, "a wrong value, or none, for ", argument);
    default:
        return true;
    }
}

bool options_parse(int argc, char **argv, bool speaks, struct options *options)
{
    struct parser parser = {.argc = argc, .argv = argv, .speaks = speaks};
    *options =
        (struct options){.tolerance = 1e-8, .n_iterations = 10000, .n_points = 7};
    for (parser.i = 1; parser.i < argc; parser.i++) {
        if (!parse_argument(&parser, options))
            return false;
    }
    if (options->help)
        return true;
    if (!options->path && options->n == 0)
        return complain(&parser, "neither a FILE nor --poisson is given", "");
    if (options->path && options->n > 0)
        return complain(&parser, "both --poisson and a FILE: ", options->path);
    return true;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
