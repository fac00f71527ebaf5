/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "cli/checkpoint.h"
#include "base/compiler.h"
#include "cli/cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `troupe checkpoint`: what a job has saved. Works without the job, and beside it. */

struct verb {
    const char *name;
    const char *options; /* those it takes, between blanks */
    bool takes_checkpoint, needs_checkpoint;
    const char *help;
    int (*run)(const struct checkpoint_arguments *arguments,
               const struct store *store,
               const struct store_list *list);
    /* Instead: needs no checkpoint to be there. */
    int (*run_alone)(const struct checkpoint_arguments *arguments);
};

/* ---- the verbs
 * ---------------------------------------------------------------------------- */

static const struct verb verbs[] = {
    {.name = "list",
     .options = " --json ",
     .help =
         "usage: troupe checkpoint list [--json] FOLDER\n\n"
         "All checkpoints of a job, the newest first, each with its state as far as\n"
         "headers and sizes tell. 'fenced': a later attempt went on from an older\n"
         "one, so this one is void: no restart takes it, and prune removes it.\n\n"
         "  troupe checkpoint list /scratch/me/heat\n",
     .run = checkpoint_run_list},
    {.name = "show",
     .options = " --json ",
     .takes_checkpoint = true,
     .help = "usage: troupe checkpoint show [--json] FOLDER [CHECKPOINT]\n\n"
             "All that is known of one: of the newest, or of 12, or of 12.3, which is\n"
             "epoch 12 of attempt 3.\n\n"
             "  troupe checkpoint show /scratch/me/heat\n"
             "  troupe checkpoint show --json /scratch/me/heat 12\n",
     .run = checkpoint_run_show},
    {.name = "verify",
     .options = " --json --quick ",
     .takes_checkpoint = true,
     .help =
         "usage: troupe checkpoint verify [--json] [--quick] FOLDER [CHECKPOINT]\n\n"
         "Reads every byte of one or of all and compares with its hash; names file\n"
         "and offset of what is damaged. --quick: only headers, indexes and sizes.\n"
         "Exit code 0: all are whole. 74: one is damaged or cannot be read, or there\n"
         "is none. 78: one has a format that this version does not know yet.\n"
         "'fenced' ones are whole, but a later attempt went on from an older one: no\n"
         "restart takes them. If there are no others, that is said.\n\n"
         "  troupe checkpoint verify /scratch/me/heat\n"
         "  troupe checkpoint verify --quick /scratch/me/heat 12\n",
     .run = checkpoint_run_verify},
    {.name = "prune",
     .options = " --json --quick --dry-run --keep ",
     .help =
         "usage: troupe checkpoint prune [--json] [--quick] [--dry-run] [--keep N]\n"
         "                               FOLDER\n\n"
         "Removes all but the newest N (2) that verify, and the pinned. Nothing is\n"
         "removed when fewer verify. --quick: does not read them to the last byte.\n"
         "--dry-run: only says what would go.\n\n"
         "  troupe checkpoint prune --dry-run /scratch/me/heat\n"
         "  troupe checkpoint prune --keep 1 /scratch/me/heat\n",
     .run = checkpoint_run_prune},
    {.name = "pin",
     .options = " --json --remove ",
     .takes_checkpoint = true,
     .needs_checkpoint = true,
     .help = "usage: troupe checkpoint pin [--json] [--remove] FOLDER CHECKPOINT\n\n"
             "A pinned checkpoint is never pruned. --remove takes the pin away.\n"
             "--json: an object with epoch, attempt, and pinned, true or false.\n\n"
             "  troupe checkpoint pin /scratch/me/heat 12\n"
             "  troupe checkpoint pin --remove /scratch/me/heat 12\n",
     .run = checkpoint_run_pin},
    {.name = "now",
     .options = " --json ",
     .help = "usage: troupe checkpoint now [--json] FOLDER\n\n"
             "Asks the 'troupe run' that looks after the job for a checkpoint, and\n"
             "waits until it is published. On the host where 'troupe run' is.\n"
             "Exit code 0: it is there. 74: no 'troupe run' looks after this job. 75:\n"
             "not now, and why.\n"
             "--json: an object with exit_code and text, and if a checkpoint is there\n"
             "also its epoch, attempt, size_bytes, frozen_ms and waited_ms.\n\n"
             "  troupe checkpoint now /scratch/me/heat\n"
             "  troupe checkpoint now --json /scratch/me/heat\n",
     .run_alone = checkpoint_now},
};

