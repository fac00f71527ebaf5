/* SPDX-License-Identifier: BSD-3-Clause */
/* timeout: 120 */
#define _GNU_SOURCE
#include "machines.h"
#include "support/check_main.h"

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
        struct placement_plan *plan;
        char why[200];

        if (placement_plan_make(machine, &request, &plan, why, sizeof why) == TROUPE_OK)
            placement_plan_destroy(plan);
    }
}

struct tally {
    int n_read, n_refused, n_crashed;
};

static void try_damaged(const char *path,
                        const char *original,
                        size_t n,
                        uint64_t seed,
                        struct tally *tally)
{
    char *text = malloc(n + 1), why[300] = "";
    struct placement_machine *machine;
    uint64_t state = seed;

    memcpy(text, original, n);
    for (unsigned k = 1 + pick(&state, 3); k > 0; k--)
        damage(text, &n, &state);
    write_file(path, text, n);
    if (placement_read_apart(PLACEMENT_XML, path, &machine, why, sizeof why) ==
        TROUPE_OK) {
        plan_all(machine);
        placement_machine_destroy(machine);
        tally->n_read++;
    } else {
        ck_assert_msg(!strstr(why, "our own fault") && !strstr(why, "damaged"),
                      "seed %llu: %s", (unsigned long long)seed, why);
        tally->n_refused++;
        tally->n_crashed += strstr(why, "crash") != NULL;
    }
    free(text);
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

START_TEST(damaged_files_end_nobody)
{
    const char *wanted = getenv("TROUPE_TEST_MUTATIONS");
    int n = wanted ? atoi(wanted) : 400;
    struct tally tally = {0, 0, 0};
    char folder[1000], path[100];

    make_scratch();
    for_each_xml(own_folder(folder), keep_original);
    for (int i = 0; i < n; i++)
        try_damaged(scratch_path(path, "damaged.xml"), originals[i % n_originals],
                    original_bytes[i % n_originals], (uint64_t)i, &tally);
    unlink(path);
    rmdir(scratch);
    printf("%d damaged files: %d read, %d refused, of these %d by a crash of hwloc\n",
           n, tally.n_read, tally.n_refused, tally.n_crashed);
    ck_assert_int_gt(tally.n_read, n / 20);
    ck_assert_int_gt(tally.n_refused, n / 20);
    for (int i = 0; i < n_originals; i++)
        free(originals[i]);
}
END_TEST

MACHINES_MAIN("read",
              what_is_no_topology_is_refused,
              apart_is_as_here,
              this_machine_can_be_read,
              damaged_files_end_nobody)
