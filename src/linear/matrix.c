/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"
#include "team/team.h"

/* Matrices are begun, finished, found and freed. */

struct linear_matrix *
linear_matrix_find(troupe_actor *self, troupe_matrix id, const char *call)
{
    struct linear_matrix *matrix =
        base_map_get(&linear_of(self->home->rank)->matrices, id.bits);

    actor_require(self, matrix && matrix->member == self,
                  "%s: it is none of the caller's matrices", call);
    return matrix;
}

struct linear_matrix *linear_matrix_new(troupe_actor *self)
{
    struct linear_rank *here = linear_of(self->home->rank);
    struct linear_matrix *matrix = base_new(struct linear_matrix);

    matrix->here = here;
    matrix->member = self;
    matrix->build = base_new(struct linear_build);
    base_list_init(&matrix->scratches);
    base_list_append(&here->all, &matrix->node);
    return matrix;
}

static void build_free(struct linear_build *build)
{
    if (!build)
        return;
    base_free(build->counts);
    base_free(build->far_counts);
    base_free(build->faults);
    base_free(build->far);
    base_free(build->all);
    base_free(build->kept);
    base_free(build->wanted);
    base_free(build->asked);
    base_free(build->answers);
    for (size_t i = 0; i < ARRAY_LENGTH(build->room); i++)
        base_free(build->room[i]);
    linear_gathered_free(build->gathered);
    base_free(build);
}

/* All but the array of its ends, which may be gone already. */
void linear_matrix_free(struct linear_matrix *matrix)
{
    struct linear_rank *here = matrix->here;

    if (base_map_get(&here->matrices, matrix->id) == matrix)
        (void)base_map_remove(&here->matrices, matrix->id);
    base_list_remove(&matrix->node);
    BASE_LIST_EACH(node, &matrix->scratches)
    linear_scratch_free(CONTAINER_OF(node, struct linear_scratch, node));
    build_free(matrix->build);
    linear_gathered_free(matrix->looked_at);
    linear_halo_fini(&matrix->halo);
    array_memory_give(&matrix->values);
    array_memory_give(&matrix->columns);
    base_free(matrix->column.cuts);
    base_free(matrix->block_starts);
    base_free(matrix->near);
    base_free(matrix->far);
    base_free(matrix);
}

void linear_matrix_hand_over(struct linear_matrix *matrix,
                             troupe_actor *member,
                             troupe_team *team)
{
    matrix->member = member;
    matrix->column.team = team;
    array_hand_over(matrix->ends, member, team);
}

/* ---- making ------------------------------------------------------------------- */

static troupe_status shape_columns(struct linear_matrix *matrix,
                                   const troupe_matrix_options *options)
{
    bool is_square = options->n_columns == 0 || options->n_columns == options->n_rows;
    const troupe_array_options column = {
        .element = TROUPE_DOUBLE,
        .length = options->n_columns ? options->n_columns : options->n_rows,
        .block_length = options->block_length,
        .cuts = options->column_cuts ? options->column_cuts
                : is_square          ? options->cuts
                                     : NULL};

    matrix->column.n_members = matrix->ends->n_members;
    matrix->column.index = matrix->ends->index;
    matrix->column.team = matrix->ends->team;
    TROUPE_TRY(array_shape(&matrix->column, &column));
    return array_mine_length(&matrix->column) > INT32_MAX ? TROUPE_INVALID : TROUPE_OK;
}

troupe_status linear_matrix_shape(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_matrix_options *options,
                                  struct linear_matrix *matrix)
{
    const troupe_array_options ends = {.element = TROUPE_UINT32,
                                       .length = options->n_rows,
                                       .block_length = options->block_length,
                                       .cuts = options->cuts};
    troupe_status status;

    TROUPE_TRY(array_create(self, team, &ends, &matrix->ends));
    status = shape_columns(matrix, options);
    return array_agree(self, team, status, array_fingerprint(&matrix->column));
}

static void discard(struct linear_matrix *matrix)
{
    struct array *ends = matrix->ends;

    linear_matrix_free(matrix);
    if (ends)
        array_destroy(ends);
}

troupe_status linear_matrix_finish(troupe_actor *self,
                                   troupe_team *team,
                                   struct linear_matrix *matrix,
                                   struct linear_verdict *verdict,
                                   troupe_matrix *id,
                                   troupe_matrix_fault *fault)
{
    troupe_status status = (troupe_status)verdict->status;

    if (status == TROUPE_OK)
        status = linear_build(self, team, matrix, verdict);
    if (status != TROUPE_OK) {
        verdict->status = (uint64_t)status;
        linear_describe(verdict, fault);
        discard(matrix);
        return status;
    }
    build_free(matrix->build);
    matrix->build = NULL;
    id->bits = matrix->id;
    return TROUPE_OK;
}

/* ---- the end, and what is asked ----------------------------------------------- */

void troupe_matrix_destroy(troupe_actor *self, troupe_matrix *id)
{
    struct linear_matrix *matrix;

    actor_require(self, id != NULL, "troupe_matrix_destroy: no matrix");
    matrix = linear_matrix_find(self, *id, "troupe_matrix_destroy");
    actor_require(self, matrix->ends->n_uses == 0,
                  "troupe_matrix_destroy: an operation on the matrix is not done");
    discard(matrix);
    id->bits = 0;
}

troupe_matrix_facts troupe_matrix_describe(troupe_actor *self, troupe_matrix id)
{
    const struct linear_matrix *matrix =
        linear_matrix_find(self, id, "troupe_matrix_describe");

    return (troupe_matrix_facts){
        .team = matrix->ends->team,
        .n_rows = matrix->ends->length,
        .n_columns = matrix->column.length,
        .n_entries = matrix->n_all_entries,
        .block_length = matrix->ends->block_length,
        .cuts = matrix->ends->cuts,
        .column_cuts = matrix->column.cuts,
        .my_entries = matrix->n_entries,
        .my_halo = matrix->halo.n,
    };
}
