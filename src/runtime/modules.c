/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "checkpoint/checkpoint.h"
#include "directory/directory.h"
#include "kernel/kernel.h"
#include "linear/linear.h"
#include "output/output.h"
#include "runtime/internal.h"
#include "team/team.h"

/* The layers that are strung together, lowest first. A new one is one line here. */

static const struct base_frame_kind kinds[] = {
    {RUNTIME_KIND_LINES, true, "runtime lines", runtime_lines_take},
    {RUNTIME_KIND_ROW, true, "runtime row", runtime_row_take},
};

static const struct base_module runtime_module = {
    .name = "runtime",
    .slot = BASE_SLOT_RUNTIME,
    .kinds = kinds,
    .n_kinds = ARRAY_LENGTH(kinds),
};

/* Below these stand comm and the actors themselves, which start.c starts by name; the
 * actors are listed for what they save. */
const struct base_module *const runtime_modules[] = {
    &actor_module,
    &kernel_first_module,
    &directory_module,
    &team_module,
    &array_module,
    &output_module,
    &kernel_module,
    &linear_module,
    &checkpoint_module,
    &runtime_module,
    NULL,
};

static void add(struct comm *comm, const struct base_frame_kind *kind, uint32_t n_kinds)
{
    for (uint32_t i = 0; i < n_kinds; i++)
        comm_kind_add(comm, &kind[i]);
}

void runtime_modules_add_kinds(struct comm *comm)
{
    add(comm, actor_kinds, actor_n_kinds);
    for (const struct base_module *const *module = runtime_modules; *module; module++)
        add(comm, (*module)->kinds, (*module)->n_kinds);
}

troupe_status runtime_modules_init(struct runtime_rank *rank)
{
    for (const struct base_module *const *module = runtime_modules; *module; module++)
        if ((*module)->init)
            TROUPE_TRY((*module)->init(&rank->troupe, &rank->job->options));
    return TROUPE_OK;
}

/* Highest first. A fini tolerates that its init has not run. */
void runtime_modules_fini(struct runtime_rank *rank)
{
    size_t n = ARRAY_LENGTH(runtime_modules) - 1;

    while (n-- > 0)
        if (runtime_modules[n]->fini)
            runtime_modules[n]->fini(&rank->troupe);
}
