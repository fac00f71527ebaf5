/* SPDX-License-Identifier: BSD-3-Clause */
/* Every item of a behavior and of a process, and how many there may be. */
#include "troupe/behavior.h"

struct work {
    double low, high;
};
TROUPE_TYPE(work, low, high);
struct area {
    double value;
};
TROUPE_TYPE(area, value);
struct tally {
    int64_t n_done;
};
TROUPE_TYPE(tally, n_done);
struct begin {
    int64_t first;
};
TROUPE_TYPE(begin, first);
struct cache {
    void *data;
    char c;
};
TROUPE_PRIVATE(cache);
TROUPE_SIGNAL(stop);

/* ---- with a state
 * -------------------------------------------------------------------- */

static troupe_status
on_work(troupe_actor *self, struct tally *tally, const struct work *work)
{
    (void)self;
    tally->n_done += work->low < work->high;
    return TROUPE_OK;
}

static troupe_status
on_down(troupe_actor *self, struct tally *tally, const struct troupe_down *down)
{
    (void)self;
    tally->n_done--;
    return down->status;
}

static troupe_status on_stop(troupe_actor *self, struct tally *tally)
{
    (void)self;
    tally->n_done = 0;
    return TROUPE_OK;
}

static troupe_status
on_begin(troupe_actor *self, struct tally *tally, const struct begin *begin)
{
    (void)self;
    tally->n_done = begin->first;
    return TROUPE_OK;
}

static void on_end(troupe_actor *self, struct tally *tally)
{
    (void)self;
    (void)tally;
}

static troupe_status
save(troupe_actor *self, const struct tally *tally, troupe_writer *writer)
{
    (void)self;
    return troupe_write_bytes(writer, tally, sizeof *tally);
}

static troupe_status
restore(troupe_actor *self, struct tally *tally, troupe_reader *reader)
{
    (void)self;
    return troupe_read_bytes(reader, tally, sizeof *tally);
}

TROUPE_BEHAVIOR_DECLARE(plain);
TROUPE_BEHAVIOR(worker,
                tally,
                TROUPE_ON(work, on_work),
                .capacity = 64,
                TROUPE_ON(stop, on_stop),
                TROUPE_INIT(begin, on_begin),
                TROUPE_FINI(on_end),
                TROUPE_SAVE(save),
                TROUPE_RESTORE(restore),
                TROUPE_SENDS(area, begin),
                TROUPE_SPAWNS(&plain),
                TROUPE_ON(troupe_down, on_down),
                .overflow = TROUPE_REFUSE,
                .flags = TROUPE_TRAP_EXIT,
                TROUPE_ON(troupe_shutdown, on_stop));

/* ---- without, and with a private one
 * ------------------------------------------------- */

static troupe_status plain_work(troupe_actor *self, const struct work *work)
{
    (void)self;
    return work->low < work->high ? TROUPE_OK : TROUPE_FAILED;
}

static troupe_status plain_stop(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}

TROUPE_BEHAVIOR(plain,
                troupe_no_state,
                TROUPE_ON(work, plain_work),
                TROUPE_INIT(troupe_no_arguments, plain_stop),
                TROUPE_ON(stop, plain_stop));
TROUPE_BEHAVIOR(deaf, troupe_no_state);

static troupe_status
cache_work(troupe_actor *self, struct cache *cache, const struct work *work)
{
    (void)self;
    cache->data = NULL;
    return work->low < work->high ? TROUPE_OK : TROUPE_FAILED;
}
TROUPE_BEHAVIOR(cacher, cache, TROUPE_ON(work, cache_work));

/* ---- processes
 * ----------------------------------------------------------------------- */

static troupe_status body(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}

static troupe_status main_body(troupe_actor *self, int argc, char **argv)
{
    (void)self;
    return argc > 0 && argv ? TROUPE_OK : TROUPE_INVALID;
}

TROUPE_PROCESS_DECLARE(silent);
TROUPE_PROCESS(silent, body);
TROUPE_PROCESS(
    helper, body, TROUPE_ARGUMENTS(begin), TROUPE_ACCEPTS(work), .stack_size = 65536);
