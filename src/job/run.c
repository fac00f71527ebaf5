/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "job/loop.h"
#include "job/note.h"
#include "job/program.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A supervisor's life: what it needs, the loop, the report. */

static int fail(int exit_code, const char *what, const char *why)
{
    fprintf(stderr, "troupe run: %s: %s\n", what, why);
    return exit_code;
}

/* ---- what can be known before anything is done
 * -------------------------------------------- */

static int check_program(const struct job_options *options)
{
    const char *program = options->command[0];
    const char *why;

    /* Elsewhere it is the launcher's to find. */
    if (options->hosts)
        return 0;
    for (const char **word = options->launcher_options; word && *word; word++)
        if (job_program_is_moved_by(*word))
            return 0;
    why = job_program_fault(program);
    return why ? fail(JOB_EXIT_USAGE, program, why) : 0;
}

static void name_job(struct job_supervisor *supervisor)
{
    const char *program = supervisor->options->command[0];
    const char *slash = strrchr(program, '/');
    const char *name = supervisor->options->name;

    snprintf(supervisor->name, sizeof(supervisor->name), "%s",
             name    ? name
             : slash ? slash + 1
                     : program);
}

static int name_hosts(struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;

    if (options->hosts && !job_hosts_parse(&supervisor->hosts, options->hosts))
        return fail(JOB_EXIT_USAGE, options->hosts, "not hosts such as a:4,b:4");
    supervisor->n_ranks = job_ranks_wanted(supervisor);
    if (options->hosts && supervisor->n_ranks > job_hosts_room(&supervisor->hosts))
        return fail(JOB_EXIT_USAGE, options->hosts, "room for fewer ranks than that");
    if (supervisor->n_ranks == 0)
        return fail(JOB_EXIT_USAGE, options->hosts, "no host is left but spare ones");
    if (options->min_ranks > supervisor->n_ranks)
        return fail(JOB_EXIT_USAGE, "--min-ranks", "more than there are to be");
    job_hosts_print(&supervisor->hosts, supervisor->n_ranks, supervisor->host_words,
                    sizeof(supervisor->host_words));
    return 0;
}

static const char *store_words(troupe_status status)
{
    if (status == TROUPE_REFUSED)
        return "all the world may write there: chmod o-w it, choose another, or give "
               "--allow-world-writable";
    if (status == TROUPE_INVALID)
        return "too long a path";
    return strerror(errno);
}

/* A folder that is not there is made, if that is what can be meant; and that is said.
 */
static int check_place(const struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    char parent[STORE_PATH_BYTES];
    bool is_there, is_named = options->from && strcmp(options->from, "newest") != 0 &&
                              strcmp(options->from, "none") != 0;

    if (!options->checkpoint)
        return 0;
    if (store_place_check(&base_files_real, options->checkpoint, parent, &is_there) !=
        TROUPE_OK)
        return fail(JOB_EXIT_NO_CHECKPOINT, parent, strerror(errno));
    if (is_there)
        return 0;
    if (is_named)
        return fail(JOB_EXIT_NO_CHECKPOINT, options->checkpoint,
                    "no such checkpoint: there is no such folder");
    fprintf(stderr,
            "troupe run: %s: not there yet: it is made, and the job begins at its "
            "start\n",
            options->checkpoint);
    return 0;
}

/* Of the two names that a folder has, it is the job's that is wrong. */
static bool is_bad_job_name(const struct job_supervisor *supervisor)
{
    struct store probe;

    return store_open(&probe, &base_files_real, supervisor->options->checkpoint, NULL,
                      0) != TROUPE_INVALID;
}

static int open_store(struct job_supervisor *supervisor, int flags)
{
    const char *folder = supervisor->options->checkpoint;
    troupe_status status;

    if (supervisor->options->may_be_world_writable)
        flags |= STORE_ALLOW_WORLD_WRITABLE;
    status = store_open(&supervisor->store, &base_files_real, folder, supervisor->name,
                        flags);

    if (status == TROUPE_OK)
        return 0;
    if (status == TROUPE_INVALID && is_bad_job_name(supervisor))
        return fail(JOB_EXIT_NEVER, supervisor->name,
                    "not a good name for a job: letters, digits, '.', '_' and '-', and "
                    "no '.' first; give one with --job");
    return fail(status == TROUPE_REFUSED || status == TROUPE_INVALID
                    ? JOB_EXIT_NEVER
                    : JOB_EXIT_NO_CHECKPOINT,
                status == TROUPE_REFUSED ? supervisor->store.path : folder,
                store_words(status));
}

