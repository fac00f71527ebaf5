/* SPDX-License-Identifier: BSD-3-Clause */
#include "linear/grid.h"
#include "base/alloc.h"
#include <math.h>

/* Grids are made, found, freed. */

int64_t linear_beyond(int64_t index, int64_t size, enum troupe_border border)
{
    int64_t period = border == TROUPE_BORDER_MIRRORED ? 2 * size : size;

    if (index >= 0 && index < size)
        return index;
    if (border == TROUPE_BORDER_FIXED)
        return -1;
    index = (index % period + period) % period;
    return index < size ? index : period - 1 - index;
}

struct linear_grid *
linear_grid_find(troupe_actor *self, troupe_grid id, const char *call)
{
    struct linear_grid *grid =
        base_map_get(&linear_of(self->home->rank)->grids, id.bits);

    actor_require(self, grid && grid->member == self,
                  "%s: it is none of the caller's grids", call);
    return grid;
}

/* All but the array, which may be gone already. */
static void grid_free(struct linear_grid *grid)
{
    struct linear_rank *here = grid->here;

    if (base_map_get(&here->grids, grid->id) == grid)
        (void)base_map_remove(&here->grids, grid->id);
    base_list_remove(&grid->node);
    BASE_LIST_EACH(node, &grid->ghosts)
    linear_ghosts_free(CONTAINER_OF(node, struct linear_ghosts, node));
    base_free(grid->fixed_row);
    base_free(grid);
}

void linear_grids_free(struct linear_rank *here, const troupe_actor *member)
{
    BASE_LIST_EACH(node, &here->all_grids)
    {
        struct linear_grid *grid = CONTAINER_OF(node, struct linear_grid, node);

        if (!member || grid->member == member)
            grid_free(grid);
    }
}

void linear_grid_hand_over(struct linear_grid *grid,
                           troupe_actor *member,
                           troupe_team *team)
{
    grid->member = member;
    array_hand_over(grid->array, member, team);
}

/* ---- making ------------------------------------------------------------------- */

static bool are_possible(const troupe_grid_options *options)
{
    if (options->n_dimensions < 1 || options->n_dimensions > TROUPE_GRID_DIMENSIONS ||
        options->width < 1 || options->width > TROUPE_GRID_MOST_WIDTH)
        return false;
    for (int i = 0; i < options->n_dimensions; i++)
        if (options->size[i] < 1 ||
            (unsigned)options->border[i] > TROUPE_BORDER_MIRRORED)
            return false;
    return true;
}

/* Sizes and lengths; false: too large. */
static bool set_lengths(struct linear_grid *grid, int64_t *n_elements)
{
    const troupe_grid_options *options = &grid->options;
    int64_t n;

    grid->row_length = options->size[0];
    grid->n_rows = options->n_dimensions == 3 ? options->size[1] : 1;
    grid->n_planes = options->size[options->n_dimensions - 1];
    grid->plane_length = 1;
    if (options->n_dimensions > 1) {
        if (__builtin_mul_overflow(grid->row_length, grid->n_rows, &n) ||
            n > INT64_MAX / 16)
            return false;
        grid->plane_length = (n + ARRAY_BLOCK_MULTIPLE - 1) / ARRAY_BLOCK_MULTIPLE *
                             ARRAY_BLOCK_MULTIPLE;
    }
    return !__builtin_mul_overflow(grid->plane_length, grid->n_planes, n_elements) &&
           *n_elements <= INT64_MAX / 16;
}

static uint64_t fingerprint(const troupe_grid_options *options)
{
    uint64_t hash = team_mix(1, (uint64_t)options->n_dimensions);

    hash = team_mix(hash, (uint64_t)options->width);
    hash = team_mix(hash, numeric_bits_of(options->fixed));
    for (int i = 0; i < TROUPE_GRID_DIMENSIONS; i++) {
        hash = team_mix(hash, (uint64_t)options->size[i]);
        hash = team_mix(hash, (uint64_t)options->border[i]);
    }
    return hash;
}