/* ---- the arguments
 * ---------------------------------------------------------------------- */

static bool parse_keep(const char *text, uint64_t *n_keep)
{
    char *end;

    errno = 0;
    *n_keep = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *n_keep > 0;
}

static bool takes(const struct verb *verb, const char *option)
{
    const char *found = strstr(verb->options, option);
    size_t n = strlen(option);

    return n > 2 && found && found[-1] == ' ' && found[n] == ' ';
}

/* How many arguments the option is; 0: it is wrong, and that has been said. */
static int parse_option(const struct verb *verb,
                        char **argv,
                        struct checkpoint_arguments *arguments)
{
    if (!takes(verb, argv[0])) {
        cli_usage("checkpoint", "checkpoint %s has no option '%s'", verb->name,
                  argv[0]);
        return 0;
    }
    if (strcmp(argv[0], "--keep") == 0) {
        if (argv[1] && parse_keep(argv[1], &arguments->n_keep))
            return 2;
        cli_usage("checkpoint", "--keep needs a number from 1");
        return 0;
    }
    arguments->is_json |= strcmp(argv[0], "--json") == 0;
    arguments->is_quick |= strcmp(argv[0], "--quick") == 0;
    arguments->is_trial |= strcmp(argv[0], "--dry-run") == 0;
    arguments->is_removal |= strcmp(argv[0], "--remove") == 0;
    return 1;
}

/* False: wrong, and that has been said. argv ends with NULL. */
static bool
parse(const struct verb *verb, char **argv, struct checkpoint_arguments *arguments)
{
    while (*argv) {
        int n = 1;

        if (argv[0][0] == '-')
            n = parse_option(verb, argv, arguments);
        else if (!arguments->folder)
            arguments->folder = *argv;
        else if (!arguments->checkpoint && verb->takes_checkpoint)
            arguments->checkpoint = *argv;
        else
            n = -cli_usage("checkpoint", "checkpoint %s does not take '%s'", verb->name,
                           *argv);
        if (n <= 0)
            return false;
        argv += n;
    }
    if (!arguments->folder)
        cli_usage("checkpoint", "checkpoint %s needs the job's folder", verb->name);
    else if (verb->needs_checkpoint && !arguments->checkpoint)
        cli_usage("checkpoint", "checkpoint %s needs a checkpoint", verb->name);
    else
        return true;
    return false;
}

/* ---- the folder
 * ---------------------------------------------------------------------------- */

struct jobs {
    const char *folder;
    size_t n_jobs;
    char names[200];
    struct store only;
};

/* Is there a job of that name, with checkpoints? */
static void visit_job(void *context, const char *name)
{
    struct jobs *jobs = context;
    struct store store;
    struct store_list list;

    if (store_open(&store, &base_files_real, jobs->folder, name,
                   STORE_ALLOW_WORLD_WRITABLE) != TROUPE_OK ||
        store_list_read(&store, &list) != TROUPE_OK)
        return;
    if (list.n_items > 0) {
        size_t n = strlen(jobs->names);

        snprintf(jobs->names + n, sizeof(jobs->names) - n, "%s%.40s",
                 jobs->n_jobs++ ? ", " : "", name);
        jobs->only = store;
    }
    store_list_fini(&list);
}

/* The folder above a single job will do as well. */
static int
open_job_below(const char *folder, struct store *store, struct store_list *list)
{
    struct jobs jobs = {.folder = folder};
    char words[300];

    if (base_files_real.list(&base_files_real, folder, visit_job, &jobs) != 0)
        return checkpoint_complain(CLI_IO, folder, strerror(errno));
    if (jobs.n_jobs == 0) /* the verb says so */
        return CLI_OK;
    if (jobs.n_jobs > 1) {
        snprintf(words, sizeof(words), "has several jobs, name one: %s", jobs.names);
        return checkpoint_complain(CLI_USAGE, folder, words);
    }
    *store = jobs.only;
    if (store_list_read(store, list) == TROUPE_OK)
        return CLI_OK;
    return checkpoint_complain(CLI_IO, store->path, strerror(errno));
}