/* ---- a trial
 * -------------------------------------------------------------------------- */

static void print_skipped(void *context,
                          const struct store_entry *entry,
                          const struct store_problem *problem)
{
    (void)context;
    printf("# checkpoint %" PRIu64 ".%" PRIu32 " would be passed over: %s: %s\n",
           entry->epoch, entry->attempt, problem->path, problem->text);
}

/* For a shell: in quotes where it has to be. */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+./,:=@%";

    if (*word && strspn(word, plain) == strlen(word)) {
        printf(" %s", word);
        return;
    }
    printf(" '");
    for (; *word; word++)
        printf(*word == '\'' ? "'\\''" : "%c", *word);
    printf("'");
}

static void print_trial(struct job_supervisor *supervisor)
{
    static const char *const names[] = {
        "TROUPE_CHECKPOINT", "TROUPE_CHECKPOINT_JOB", "TROUPE_CHECKPOINT_EVERY",
        "TROUPE_CHECKPOINT_WORLD_WRITABLE", "TROUPE_RESTART_FROM"};
    struct job_words words;

    job_environment_set(supervisor);
    (void)unsetenv("TROUPE_CONTROL"); /* there is none yet */
    (void)unsetenv("TROUPE_ATTEMPT");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (getenv(names[i]))
            printf("%s=%s\n", names[i], getenv(names[i]));
    job_words_init(&words, supervisor);
    printf("%s", words.items[0]);
    for (size_t i = 1; i < words.n_items; i++)
        print_word(words.items[i]);
    printf("\n");
    job_words_fini(&words);
}

static int run_trial(struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    struct job_choice *choice = &supervisor->choice;
    struct stat status;

    if (options->checkpoint && stat(options->checkpoint, &status) == 0 &&
        store_open(&supervisor->store, &base_files_real, options->checkpoint,
                   supervisor->name, STORE_ALLOW_WORLD_WRITABLE) == TROUPE_OK)
        job_choose(&supervisor->store, supervisor->from, 0, choice, print_skipped,
                   NULL);
    if (choice->exit_code) {
        fprintf(stderr, "troupe run: %s\n", choice->why);
        return choice->exit_code;
    }
    print_trial(supervisor);
    return 0;
}

/* ---- a run
 * ---------------------------------------------------------------------------- */

static int open_journal(struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    char path[STORE_PATH_BYTES + 16];

    snprintf(path, sizeof(path), "%s/journal", supervisor->store.path);
    if (options->journal)
        snprintf(path, sizeof(path), "%s", options->journal);
    if (job_journal_open(&supervisor->journal,
                         options->journal || options->checkpoint ? path : NULL))
        return 0;
    return fail(JOB_EXIT_NO_CHECKPOINT, path, strerror(errno));
}

/* Each rank is a connection. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int open_world(struct job_supervisor *supervisor)
{
    raise_descriptors();
    /* What the launcher leaves behind becomes our child. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!job_signals_open(supervisor))
        return fail(JOB_EXIT_NEVER, "signals", strerror(errno));
    if (!job_folders_open(&supervisor->folders))
        return fail(JOB_EXIT_NEVER, "temporary folder", strerror(errno));
    if (!job_listen(supervisor))
        return fail(JOB_EXIT_NEVER, "control socket", strerror(errno));
    return 0;
}

/* It may have had other arguments; so nobody goes on from its end by accident. */
static int refuse_completed(const struct job_supervisor *supervisor)
{
    const struct store *store = &supervisor->store;

    if (supervisor->options->from || !store_is_completed(store))
        return 0;
    return fail(JOB_EXIT_NEVER, store->path,
                "this job is completed: --from none begins anew, --from newest goes on "
                "from its last checkpoint");
}

