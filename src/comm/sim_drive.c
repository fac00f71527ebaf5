/* SPDX-License-Identifier: BSD-3-Clause */
#undef _FORTIFY_SOURCE /* its longjmp refuses to leave the stack of a process */
#include "comm/sim.h"
#include <setjmp.h>

/*
 * The simulator's driver: always steps the rank whose next moment comes first. Nothing
 * but the options decides what happens, so a seed names a run.
 */

enum {
    MIN_DELAY_NS = 300,
    MAX_DELAY_NS = 30 * 1000,
    STEP_COST_NS = 200,
    MAX_SLOWNESS = 30,
    STOP_INTERVAL_NS = 1000 * 1000,
    MAX_STOP_NS = 5 * 1000 * 1000,
    STUCK_NS = 1000 * 1000 * 1000 /* only the detector has moved for so long */
};

static const int64_t BEGIN_NS = 1000;
static const int64_t WAS_BUSY = INT64_MIN;

/* ---- creation ---- */

static void init_rank(struct comm_sim *sim, int i)
{
    struct sim_rank *rank = &sim->rank[i];
    rank->sim = sim;
    rank->rank = i;
    rank->clock_ns = BEGIN_NS;
    sim_set_next(sim, i, BEGIN_NS);
    rank->wake_ns = WAS_BUSY;
    rank->next_stop_ns = BEGIN_NS + STOP_INTERVAL_NS;
    rank->random.state = base_random_next(&sim->random);
    rank->slowness = 1;
    if (base_random_below(&sim->random, 100) < sim->options.slow_percent)
        rank->slowness = 2 + base_random_below(&sim->random, MAX_SLOWNESS - 1);
    for (int class = 0; class < COMM_N_CLASSES; class ++)
        rank->posted_end[class] = &rank->posted[class];
}

static void init_knockout(struct comm_sim *sim)
{
    sim->n_leaves = 1;
    while (sim->n_leaves < sim->options.n_ranks)
        sim->n_leaves *= 2;
    sim->next_ns = base_new_array(int64_t, (size_t)sim->n_leaves);
    sim->winner = base_new_array(int, 2 * (size_t)sim->n_leaves);
    for (int i = 0; i < sim->n_leaves; i++) {
        sim->next_ns[i] = INT64_MAX;
        sim->winner[sim->n_leaves + i] = i;
    }
    for (int at = sim->n_leaves - 1; at > 0; at--)
        sim->winner[at] = sim->winner[2 * at];
}

struct comm_sim *comm_sim_create(const struct comm_sim_options *options)
{
    size_t n = (size_t)options->n_ranks;
    base_require(options->n_ranks > 0, "a simulation of %d ranks", options->n_ranks);
    struct comm_sim *sim = base_new(struct comm_sim);
    sim->options = *options;
    if (options->min_delay_ns == 0 && options->max_delay_ns == 0) {
        sim->options.min_delay_ns = MIN_DELAY_NS;
        sim->options.max_delay_ns = MAX_DELAY_NS;
    }
    base_require(sim->options.min_delay_ns >= 0 &&
                     sim->options.max_delay_ns >= sim->options.min_delay_ns,
                 "delays from %lld to %lld ns", (long long)sim->options.min_delay_ns,
                 (long long)sim->options.max_delay_ns);
    if (options->step_cost_ns == 0)
        sim->options.step_cost_ns = STEP_COST_NS;
    sim->random.state = options->seed;
    sim->trace_hash = options->seed;
    sim->rank = base_new_array(struct sim_rank, n);
    sim->last_arrival_ns = base_new_array(int64_t, COMM_N_CLASSES * n * n);
    sim->n_control = base_new_array(uint8_t, n * n);
    init_knockout(sim);
    for (int i = 0; i < options->n_ranks; i++)
        init_rank(sim, i);
    return sim;
}

void comm_sim_destroy(struct comm_sim *sim)
{
    if (!sim)
        return;
    for (int i = 0; i < sim->options.n_ranks; i++)
        sim_queues_fini(&sim->rank[i]);
    base_free(sim->rank);
    base_free(sim->next_ns);
    base_free(sim->winner);
    base_free(sim->last_arrival_ns);
    base_free(sim->n_control);
    base_free(sim);
}

