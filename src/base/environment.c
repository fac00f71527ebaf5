/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/environment.h"
#include "base/require.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX      "TROUPE_"
#define TEST_PREFIX "TROUPE_TEST_"

const struct base_env_variable base_env_table[] = {
    {"TROUPE_LOG", BASE_ENV_WORD, "error|warning|info|debug|trace", "warning",
     "how much is logged on standard error"},
    {"TROUPE_STATS", BASE_ENV_BOOL, "0|1", "0", "print statistics at the end"},
    {"TROUPE_PROGRESS", BASE_ENV_WORD, "0|1|auto", "auto", "print progress as it runs"},
    {"TROUPE_BACKEND", BASE_ENV_WORD, "mpi|sim", "mpi",
     "what ranks are: MPI processes, or simulated in one process"},
    {"TROUPE_SIM_RANKS", BASE_ENV_INT, "1 to 4096", "4", "sim: number of ranks"},
    {"TROUPE_SIM_SEED", BASE_ENV_INT, "0 and up", "1",
     "sim: seed of the schedule; the same seed gives the same run"},
    {"TROUPE_SIM_ROUTE", BASE_ENV_WORD, "direct|two_hops", "direct",
     "sim: the way of records between ranks"},
    {"TROUPE_SIM_TRACE", BASE_ENV_BOOL, "0|1", "0",
     "sim: print the hash of the run's trace at the end"},
    {"TROUPE_SLOTS", BASE_ENV_INT, "0, or a power of two up to 1048576",
     "0 (automatic)", "number of slots that actors are spread over"},
    {"TROUPE_RECEIVE_BUDGET", BASE_ENV_INT, "bytes", "2097152",
     "memory for receive slots, lent to busy links"},
    {"TROUPE_PIPES", BASE_ENV_BOOL, "0|1", "1",
     "mpi: frames between ranks of a machine go through memory that they share"},
    {"TROUPE_SPIN_US", BASE_ENV_INT, "microseconds", "automatic",
     "how long an idle rank polls before it sleeps"},
    {"TROUPE_STACK_KIB", BASE_ENV_INT, "KiB", "256", "stack of a process actor"},
    {"TROUPE_MAIL_LIMIT_MIB", BASE_ENV_INT, "MiB", "1024",
     "unread mail of a whole rank, beyond which the job ends"},
    {"TROUPE_HANDLER_TIMEOUT_MS", BASE_ENV_INT, "ms; 0: never", "1000",
     "a turn of an actor that takes longer is reported"},
    {"TROUPE_WORKERS", BASE_ENV_INT, "1 to 256",
     "OMP_NUM_THREADS, else one a core of the rank's, else 1",
     "threads that work on a rank's part of an array"},
    {"TROUPE_PLACE", BASE_ENV_TEXT,
     "auto|none|inherit|numa|l3|socket|core|pack|spread|gpu|nic, quiet, report, smt=N, "
     "memory=near|touch|strict|interleave|hbm",
     "auto", "where ranks run on a node; words parted by commas"},
    {"TROUPE_CHECKPOINT", BASE_ENV_TEXT, "a directory", "none",
     "where checkpoints go, on a disk that all ranks see"},
    {"TROUPE_CHECKPOINT_JOB", BASE_ENV_TEXT, "letters, digits, . _ -", "the program's",
     "name of the job, and of its folder there"},
    {"TROUPE_CHECKPOINT_EVERY", BASE_ENV_TEXT, "auto, or seconds", "auto",
     "how often; USR1 to a rank asks for one at once"},
    {"TROUPE_CHECKPOINT_KEEP", BASE_ENV_INT, "1 and up", "2",
     "how many checkpoints are kept"},
    {"TROUPE_CHECKPOINT_PACK", BASE_ENV_WORD, "auto|always|never", "auto",
     "make checkpoints smaller by zstd; auto: where the disk is slower than that"},
    {"TROUPE_CHECKPOINT_WORLD_WRITABLE", BASE_ENV_BOOL, "0|1", "0",
     "allow a checkpoint directory into which all the world may write"},
    {"TROUPE_RESTART_FROM", BASE_ENV_TEXT, "newest|none|EPOCH|EPOCH.ATTEMPT", "newest",
     "checkpoint that the job goes on from"},
    {"TROUPE_ATTEMPT", BASE_ENV_INT, "1 and up", "none",
     "set by troupe run: the number of this start of the job"},
    {"TROUPE_CHECK", BASE_ENV_BOOL, "0|1", "0",
     "do each kernel again, in other orders and cuts, and name one whose bits change"},
    {"TROUPE_ISA", BASE_ENV_WORD, "baseline|v2|v3|v4", "the best there is",
     "instruction set of the kernels' loops"},
    {"TROUPE_CONTROL", BASE_ENV_TEXT, "an address", "none",
     "where the supervisor of the job listens"},
    /* For the tests of the library itself. */
    {"TROUPE_TEST_FAIL_ALLOC", BASE_ENV_INT, "0 and up", "0 (none)",
     "hostile builds: every n-th allocation fails"},
    {"TROUPE_TEST_SEEDS", BASE_ENV_INT, "1 and up", "1", "seeds a test tries"},
    {"TROUPE_BUILD_DIR", BASE_ENV_TEXT, "a path", "none", "tests: where it was built"},
    {"TROUPE_SOURCE_DIR", BASE_ENV_TEXT, "a path", "none",
     "tests: where the sources are"},
    {"TROUPE_SANITIZE", BASE_ENV_TEXT, "a list", "none", "tests: sanitizers built in"},
    {NULL, BASE_ENV_TEXT, NULL, NULL, NULL},
};

