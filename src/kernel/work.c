/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/work.h"
#include "kernel/kernel.h"
#include <stdatomic.h>

struct guarded {
    array_task_fn *task;
    void *context;
    atomic_bool has_odd_modes;
    int64_t last; /* >= 0: tasks run in falling order, from this one on */
};

static void run_guarded(void *context, int64_t task, int thread)
{
    struct guarded *guarded = context;
    struct numeric_environment environment;

    (void)numeric_environment_enter(&environment);
    guarded->task(guarded->context, guarded->last >= 0 ? guarded->last - task : task,
                  thread);
    if (!numeric_environment_leave(&environment))
        atomic_store_explicit(&guarded->has_odd_modes, true, memory_order_relaxed);
}

static void work_from(struct kernel_run *run,
                      int64_t n_tasks,
                      array_task_fn *task,
                      void *context,
                      int64_t last)
{
    struct guarded guarded = {.task = task, .context = context, .last = last};

    array_work(run->self, n_tasks, run_guarded, &guarded);
    run->has_odd_modes |= guarded.has_odd_modes;
}

void kernel_work(struct kernel_run *run,
                 int64_t n_tasks,
                 array_task_fn *task,
                 void *context)
{
    work_from(run, n_tasks, task, context, run->is_again ? n_tasks - 1 : -1);
}

void kernel_work_rising(struct kernel_run *run,
                        int64_t n_tasks,
                        array_task_fn *task,
                        void *context)
{
    work_from(run, n_tasks, task, context, -1);
}
