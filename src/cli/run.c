/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/environment.h"
#include "base/log.h"
#include "cli/cli.h"
#include "job/job.h"
#include "job/select.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `troupe run`: the arguments; what is done with them is in `job`. */

enum { MAX_LAUNCHER_OPTIONS = 100 };
static const uint64_t not_given = UINT64_MAX;

struct arguments {
    struct job_options options;
    uint64_t n_ranks, min_ranks, n_spare, n_restarts, n_tries;
    double window_s, delay_s, liveness_s, progress_s, save_s, launch_s;
    const char *launcher_options[MAX_LAUNCHER_OPTIONS + 1];
    size_t n_launcher_options;
};

/* ---- options
 * -------------------------------------------------------------------------- */

enum kind { COUNT, SECONDS, TEXT, FLAG, WORD };

struct option {
    const char *name;
    enum kind kind;
    size_t at;      /* in struct arguments */
    double highest; /* of a number */
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {"-n", COUNT, AT(n_ranks), 1e6},
    {"--checkpoint", TEXT, AT(options.checkpoint), 0},
    {"--every", TEXT, AT(options.every), 0},
    {"--allow-world-writable", FLAG, AT(options.may_be_world_writable), 0},
    {"--job", TEXT, AT(options.name), 0},
    {"--from", TEXT, AT(options.from), 0},
    {"--restarts", COUNT, AT(n_restarts), JOB_MAX_RESTARTS},
    {"--window", SECONDS, AT(window_s), 1e8},
    {"--delay", SECONDS, AT(delay_s), 60},
    {"--tries", COUNT, AT(n_tries), 1e6},
    {"--liveness", SECONDS, AT(liveness_s), 1e8},
    {"--progress", SECONDS, AT(progress_s), 1e8},
    {"--launch", SECONDS, AT(launch_s), 1e8},
    {"--grace", SECONDS, AT(save_s), 1e8},
    {"--hosts", TEXT, AT(options.hosts), 0},
    {"--agent", TEXT, AT(options.agent), 0},
    {"--spare", COUNT, AT(n_spare), 1e6},
    {"--min-ranks", COUNT, AT(min_ranks), 1e6},
    {"--launcher", TEXT, AT(options.launcher), 0},
    {"--launcher-option", WORD, 0, 0},
    {"--journal", TEXT, AT(options.journal), 0},
    {"--json", FLAG, AT(options.is_json), 0},
    {"--dry-run", FLAG, AT(options.is_trial), 0},
};

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static int unknown_option(const char *name)
{
    const char *names[ARRAY_LENGTH(options) + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        names[i] = options[i].name;
    nearest = cli_nearest(name, names);
    if (nearest)
        return cli_usage("run", "run has no option '%s': did you mean '%s'?", name,
                         nearest);
    return cli_usage("run", "run has no option '%s'", name);
}

static bool parse_number(const char *text, bool is_whole, double highest, double *value)
{
    char *end;
    const char *allowed = is_whole ? "0123456789" : "0123456789.";

    if (!*text || strspn(text, allowed) != strlen(text))
        return false;
    errno = 0;
    *value = strtod(text, &end);
    return *end == '\0' && errno == 0 && *value <= highest;
}

static int set_number(const struct option *option, const char *text, void *place)
{
    double value;

    if (!parse_number(text, option->kind == COUNT, option->highest, &value))
        return cli_usage("run", "%s needs a %snumber up to %.0f, not '%s'",
                         option->name, option->kind == COUNT ? "whole " : "",
                         option->highest, text);
    if (option->kind == COUNT)
        *(uint64_t *)place = (uint64_t)value;
    else
        *(double *)place = value;
    return CLI_OK;
}

static int add_launcher_option(struct arguments *arguments, const char *word)
{
    if (arguments->n_launcher_options == MAX_LAUNCHER_OPTIONS)
        return cli_usage("run", "more than %d launcher options", MAX_LAUNCHER_OPTIONS);
    arguments->launcher_options[arguments->n_launcher_options++] = word;
    return CLI_OK;
}

static int
set_option(struct arguments *arguments, const struct option *option, const char *text)
{
    void *place = (char *)arguments + option->at;

    switch (option->kind) {
    case FLAG:
        *(bool *)place = true;
        return CLI_OK;
    case WORD:
        return add_launcher_option(arguments, text);
    case TEXT:
        if (!*text)
            return cli_usage("run", "%s needs a value", option->name);
        *(const char **)place = text;
        return CLI_OK;
    default:
        return set_number(option, text, place);
    }
}

/* Up to the program; what follows is its own. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0) {
        const struct option *option = find_option(argv[i]);
        int exit_code;

        if (!option)
            return unknown_option(argv[i]);
        if (option->kind != FLAG && i + 1 == argc)
            return cli_usage("run", "%s needs a value", option->name);
        exit_code = set_option(arguments, option, argv[i + 1]);
        if (exit_code)
            return exit_code;
        i += option->kind == FLAG ? 1 : 2;
    }
    if (i < argc && strcmp(argv[i], "--") == 0)
        i++;
    if (i == argc)
        return cli_usage("run", "run needs a program");
    arguments->options.command = &argv[i];
    return CLI_OK;
}

/* ---- what they come to
 * ---------------------------------------------------------------- */

static int64_t nanoseconds(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

static bool every_is_sound(const char *every)
{
    double seconds;

    return strcmp(every, "auto") == 0 ||
           (parse_number(every, false, 1e8, &seconds) && seconds > 0);
}

static int check(struct arguments *arguments)
{
    const struct job_options *given = &arguments->options;

    if (given->from && !job_from_is_sound(given->from))
        return cli_usage("run", "--from needs newest, none or an epoch such as 12");
    if (given->every && !every_is_sound(given->every))
        return cli_usage("run", "--every needs auto or seconds, not '%s'",
                         given->every);
    if (!given->checkpoint && (given->every || given->from))
        return cli_usage("run", "--every and --from need --checkpoint");
    if (arguments->n_ranks == 0)
        return cli_usage("run", "-n needs a number from 1");
    if (!given->hosts && (arguments->n_spare || arguments->min_ranks || given->agent))
        return cli_usage("run", "--spare, --min-ranks and --agent need --hosts");
    return CLI_OK;
}

static void settle(struct arguments *arguments)
{
    struct job_options *given = &arguments->options;

    given->n_ranks = arguments->n_ranks == not_given ? 0 : (uint32_t)arguments->n_ranks;
    given->min_ranks = (uint32_t)arguments->min_ranks;
    given->n_spare = (uint32_t)arguments->n_spare;
    given->launcher_options = arguments->launcher_options;
    given->liveness_ns = nanoseconds(arguments->liveness_s);
    given->progress_ns = nanoseconds(arguments->progress_s);
    given->rules.n_restarts = (uint32_t)arguments->n_restarts;
    given->rules.n_tries = (uint32_t)arguments->n_tries;
    given->rules.window_ns = nanoseconds(arguments->window_s);
    given->rules.first_delay_ns = nanoseconds(arguments->delay_s);
    given->rules.save_ns = nanoseconds(arguments->save_s);
    given->rules.launch_ns = nanoseconds(arguments->launch_s);
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {
        .options = {.launcher = "mpirun",
                    .checkpoint = base_env_text("TROUPE_CHECKPOINT", NULL),
                    .name = base_env_text("TROUPE_CHECKPOINT_JOB", NULL),
                    .rules = job_rules_default},
        .n_ranks = not_given,
        .n_restarts = 5,
        .n_tries = 2,
        .window_s = 3600,
        .delay_s = 1,
        .liveness_s = 30,
        .progress_s = 600,
        .save_s = 120,
        .launch_s = 120,
    };
    struct base_log log;
    int exit_code;

    base_log_init(&log);
    if (base_env_bool(&log, "TROUPE_CHECKPOINT_WORLD_WRITABLE", false,
                      &arguments.options.may_be_world_writable) != TROUPE_OK)
        return CLI_CONFIG;
    exit_code = parse(argc, argv, &arguments);
    if (exit_code == CLI_OK)
        exit_code = check(&arguments);
    if (exit_code != CLI_OK)
        return exit_code;
    settle(&arguments);
    return job_run(&arguments.options);
}

const struct cli_command cli_run = {
    .name = "run",
    .summary = "run a job, and again from its checkpoint when it dies",
    .help =
        "usage: troupe run [OPTION...] [--] PROGRAM [ARGUMENT...]\n\n"
        "Starts the program with mpirun, watches it, and starts it again from its\n"
        "newest checkpoint when a rank dies, hangs or is not heard of.\n\n"
        "  -n N                 ranks (1, or as many as the hosts have room for)\n"
        "  --checkpoint FOLDER  where checkpoints are; without, a job begins anew\n"
        "  --every S            seconds between them, or auto\n"
        "  --allow-world-writable\n"
        "                       FOLDER may be one into which all the world may write\n"
        "  --job NAME           folder in FOLDER; the program's name\n"
        "  --from WHICH         newest (the default, unless the job is completed), "
        "none,\n"
        "                       or an epoch such as 12\n"
        "  --restarts R         give up after so many in the window (5)\n"
        "  --window S           seconds (3600); a new checkpoint begins the count "
        "anew\n"
        "  --delay S            before the second attempt (1), then twice as long "
        "each\n"
        "                       time, up to 60; none after a new checkpoint\n"
        "  --tries K            failures from one checkpoint until an older one is\n"
        "                       taken (2); 0: never\n"
        "  --liveness S         a rank that is silent for so long is dead (30; 0: "
        "never)\n"
        "  --progress S         a rank that is in one turn for so long hangs (600;\n"
        "                       0: never)\n"
        "  --launch S           until all ranks are there (120)\n"
        "  --grace S            for a checkpoint when asked to stop (120)\n"
        "  --launcher PATH      instead of mpirun\n"
        "  --launcher-option W  one word for it; may be repeated\n"
        "  --hosts A:4,B:4      hosts and how many ranks on each\n"
        "  --spare K            the last K hosts are used when others fail\n"
        "  --min-ranks M        go on with fewer ranks when hosts fail, down to M\n"
        "  --agent COMMAND      runs a command on another host, instead of ssh\n"
        "  --journal FILE       what happens, as JSON lines; else in the job's folder\n"
        "  --json               the report at the end as JSON, on standard output\n"
        "  --dry-run            only say what would be started\n\n"
        "  troupe run -n 4 --checkpoint /scratch/me ./heat --steps 10000\n"
        "  troupe run -n 8 --restarts 20 --window 86400 -- ./app --input data\n\n"
        "TERM, HUP or USR1: take a checkpoint, then stop with 75. INT: stop at once.\n"
        "HUP and INT stay ignored if they are when it starts, as nohup has it.\n"
        "Exit codes: 0 completed, 64 wrong use, 70 gave up, 71 the job is deadlocked,\n"
        "74 no checkpoint can be used, 75 stopped, run me again, 78 never again,\n"
        "128 and the signal's number stopped without a checkpoint.\n",
    .run = run,
};
