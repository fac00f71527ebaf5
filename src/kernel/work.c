/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/work.h"
#include "kernel/kernel.h"
#include "numeric/wide.h"
#include <stdatomic.h>

struct guarded {
    array_task_fn *task;
    void *context;
    atomic_bool has_odd_modes;
    int64_t n_tasks, step; /* step > 0: in another order */
};

/* The n-th of all tasks in an order that neither rises nor falls: steps of the golden
 * section of their number, made prime to it, from the middle on. */
static int64_t shuffled(const struct guarded *guarded, int64_t n)
{
    numeric_wide place = (numeric_wide)n * guarded->step + guarded->n_tasks / 2;

    return (int64_t)(place % guarded->n_tasks);
}

static bool is_prime_to(int64_t a, int64_t b)
{
    while (b > 0) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a == 1;
}

static int64_t choose_step(int64_t n_tasks)
{
    int64_t step = (int64_t)((double)n_tasks * 0.6180339887498949) + 1;

    while (!is_prime_to(step, n_tasks))
        step++;
    return step;
}

static void run_guarded(void *context, int64_t task, int thread)
{
    struct guarded *guarded = context;
    struct numeric_environment environment;

    (void)numeric_environment_enter(&environment);
    guarded->task(guarded->context, guarded->step > 0 ? shuffled(guarded, task) : task,
                  thread);
    if (!numeric_environment_leave(&environment))
        atomic_store_explicit(&guarded->has_odd_modes, true, memory_order_relaxed);
}

static void work_from(struct kernel_run *run,
                      int64_t n_tasks,
                      array_task_fn *task,
                      void *context,
                      int64_t step)
{
    struct guarded guarded = {
        .task = task, .context = context, .n_tasks = n_tasks, .step = step};

    array_work(run->self, n_tasks, run_guarded, &guarded);
    run->has_odd_modes |= guarded.has_odd_modes;
}

void kernel_work(struct kernel_run *run,
                 int64_t n_tasks,
                 array_task_fn *task,
                 void *context)
{
    work_from(run, n_tasks, task, context,
              run->is_again && n_tasks > 0 ? choose_step(n_tasks) : 0);
}

void kernel_work_rising(struct kernel_run *run,
                        int64_t n_tasks,
                        array_task_fn *task,
                        void *context)
{
    work_from(run, n_tasks, task, context, 0);
}
