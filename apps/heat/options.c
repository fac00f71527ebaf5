/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: heat [options] FILE\n       heat [options] --demo [WIDTHxHEIGHT]\n";

static const char help[] =
    "Lets heat spread over a plate, on all ranks together:\n"
    "  mpirun -n 2 heat --demo 960x540 --steps 2000 --frames /tmp/heat-\n"
    "\n"
    "  FILE             temperatures: the brightness of a PNG, 0 to 1, or lines of\n"
    "                   numbers with commas between\n"
    "  --demo [WxH]     instead: a built-in scene (640x360)\n"
    "  --steps N        so many steps (1000)\n"
    "  --every K        a report, and a frame, after each K of them (a tenth)\n"
    "  --rate R         how much of the difference to each neighbour flows in a step:\n"
    "                   diffusivity * time step / cell size^2; up to 0.25, beyond "
    "which\n"
    "                   the method is not stable (0.2)\n"
    "  --border KIND    insulated, periodic, or a number: the temperature beyond it\n"
    "                   (insulated)\n"
    "  --energy LEVEL   how temperatures are summed: exact or tree (exact)\n"
    "  --frames PREFIX  writes PREFIX000000.png and so on; black is the coldest and "
    "white\n"
    "                   the hottest that there was at first\n"
    "  --json           print one JSON object instead of the reports\n"
    "  --help           print this\n"
    "\n"
    "Each cell is worked out of itself and its four neighbours (explicit Euler, "
    "central\n"
    "differences). Between insulated or periodic borders the sum of the temperatures "
    "is\n"
    "the same for ever; \"drift\" is what rounding makes of that, relative to the sum "
    "of\n"
    "their absolute values at first. Frames and sums have the same bits for any number "
    "of\n"
    "ranks and of threads in each (TROUPE_WORKERS). On a terminal the steps are "
    "counted;\n"
    "TROUPE_PROGRESS=0 turns that off, 1 forces it.\n"
    "\n"
    "Exit codes: 0 done; 2 no result: the file cannot be read or is wrong, or a file\n"
    "cannot be written; 64 wrong arguments.\n";

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
        fprintf(stderr, "heat: %s%s\n%s", what, argument, usage);
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

static bool parse_count(const char *text, int64_t least, int64_t *number)
{
    /* strtoll would take blanks and signs. */
    size_t n_digits = strspn(text, "0123456789");
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return n_digits > 0 && text[n_digits] == '\0' && errno == 0 && *number >= least;
}

static bool parse_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}

static bool parse_border(const char *text, struct options *options)
{
    if (strcmp(text, "insulated") == 0) {
        options->border = TROUPE_BORDER_MIRRORED;
        return true;
    }
    if (strcmp(text, "periodic") == 0) {
        options->border = TROUPE_BORDER_PERIODIC;
        return true;
    }
    options->border = TROUPE_BORDER_FIXED;
    return parse_number(text, &options->fixed);
}

static bool parse_level(const char *text, enum troupe_level *level)
{
    *level = strcmp(text, "tree") == 0 ? TROUPE_LEVEL_TREE : TROUPE_LEVEL_EXACT;
    return *level == TROUPE_LEVEL_TREE || strcmp(text, "exact") == 0;
}

/* WIDTHxHEIGHT, each up to what a frame of ours may have. */
static bool parse_size(const char *text, struct options *options)
{
    enum { MOST = 65536 };
    char *end;
    if (text[0] < '1' || text[0] > '9')
        return false;
    options->width = strtoll(text, &end, 10);
    return *end == 'x' && parse_count(end + 1, 1, &options->height) &&
           options->width <= MOST && options->height <= MOST;
}

/* Its value may be missing: what follows is taken if it looks like a size. */
static bool parse_demo(struct parser *parser, struct options *options)
{
    const char *argument = parser->argument;
    options->width = 640;
    options->height = 360;
    if (argument[strlen("--demo")] == '=')
        return parse_size(argument + strlen("--demo="), options);
    if (parser->i + 1 < parser->argc && parser->argv[parser->i + 1][0] != '-')
        return parse_size(parser->argv[++parser->i], options);
    return true;
}

/* Options with a value. 0: it is none of them; -1: it is wrong. */
static int parse_value(struct parser *parser, struct options *options)
{
    const char *argument = parser->argument, *value;
    bool is_good;
    if (strncmp(argument, "--demo", 6) == 0 &&
        (argument[6] == '\0' || argument[6] == '='))
        is_good = parse_demo(parser, options);
    else if ((value = value_of(parser, "--steps")) != NULL)
        is_good = parse_count(value, 0, &options->n_steps);
    else if ((value = value_of(parser, "--every")) != NULL)
        is_good = parse_count(value, 1, &options->n_between);
    else if ((value = value_of(parser, "--rate")) != NULL)
        is_good = parse_number(value, &options->rate) && options->rate > 0 &&
                  options->rate <= 0.25;
    else if ((value = value_of(parser, "--border")) != NULL)
        is_good = parse_border(value, options);
    else if ((value = value_of(parser, "--energy")) != NULL)
        is_good = parse_level(value, &options->level);
    else if ((value = value_of(parser, "--frames")) != NULL)
        is_good = *(options->frames = value) != '\0';
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
    *options = (struct options){.n_steps = 1000,
                                .rate = 0.2,
                                .border = TROUPE_BORDER_MIRRORED,
                                .level = TROUPE_LEVEL_EXACT};
    for (parser.i = 1; parser.i < argc; parser.i++) {
        if (!parse_argument(&parser, options))
            return false;
    }
    if (options->help)
        return true;
    if (options->n_between == 0)
        options->n_between = options->n_steps / 10 > 0 ? options->n_steps / 10 : 1;
    if (!options->path && options->width == 0)
        return complain(&parser, "neither a FILE nor --demo is given", "");
    if (options->path && options->width > 0)
        return complain(&parser, "both --demo and a FILE: ", options->path);
    return true;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
