/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/place.h"
#include "base/compiler.h"
#include "cli/cli.h"
#include "placement/report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `troupe place`: plans for this machine or another; and looks whether one holds. */

enum form { FORM_TABLE, FORM_JSON, FORM_TEXT, FORM_SVG, FORM_EMIT, FORM_VERIFY };

struct arguments {
    const char *topology; /* NULL: this machine */
    const char *svg;
    enum form form;
    enum placement_launcher launcher;
    struct placement_request request;
    bool is_json; /* beside verify */
};

/* ---- arguments ---- */

static const char *const launchers[] = {"mpirun", "srun", "rankfile", NULL};

static bool parse_number(const char *text, int least, int most, int *number)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most ||
        text[0] == ' ' || text[0] == '+')
        return false;
    *number = (int)value;
    return true;
}

static int take_policy(struct arguments *arguments, const char *value)
{
    const char *names[PLACEMENT_N_POLICIES + 1] = {NULL};
    const char *nearest;

    if (placement_policy_parse(value, &arguments->request.policy))
        return arguments->request.policy == PLACEMENT_INHERIT
                   ? cli_usage("place", "inherit is for ranks that run")
                   : CLI_OK;
    for (int i = 0; i < PLACEMENT_N_POLICIES; i++)
        names[i] = placement_policy_name((enum placement_policy)i);
    nearest = cli_nearest(value, names);
    if (nearest)
        return cli_usage("place", "no policy '%s': did you mean '%s'?", value, nearest);
    return cli_usage("place", "no policy '%s'", value);
}

static int take_memory(struct arguments *arguments, const char *value)
{
    if (placement_use_parse(value, &arguments->request.use))
        return CLI_OK;
    return cli_usage("place",
                     "--memory takes near, touch, strict, interleave or hbm, not '%s'",
                     value);
}

static int take_emit(struct arguments *arguments, const char *value)
{
    for (int i = 0; i < PLACEMENT_N_LAUNCHERS; i++)
        if (strcmp(launchers[i], value) == 0) {
            arguments->form = FORM_EMIT;
            arguments->launcher = (enum placement_launcher)i;
            return CLI_OK;
        }
    return cli_usage("place", "--emit takes mpirun, srun or rankfile, not '%s'", value);
}

static int
take_number(const char *name, const char *value, int least, int most, int *number)
{
    if (parse_number(value, least, most, number))
        return CLI_OK;
    return cli_usage("place", "%s takes a number from %d to %d, not '%s'", name, least,
                     most, value);
}

/* -1: there is no such option. */
static int take_value(struct arguments *arguments, const char *name, const char *value)
{
    struct placement_request *request = &arguments->request;

    if (strcmp(name, "--ranks") == 0)
        return take_number(name, value, 1, PLACEMENT_MOST_RANKS, &request->n_ranks);
    if (strcmp(name, "--workers") == 0)
        return take_number(name, value, 1, PLACEMENT_MOST_WORKERS, &request->n_workers);
    if (strcmp(name, "--smt") == 0)
        return take_number(name, value, 0, 64, &request->smt);
    if (strcmp(name, "--policy") == 0)
        return take_policy(arguments, value);
    if (strcmp(name, "--memory") == 0)
        return take_memory(arguments, value);
    if (strcmp(name, "--emit") == 0)
        return take_emit(arguments, value);
    if (strcmp(name, "--topology") == 0)
        arguments->topology = value;
    else if (strcmp(name, "--list") == 0)
        request->list = value;
    else if (strcmp(name, "--svg") == 0) {
        arguments->form = FORM_SVG;
        arguments->svg = value;
    } else
        return -1;
    return CLI_OK;
}

static bool take_flag(struct arguments *arguments, const char *name)
{
    if (strcmp(name, "--json") == 0) {
        arguments->is_json = true;
        if (arguments->form == FORM_TABLE)
            arguments->form = FORM_JSON;
    } else if (strcmp(name, "--ascii") == 0)
        arguments->form = FORM_TEXT;
    else if (strcmp(name, "--verify") == 0)
        arguments->form = FORM_VERIFY;
    else
        return false;
    return true;
}

static int unknown(const char *name)
{
    static const char *const names[] = {
        "--topology", "--ranks",  "--workers", "--policy", "--smt",
        "--list",     "--memory", "--json",    "--ascii",  "--svg",
        "--emit",     "--verify", NULL};
    const char *nearest = cli_nearest(name, names);

    if (name[0] == '-' && nearest)
        return cli_usage("place", "no option '%s': did you mean '%s'?", name, nearest);
    return cli_usage("place", "place does not take '%s'", name);
}

static bool takes_value(const char *name)
{
    static const char *const names[] = {"--topology", "--ranks", "--workers",
                                        "--policy",   "--smt",   "--list",
                                        "--svg",      "--emit",  "--memory"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    for (int i = 1; i < argc; i++) {
        int code = CLI_OK;

        if (takes_value(argv[i])) {
            if (i + 1 == argc || !argv[i + 1][0])
                return cli_usage("place", "%s needs a value", argv[i]);
            code = take_value(arguments, argv[i], argv[i + 1]);
            i++;
        } else if (!take_flag(arguments, argv[i])) {
            code = unknown(argv[i]);
        }
        if (code != CLI_OK)
            return code;
    }
    if (arguments->request.list && arguments->request.policy == PLACEMENT_AUTO)
        arguments->request.policy = PLACEMENT_LIST;
    return CLI_OK;
}

/* ---- the machine ---- */

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "troupe: %s: %s\n", what, why);
    return CLI_IO;
}

static enum placement_source source_of(const struct arguments *arguments)
{
    if (!arguments->topology)
        return PLACEMENT_THIS_MACHINE;
    return access(arguments->topology, F_OK) == 0 ? PLACEMENT_XML : PLACEMENT_SYNTHETIC;
}