struct comm *comm_sim_open(struct comm_sim *sim, int rank, struct troupe *holder)
{
    base_require(rank >= 0 && rank < sim->options.n_ranks && !sim->rank[rank].comm,
                 "rank %d is none of the simulation's or open", rank);
    struct sim_rank *mine = &sim->rank[rank];
    mine->troupe = holder;
    mine->comm =
        comm_create(&comm_sim_backend, mine, holder, rank, sim->options.n_ranks);
    return mine->comm;
}

void comm_sim_kill(struct comm_sim *sim, int rank)
{
    base_require(rank >= 0 && rank < sim->options.n_ranks, "no rank %d to kill", rank);
    sim->rank[rank].is_dead = true;
    sim_set_next(sim, rank, INT64_MAX);
    sim->is_killing = sim->has_changed = true;
}

/* ---- stepping ---- */

/* When the rank will next do something. */
static int64_t next_ns(const struct sim_rank *rank)
{
    if (rank->is_dead || rank->is_through)
        return INT64_MAX;
    if (rank->wake_ns == WAS_BUSY)
        return rank->clock_ns;
    int64_t event_ns = sim_next_event_ns(rank);
    int64_t comm_ns = comm_wake_ns(rank->comm);
    int64_t next = rank->wake_ns < event_ns ? rank->wake_ns : event_ns;
    next = next < comm_ns ? next : comm_ns;
    return next > rank->clock_ns ? next : rank->clock_ns;
}

static struct sim_rank *earliest(struct comm_sim *sim, int64_t *time_ns)
{
    int first = sim->winner[1];
    *time_ns = sim->next_ns[first];
    return *time_ns == INT64_MAX ? NULL : &sim->rank[first];
}

/* Once per ms of its time chance decides whether the rank stops for a while. */
static void maybe_stop(struct comm_sim *sim, struct sim_rank *rank)
{
    if (rank->clock_ns < rank->next_stop_ns)
        return;
    if (base_random_below(&sim->random, 100) < sim->options.stop_percent)
        rank->clock_ns += 1 + base_random_below(&sim->random, MAX_STOP_NS);
    rank->next_stop_ns = rank->clock_ns + STOP_INTERVAL_NS;
}

/* After its last step a rank serves the others until all are through. */
static void serve(struct comm_sim *sim, struct sim_rank *rank)
{
    if (sim->is_killing) {
        rank->wake_ns = INT64_MAX;
        comm_poll(rank->comm);
        return;
    }
    rank->wake_ns = INT64_MAX;
    rank->is_through = comm_end_turn(rank->comm);
}

/* Not after each step: it looks at all links and at all that waits. */
static void check_rank(struct comm_sim *sim, const struct sim_rank *rank)
{
#ifdef TROUPE_ASSERT
    enum { INTERVAL = 16 };
    if (sim->n_checks++ % INTERVAL != 0 || rank->is_through)
        return;
    const char *fault = comm_check(rank->comm);
    base_require(!fault, "sim: %s", fault);
#else
    (void)sim;
    (void)rank;
#endif
}

static void step_rank(struct comm_sim *sim,
                      struct sim_rank *rank,
                      int64_t time_ns,
                      comm_step_fn *step)
{
    if (rank->clock_ns < time_ns)
        rank->clock_ns = time_ns;
    if (rank->wake_ns != WAS_BUSY)
        comm_look_at_clock(rank->comm); /* a sleep is no gap between polls */
    maybe_stop(sim, rank);
    sim->current = rank->rank;
    int64_t cost_ns = sim->options.step_cost_ns;
    cost_ns += base_random_below(&sim->random, (uint32_t)cost_ns + 1);
    if (rank->is_done) {
        serve(sim, rank);
    } else {
        uint32_t share = rank->comm->share;
        struct comm_step result = step(rank->troupe);
        rank->is_done = result.result == COMM_STEP_DONE;
        bool is_busy = result.result != COMM_STEP_IDLE;
        rank->wake_ns = is_busy ? WAS_BUSY : result.wake_ns;
        if (is_busy)
            sim->last_activity_ns = rank->clock_ns;
        else
            comm_share_at_most(rank->comm, share);
    }
    check_rank(sim, rank);
    rank->clock_ns += cost_ns * rank->slowness;
    sim->has_changed |= rank->is_done;
    sim_set_next(sim, rank->rank, next_ns(rank));
}

