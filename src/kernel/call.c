/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "team/team.h"
#include <string.h>

/* From a public call to its operation, on all members alike. */

/* ---- arguments ---------------------------------------------------------------- */

void kernel_take_in(troupe_actor *self, struct kernel_request *request, troupe_array id)
{
    request->in[request->n_in++] = array_find(self, id, request->operation->name);
}

void kernel_take_out(troupe_actor *self,
                     struct kernel_request *request,
                     troupe_array id)
{
    request->out[request->n_out++] = array_find(self, id, request->operation->name);
}

void kernel_take_arrays(troupe_actor *self,
                        struct kernel_request *request,
                        const troupe_arrays *arrays)
{
    actor_require(self, arrays != NULL, "%s: no arrays", request->operation->name);
    for (int i = 0; i < TROUPE_MOST_ARRAYS && arrays->in[i].bits; i++)
        kernel_take_in(self, request, arrays->in[i]);
    for (int i = 0; i < TROUPE_MOST_ARRAYS && arrays->out[i].bits; i++)
        kernel_take_out(self, request, arrays->out[i]);
}

static bool do_match(const struct kernel_request *request)
{
    const struct array *first = kernel_main_array(request);

    for (int i = 0; i < request->n_in; i++)
        if (!array_is_alike(first, request->in[i]))
            return false;
    for (int i = 0; i < request->n_out; i++)
        if (!array_is_alike(first, request->out[i]))
            return false;
    return true;
}

/* ---- agreement ---------------------------------------------------------------- */

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return team_mix(hash, base_hash_bytes(text, strlen(text), 1));
}

/* What must be the same on all members. */
static uint64_t fingerprint(const struct kernel_request *request)
{
    uint64_t hash = mix_text(1, request->operation->name);

    hash = team_mix(hash, (uint64_t)request->how.level);
    for (int i = 0; i < request->n_in; i++)
        hash = team_mix(hash, request->in[i]->id);
    for (int i = 0; i < request->n_out; i++)
        hash = team_mix(hash, request->out[i]->id + 1);
    for (size_t i = 0; i < ARRAY_LENGTH(request->words); i++)
        hash = team_mix(hash, request->words[i]);
    return request->kernel ? mix_text(hash, request->kernel->name) : hash;
}

static const char *level_name(enum troupe_level level)
{
    static const char *const names[] = {"TREE", "TREE_DD", "EXACT", "FAST"};

    return (unsigned)level < ARRAY_LENGTH(names) ? names[level] : "?";
}

troupe_status kernel_refuse(const struct kernel_rank *here,
                            const struct kernel_request *request,
                            const char *why)
{
    const char *name = request->kernel ? request->kernel->name : "";

    if (kernel_team(request)->index == 0)
        log_error(&here->home->rank->log, "%s%s%s at level %s: %s",
                  request->operation->name, *name ? " of " : "", name,
                  level_name(request->how.level), why);
    return TROUPE_INVALID;
}

static bool writes_twice(const struct kernel_request *request)
{
    for (int i = 0; i < request->n_out; i++)
        for (int k = 0; k < i; k++)
            if (request->out[i] == request->out[k])
                return true;
    return false;
}

static troupe_status check_request(struct kernel_rank *here,
                                   const struct kernel_request *request)
{
    const struct kernel_operation *operation = request->operation;

    if (!operation->has_own_shapes && !do_match(request))
        return kernel_refuse(here, request,
                             "the arrays differ in team, length, blocks or cut");
    if (writes_twice(request))
        return kernel_refuse(here, request, "it would write to an array twice");
    if ((unsigned)request->how.level > TROUPE_LEVEL_FAST ||
        !(operation->levels & KERNEL_LEVEL(request->how.level)))
        return kernel_refuse(here, request, "it does not have this level");
    return TROUPE_OK;
}

static void note(const struct kernel_rank *here, const struct kernel_request *request)
{
    const struct kernel_operation *operation = request->operation;
    const struct array *array = kernel_main_array(request);
    troupe_provenance *provenance = request->how.provenance;

    if (provenance)
        *provenance =
            (troupe_provenance){.operation = operation->name,
                                .level = level_name(request->how.level),
                                .expression = operation->expression[request->how.level],
                                .isa = here->isa->name,
                                .length = array->length,
                                .block_length = array->block_length};
}

/* ---- performing --------------------------------------------------------------- */

static troupe_status warn_of_modes(const struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status status)
{
    if (run->has_odd_modes)
        log_warning(&run->here->home->rank->log,
                    "%s: its function changed the floating-point modes of a thread",
                    request->kernel ? request->kernel->name : request->operation->name);
    return status;
}

void kernel_made_free(struct kernel_run *run)
{
    while (run->n_made > 0)
        array_destroy(run->made[--run->n_made]);
}

/*
 * A crew makes arrays as its own, on the shadow. They become the caller's in one go
 * when all is done: until then nobody knows their names, and they go with whoever is
 * stopped first.
 */
static void hand_over(struct kernel_run *run, const struct kernel_request *request)
{
    troupe_team *team = kernel_team(request);

    for (int i = 0; i < run->n_made; i++) {
        array_hand_over(run->made[i], team->member, team);
        request->made[i].bits = run->made[i]->id;
    }
}

static troupe_status perform(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine)
{
    const struct kernel_operation *operation = request->operation;

    if (operation->call) {
        TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
        return operation->call(run, request);
    }
    if (run->here->is_checking && request->how.level != TROUPE_LEVEL_FAST)
        return kernel_check(run, request, mine);
    return operation->perform(run, request, mine);
}

troupe_status kernel_perform(troupe_actor *self,
                             troupe_team *team,
                             const struct kernel_request *request,
                             troupe_status mine)
{
    struct kernel_run run = {.here = kernel_of(self->home->rank),
                             .self = self,
                             .team = team,
                             .fingerprint = fingerprint(request)};
    struct numeric_environment environment;
    troupe_status status;

    /* Also while it waits: the modes are the fiber's own (fiber/switch.h). */
    (void)numeric_environment_enter(&environment);
    status = perform(&run, request, mine);
    (void)numeric_environment_leave(&environment);
    if (status == TROUPE_OK) {
        hand_over(&run, request);
        note(run.here, request);
    } else {
        kernel_made_free(&run);
    }
    return warn_of_modes(&run, request, status);
}

troupe_status kernel_call(troupe_actor *self,
                          const struct kernel_request *request,
                          troupe_status mine)
{
    struct kernel_rank *here = kernel_of(self->home->rank);

    actor_require_process(self, request->operation->name);
    if (request->n_in + request->n_out == 0 && !request->team)
        return TROUPE_INVALID; /* so nobody waits */
    if (mine == TROUPE_OK && !request->operation->call)
        mine = check_request(here, request);
    if (request->how.task)
        return kernel_start(self, request, mine);
    kernel_wait_for_conflicts(self, request);
    return kernel_perform(self, kernel_team(request), request, mine);
}
