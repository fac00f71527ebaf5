/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/task.h"
#include "actor/park.h"
#include "base/alloc.h"
#include "team/team.h"
#include <string.h>

enum { TRIES = 64 }; /* of what may lack memory for a moment */
/* The other members' crews would wait for ours for ever. */
#define NO_WORKER "no memory for a process that performs kernels"

/* ---- what a task holds -------------------------------------------------------- */

static void count_uses(const struct kernel_request *request, int change)
{
    for (int i = 0; i < request->n_in; i++)
        request->in[i]->n_uses += (uint32_t)change;
    for (int i = 0; i < request->n_out; i++)
        request->out[i]->n_uses += (uint32_t)change;
}

static void task_done(struct kernel_task *task, troupe_status status)
{
    base_list_remove(&task->node);
    count_uses(&task->request, -1);
    task->status = status;
    task->is_done = true;
    if (task->waiter)
        actor_wake(task->owner);
}

static void task_free(struct kernel_rank *here, struct kernel_task *task)
{
    (void)base_map_remove(&here->tasks, task->number);
    base_free(task);
}

/* ---- the worker --------------------------------------------------------------- */

static struct kernel_crew *crew_of_worker(struct kernel_rank *here,
                                          const troupe_actor *worker)
{
    BASE_LIST_EACH(node, &here->crews)
    {
        struct kernel_crew *crew = CONTAINER_OF(node, struct kernel_crew, node);

        if (crew->worker == worker)
            return crew;
    }
    return NULL;
}

static void wait_for_tasks(troupe_actor *self)
{
    struct actor_wait wait;

    actor_wait_init(&wait, ACTOR_WAIT_RECEIVE);
    wait.what = "kernels to perform";
    actor_park(self, &wait, TROUPE_FOREVER);
}