/* Whether the ranks that live have done what they had to. */
static bool is_over(const struct comm_sim *sim)
{
    for (int i = 0; i < sim->options.n_ranks; i++) {
        const struct sim_rank *rank = &sim->rank[i];
        bool is_finished = sim->is_killing ? rank->is_done : rank->is_through;
        if (!rank->is_dead && !is_finished)
            return false;
    }
    return true;
}

/* Somebody waits for a time of its own, or for what is on its way. */
static bool is_planning(const struct comm_sim *sim)
{
    for (int i = 0; i < sim->options.n_ranks; i++) {
        const struct sim_rank *rank = &sim->rank[i];
        if (rank->is_dead)
            continue;
        if (!rank->is_done && rank->wake_ns != INT64_MAX)
            return true;
        if (rank->queue[COMM_DATA].n_items > 0 || rank->queue[SIM_OTHER].n_items > 0)
            return true;
    }
    return false;
}

static enum comm_sim_end
run(struct comm_sim *sim, comm_step_fn *step, struct comm_sim_result *result)
{
    for (;;) {
        int64_t time_ns;
        struct sim_rank *rank = earliest(sim, &time_ns);
        if (sim->has_changed && is_over(sim))
            return COMM_SIM_DONE;
        sim->has_changed = false;
        if (!rank || (time_ns - sim->last_activity_ns > STUCK_NS && !is_planning(sim)))
            return COMM_SIM_STUCK;
        if (sim->options.time_limit_ns && time_ns > sim->options.time_limit_ns)
            return COMM_SIM_LIMIT;
        if (sim->options.step_limit && result->n_steps >= sim->options.step_limit)
            return COMM_SIM_LIMIT;
        result->n_steps++;
        result->virtual_ns = time_ns;
        step_rank(sim, rank, time_ns, step);
    }
}

/* ---- death ---- */

void sim_abort(struct comm_sim *sim, int exit_code)
{
    sim->is_aborted = true;
    sim->exit_code = exit_code;
    if (sim->is_driving)
        longjmp(*(jmp_buf *)sim->abort_target, 1);
    base_death_set(NULL);
    base_end(exit_code);
}

static void die(void *context, int exit_code)
{
    sim_abort(context, exit_code);
}

static int current_rank(void *context)
{
    return ((const struct comm_sim *)context)->current;
}

struct comm_sim_result comm_sim_drive(struct comm_sim *sim, comm_step_fn *step)
{
    const struct base_death death = {die, current_rank, sim};
    struct comm_sim_result result = {.end = COMM_SIM_ABORTED};
    jmp_buf target;

    base_death_set(&death);
    sim->abort_target = &target;
    sim->is_driving = true;
    /* What is changed after setjmp and read after longjmp lies in memory, by pointer.
     */
    struct comm_sim_result *volatile progress = &result;
    if (setjmp(target) == 0)
        progress->end = run(sim, step, progress);
    else
        progress->end = COMM_SIM_ABORTED;
    sim->is_driving = false;
    sim->abort_target = NULL;
    base_death_set(NULL);
    result.exit_code = sim->exit_code;
    result.n_deliveries = sim->n_deliveries;
    result.trace_hash = sim->trace_hash;
    return result;
}

/* ---- a route for tests ---- */

/* So that no rank waits in a circle: all by way of the one in the middle, or, where
 * that would have to do too much, first along the row of a grid, then along the column.
 */
int comm_route_two_hops(int here, int destination, int n_ranks)
{
    enum { MOST_BY_ONE = 8 };
    int middle = n_ranks / 2, n_columns = 1;

    if (n_ranks <= MOST_BY_ONE)
        return here == middle ? destination : middle;
    while (n_columns * n_columns < n_ranks)
        n_columns++;
    /* First along the row to the destination's column, then along the column. */
    int hop = here / n_columns * n_columns + destination % n_columns;
    return hop < n_ranks && hop != here ? hop : destination;
}
