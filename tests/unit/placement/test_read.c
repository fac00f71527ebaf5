/* SPDX-License-Identifier: BSD-3-Clause */
/* timeout: 240 */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "machines.h"
#include "placement/findings.h"
#include "placement/read.h"
#include "support/check_main.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/*
 * Reading what may be no topology at all: in a child, so that whatever hwloc does with
 * it ends as an error here. TROUPE_TEST_MUTATIONS sets how many damaged files are
 * tried.
 */

static char scratch[40];

static void make_scratch(void)
{
    snprintf(scratch, sizeof scratch, "/tmp/troupe-read-XXXXXX");
    ck_assert(mkdtemp(scratch) != NULL);
}

static const char *scratch_path(char path[100], const char *name)
{
    snprintf(path, 100, "%s/%s", scratch, name);
    return path;
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "w");

    ck_assert(file != NULL);
    ck_assert_uint_eq(fwrite(text, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

static void
expect_refusal(enum placement_source source, const char *text, const char *word)
{
    struct placement_machine *machine;
    char why[300] = "";

    ck_assert(placement_read_apart(source, text, &machine, why, sizeof why) ==
              TROUPE_INVALID);
    ck_assert(machine == NULL);
    ck_assert_msg(strstr(why, word) != NULL, "%s: %s", text, why);
}

START_TEST(what_is_no_topology_is_refused)
{
    char path[100];

    make_scratch();
    expect_refusal(PLACEMENT_XML, scratch_path(path, "absent.xml"), "No such file");
    expect_refusal(PLACEMENT_XML, scratch, "not a file");
    write_file(scratch_path(path, "empty.xml"), "", 0);
    expect_refusal(PLACEMENT_XML, path, "hwloc");
    unlink(path);
    write_file(scratch_path(path, "other.xml"), "<html><body/></html>", 20);
    expect_refusal(PLACEMENT_XML, path, "hwloc");
    unlink(path);
    rmdir(scratch);
    expect_refusal(PLACEMENT_SYNTHETIC, "numa:x core:2", "does not understand");
    expect_refusal(PLACEMENT_SYNTHETIC, "pu:0", "does not understand");
    expect_refusal(PLACEMENT_SYNTHETIC, "core:5000 pu:1", "4095");
}
END_TEST

START_TEST(apart_is_as_here)
{
    for (int i = 0; i < N_SYNTHETIC; i++) {
        struct placement_machine *here =
            machine_read(PLACEMENT_SYNTHETIC, synthetic_machines[i]);
        struct placement_machine *apart;
        struct base_bytes a, b;
        char why[300] = "";

        ck_assert(placement_read_apart(PLACEMENT_SYNTHETIC, synthetic_machines[i],
                                       &apart, why, sizeof why) == TROUPE_OK);
        base_bytes_init(&a);
        base_bytes_init(&b);
        placement_machine_pack(here, &a);
        placement_machine_pack(apart, &b);
        ck_assert_uint_eq(a.size, b.size);
        ck_assert_mem_eq(a.data, b.data, a.size);
        ck_assert(placement_machine_shape(here) == placement_machine_shape(apart));
        ck_assert(placement_machine_unpack(a.data, a.size - 1) == NULL);
        ck_assert(placement_machine_unpack(a.data, 3) == NULL);
        base_bytes_fini(&a);
        base_bytes_fini(&b);
        placement_machine_destroy(here);
        placement_machine_destroy(apart);
    }
}
END_TEST

/* Of this machine only what the system says in another way, too, is known. */
START_TEST(this_machine_can_be_read)
{
    struct placement_machine *machine = machine_read(PLACEMENT_THIS_MACHINE, NULL);

    ck_assert_int_ge(machine->n_pus, placement_set_count(&machine->usable));
    ck_assert_int_le(placement_set_count(&machine->usable),
                     (int)sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert_int_ge(placement_set_count(&machine->usable), 1);
    placement_machine_destroy(machine);
}
END_TEST

/* ---- damaged files ---- */

/* Knuth's constants for a linear congruence, the high bits of which are random enough.
 */
static unsigned pick(uint64_t *state, unsigned n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*state >> 33) % n;
}

static void damage(char *text, size_t *n, uint64_t *state)
{
    static const char spice[] = "0123456789abcdefx,<>\"= -\n&";
    size_t at = pick(state, (unsigned)*n), length = 1 + pick(state, 60);

    switch (pick(state, 4)) {
    case 0: /* another character */
        text[at] = spice[pick(state, sizeof spice - 1)];
        break;
    case 1: /* some are gone */
        length = at + length > *n ? *n - at : length;
        memmove(text + at, text + at + length, *n - at - length);
        *n -= length;
        break;
    case 2: /* the file ends */
        if (pick(state, 8) == 0)
            *n = at;
        break;
    default: /* some come again elsewhere */
        length = at + length > *n ? *n - at : length;
        memmove(text + pick(state, (unsigned)(*n - length + 1)), text + at, length);
    }
    if (*n == 0)
        text[(*n)++] = '<';
}

static void plan_all(const struct placement_machine *machine)
{
    for (int policy = 0; policy < PLACEMENT_LIST; policy++) {
        const struct placement_request request = {
            .n_ranks = 3, .smt = 1, .policy = (enum placement_policy)policy};
        struct placement_findings findings;
        struct placement_plan *plan;
        char why[200];

        if (placement_plan_make(machine, &request, &plan, why, sizeof why) != TROUPE_OK)
            continue;
        placement_find_in_plan(plan, &findings);
        placement_plan_destroy(plan);
    }
}

static char *originals[20];
static size_t original_bytes[20];
static int n_originals;

static void keep_original(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 16);

    ck_assert(file != NULL && text != NULL);
    original_bytes[n_originals] = fread(text, 1, 1 << 16, file);
    originals[n_originals++] = text;
    fclose(file);
}

/* What file number `seed` is. */
static void write_damaged(const char *path, int seed)
{
    const char *original = originals[seed % n_originals];
    size_t n = original_bytes[seed % n_originals];
    char *text = malloc(n + 1);
    uint64_t state = (uint64_t)seed;

    (void)unlink(
        path); /* ext4 writes a file at once that is cut off and written anew */
    memcpy(text, original, n);
    for (unsigned k = 1 + pick(&state, 3); k > 0; k--)
        damage(text, &n, &state);
    write_file(path, text, n);
    free(text);
}

/*
 * A child reads one file after the other, for a process each takes ten times as long.
 * It says what it does: 'B' at each file, 'L' (placement_read_telling) once hwloc has
 * done its part, 'R' or 'N' when it is read or refused, and 'X' where we leak.
 */
static void read_range(const char *path, int first, int end, int descriptor)
{
    int nowhere = open("/dev/null", O_WRONLY);

    (void)dup2(nowhere, STDERR_FILENO);
    (void)signal(SIGSEGV, SIG_DFL); /* sanitizers take long to say where in hwloc */
    /* It loads plugins anew for each topology, which takes longer than all else. */
    (void)dlopen("libxml2.so.2", RTLD_NOW);
    (void)setenv("HWLOC_PLUGINS_BLACKLIST", "hwloc_gl,hwloc_opencl,hwloc_pci", 1);
    for (int seed = first; seed < end; seed++) {
        int64_t n_live = base_alloc_live();
        const struct rlimit limit = {(rlim_t)(clock() / CLOCKS_PER_SEC) + 10,
                                     RLIM_INFINITY};
        struct placement_machine *machine;
        char why[300], said = 'N';

        (void)setrlimit(RLIMIT_CPU, &limit);
        write_damaged(path, seed);
        ck_assert(write(descriptor, "B", 1) == 1);
        if (placement_read_telling(PLACEMENT_XML, path, true, descriptor, &machine, why,
                                   sizeof why) == TROUPE_OK) {
            plan_all(machine);
            said = 'R';
        }
        placement_machine_destroy(machine);
        said = base_alloc_live() == n_live ? said : 'X';
        ck_assert(write(descriptor, &said, 1) == 1);
    }
    _exit(0);
}

struct tally {
    int n_read, n_refused, n_crashed;
    int n_tried; /* in this child */
    char last;
};

static void count(struct tally *tally, char said)
{
    tally->n_tried += said == 'B';
    tally->n_read += said == 'R';
    tally->n_refused += said == 'N';
    ck_assert_msg(said != 'X', "a leak");
    tally->last = said;
}

/* Returns whether the child came to its end. */
static bool run_child(const char *path, int first, int end, struct tally *tally)
{
    char said[4096];
    int ends[2], code = 0;
    ssize_t n;
    pid_t child;

    tally->n_tried = 0;
    tally->last = 'N';
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        read_range(path, first, end, ends[1]);
    close(ends[1]);
    while ((n = read(ends[0], said, sizeof said)) > 0)
        for (ssize_t i = 0; i < n; i++)
            count(tally, said[i]);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &code, 0), child);
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

