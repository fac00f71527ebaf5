/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "kernel/narrow.h"
#include "team/team.h"
#include <string.h>

/*
 * Counts of all members together. Few are added up as they are. Of many each member
 * adds up its share, and sends it to the others: then what passes between two members
 * is their shares and no more (reduce-scatter and all-gather: Rabenseifner,
 * "Optimization of Collective Reduction Operations", ICCS 2004), in as few bytes each
 * as hold all that is sent: where counts are many they are small. 32 bits suffice if
 * the array has fewer elements.
 */

enum { FEW_COUNTS = 4096 }; /* of a share: less is not worth two exchanges */

static size_t share_begin(const struct kernel_run *run,
                          const struct kernel_counts *counts,
                          int member)
{
    return (size_t)(counts->onto
                        ? array_member_first(counts->onto, member)
                        : array_share((int64_t)counts->n, run->team->size, member));
}

static size_t share_length(const struct kernel_run *run,
                           const struct kernel_counts *counts,
                           int member)
{
    return share_begin(run, counts, member + 1) - share_begin(run, counts, member);
}

/* Bytes of a count that goes to another member: as many at all of them. */
static troupe_status
agree_on_width(struct kernel_run *run, uint64_t bits_of_mine, size_t *width)
{
    uint64_t bits = 0;
    const troupe_reduction reduction = {.mine = &bits_of_mine,
                                        .result = &bits,
                                        .element = TROUPE_UINT64,
                                        .combine = TROUPE_OR,
                                        .n_items = 1};

    TROUPE_TRY(array_reduce(run->self, run->team, &reduction));
    *width = kernel_narrow_width(bits);
    return TROUPE_OK;
}

/* All shares leave for the room of whose they are, or this member's for everybody. */
static troupe_status exchange_shares(struct kernel_run *run,
                                     const struct kernel_counts *counts,
                                     size_t width,
                                     bool is_summed)
{
    int n_members = run->team->size, self = run->team->index, n_lists = 0;
    troupe_outgoing *sends = kernel_need(run, (size_t)n_members * sizeof *sends);
    troupe_incoming *receives = kernel_need(run, (size_t)n_members * sizeof *receives);
    unsigned char *room = (unsigned char *)counts->room;
    size_t mine_bytes = share_length(run, counts, self) * width;
    troupe_status status;

    for (int i = 0; i < n_members; i++) {
        void *theirs = counts->mine + share_begin(run, counts, i);
        void *mine = counts->mine + share_begin(run, counts, self);
        void *aside = room + (size_t)n_lists * mine_bytes;
        size_t their_bytes = share_length(run, counts, i) * width;

        if (i == self)
            continue;
        if (is_summed) {
            sends[n_lists] = (troupe_outgoing){i, mine, mine_bytes};
            receives[n_lists++] = (troupe_incoming){i, theirs, their_bytes};
        } else {
            sends[n_lists] = (troupe_outgoing){i, theirs, their_bytes};
            receives[n_lists++] = (troupe_incoming){i, aside, mine_bytes};
        }
    }
    status =
        array_exchange(run->self, run->team,
                       &(troupe_exchange_lists){sends, n_lists, receives, n_lists});
    kernel_give(sends);
    kernel_give(receives);
    /* Who has all that comes does not know of the others. */
    return array_agree(run->self, run->team, status, 0);
}

/* What all members counted of this member's share. */
static troupe_status add_up_share(struct kernel_run *run,
                                  const struct kernel_counts *counts)
{
    int n_members = run->team->size, self = run->team->index;
    uint32_t *mine = counts->mine + share_begin(run, counts, self);
    size_t n_mine = share_length(run, counts, self), width;
    uint64_t bits = 0;

    for (int i = 0; i < n_members; i++)
        if (i != self)
            bits |= kernel_narrow_bits(counts->mine + share_begin(run, counts, i),
                                       share_length(run, counts, i));
    TROUPE_TRY(agree_on_width(run, bits, &width));
    for (int i = 0; i < n_members; i++)
        if (i != self)
            kernel_narrow(counts->mine + share_begin(run, counts, i),
                          share_length(run, counts, i), width);
    TROUPE_TRY(exchange_shares(run, counts, width, false));
    for (int k = 0; k < n_members - 1; k++)
        kernel_narrow_add((unsigned char *)counts->room + (size_t)k * n_mine * width,
                          n_mine, width, mine);
    return TROUPE_OK;
}