static troupe_status prepare(struct linear_grid *grid)
{
    int64_t n = grid->row_length + 2 * grid->options.width;

    grid->fixed_row = base_try_alloc((size_t)n * sizeof(double));
    if (!grid->fixed_row || !base_map_put(&grid->here->grids, grid->id, grid))
        return TROUPE_NO_MEMORY;
    for (int64_t i = 0; i < n; i++)
        grid->fixed_row[i] = grid->options.fixed;
    return TROUPE_OK;
}

static troupe_status
make(troupe_actor *self, troupe_team *team, struct linear_grid *grid)
{
    troupe_array_options options = {.element = TROUPE_DOUBLE,
                                    .cuts = grid->options.cuts,
                                    .saved_as = grid->options.saved_as};
    bool is_possible =
        are_possible(&grid->options) && set_lengths(grid, &options.length);

    TROUPE_TRY(array_agree(self, team, is_possible ? TROUPE_OK : TROUPE_INVALID,
                           fingerprint(&grid->options)));
    if (grid->options.n_dimensions > 1)
        options.block_length = grid->plane_length;
    TROUPE_TRY(array_create(self, team, &options, &grid->array));
    grid->id = grid->array->id;
    grid->options.cuts = NULL;
    grid->options.saved_as = NULL; /* the caller's */
    grid->first = array_mine_first(grid->array) / grid->plane_length;
    grid->n_mine = array_mine_length(grid->array) / grid->plane_length;
    return array_agree(self, team, prepare(grid), 0);
}

troupe_status troupe_grid_create(troupe_actor *self,
                                 troupe_team *team,
                                 const troupe_grid_options *options,
                                 troupe_grid *id)
{
    struct linear_rank *here = linear_of(self->home->rank);
    struct linear_grid *grid;
    struct array *array;
    troupe_status status;

    array_require(self, team, options, id, "troupe_grid_create");
    grid = base_new(struct linear_grid);
    grid->here = here;
    grid->member = self;
    grid->options = *options;
    if (grid->options.width == 0)
        grid->options.width = 1;
    base_list_init(&grid->ghosts);
    base_list_append(&here->all_grids, &grid->node);
    status = make(self, team, grid);
    if (status == TROUPE_OK) {
        id->bits = grid->id;
        return TROUPE_OK;
    }
    array = grid->array;
    grid_free(grid);
    if (array)
        array_destroy(array);
    return status;
}

void troupe_grid_destroy(troupe_actor *self, troupe_grid *id)
{
    struct linear_grid *grid;
    struct array *array;

    actor_require(self, id != NULL, "troupe_grid_destroy: no grid");
    grid = linear_grid_find(self, *id, "troupe_grid_destroy");
    array = grid->array;
    actor_require(self, array->n_uses == 0,
                  "troupe_grid_destroy: an operation on the grid is not done");
    grid_free(grid);
    array_destroy(array);
    id->bits = 0;
}

troupe_grid_facts troupe_grid_describe(troupe_actor *self, troupe_grid id)
{
    const struct linear_grid *grid = linear_grid_find(self, id, "troupe_grid_describe");

    return (troupe_grid_facts){
        .options = grid->options,
        .n_planes = grid->n_planes,
        .first_plane = grid->first,
        .my_planes = grid->n_mine,
        .plane_length = grid->plane_length,
        .data = (double *)(void *)grid->array->memory.bytes,
    };
}

/* ---- with other cuts ---------------------------------------------------------- */

static troupe_status make_twin(struct kernel_run *run,
                               const struct array *array,
                               const int64_t *cuts,
                               struct array **copy)
{
    const struct linear_grid *grid = linear_grid_of(run, array);
    troupe_grid_options options = grid->options;
    troupe_grid twin;

    options.cuts = cuts;
    TROUPE_TRY(troupe_grid_create(run->self, run->team, &options, &twin));
    *copy = linear_grid_find(run->self, twin, "troupe_stencil")->array;
    return TROUPE_OK;
}

static void free_twin(struct kernel_run *run, struct array *copy)
{
    troupe_grid twin = {copy->id};

    troupe_grid_destroy(run->self, &twin);
}

const struct kernel_twin_kind linear_grid_twins = {make_twin, free_twin};
