/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/compiler.h"
#include "base/require.h"
#include "job/remains.h"
#include "job/supervisor.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starting the launcher, and getting rid of what it started. */

/* ---- its command line
 * ----------------------------------------------------------------- */

/*
 * Open MPI waits twice `odls_base_sigkill_timeout` seconds between the death of a rank
 * and its own end, and notices a dead host after up to 480 s with its own keep-alives.
 * Its ranks ask to be killed when their parent dies: so that must be its main thread.
 */
static const char *const settings[][2] = {
    {"odls_base_sigkill_timeout", "0"}, {"odls_base_num_threads", "0"},
    {"oob_tcp_keepalive_time", "5"},    {"oob_tcp_keepalive_intvl", "2"},
    {"oob_tcp_keepalive_probes", "3"},
};

static void add(struct job_words *words, const char *word)
{
    words->items =
        base_try_realloc(words->items, (words->n_items + 2) * sizeof(char *));
    base_require(words->items, "no memory for the launcher's command line");
    words->items[words->n_items++] = base_copy_text(word);
    words->items[words->n_items] = NULL;
}

static void add_setting(struct job_words *words, const char *name, const char *value)
{
    add(words, "--mca");
    add(words, name);
    add(words, value);
}

static void
add_folder(struct job_words *words, const char *name, const struct job_folder *folder)
{
    char path[JOB_FOLDER_BYTES + 2];

    if (!folder->path[0])
        return;
    snprintf(path, sizeof(path), "%s/s", folder->path);
    add_setting(words, name, path);
}

/* By name alone: the values are not for everybody who lists processes. */
static void add_environment(struct job_words *words)
{
    for (char **entry = environ; *entry; entry++) {
        char name[128];
        size_t n = strcspn(*entry, "=");

        if ((strncmp(*entry, "TROUPE_", 7) != 0 && strncmp(*entry, "OMP_", 4) != 0) ||
            n >= sizeof(name))
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)n, *entry);
        add(words, "-x");
        add(words, name);
    }
}

void job_words_init(struct job_words *words, const struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    char number[16], path[JOB_FOLDER_BYTES + 8];

    *words = (struct job_words){NULL, 0};
    snprintf(number, sizeof(number), "%" PRIu32, supervisor->n_ranks);
    add(words, options->launcher);
    add(words, "-n");
    add(words, number);
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        add_setting(words, settings[i][0], settings[i][1]);
    add_folder(words, "orte_tmpdir_base", &supervisor->folders.temporary);
    if (options->hosts) {
        add(words, "--host");
        add(words, supervisor->host_words);
        if (options->agent)
            add_setting(words, "plm_rsh_agent", options->agent);
    }
    if (job_hosts_are_local(
            &supervisor->hosts)) { /* elsewhere there is no such folder */
        add_folder(words, "btl_vader_backing_directory", &supervisor->folders.shared);
        add_folder(words, "osc_sm_backing_directory", &supervisor->folders.shared);
    } else if (supervisor->folders.temporary.path[0]) { /* no such folder elsewhere */
        add(words, "--report-uri");
        job_remains_path(supervisor->folders.temporary.path, path);
        add(words, path);
    }
    add_environment(words);
    for (const char **word = options->launcher_options; word && *word; word++)
        add(words, *word);
    for (char **word = options->command; *word; word++)
        add(words, *word);
}

void job_words_fini(struct job_words *words)
{
    for (size_t i = 0; i < words->n_items; i++)
        base_free(words->items[i]);
    base_free(words->items);
}

/* ---- its environment
 * ------------------------------------------------------------------ */

static void set(const char *name, const char *value)
{
    if (value)
        (void)setenv(name, value, 1);
    else
        (void)unsetenv(name);
}

void job_environment_set(const struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    const struct job_choice *choice = &supervisor->choice;
    char address[CONTROL_ADDRESS_BYTES];
    char attempt[16], from[64] = "none";
    bool has_store = options->checkpoint != NULL;

    control_address_print(&supervisor->address, address);
    snprintf(attempt, sizeof(attempt), "%" PRIu32, choice->attempt);
    if (choice->epoch)
        snprintf(from, sizeof(from), "%" PRIu64 ".%" PRIu32, choice->epoch,
                 choice->epoch_attempt);
    set("TROUPE_CONTROL", address);
    set("TROUPE_CHECKPOINT", options->checkpoint);
    set("TROUPE_CHECKPOINT_JOB", has_store ? supervisor->name : NULL);
    if (options->every)
        set("TROUPE_CHECKPOINT_EVERY", options->every);
    if (options->may_be_world_writable)
        set("TROUPE_CHECKPOINT_WORLD_WRITABLE", "1");
    set("TROUPE_ATTEMPT", has_store ? attempt : NULL);
    set("TROUPE_RESTART_FROM", has_store ? from : NULL);
}

/* ---- its process
 * ---------------------------------------------------------------------- */

/* A group of its own: Ctrl-C is for the supervisor. Its death is ours to survive, ours
 * is not for it to survive. No input: an attempt could not read it again. */
static void become_launcher(const struct job_supervisor *supervisor,
                            char **words,
                            pid_t parent,
                            int report)
{
    sigset_t none;
    int input = open("/dev/null", O_RDONLY);
    int error;

    if (input >= 0)
        (void)dup2(input, STDIN_FILENO);
    job_pass_take(supervisor);
    (void)setpgid(0, 0);
    /* Told to TERM while it launches, mpirun 4.1.4 may wait for itself for ever. Ranks
     * and daemons that lose it end. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() == parent)
        execvp(words[0], words);
    error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(127);
}

pid_t job_launch(const struct job_supervisor *supervisor)
{
    struct job_words words;
    int report[2], error = 0;
    pid_t parent = getpid(), child;

    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    job_words_init(&words, supervisor);
    child = fork();
    if (child == 0)
        become_launcher(supervisor, words.items, parent, report[1]);
    close(report[1]);
    /* Nothing comes when it was started. */
    if (child > 0 && read(report[0], &error, sizeof(error)) > 0) {
        (void)waitpid(child, NULL, 0);
        child = -1;
        errno = error;
    }
    error = errno;
    close(report[0]);
    job_words_fini(&words);
    errno = error;
    return child;
}

/* ---- its end
 * -------------------------------------------------------------------------- */

/* The parent of a process, or -1. */
static long parent_of(const char *process)
{
    char path[64], text[512];
    const char *end;
    long parent = -1;
    FILE *file;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%.20s/stat", process);
    file = fopen(path, "re");
    if (!file)
        return -1;
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    end = strrchr(text, ')'); /* the name before it may hold anything */
    if (!end || sscanf(end + 1, " %*c %ld", &parent) != 1)
        return -1;
    return parent;
}

/*
 * Ranks have process groups of their own, and outlive a launcher that was killed. As
 * their subreaper we are then their parent: nobody is missed, and no number can belong
 * to a stranger, because only we can bury them.
 */
void job_kill_children(void)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    long self = (long)getpid();

    while (folder && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            parent_of(entry->d_name) == self)
            (void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
    if (folder)
        closedir(folder);
}