static troupe_status crew_body(troupe_actor *self)
{
    struct kernel_crew *crew = crew_of_worker(kernel_of(self->home->rank), self);
    troupe_team *shadow = team_shadow(crew->team, self);

    crew->has_begun = true;
    while (crew->worker == self) {
        struct kernel_task *task;

        while (base_list_is_empty(&crew->tasks))
            wait_for_tasks(self);
        task = CONTAINER_OF(crew->tasks.next, struct kernel_task, node);
        task_done(task, kernel_perform(self, shadow, &task->request, task->mine));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(kernel_crew_behavior, crew_body, .stack_size = 256 * 1024);

/* ---- crews -------------------------------------------------------------------- */

static struct kernel_crew *
crew_find(struct kernel_rank *here, const troupe_actor *owner, const troupe_team *team)
{
    BASE_LIST_EACH(node, &here->crews)
    {
        struct kernel_crew *crew = CONTAINER_OF(node, struct kernel_crew, node);

        if (crew->owner == owner && crew->team == team && crew->worker)
            return crew;
    }
    return NULL;
}

static struct kernel_crew *crew_make(troupe_actor *self, troupe_team *team)
{
    struct kernel_rank *here = kernel_of(self->home->rank);
    struct kernel_crew *crew;
    troupe_address address;

    if (troupe_spawn(self, &kernel_crew_behavior, NULL, &address) != TROUPE_OK)
        return NULL;
    crew = base_new(struct kernel_crew);
    crew->owner = self;
    crew->team = team;
    crew->worker = actor_find(here->home, address.bits);
    base_list_init(&crew->tasks);
    base_list_append(&here->crews, &crew->node);
    return crew;
}

static void crew_free(struct kernel_rank *here, struct kernel_crew *crew)
{
    while (!base_list_is_empty(&crew->tasks)) {
        struct kernel_task *task =
            CONTAINER_OF(crew->tasks.next, struct kernel_task, node);

        base_list_remove(&task->node);
        task_free(here, task);
    }
    base_list_remove(&crew->node);
    base_free(crew);
}

/* Its worker's life is over: nobody performs what is left. */
static void crew_fail(struct kernel_crew *crew)
{
    crew->worker = NULL;
    while (!base_list_is_empty(&crew->tasks))
        task_done(CONTAINER_OF(crew->tasks.next, struct kernel_task, node),
                  TROUPE_CLOSED);
}

static void drop_tasks(struct kernel_rank *here, const troupe_actor *owner)
{
    uint32_t position = 0;
    uint64_t number;
    void *value;

    while (base_map_next(&here->tasks, &position, &number, &value)) {
        struct kernel_task *task = value;

        if (owner && task->owner != owner)
            continue;
        base_list_remove(&task->node);
        task_free(here, task);
        position = 0; /* the map has changed */
    }
}

/* Now, and not at its next turn: what it works on goes with its owner. */
static void end_worker(struct kernel_crew *crew)
{
    troupe_actor *worker = crew->worker;

    crew->has_begun = true; /* as good as */
    actor_end_with(worker, TROUPE_EXIT_SHUTDOWN, TROUPE_OK, "%s",
                   "whom it worked for has ended");
    actor_end(worker);
}

void kernel_owner_ended(struct kernel_rank *here, const troupe_actor *owner)
{
    struct base_list *node = here->crews.next;

    while (node != &here->crews) {
        struct kernel_crew *crew = CONTAINER_OF(node, struct kernel_crew, node);

        node = node->next;
        if (owner && crew->owner != owner)
            continue;
        if (owner && crew->worker)
            end_worker(crew);
        crew_free(here, crew);
    }
    drop_tasks(here, owner);
}

void kernel_worker_ended(struct kernel_rank *here, const troupe_actor *worker)
{
    struct kernel_crew *crew = crew_of_worker(here, worker);

    if (!crew)
        return;
    base_require_memory(crew->has_begun || here->home->is_ending, NO_WORKER);
    crew_fail(crew);
}

/* ---- has it started, has it ended? -------------------------------------------- */

/* The status of the start, which is asked for once. */
static troupe_status start_status(troupe_actor *self, struct kernel_task *task)
{
    if (task->start_status == TROUPE_PENDING)
        task->start_status = troupe_team_test(self, task->team, task->start);
    return task->start_status;
}

/*
 * Nobody meets our crew in this task, nor in those that were started after it: they
 * end, and the worker too if it is at one of them. There is no other for this team,
 * which stays broken.
 */
static void cancel_from(struct kernel_crew *crew, struct kernel_task *task)
{
    bool is_stuck = crew->tasks.next == &task->node;
    struct base_list *node = &task->node;

    while (node != &crew->tasks) {
        struct kernel_task *next = CONTAINER_OF(node, struct kernel_task, node);

        node = node->next;
        task_done(next, task->start_status);
    }
    if (is_stuck)
        end_worker(crew);
}

static bool is_broken(const struct kernel_task *task)
{
    return task->start_status != TROUPE_OK && task->start_status != TROUPE_PENDING;
}

static bool has_ended(troupe_actor *self, struct kernel_task *task)
{
    troupe_status status = start_status(self, task);

    if (is_broken(task) && !task->is_done)
        cancel_from(crew_find(kernel_of(self->home->rank), self, task->team), task);
    return status != TROUPE_PENDING && task->is_done;
}

/* ---- starting ----------------------------------------------------------------- */

/* All members have to enter it, for a start and nothing else. */
static troupe_operation enter_row(troupe_team *team)
{
    const struct team_request request = {
        .form = TEAM_BARRIER, .root = -1, .shape = UINT64_C(0x6b65726e656c)};
    troupe_operation operation;
    int n_tries = 0;

    while (team_enter(team, &request, &operation) != TROUPE_OK)
        base_require_memory(++n_tries < TRIES,
                            "no memory to start a kernel with the members");
    return operation;
}

static struct kernel_task *task_make(troupe_actor *self,
                                     const struct kernel_request *request,
                                     troupe_operation start)
{
    struct kernel_rank *here = kernel_of(self->home->rank);
    struct kernel_task *task =
        base_new_bytes(sizeof *task + request->argument_bytes, "kernel_task");
    int n_tries = 0;

    task->number = ++here->n_tasks;
    task->owner = self;
    task->request = *request;
    task->request.how.task = NULL;
    if (request->argument_bytes > 0)
        task->request.argument =
            memcpy(task->argument, request->argument, request->argument_bytes);
    task->team = kernel_team(request);
    task->start = start;
    task->start_status = TROUPE_PENDING;
    base_list_init(&task->node);
    while (!base_map_put(&here->tasks, task->number, task)) {
        if (++n_tries < TRIES)
            continue;
        base_free(task);
        base_require_memory(false, "no memory to find a task again");
    }
    count_uses(&task->request, 1);
    return task;
}

troupe_status kernel_start(troupe_actor *self,
                           const struct kernel_request *request,
                           troupe_status mine)
{
    troupe_team *team = kernel_team(request);
    struct kernel_task *task = task_make(self, request, enter_row(team));
    struct kernel_crew *crew = crew_find(kernel_of(self->home->rank), self, team);
    int n_tries = 0;

    task->mine = mine;
    request->how.task->bits = task->number;
    (void)start_status(self, task);
    if (is_broken(task)) {
        task_done(task, task->start_status);
        return TROUPE_OK;
    }
    while (!crew && n_tries++ < TRIES)
        crew = crew_make(self, team);
    base_require_memory(crew != NULL, NO_WORKER);
    base_list_append(&crew->tasks, &task->node);
    actor_wake(crew->worker);
    return TROUPE_OK;
}

/* ---- waiting ------------------------------------------------------------------ */

static struct kernel_task *task_find(troupe_actor *self, const troupe_task *id)
{
    struct kernel_rank *here = kernel_of(self->home->rank);
    struct kernel_task *task = id->bits ? base_map_get(&here->tasks, id->bits) : NULL;

    return task && task->owner == self ? task : NULL;
}

static troupe_status take_result(struct kernel_task *task, troupe_task *id)
{
    troupe_status status = task->start_status;

    if (status == TROUPE_OK)
        status = task->status;
    task_free(kernel_of(task->owner->home->rank), task);
    id->bits = 0;
    return status;
}

bool kernel_has_tasks(const troupe_actor *owner)
{
    const struct kernel_rank *here = kernel_of(owner->home->rank);
    uint32_t position = 0;
    uint64_t number;
    void *value;

    while (base_map_next(&here->tasks, &position, &number, &value)) {
        const struct kernel_task *task = value;

        if (task->owner == owner)
            return true;
    }
    return false;
}

troupe_status troupe_task_test(troupe_actor *self, troupe_task *id)
{
    struct kernel_task *task;

    actor_require(self, id != NULL, "troupe_task_test: no task");
    task = task_find(self, id);
    if (!task)
        return TROUPE_NOT_FOUND;
    return has_ended(self, task) ? take_result(task, id) : TROUPE_PENDING;
}

static void wait_for(troupe_actor *self, struct kernel_task *task)
{
    struct actor_wait wait;

    if (task->start_status == TROUPE_PENDING)
        task->start_status = troupe_team_wait(self, task->team, task->start);
    while (!has_ended(self, task)) {
        actor_wait_init(&wait, ACTOR_WAIT_TEAM);
        wait.what = task->request.operation->name;
        task->waiter = &wait;
        actor_park(self, &wait, TROUPE_FOREVER);
        task->waiter = NULL;
    }
}

static bool stands_in(const struct array *array, struct array *const *list, int n)
{
    for (int i = 0; i < n; i++)
        if (list[i] == array)
            return true;
    return false;
}

static bool do_conflict(const struct kernel_request *a, const struct kernel_request *b)
{
    for (int i = 0; i < a->n_out; i++)
        if (stands_in(a->out[i], b->in, b->n_in) ||
            stands_in(a->out[i], b->out, b->n_out))
            return true;
    for (int i = 0; i < a->n_in; i++)
        if (stands_in(a->in[i], b->out, b->n_out))
            return true;
    return false;
}

void kernel_wait_for_conflicts(troupe_actor *self, const struct kernel_request *request)
{
    struct kernel_rank *here = kernel_of(self->home->rank);
    struct kernel_crew *crew = crew_find(here, self, kernel_team(request));
    struct kernel_task *last = NULL;

    if (!crew)
        return;
    BASE_LIST_EACH(node, &crew->tasks)
    {
        struct kernel_task *task = CONTAINER_OF(node, struct kernel_task, node);

        if (do_conflict(request, &task->request))
            last = task;
    }
    if (last)
        wait_for(self, last);
}

troupe_status troupe_task_wait(troupe_actor *self, troupe_task *id)
{
    struct kernel_task *task;

    actor_require(self, id != NULL, "troupe_task_wait: no task");
    actor_require_process(self, "troupe_task_wait");
    task = task_find(self, id);
    if (!task)
        return TROUPE_NOT_FOUND;
    wait_for(self, task);
    return take_result(task, id);
}
