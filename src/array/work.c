/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/work.h"
#include "actor/loopback.h"
#include "array/array.h"
#include "base/clock.h"
#include "placement/here.h"
#include <stdatomic.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/*
 * gcc's OpenMP runtime is not built for ThreadSanitizer, which therefore does not see
 * that a parallel region begins after what stands before it and ends before what
 * follows.
 */
#if defined(__SANITIZE_THREAD__)
#define HAS_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER
#endif
#endif
#ifdef HAS_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define REGION_RELEASE(address) __tsan_release(address)
#define REGION_ACQUIRE(address) __tsan_acquire(address)
#define REGION_UNSEEN           __attribute__((no_sanitize("thread")))
#else
#define REGION_RELEASE(address) ((void)(address))
#define REGION_ACQUIRE(address) ((void)(address))
#define REGION_UNSEEN
#endif

enum {
    SLICE_NS = 1000 * 1000,
    SIMULATED_SLICE_TASKS = 16, /* instead: the machine's clock has no say there */
    CACHE_LINE_BYTES = 64
};

struct run {
    int64_t next, end; /* tasks of one thread */
} __attribute__((aligned(CACHE_LINE_BYTES)));

struct work {
    struct actor_rank *home;
    array_task_fn *run;
    void *context;
    struct run *runs;
    const struct placement_here *place; /* NULL: nowhere in particular */
    int n_threads;
    bool is_simulated;
    atomic_bool is_wanted; /* the runtime's thread is: all stop after their tasks */
};

int array_n_threads(const troupe_actor *self)
{
    return array_of(self->home->rank)->n_threads;
}

/* No thread comes for nothing. */
static int threads_for(const troupe_actor *self, int64_t n_tasks)
{
    int n_threads = array_n_threads(self);

    return n_tasks >= n_threads ? n_threads : n_tasks < 1 ? 1 : (int)n_tasks;
}

int array_thread_of(const troupe_actor *self, int64_t n_tasks, int64_t task)
{
    int n_threads = threads_for(self, n_tasks), thread = 0;

    while (array_share(n_tasks, n_threads, thread + 1) <= task)
        thread++;
    return thread;
}

/*
 * The first thread is the runtime's. It moves bytes, which needs no pause, and looks
 * whether anybody waits for what only a pause gives.
 */
static bool is_wanted(const struct work *work, int64_t now_ns)
{
    struct actor_rank *home = work->home;
    const struct heap_node *timer;

    (void)comm_poll(home->comm);
    home->turn_began_ns = base_clock_coarse_ns(); /* nobody is kept from anything */
    timer = heap_first(&home->timers);
    return actor_has_work(home) || comm_has_frame(home->comm) ||
           (timer && timer->at_ns <= now_ns);
}

/* One thread's part of a slice. */
static void work_thread(struct work *work, int thread)
{
    struct run *run = &work->runs[thread];
    int64_t next = run->next, n_left = SIMULATED_SLICE_TASKS;
    int64_t look_ns = work->is_simulated ? 0 : base_clock_ns() + SLICE_NS;

    while (next < run->end) {
        work->run(work->context, next++, thread);
        if (work->is_simulated) {
            if (--n_left == 0)
                break;
            continue;
        }
        if (thread == 0 && base_clock_ns() >= look_ns) {
            look_ns = base_clock_ns() + SLICE_NS;
            if (is_wanted(work, look_ns - SLICE_NS))
                atomic_store_explicit(&work->is_wanted, true, memory_order_relaxed);
        }
        if (atomic_load_explicit(&work->is_wanted, memory_order_relaxed))
            break;
    }
    run->next = next;
}

#ifdef _OPENMP
/*
 * Each thread goes to the core that the plan has for it, so that what it touches first
 * is near and stays so. The runtime's goes back after the slice: whatever threads
 * others start from it inherit where it may run, and are not all to stand on one core.
 */
static void work_in_place(struct work *work, int number, int n_present)
{
    struct placement_set before;
    bool is_placed =
        placement_here_enter(work->place, number, number == 0 ? &before : NULL);

    for (int thread = number; thread < work->n_threads; thread += n_present)
        work_thread(work, thread);
    if (is_placed && number == 0)
        placement_here_leave(work->place, &before);
}
#endif

/* Fewer threads than asked for may come: then one does the part of several. */
REGION_UNSEEN static void work_slice(struct work *work)
{
#ifdef _OPENMP
    if (work->n_threads > 1) {
        REGION_RELEASE(work);
#pragma omp parallel num_threads(work->n_threads) default(none) shared(work)
        {
            REGION_ACQUIRE(work);
            work_in_place(work, omp_get_thread_num(), omp_get_num_threads());
            REGION_RELEASE(&work->runs);
        }
        REGION_ACQUIRE(&work->runs);
        return;
    }
#endif
    for (int thread = 0; thread < work->n_threads; thread++)
        work_thread(work, thread);
}

bool array_has_threads(void)
{
#ifdef _OPENMP
    return true;
#else
    return false;
#endif
}

static bool is_left(const struct work *work)
{
    for (int thread = 0; thread < work->n_threads; thread++)
        if (work->runs[thread].next < work->runs[thread].end)
            return true;
    return false;
}

void array_work(troupe_actor *self, int64_t n_tasks, array_task_fn *run, void *context)
{
    const struct array_rank *here = array_of(self->home->rank);
    struct run runs[ARRAY_MOST_THREADS];
    struct work work = {.home = self->home,
                        .run = run,
                        .context = context,
                        .runs = runs,
                        .place = placement_of(self->home->rank),
                        .n_threads = threads_for(self, n_tasks),
                        .is_simulated = here->is_simulated};

    for (int thread = 0; thread < work.n_threads; thread++)
        runs[thread] =
            (struct run){.next = array_share(n_tasks, work.n_threads, thread),
                         .end = array_share(n_tasks, work.n_threads, thread + 1)};
    while (is_left(&work)) {
        work.is_wanted = false;
        self->home->no_fail_depth++;
        work_slice(&work);
        self->home->no_fail_depth--;
        if (is_left(&work))
            troupe_yield(self);
    }
}