static int read_machine(const struct arguments *arguments,
                        struct placement_machine **machine)
{
    const char *text = arguments->topology;
    enum placement_source source = source_of(arguments);
    char why[300] = "";

    if (source == PLACEMENT_SYNTHETIC && !strchr(text, ':'))
        return fail(text,
                    "no such file, and no description such as 'numa:2 core:8 pu:2'");
    if (placement_read_apart(source, text, machine, why, sizeof why) == TROUPE_OK)
        return CLI_OK;
    return fail(text ? text : "this machine", why);
}

/* ---- the output ---- */

static int write_file(const char *path, const struct base_bytes *bytes)
{
    FILE *file = fopen(path, "w");
    bool is_written;

    if (!file)
        return fail(path, strerror(errno));
    is_written = fwrite(bytes->data, 1, bytes->size, file) == bytes->size;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? CLI_OK : fail(path, "cannot be written");
}

/* What cannot be drawn leaves what was there as it was. */
static int draw_file(const struct arguments *arguments,
                     const struct placement_plan *plan)
{
    struct base_bytes svg;
    char why[300] = "";
    int code;

    base_bytes_init(&svg);
    if (placement_draw_svg(source_of(arguments), arguments->topology, plan, &svg, why,
                           sizeof why) == TROUPE_OK)
        code = write_file(arguments->svg, &svg);
    else
        code = fail("--svg", why);
    base_bytes_fini(&svg);
    return code;
}

static int print(const struct arguments *arguments, const struct placement_plan *plan)
{
    struct placement_findings findings;
    char why[200];

    placement_find_in_plan(plan, &findings);
    switch (arguments->form) {
    case FORM_JSON:
        placement_print_json(stdout, plan, &findings);
        break;
    case FORM_TEXT:
        placement_draw_text(stdout, plan);
        break;
    case FORM_SVG:
        return draw_file(arguments, plan);
    case FORM_EMIT:
        if (placement_emit(stdout, arguments->launcher, plan, why, sizeof why) !=
            TROUPE_OK)
            return fail("--emit", why);
        break;
    default:
        placement_print_table(stdout, plan, &findings);
    }
    return CLI_OK;
}

static int make_plan(struct arguments *arguments)
{
    struct placement_machine *machine;
    struct placement_plan *plan;
    char why[300] = "";
    int code = read_machine(arguments, &machine);

    if (code != CLI_OK)
        return code;
    if (placement_plan_make(machine, &arguments->request, &plan, why, sizeof why) ==
        TROUPE_OK)
        code = print(arguments, plan);
    else
        code = cli_usage("place", "%s", why);
    placement_plan_destroy(plan);
    placement_machine_destroy(machine);
    return code;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {.request = {.n_ranks = 1, .smt = 1}};
    int code = read_arguments(argc, argv, &arguments);

    if (code != CLI_OK)
        return code;
    if (arguments.form == FORM_VERIFY)
        return place_verify(argc, argv, arguments.is_json);
    return make_plan(&arguments);
}

const struct cli_command cli_place = {
    .name = "place",
    .summary =
        "where ranks and their threads belong on a machine, and whether they are",
    .help =
        "usage: troupe place [--topology FILE|DESCRIPTION] [--ranks N] [--workers N]\n"
        "                    [--policy POLICY] [--smt N] [--list SETS] [--memory USE]\n"
        "                    [--json | --ascii | --svg FILE | --emit LAUNCHER]\n"
        "       mpirun ... troupe place --verify [--json]\n\n"
        "Plans the ranks of one node: cores, memory, threads and devices of each. "
        "With\n"
        "--verify, inside a job, looks at what the ranks have really got, and says by\n"
        "code what is wrong (PL01 to PL14) and what helps.\n\n"
        "options:\n"
        "  --topology FILE  an XML file of hwloc, written by lstopo FILE.xml there\n"
        "  --topology TEXT  a machine in hwloc's words: 'pack:2 numa:4 core:16 pu:2';\n"
        "                   default: this machine\n"
        "  --ranks N        on the node; default 1\n"
        "  --workers N      threads of each rank; default: one a core\n"
        "  --policy POLICY  auto (default), numa, l3, socket, core, pack, spread, "
        "gpu,\n"
        "                   nic, none, list\n"
        "  --smt N          hardware threads used of each core; default 1; 0: all\n"
        "  --list SETS      each rank's PUs: '0-3;4-7'\n"
        "  --memory USE     near (default: nodes of the rank's domains), hbm (their\n"
        "                   high-bandwidth nodes), strict, interleave, touch\n"
        "  --json           for programs\n"
        "  --ascii          a picture of letters\n"
        "  --svg FILE       hwloc's drawing, a colour for each rank; needs its "
        "program\n"
        "                   lstopo-no-graphics (Debian: hwloc-nox)\n"
        "  --emit LAUNCHER  mpirun, srun or rankfile: what makes it give this plan\n\n"
        "policies:\n"
        "  auto    numa, but core where ranks are fewer than domains and uneven\n"
        "  numa    ranks stay within NUMA domains; l3, socket: within those\n"
        "  core    each rank the same number of cores, give or take one\n"
        "  pack    as near together as can be; spread: as far apart\n"
        "  gpu     near the accelerators; nic: near the network\n\n"
        "examples:\n"
        "  troupe place --ranks 8\n"
        "  troupe place --topology node.xml --ranks 5 --ascii\n"
        "  troupe place --topology 'pack:2 numa:4 core:16 pu:2' --ranks 8 --emit srun\n"
        "  mpirun -n 8 --map-by numa troupe place --verify\n",
    .run = run,
};
