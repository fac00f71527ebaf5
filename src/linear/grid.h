/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINEAR_GRID_H
#define LINEAR_GRID_H

/*
 * Grids as a rank keeps them. A slab's ghosts are the planes beside it that a stencil
 * reads: `width` before and as many behind. Where they come from follows from the cut
 * and the border, so that both sides know the list. In one dimension planes are single
 * elements.
 */

#include "linear/linear.h"
#include "troupe/grid.h"

/* Planes on their way, and what threads need; several may be under way. */
struct linear_ghosts {
    struct base_list node; /* in its grid's */
    bool is_used;
    double *sent, *got;    /* planes by member, in the order of the receiver's ghosts */
    const double **planes; /* the ghosts: before, then behind; NULL: fixed */
    troupe_outgoing *sends;
    troupe_incoming *receives;
    const double **rows; /* for each thread */
    double *edges;       /* for each thread */
};

struct linear_grid {
    struct linear_rank *here;
    struct base_list node;
    troupe_actor *member;
    struct array *array;
    uint64_t id;
    troupe_grid_options options;
    int64_t plane_length;       /* from one plane to the next */
    int64_t n_planes;           /* of the whole grid */
    int64_t first, n_mine;      /* planes of the caller */
    int64_t row_length, n_rows; /* of a row; rows in a plane */
    double *fixed_row;          /* as long as a row, and twice the width */
    struct base_list ghosts;
};

/* The plane that stands for another one beyond a border; -1: fixed. */
int64_t linear_beyond(int64_t index, int64_t size, enum troupe_border border);

/* The global number of a ghost, beyond the border or not. */
static inline int64_t
linear_ghost_plane(const struct linear_grid *grid, int64_t first, int64_t n, int ghost)
{
    int width = grid->options.width;

    return ghost < width ? first - width + ghost : first + n + ghost - width;
}

/* NULL: no memory. */
struct linear_ghosts *linear_ghosts_take(troupe_actor *self, struct linear_grid *grid);
/* Sends what others need, and lists what comes. */
troupe_operation linear_ghosts_start(troupe_actor *self,
                                     troupe_team *team,
                                     const struct linear_grid *grid,
                                     struct linear_ghosts *ghosts);
void linear_ghosts_free(struct linear_ghosts *ghosts);

/* For the check: grids that are cut otherwise. */
extern const struct kernel_twin_kind linear_grid_twins;

struct linear_grid *
linear_grid_find(troupe_actor *self, troupe_grid id, const char *call);
/* The one with this array, of whoever performs a request. */
static inline struct linear_grid *linear_grid_of(const struct kernel_run *run,
                                                 const struct array *array)
{
    return base_map_get(&linear_of(run->here->home->rank)->grids, array->id);
}

/* It becomes another process's of this rank, as array_hand_over() has it. */
void linear_grid_hand_over(struct linear_grid *grid,
                           troupe_actor *member,
                           troupe_team *team);

/* Room for a row's edge with what is beside it. */
static inline int64_t linear_edge_length(const struct linear_grid *grid)
{
    return 4 * grid->options.width;
}

/* Rows that a run is worked out of. */
static inline int64_t linear_run_rows(const struct linear_grid *grid)
{
    int64_t n = 2 * grid->options.width + 1;

    return grid->options.n_dimensions == 1   ? 1
           : grid->options.n_dimensions == 2 ? n
                                             : n * n;
}

#endif