static const struct base_env_variable *find(const char *name)
{
    for (const struct base_env_variable *row = base_env_table; row->name; row++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

/* The text in the environment, NULL when unset or empty. */
static const char *look_up(const char *name,
                           enum base_env_kind kind,
                           const struct base_env_variable **found)
{
    const struct base_env_variable *row = find(name);
    base_require(row, "%s is not in the table of environment variables", name);
    base_require(row->kind == kind, "%s is looked up as another kind than its own",
                 name);
    if (found)
        *found = row;
    const char *text = getenv(name);
    return text && text[0] ? text : NULL;
}

void base_env_report(const struct base_log *log, const char *name, const char *allowed)
{
    const char *text = getenv(name);
    log_error(log, "the environment variable %s is \"%s\"; allowed: %s", name,
              text ? text : "", allowed);
}

static bool parse_int(const char *text, int64_t *value)
{
    /* strtoll would take blanks and a plus sign. */
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0;
}

troupe_status base_env_int(const struct base_log *log,
                           const char *name,
                           int64_t min,
                           int64_t max,
                           int64_t default_value,
                           int64_t *value)
{
    const char *text = look_up(name, BASE_ENV_INT, NULL);
    int64_t parsed = default_value;
    if (text && (!parse_int(text, &parsed) || parsed < min || parsed > max)) {
        char allowed[100];
        snprintf(allowed, sizeof(allowed),
                 "a whole number from %" PRId64 " to %" PRId64, min, max);
        base_env_report(log, name, allowed);
        return TROUPE_INVALID;
    }
    *value = parsed;
    return TROUPE_OK;
}

troupe_status base_env_bool(const struct base_log *log,
                            const char *name,
                            bool default_value,
                            bool *value)
{
    const char *text = look_up(name, BASE_ENV_BOOL, NULL);
    if (text && strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
        base_env_report(log, name, "0 or 1");
        return TROUPE_INVALID;
    }
    *value = text ? text[0] == '1' : default_value;
    return TROUPE_OK;
}

/* Whether `word` is one of the words parted by '|'. */
static bool is_choice(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = choices; *at;) {
        size_t n = strcspn(at, "|");
        if (n == length && memcmp(at, word, n) == 0)
            return true;
        at += n;
        at += *at == '|';
    }
    return false;
}

troupe_status base_env_word(const struct base_log *log,
                            const char *name,
                            const char *default_value,
                            const char **value)
{
    const struct base_env_variable *row;
    const char *text = look_up(name, BASE_ENV_WORD, &row);
    if (text && !is_choice(row->choices, text)) {
        base_env_report(log, name, row->choices);
        return TROUPE_INVALID;
    }
    *value = text ? text : default_value;
    return TROUPE_OK;
}

const char *base_env_text(const char *name, const char *default_value)
{
    const char *text = look_up(name, BASE_ENV_TEXT, NULL);
    return text ? text : default_value;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

enum { NAME_BYTES = sizeof(((struct base_env_stranger *)0)->name) };

/* Levenshtein's distance; both texts are shorter than NAME_BYTES. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    size_t row[NAME_BYTES]; /* row[j]: from what of a is done to the first j of b */
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = smallest(changed, row[j] + 1, row[j + 1] + 1);
        }
    }
    return row[n];
}

/* NULL when none is so near that it was likely meant. */
static const char *nearest_name(const char *name)
{
    const char *nearest = NULL;
    size_t least = (strlen(name) - strlen(PREFIX)) / 2 + 1;
    for (const struct base_env_variable *row = base_env_table; row->name; row++) {
        size_t distance = edit_distance(name, row->name);
        if (distance < least) {
            least = distance;
            nearest = row->name;
        }
    }
    return nearest;
}

static bool is_unknown(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
           strncmp(name, TEST_PREFIX, strlen(TEST_PREFIX)) != 0 && !find(name);
}

bool base_env_unknown(size_t *position, struct base_env_stranger *stranger)
{
    if (!environ)
        return false;
    while (environ[*position]) {
        const char *entry = environ[(*position)++];
        int length = (int)strcspn(entry, "=");
        snprintf(stranger->name, sizeof(stranger->name), "%.*s", length, entry);
        if (is_unknown(stranger->name)) {
            stranger->nearest = nearest_name(stranger->name);
            return true;
        }
    }
    return false;
}