static int open_folder(const char *folder, struct store *store, struct store_list *list)
{
    errno = ENAMETOOLONG;
    if (store_open(store, &base_files_real, folder, NULL, STORE_ALLOW_WORLD_WRITABLE) !=
            TROUPE_OK ||
        store_list_read(store, list) != TROUPE_OK)
        return checkpoint_complain(CLI_IO, folder, strerror(errno));
    if (list->n_items > 0)
        return CLI_OK;
    return open_job_below(folder, store, list);
}

/* ---- the command
 * ---------------------------------------------------------------------------- */

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[ARRAY_LENGTH(verbs) + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        names[i] = verbs[i].name;
    nearest = cli_nearest(name, names);
    if (nearest)
        return cli_usage("checkpoint", "no 'checkpoint %s': did you mean '%s'?", name,
                         nearest);
    return cli_usage("checkpoint", "no 'checkpoint %s'", name);
}

static int run_listed(const struct verb *verb,
                      const struct checkpoint_arguments *arguments,
                      const struct store *store,
                      struct store_list *list)
{
    int exit_code = verb->run(arguments, store, list);

    for (int i = 1; exit_code == CHECKPOINT_LIST_AGAIN && i < STORE_MOST_LISTS; i++) {
        store_list_fini(list);
        if (store_list_read(store, list) != TROUPE_OK)
            return checkpoint_complain(CLI_IO, store->path, strerror(errno));
        exit_code = verb->run(arguments, store, list);
    }
    if (exit_code == CHECKPOINT_LIST_AGAIN)
        return checkpoint_complain(CLI_IO, store->path,
                                   "checkpoints go while they are read");
    return exit_code;
}

static int run(int argc, char **argv)
{
    struct checkpoint_arguments arguments = {.n_keep = 2};
    struct store store;
    struct store_list list = {0};
    const struct verb *verb;
    int exit_code;

    if (argc < 2)
        return cli_usage("checkpoint",
                         "checkpoint needs list, show, verify, prune, pin or now");
    verb = find_verb(argv[1]);
    if (!verb)
        return unknown_verb(argv[1]);
    if (argc == 3 && cli_is_help(argv[2])) {
        printf("%s", verb->help);
        return CLI_OK;
    }
    if (!parse(verb, argv + 2, &arguments))
        return CLI_USAGE;
    if (verb->run_alone)
        return verb->run_alone(&arguments);
    exit_code = open_folder(arguments.folder, &store, &list);
    if (exit_code == CLI_OK)
        exit_code = run_listed(verb, &arguments, &store, &list);
    store_list_fini(&list);
    return exit_code;
}

const struct cli_command cli_checkpoint = {
    .name = "checkpoint",
    .summary = "list, show, verify, prune or pin what a job has saved, or save now",
    .help =
        "usage: troupe checkpoint list   [--json] FOLDER\n"
        "       troupe checkpoint show   [--json] FOLDER [CHECKPOINT]\n"
        "       troupe checkpoint verify [--json] [--quick] FOLDER [CHECKPOINT]\n"
        "       troupe checkpoint prune  [--json] [--quick] [--dry-run] [--keep N]\n"
        "                                FOLDER\n"
        "       troupe checkpoint pin    [--json] [--remove] FOLDER CHECKPOINT\n"
        "       troupe checkpoint now    [--json] FOLDER\n\n"
        "FOLDER is the job's folder, <checkpoint directory>/<job>, or the one above\n"
        "if there is one job in it. CHECKPOINT is an epoch, such as 12, or with its\n"
        "attempt 12.3. Neither MPI nor the job is needed, nor disturbed.\n\n"
        "  troupe checkpoint list /scratch/me/heat\n"
        "  troupe checkpoint verify /scratch/me/heat 12\n\n"
        "Exit codes: 0 all went well, 64 wrong use, 74 no such or no good\n"
        "checkpoint, 78 of a newer format. 'troupe checkpoint VERB --help' says "
        "more.\n",
    .run = run,
};
