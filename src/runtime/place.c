/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/place.h"
#include "base/alloc.h"
#include "base/environment.h"
#include "comm/node.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * One rank of a node reads the machine and sends it to the others: with 256 ranks a
 * node that each read it, jobs were seen to start 20 s late (openpmix issue 2036). All
 * make the same plan, and each binds itself.
 */

static const char *environment(const char *name)
{
    return getenv(name);
}

troupe_status runtime_wish_read(const struct base_log *log, struct placement_wish *wish)
{
    if (placement_wish_parse(base_env_text("TROUPE_PLACE", ""), wish))
        return TROUPE_OK;
    base_env_report(
        log, "TROUPE_PLACE",
        "auto, none, inherit, numa, l3, socket, core, pack, spread, gpu or nic; "
        "quiet, report, smt=N, memory=near|touch|strict|interleave|hbm; parted by "
        "commas");
    (void)placement_wish_parse("", wish);
    return TROUPE_INVALID;
}

/* ---- what each says of itself ---- */

/* As array/module.c counts them, without its default. */
static int workers_asked(void)
{
    const char *text = getenv("TROUPE_WORKERS");
    long n;

    if (!text || !text[0])
        text = getenv("OMP_NUM_THREADS");
    n = text ? strtol(text, NULL, 10) : 0;
    return n < 0 ? 0 : n > PLACEMENT_MOST_WORKERS ? PLACEMENT_MOST_WORKERS : (int)n;
}

static struct placement_card *gather_cards(const struct comm *comm)
{
    struct placement_card *cards =
        base_new_array(struct placement_card, comm_node_size(comm));
    struct placement_card mine = {.rank = comm_rank(comm),
                                  .origin = placement_origin_find(environment),
                                  .n_workers = workers_asked()};

    if (placement_linux.get_mask(&placement_linux, &mine.mask) != 0)
        mine.origin = PLACEMENT_ASKED_NOT; /* who cannot be asked is left alone */
    comm_node_gather(comm, &mine, sizeof mine, cards);
    return cards;
}

/* ---- the machine ---- */

static void read_machine(const struct base_log *log,
                         const struct placement_wish *wish,
                         struct base_bytes *bytes)
{
    bool with_devices = wish->policy == PLACEMENT_GPU ||
                        wish->policy == PLACEMENT_NIC || wish->wants_machine ||
                        wish->has_report;
    struct placement_machine *machine;
    char why[200] = "";

    if (placement_read(PLACEMENT_THIS_MACHINE, NULL, with_devices, &machine, why,
                       sizeof why) != TROUPE_OK) {
        log_info(log, "placement: none, %s", why);
        return;
    }
    placement_machine_pack(machine, bytes);
    placement_machine_destroy(machine);
}

static struct placement_machine *share_machine(const struct comm *comm,
                                               const struct base_log *log,
                                               const struct placement_wish *wish)
{
    struct placement_machine *machine;
    struct base_bytes bytes;

    base_bytes_init(&bytes);
    if (comm_node_rank(comm) == 0)
        read_machine(log, wish, &bytes);
    comm_node_share(comm, &bytes);
    machine = placement_machine_unpack(bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    return machine;
}

/* ---- binding ---- */

/* Memory is not bound where cores are not: it would be near to nothing. */
static void bind(const struct base_log *log, struct placement_here *here)
{
    int error = placement_here_bind(here);

    if (error != 0) {
        here->binds_workers = false;
        here->n_workers = 1;
        log_info(log, "placement: the system refuses to bind: %s", strerror(error));
        return;
    }
    error = placement_here_bind_memory(here);
    if (error != 0)
        log_info(log, "placement: the system refuses to bind memory: %s",
                 strerror(error));
}

/* ---- what is said ---- */

/* Where nothing is done, that is said only to who asks (TROUPE_LOG=info, or report). */
static enum base_log_level level_of_line(const struct base_log *log,
                                         const struct placement_wish *wish,
                                         const struct placement_here *here)
{
    bool is_news = here->plan && (!here->is_obeyed || here->binds_workers);

    return wish->has_report || (is_news && log->level >= BASE_LOG_WARNING)
               ? BASE_LOG_INFO
               : log->level;
}

/*
 * One line on what was done. A finding is a warning; of all nodes that have it, the one
 * with the lowest rank names it.
 */
static void tell(const struct comm *comm,
                 const struct base_log *log,
                 const struct placement_wish *wish,
                 const struct placement_here *here,
                 const struct placement_card *cards)
{
    int first[PLACEMENT_END_CODES];
    struct placement_findings findings;
    struct placement_host host;
    struct base_log loud = *log;
    char line[300];

    if (log->level < BASE_LOG_INFO)
        loud.level = level_of_line(log, wish, here);
    findings.n_items = 0;
    for (int i = 0; i < PLACEMENT_END_CODES; i++)
        first[i] = INT_MAX;
    if (here->index == 0 && here->machine) {
        placement_host_read("", &host);
        placement_here_find(here, cards, &host, &findings);
    }
    for (int i = 0; i < findings.n_items; i++)
        if (findings.items[i].is_warning)
            first[findings.items[i].code] = comm_rank(comm);
    comm_world_least(comm, first, PLACEMENT_END_CODES);
    if (wish->is_quiet)
        return;
    placement_here_describe(here, cards, line, sizeof line);
    if (comm_rank(comm) == 0)
        log_info(&loud, "placement: %s", line);
    for (int i = 0; i < findings.n_items; i++)
        if (first[findings.items[i].code] == comm_rank(comm))
            log_warning(log, "placement PL%02d: %s; %s", findings.items[i].code,
                        findings.items[i].text, findings.items[i].advice);
}

struct placement_here *runtime_place(const struct comm *comm,
                                     const struct base_log *log,
                                     const struct placement_wish *wish,
                                     struct placement_card **cards)
{
    int index = comm_node_rank(comm), n_ranks = comm_node_size(comm);
    struct placement_card *all = gather_cards(comm);
    struct placement_machine *machine = NULL;
    struct placement_here *here;

    if (placement_needs_machine(all, n_ranks, (int)sysconf(_SC_NPROCESSORS_ONLN), wish))
        machine = share_machine(comm, log, wish);
    here = placement_here_create(&placement_linux, machine, all, n_ranks, index, wish);
    bind(log, here);
    tell(comm, log, wish, here, all);
    if (cards)
        *cards = all;
    else
        base_free(all);
    return here;
}
