/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "comm/backends.h"
#include "comm/node.h"
#include "placement/report.h"
#include "runtime/place.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * `troupe place --verify`: places its ranks as a program of the same job would be, then
 * looks at masks, memory and pages as they are. The first rank of each node makes its
 * report; rank 0 prints them all.
 */

struct verification {
    struct comm *comm;
    struct placement_here *here;
    struct placement_card *cards;
    struct placement_fact *facts;
    struct placement_host host;
    bool is_json;
};

/* ---- the node's report ---- */

static void print_rank(FILE *file,
                       const struct verification *verification,
                       const char *host,
                       int index)
{
    const struct placement_fact *fact = &verification->facts[index];
    const struct placement_machine *machine = verification->here->machine;
    int n_cores = placement_machine_count_cores(machine, &fact->mask);
    int n_local = fact->n_pages - fact->n_remote_pages;
    char cpus[PLACEMENT_LIST_BYTES], nodes[PLACEMENT_LIST_BYTES];
    struct placement_set near = placement_nodes_near(machine, &fact->mask);

    placement_set_format(&fact->mask, cpus, sizeof cpus);
    placement_set_format(&near, nodes, sizeof nodes);
    if (verification->is_json)
        fprintf(file,
                "%s{\"rank\":%d,\"cpuset\":\"%s\",\"cores\":%d,\"numa\":\"%s\","
                "\"workers\":%d,\"pages\":%d,\"remote_pages\":%d}",
                index ? "," : "", fact->rank, cpus, n_cores, nodes, fact->n_workers,
                fact->n_pages, fact->n_remote_pages);
    else
        fprintf(file, "%-12s %5d  %5d  %-16s  %-5s  %7d  %5d%%\n", host, fact->rank,
                n_cores, cpus, nodes, fact->n_workers,
                fact->n_pages ? n_local * 100 / fact->n_pages : 100);
}

static void print_node(FILE *file, const struct verification *verification)
{
    const struct placement_here *here = verification->here;
    struct placement_findings findings;
    char host[64] = "", line[300];

    (void)gethostname(host, sizeof host - 1);
    if (!here->machine) {
        fprintf(file,
                verification->is_json ? "{\"host\":\"%s\",\"machine\":null}"
                                      : "%s: the machine cannot be read\n",
                host);
        return;
    }
    placement_find(here->machine, verification->facts, here->n_ranks,
                   &verification->host, here->is_obeyed ? NULL : here->plan, &findings);
    placement_here_describe(here, verification->cards, line, sizeof line);
    if (verification->is_json)
        fprintf(file, "{\"host\":\"%s\",\"placement\":\"%s\",\"ranks\":[", host, line);
    else
        fprintf(file,
                "%s: %s\nnode          rank  cores  PUs               numa   workers  "
                "local\n",
                host, line);
    for (int i = 0; i < here->n_ranks; i++)
        print_rank(file, verification, host, i);
    if (verification->is_json) {
        fprintf(file, "],\"findings\":");
        placement_print_findings_json(file, &findings);
        fputc('}', file);
    } else {
        placement_print_findings(file, &findings);
    }
}

/* ---- all nodes ---- */

static bool is_unequal(const struct verification *verification)
{
    const struct placement_machine *machine = verification->here->machine;
    int shape = machine ? (int)(placement_machine_shape(machine) & INT_MAX) : 0;
    int ends[2] = {shape, -shape};

    comm_world_least(verification->comm, ends, 2);
    return ends[0] != -ends[1];
}

static void print_all(const struct base_bytes *all, bool is_json)
{
    const char *at = (const char *)all->data, *end = at + all->size;
    bool is_first = true;

    if (is_json)
        printf("{\"nodes\":[");
    while (at < end) {
        size_t n = strlen(at);

        if (n > 0) {
            printf("%s%s", is_json && !is_first ? ",\n" : "", at);
            is_first = false;
        }
        at += n + 1;
    }
    if (is_json)
        printf("]}\n");
}

/* Texts end with a zero byte; ranks that print nothing send that alone. */
static void report(const struct verification *verification)
{
    struct base_bytes mine, all;
    char *text = NULL;
    size_t size = 0;

    base_bytes_init(&mine);
    base_bytes_init(&all);
    if (verification->here->index == 0) {
        FILE *file = open_memstream(&text, &size);

        if (file) {
            print_node(file, verification);
            fclose(file);
        }
    }
    base_bytes_append(&mine, text ? text : "", size + 1);
    comm_world_collect(verification->comm, &mine, &all);
    if (comm_rank(verification->comm) == 0)
        print_all(&all, verification->is_json);
    base_bytes_fini(&mine);
    base_bytes_fini(&all);
    free(text);
}

static int verify(struct verification *verification, const struct base_log *log)
{
    struct placement_wish wish;
    struct placement_fact mine;

    if (runtime_wish_read(log, &wish) != TROUPE_OK)
        return CLI_USAGE;
    wish.wants_machine = wish.is_quiet = true;
    verification->here =
        runtime_place(verification->comm, log, &wish, &verification->cards);
    mine = placement_look(verification->here,
                          &verification->cards[verification->here->index]);
    verification->facts =
        base_new_array(struct placement_fact, verification->here->n_ranks);
    comm_node_gather(verification->comm, &mine, sizeof mine, verification->facts);
    placement_host_read("", &verification->host);
    verification->host.is_unequal = is_unequal(verification);
    report(verification);
    base_free(verification->facts);
    base_free(verification->cards);
    placement_here_destroy(verification->here);
    return CLI_OK;
}

int place_verify(int argc, char **argv, bool is_json)
{
    struct verification verification = {.is_json = is_json};
    const struct comm_mpi_options options = {.argc = &argc, .argv = &argv};
    struct troupe holder = {
        .log = {.level = BASE_LOG_WARNING, .rank = -1, .descriptor = STDERR_FILENO}};
    char why[512] = "";
    int code;

    if (comm_mpi_open(&options, &holder, &verification.comm, why, sizeof why) !=
        TROUPE_OK) {
        fprintf(stderr, "troupe: %s\n", why);
        return CLI_IO;
    }
    holder.log.rank = comm_rank(verification.comm);
    code = verify(&verification, &holder.log);
    comm_close(verification.comm);
    return code;
}
