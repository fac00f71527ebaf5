/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"
#include "comm/mpi_pipes.h"
#include <sched.h>
#include <sys/prctl.h>

/*
 * How a rank waits: it spins for a while, because what it waits for is most often a
 * microsecond away; then it sleeps, each time for an eighth of the time it has waited,
 * so that waking up late adds little to what was waited anyway, and long silence costs
 * little: in a virtual machine a wake took up to 50 us. The kernel may end sleeps 50 us
 * late to save wakes, more than the first of ours last, unless the thread says what it
 * tolerates (PR_SET_TIMERSLACK, prctl(2)). Woken without work, as waves do many times a
 * second, it does not begin anew; but it forgets so much of its waiting that the next
 * wave, which may be the last, waits a millisecond at most for each rank on its way.
 * Where ranks outnumber cores somebody else needs the core that a spinning rank sits
 * on, most likely the one it waits for: there it gives the core away at each look. (A
 * token went round 3 and 4 ranks on two cores two to ten times as fast as where they
 * slept at once, and as fast round 8.)
 */

enum {
    SPIN_NS = 200 * 1000,
    TRANSFER_SPINS = 10, /* so many times as long while payloads are on their way */
    SLEEP_SHARE = 8,
    LEAST_SLEEP_NS = SPIN_NS / SLEEP_SHARE,
    TIMER_SLACK_NS = 1000,
    LONGEST_SLEEP_NS = 4000 * 1000,
    REMEMBERED_NS = SLEEP_SHARE * 1000 * 1000,
    QUICK_LOOKS = 64,  /* into pipes: some 2 us */
    ASKING_LOOKS = 16, /* where each asks MPI, which may take as long */
    BUSY_TURNS = 32 /* a step that keeps busy and moves nothing may be waiting, too */
};

static bool has_moved(struct comm *comm)
{
    return comm_poll(comm) || comm_has_frame(comm);
}

static int64_t earlier(int64_t left_ns, int64_t right_ns)
{
    return left_ns < right_ns ? left_ns : right_ns;
}

/* Looks for frames only, where nothing else is waited for. A close look takes ten times
 * as long as one into the pipes, and a frame that comes meanwhile lies there: with one
 * at every 16th poll that was a third of the time of a short message. */
static bool look_for_frames(struct comm *comm)
{
    bool asks_mpi = !mpi_port_of(comm)->is_alone;
    int n_looks = asks_mpi ? ASKING_LOOKS : QUICK_LOOKS;
    bool moved = false;

    if (comm->attention)
        return false;
    comm->countdown = (uint32_t)n_looks + 1;
    for (int i = 0; i < n_looks && !moved && !comm->attention; i++) {
        if (!asks_mpi) /* which takes longer than a pause */
            SPIN_PAUSE();
        moved = has_moved(comm);
    }
    comm->countdown = moved || comm->attention ? comm->period : 1;
    return moved;
}

/* Polls until the time; true: something moved. The clock is comm_poll's. How far such
 * polls are apart says nothing of how long work takes. */
static bool spin(struct comm *comm, int64_t until_ns, bool yields)
{
    uint32_t share = comm->share, period = comm->period;
    bool moved = false;

    while (!moved && comm->now_ns < until_ns) {
        moved = has_moved(comm);
        if (!moved && yields)
            sched_yield();
        else if (!moved && comm->now_ns < until_ns)
            moved = look_for_frames(comm);
    }
    comm->share = share;
    comm->period = period;
    return moved;
}

static int64_t sleep_ns(int64_t waited_ns)
{
    int64_t share_ns = waited_ns / SLEEP_SHARE;
    return share_ns < LEAST_SLEEP_NS     ? LEAST_SLEEP_NS
           : share_ns > LONGEST_SLEEP_NS ? LONGEST_SLEEP_NS
                                         : share_ns;
}

/* After a sleep. What it will do now may take long, or not. */
static bool look_around(struct comm *comm)
{
    bool moved = false;

    comm->countdown = 1;
    for (int i = mpi_pipes_n_takes(mpi_port_of(comm)); i > 0 && !moved; i--)
        moved = has_moved(comm);
    comm->share = comm->period = comm->countdown = 1;
    return moved;
}

/* What counts as waited so far, when something came that was no work, or nothing. */
static int64_t waited_ns(const struct comm *comm)
{
    const struct mpi_port *port = mpi_port_of(comm);

    if (!comm->quiet.is_offered || comm->quiet.n_offers != port->waited_offer)
        return 0;
    return comm->n_transfers > 0 ? 0 : earlier(port->waited_ns, REMEMBERED_NS);
}

static void note_waited(const struct comm *comm, int64_t begin_ns)
{
    struct mpi_port *port = mpi_port_of(comm);

    port->waited_offer = comm->quiet.n_offers;
    port->waited_ns = comm->now_ns - begin_ns;
}

static void wait_since(struct comm *comm, int64_t begin_ns, int64_t until_ns)
{
    bool yields = mpi_port_of(comm)->is_crowded;
    int64_t spin_ns = comm->options.spin_ns >= 0 ? comm->options.spin_ns : SPIN_NS;

    if (comm->n_transfers > 0)
        spin_ns *= TRANSFER_SPINS;
    until_ns = earlier(until_ns, comm_wake_ns(comm));
    if (spin(comm, earlier(until_ns, begin_ns + spin_ns), yields))
        return;
    while (comm->now_ns < until_ns) {
        base_clock_sleep_ns(
            earlier(sleep_ns(comm->now_ns - begin_ns), until_ns - comm->now_ns));
        comm_look_at_clock(comm); /* a sleep is no gap between polls */
        if (look_around(comm))
            return;
        until_ns = earlier(until_ns, comm_wake_ns(comm));
    }
}

void mpi_port_idle(struct comm *comm, int64_t until_ns)
{
    if (has_moved(comm)) /* the last look that tells of the step before */
        return;
    int64_t begin_ns = comm_look_at_clock(comm) - waited_ns(comm);
    uint32_t share = comm->share;
    wait_since(comm, begin_ns, until_ns);
    comm_share_at_most(comm, share);
    note_waited(comm, begin_ns);
}

static uint64_t count_moves(const struct comm *comm)
{
    return comm->counts.n_frames_sent + comm->counts.n_frames_received;
}

static void drive(struct comm *comm, comm_step_fn *step)
{
    uint64_t n_moves = 0;
    uint32_t n_turns = 0;

    for (;;) {
        uint32_t share = comm->share;
        uint64_t n_before = count_moves(comm);
        struct comm_step result = step(comm->troupe);
        if (result.result == COMM_STEP_DONE)
            return;
        if (result.result == COMM_STEP_IDLE) {
            bool was_empty = count_moves(comm) == n_before;
            mpi_port_idle(comm, result.wake_ns);
            if (was_empty) /* it does not say how long work takes, either */
                comm_share_at_most(comm, share);
            n_turns = 0;
            continue;
        }
        if (!mpi_port_of(comm)->is_crowded || ++n_turns < BUSY_TURNS)
            continue;
        n_turns = 0;
        if (count_moves(comm) == n_moves)
            sched_yield();
        n_moves = count_moves(comm);
    }
}

/* The thread is the user's again afterwards. */
void comm_mpi_drive(struct comm *comm, comm_step_fn *step)
{
    int slack_ns = prctl(PR_GET_TIMERSLACK);

    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    drive(comm, step);
    if (slack_ns > 0)
        (void)prctl(PR_SET_TIMERSLACK, slack_ns);
}