/* What hwloc has spoilt in memory may end a child in our code, files later: so each
 * that ends there is tried alone, and is our fault only if it ends there again. */
static void blame(const char *path, int seed, struct tally *tally)
{
    struct tally alone = {0};

    tally->n_crashed++;
    tally->n_refused++;
    if (tally->last != 'B')
        ck_assert_msg(run_child(path, seed, seed + 1, &alone) || alone.last == 'B',
                      "file %d: ended by us", seed);
}

/* All where a slip is seen at once; elsewhere a sample. */
#if defined(__SANITIZE_ADDRESS__)
enum { N_DAMAGED = 10000 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { N_DAMAGED = 10000 };
#else
enum { N_DAMAGED = 1000 };
#endif
#else
enum { N_DAMAGED = 1000 };
#endif

START_TEST(damaged_files_end_nobody)
{
    const char *wanted = getenv("TROUPE_TEST_MUTATIONS");
    int n = wanted ? atoi(wanted) : N_DAMAGED, first = 0;
    struct tally tally = {0};
    char folder[1000], path[100];

    make_scratch();
    for_each_xml(own_folder(folder), keep_original);
    scratch_path(path, "damaged.xml");
    while (first < n && !run_child(path, first, n, &tally)) {
        ck_assert_int_gt(tally.n_tried, 0);
        first += tally.n_tried;
        blame(path, first - 1, &tally);
    }
    unlink(path);
    rmdir(scratch);
    printf("%d damaged files: %d read, %d refused, of these %d by a crash of hwloc\n",
           n, tally.n_read, tally.n_refused, tally.n_crashed);
    ck_assert_int_eq(tally.n_read + tally.n_refused, n);
    ck_assert_int_gt(tally.n_read, n / 20);
    ck_assert_int_gt(tally.n_refused, n / 20);
    for (int i = 0; i < n_originals; i++)
        free(originals[i]);
}
END_TEST

/* The same apart, as the command reads them: each an error in words, or a machine. */
START_TEST(damaged_files_are_refused_in_words)
{
    char folder[1000], path[100];
    int n_refused = 0;

    make_scratch();
    for_each_xml(own_folder(folder), keep_original);
    scratch_path(path, "damaged.xml");
    for (int seed = 0; seed < 100; seed++) {
        struct placement_machine *machine;
        char why[300] = "";

        write_damaged(path, seed);
        if (placement_read_apart(PLACEMENT_XML, path, &machine, why, sizeof why) ==
            TROUPE_OK) {
            placement_machine_destroy(machine);
            continue;
        }
        n_refused++;
        ck_assert_msg(strstr(why, "hwloc") || strstr(why, "no PU"), "file %d: %s", seed,
                      why);
    }
    unlink(path);
    rmdir(scratch);
    ck_assert_int_gt(n_refused, 10);
    for (int i = 0; i < n_originals; i++)
        free(originals[i]);
}
END_TEST

MACHINES_MAIN("read",
              what_is_no_topology_is_refused,
              apart_is_as_here,
              this_machine_can_be_read,
              damaged_files_end_nobody,
              damaged_files_are_refused_in_words)
