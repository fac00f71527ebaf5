/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include "common/arguments.h"
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
    "counted,\n"
    "elsewhere in a line on standard error each half minute; TROUPE_PROGRESS=0 turns "
    "that\n"
    "off, 1 forces the former.\n"
    "\n"
    "Exit codes: 0 done; 2 no result: the file cannot be read or is wrong, "
    "temperatures\n"
    "overflow, or a file cannot be written; 64 wrong arguments.\n";

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
    return arguments_number(text, &options->fixed);
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
    return *end == 'x' && arguments_count(end + 1, 1, MOST, &options->height) &&
           options->width <= MOST;
}

/* Its value may be missing: what follows is taken if it looks like a size. */
static bool parse_demo(struct arguments *arguments, struct options *options)
{
    const char *argument = arguments->argument;
    options->width = 640;
    options->height = 360;
    if (argument[strlen("--demo")] == '=')
        return parse_size(argument + strlen("--demo="), options);
    if (arguments->i + 1 < arguments->argc &&
        arguments->argv[arguments->i + 1][0] != '-')
        return parse_size(arguments->argv[++arguments->i], options);
    return true;
}

static bool is_demo(const char *argument)
{
    size_t n = strlen("--demo");
    return strncmp(argument, "--demo", n) == 0 &&
           (argument[n] == '\0' || argument[n] == '=');
}

static bool parse_rate(const char *text, double *rate)
{
    return arguments_number(text, rate) && *rate > 0 && *rate <= 0.25;
}

/* Options with a value. False: it is wrong, or the argument is none of them. */
static bool parse_value(struct arguments *arguments, struct options *options)
{
    const char *value;
    if (is_demo(arguments->argument))
        return arguments_judge(arguments, parse_demo(arguments, options),
                               "WIDTHxHEIGHT, each from 1 to 65536, or nothing");
    if ((value = arguments_value(arguments, "--steps")) != NULL)
        return arguments_judge(arguments,
                               arguments_count(value, 0, INT64_MAX, &options->n_steps),
                               "a whole number");
    if ((value = arguments_value(arguments, "--every")) != NULL)
        return arguments_judge(
            arguments, arguments_count(value, 1, INT64_MAX, &options->n_between),
            "a whole number from 1 on");
    if ((value = arguments_value(arguments, "--rate")) != NULL)
        return arguments_judge(arguments, parse_rate(value, &options->rate),
                               "a number above 0 and up to 0.25");
    if ((value = arguments_value(arguments, "--border")) != NULL)
        return arguments_judge(arguments, parse_border(value, options),
                               "insulated, periodic or a number");
    if ((value = arguments_value(arguments, "--energy")) != NULL)
        return arguments_judge(arguments, parse_level(value, &options->level),
                               "exact or tree");
    if ((value = arguments_value(arguments, "--frames")) != NULL)
        return arguments_judge(arguments, *(options->frames = value) != '\0',
                               "what names of files begin with");
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
    struct arguments arguments = {.program = "heat",
                                  .usage = usage,
                                  .speaks = speaks,
                                  .argc = argc,
                                  .argv = argv};
    *options = (struct options){.n_steps = 1000,
                                .rate = 0.2,
                                .border = TROUPE_BORDER_MIRRORED,
                                .level = TROUPE_LEVEL_EXACT};
    while (arguments_next(&arguments)) {
        if (!parse_argument(&arguments, options))
            return false;
    }
    if (options->help)
        return true;
    if (options->n_between == 0)
        options->n_between = options->n_steps / 10 > 0 ? options->n_steps / 10 : 1;
    if (!options->path && options->width == 0)
        return arguments_complain(&arguments, "neither a FILE nor --demo is given", "");
    if (options->path && options->width > 0)
        return arguments_complain(&arguments,
                                  "both --demo and a FILE: ", options->path);
    return true;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