TROUPE_PROCESS(main_process,
               main_body,
               TROUPE_ACCEPTS(work, area, stop, troupe_down),
               .capacity = TROUPE_UNBOUNDED,
               TROUPE_STATE(tally),
               TROUPE_SENDS(begin),
               TROUPE_SPAWNS(&worker, &helper),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);

const troupe_behavior *const *listed(void);
const troupe_behavior *const *listed(void)
{
    static const troupe_behavior *const list[] = {&worker, &deaf, &cacher, &silent,
                                                  NULL};

    return list;
}

/* ---- many items
 * ---------------------------------------------------------------------- */

TROUPE_SIGNAL(s00);
TROUPE_SIGNAL(s01);
TROUPE_SIGNAL(s02);
TROUPE_SIGNAL(s03);
TROUPE_SIGNAL(s04);
TROUPE_SIGNAL(s05);
TROUPE_SIGNAL(s06);
TROUPE_SIGNAL(s07);
TROUPE_SIGNAL(s08);
TROUPE_SIGNAL(s09);
TROUPE_SIGNAL(s10);
TROUPE_SIGNAL(s11);
TROUPE_SIGNAL(s12);
TROUPE_SIGNAL(s13);
TROUPE_SIGNAL(s14);
TROUPE_SIGNAL(s15);
TROUPE_SIGNAL(s16);
TROUPE_SIGNAL(s17);
TROUPE_SIGNAL(s18);
TROUPE_SIGNAL(s19);
TROUPE_SIGNAL(s20);
TROUPE_SIGNAL(s21);
TROUPE_SIGNAL(s22);
TROUPE_SIGNAL(s23);
TROUPE_SIGNAL(s24);
TROUPE_SIGNAL(s25);
TROUPE_SIGNAL(s26);
TROUPE_SIGNAL(s27);
TROUPE_SIGNAL(s28);
TROUPE_SIGNAL(s29);
TROUPE_SIGNAL(s30);
TROUPE_SIGNAL(s31);
TROUPE_SIGNAL(s32);
TROUPE_SIGNAL(s33);
TROUPE_SIGNAL(s34);
TROUPE_SIGNAL(s35);
TROUPE_SIGNAL(s36);
TROUPE_SIGNAL(s37);
TROUPE_SIGNAL(s38);
TROUPE_SIGNAL(s39);

TROUPE_BEHAVIOR(busy,
                troupe_no_state,
                TROUPE_ON(s00, plain_stop),
                TROUPE_ON(s01, plain_stop),
                TROUPE_ON(s02, plain_stop),
                TROUPE_ON(s03, plain_stop),
                TROUPE_ON(s04, plain_stop),
                TROUPE_ON(s05, plain_stop),
                TROUPE_ON(s06, plain_stop),
                TROUPE_ON(s07, plain_stop),
                TROUPE_ON(s08, plain_stop),
                TROUPE_ON(s09, plain_stop),
                TROUPE_ON(s10, plain_stop),
                TROUPE_ON(s11, plain_stop),
                TROUPE_ON(s12, plain_stop),
                TROUPE_ON(s13, plain_stop),
                TROUPE_ON(s14, plain_stop),
                TROUPE_ON(s15, plain_stop),
                TROUPE_ON(s16, plain_stop),
                TROUPE_ON(s17, plain_stop),
                TROUPE_ON(s18, plain_stop),
                TROUPE_ON(s19, plain_stop),
                TROUPE_ON(s20, plain_stop),
                TROUPE_ON(s21, plain_stop),
                TROUPE_ON(s22, plain_stop),
                TROUPE_ON(s23, plain_stop),
                TROUPE_ON(s24, plain_stop),
                TROUPE_ON(s25, plain_stop),
                TROUPE_ON(s26, plain_stop),
                TROUPE_ON(s27, plain_stop),
                TROUPE_ON(s28, plain_stop),
                TROUPE_ON(s29, plain_stop),
                TROUPE_ON(s30, plain_stop),
                TROUPE_ON(s31, plain_stop),
                TROUPE_ON(s32, plain_stop),
                TROUPE_ON(s33, plain_stop),
                TROUPE_ON(s34, plain_stop),
                TROUPE_ON(s35, plain_stop),
                TROUPE_ON(s36, plain_stop),
                TROUPE_ON(s37, plain_stop),
                TROUPE_ON(s38, plain_stop),
                TROUPE_ON(s39, plain_stop),
                .capacity = 1);