/* What all members have of their own shares. */
static troupe_status gather_shares(struct kernel_run *run,
                                   const struct kernel_counts *counts)
{
    int self = run->team->index;
    uint32_t *mine = counts->mine + share_begin(run, counts, self);
    size_t n_mine = share_length(run, counts, self), width;

    TROUPE_TRY(agree_on_width(run, kernel_narrow_bits(mine, n_mine), &width));
    kernel_narrow(mine, n_mine, width);
    TROUPE_TRY(exchange_shares(run, counts, width, true));
    for (int i = 0; i < run->team->size; i++)
        kernel_narrow_undo(counts->mine + share_begin(run, counts, i),
                           share_length(run, counts, i), width);
    return TROUPE_OK;
}

static void add_rows(struct kernel_counts *counts)
{
    for (size_t row = 1; row < counts->n_rows; row++)
        for (size_t i = 0; i < counts->n; i++)
            counts->mine[i] += counts->mine[row * counts->n + i];
}

static void widen(const uint32_t *counts, size_t n, uint64_t *totals)
{
    for (size_t i = 0; i < n; i++)
        totals[i] = counts[i];
}

/* 32 bits do not count them. */
static bool are_many(const struct array *counted)
{
    return counted->length > UINT32_MAX;
}

struct kernel_counts kernel_counts_make(
    const struct array *array, uint32_t *mine, size_t n_rows, uint64_t *room, size_t n)
{
    bool is_long = are_many(array);

    if (is_long)
        memset(room, 0, n * sizeof *room);
    return (struct kernel_counts){
        .mine = mine, .room = room, .n = n, .n_rows = n_rows, .is_long = is_long};
}

static void add_to_room(struct kernel_counts *counts)
{
    for (size_t row = 0; row < counts->n_rows; row++)
        for (size_t i = 0; i < counts->n; i++)
            counts->room[i] += counts->mine[row * counts->n + i];
}

void kernel_counts_put_aside(struct kernel_counts *counts)
{
    if (!counts->is_long)
        return;
    add_to_room(counts);
    memset(counts->mine, 0, counts->n_rows * counts->n * sizeof *counts->mine);
}

static troupe_status add_up(struct kernel_run *run, const struct kernel_counts *counts)
{
    return array_add_up(run->self, run->team, counts->room, counts->room, counts->n);
}

troupe_status kernel_counts_total(struct kernel_run *run,
                                  struct kernel_counts *counts,
                                  uint64_t *totals)
{
    size_t n_members = (size_t)run->team->size;
    bool is_alone = n_members == 1, are_few = counts->n / n_members < FEW_COUNTS;

    if (counts->is_long)
        add_to_room(counts);
    else
        add_rows(counts);
    if (!counts->is_long && (is_alone || !are_few)) {
        if (!is_alone) {
            TROUPE_TRY(add_up_share(run, counts));
            TROUPE_TRY(gather_shares(run, counts));
        }
        widen(counts->mine, counts->n, totals);
        return TROUPE_OK;
    }
    if (!counts->is_long)
        widen(counts->mine, counts->n, counts->room);
    TROUPE_TRY(add_up(run, counts));
    if (totals != counts->room)
        memcpy(totals, counts->room, counts->n * sizeof *totals);
    return TROUPE_OK;
}

size_t kernel_counts_spread_room(const struct array *counted, const struct array *onto)
{
    if (are_many(counted))
        return (size_t)onto->length * sizeof(uint64_t);
    return (size_t)(onto->n_members - 1) * (size_t)array_mine_length(onto) *
           sizeof(uint32_t);
}

troupe_status kernel_counts_spread(struct kernel_run *run, struct kernel_counts *counts)
{
    size_t begin = share_begin(run, counts, run->team->index);
    size_t n_mine = share_length(run, counts, run->team->index);
    uint64_t *place = (uint64_t *)(void *)counts->onto->memory.bytes;

    if (counts->is_long) {
        add_to_room(counts);
        TROUPE_TRY(add_up(run, counts));
        if (n_mine > 0)
            memcpy(place, counts->room + begin, n_mine * sizeof *place);
        return TROUPE_OK;
    }
    add_rows(counts);
    if (run->team->size > 1)
        TROUPE_TRY(add_up_share(run, counts));
    widen(counts->mine + begin, n_mine, place);
    return TROUPE_OK;
}