static int open_job(struct job_supervisor *supervisor)
{
    int exit_code = 0;

    if (supervisor->options->checkpoint)
        exit_code = open_store(supervisor, STORE_CREATE);
    if (exit_code == 0)
        exit_code = open_journal(supervisor);
    if (exit_code == 0)
        exit_code = open_world(supervisor);
    if (exit_code == 0 && supervisor->options->checkpoint)
        exit_code = job_note_open(supervisor);
    if (exit_code == 0 && supervisor->options->checkpoint)
        exit_code = refuse_completed(supervisor);
    return exit_code;
}

static void close_job(struct job_supervisor *supervisor)
{
    job_links_close(supervisor);
    base_free(supervisor->links);
    base_free(supervisor->records);
    job_watch_fini(&supervisor->watch);
    job_note_close(supervisor);
    job_folders_close(&supervisor->folders);
    job_journal_close(&supervisor->journal);
}

static void begin(struct job_supervisor *supervisor)
{
    struct job_rules rules = supervisor->options->rules;

    rules.has_store = supervisor->options->checkpoint != NULL;
    job_machine_init(&supervisor->machine, &rules,
                     (uint64_t)base_clock_ns() ^ (uint64_t)getpid());
    job_watch_init(&supervisor->watch, supervisor->n_ranks);
    supervisor->begin_ns = base_clock_ns();
    supervisor->is_terminal = isatty(STDERR_FILENO) && !supervisor->options->is_json;
    job_pass_open(supervisor);
}

/*
 * It said that it was not to be started, and no actor has run, as far as is known. Also
 * who computes for hours may end with such a code, or in a deadlock: what it went past
 * is void for good, as its files have been cut to where it began.
 */
static bool has_never_run(const struct job_supervisor *supervisor)
{
    const struct job_machine *machine = &supervisor->machine;
    const struct job_attempt *attempt = &machine->attempt;

    if (attempt->cause != JOB_REFUSED || attempt->last_epoch > attempt->base_epoch)
        return false;
    return attempt->here_ns == 0 || (machine->exit_code == JOB_EXIT_NEVER &&
                                     job_watch_messages(&supervisor->watch) == 0);
}

/* One that was not to be started has voided nothing. */
static void take_fence_back(const struct job_supervisor *supervisor)
{
    if (has_never_run(supervisor) &&
        store_attempt_unfence(&supervisor->store, supervisor->choice.attempt) !=
            TROUPE_OK)
        fprintf(stderr,
                "troupe run: checkpoints newer than %" PRIu64
                " in %s stay void, as attempt %" PRIu32 " cannot be unsaid: %s\n",
                supervisor->choice.epoch, supervisor->store.path,
                supervisor->choice.attempt, strerror(errno));
}

static int supervise(struct job_supervisor *supervisor)
{
    int exit_code = open_job(supervisor);

    if (exit_code == 0) {
        begin(supervisor);
        job_loop(supervisor);
        job_pass_close(supervisor);
        if (supervisor->mpi_job)
            job_hosts_look(supervisor);
        job_report(supervisor, base_clock_ns());
        exit_code = supervisor->machine.exit_code;
        if (supervisor->options->checkpoint)
            take_fence_back(supervisor);
        if (exit_code == 0 && supervisor->options->checkpoint &&
            store_complete(&supervisor->store, true) != TROUPE_OK)
            fprintf(stderr, "troupe run: no mark that the job is completed in %s: %s\n",
                    supervisor->store.path, strerror(errno));
    }
    close_job(supervisor);
    return exit_code;
}

int job_run(const struct job_options *options)
{
    struct job_supervisor *supervisor;
    int exit_code = check_program(options);

    if (exit_code)
        return exit_code;
    supervisor = base_new(struct job_supervisor);
    supervisor->options = options;
    supervisor->lock_descriptor = -1;
    supervisor->journal.descriptor = -1;
    snprintf(supervisor->from, sizeof(supervisor->from), "%s",
             options->from ? options->from : "newest");
    name_job(supervisor);
    exit_code = name_hosts(supervisor);
    if (exit_code == 0)
        exit_code = check_place(supervisor);
    if (exit_code == 0)
        exit_code = options->is_trial ? run_trial(supervisor) : supervise(supervisor);
    job_hosts_fini(&supervisor->hosts);
    base_free(supervisor);
    return exit_code;
}
