/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_GRID_H
#define TROUPE_GRID_H

/*
 * Grids of one to three dimensions over a team, and stencils on them: each element of
 * one grid is worked out of the elements around its place in another. What all kernels
 * have in common stands in kernel.h: the same bits for any number of ranks and threads
 * and any cut.
 *
 * The members have slabs of whole planes: elements with the same index in the slowest
 * dimension. A grid is an array as well, with the same id: kernels take it by
 * troupe_grid_array(). A plane is one of its blocks, filled up to a multiple of 16 with
 * zeros that must stay zeros; so sums and norms are those of the grid. In one dimension
 * it is an array like any, in blocks of 4096.
 */

#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TROUPE_GRID_DIMENSIONS 3
#define TROUPE_GRID_MOST_WIDTH 8

/** A grid of doubles. Zero is none. */
typedef struct troupe_grid {
    uint64_t bits;
} troupe_grid;

/** What stands beyond the end of a dimension. */
enum troupe_border {
    TROUPE_BORDER_FIXED,    /**< one value everywhere */
    TROUPE_BORDER_PERIODIC, /**< the other end */
    TROUPE_BORDER_MIRRORED  /**< the last elements again, the very last first */
};

/** What a grid is to be. */
typedef struct troupe_grid_options {
    int n_dimensions;                     /**< 1 to 3 */
    int64_t size[TROUPE_GRID_DIMENSIONS]; /**< from 1; the first is the fastest */
    int width; /**< how far a stencil reaches, up to 8; 0: 1 */
    enum troupe_border border[TROUPE_GRID_DIMENSIONS];
    double fixed; /**< what stands beyond a fixed border */
    /** As of an array, counted in planes; in one dimension in blocks. NULL: even. */
    const int64_t *cuts;
    const char *saved_as; /**< in checkpoints, as of an array; NULL: it is in none */
} troupe_grid_options;

/** What a grid is, and the caller's part. */
typedef struct troupe_grid_facts {
    troupe_grid_options options; /**< without the cuts, which are the array's */
    int64_t n_planes, first_plane, my_planes; /**< of all; of the caller */
    int64_t plane_length; /**< elements, filled up; of the array, between planes */
    double *data;         /**< the caller's first plane; NULL: it has none */
} troupe_grid_facts;

/**
 * Makes a grid of zeros, or of what a checkpoint has under its name, as an array is:
 * troupe_array_describe() of troupe_grid_array() says which.
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the options are not possible; TROUPE_NO_MEMORY,
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_grid_create(troupe_actor *self,
                   troupe_team *team,
                   const troupe_grid_options *options,
                   troupe_grid *grid);

/**
 * Frees the caller's part and forgets the grid, whose id becomes zero.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its grids, or an operation on it is not done
 */
TROUPE_API void troupe_grid_destroy(troupe_actor *self, troupe_grid *grid);

/**
 * What the grid is. Elements of the caller's part may be read and written, those that
 * fill planes up excepted.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its grids
 */
TROUPE_API troupe_grid_facts troupe_grid_describe(troupe_actor *self, troupe_grid grid);

/** The grid as an array; it is not to be destroyed or cut anew. */
static inline troupe_array troupe_grid_array(troupe_grid grid)
{
    troupe_array array;

    array.bits = grid.bits;
    return array;
}

/** Some elements that follow each other in the first dimension. */
typedef struct troupe_strip {
    double *out; /**< to be written */
    int64_t n;
    int64_t at[TROUPE_GRID_DIMENSIONS]; /**< of out[0] in the whole grid */
    int width, n_dimensions;
    const double *const *rows; /**< see troupe_strip_row() */
} troupe_strip;

/**
 * The row of elements at a distance in the second and third dimension: in that row[i]
 * has the same first index as out[i], and \p width elements before and behind may be
 * read too. What lies beyond a border is there.
 */
static inline const double *
troupe_strip_row(const troupe_strip *strip, int second, int third)
{
    int n = 2 * strip->width + 1;

    if (strip->n_dimensions == 1)
        return strip->rows[0];
    if (strip->n_dimensions == 2)
        return strip->rows[second + strip->width];
    return strip->rows[(third + strip->width) * n + second + strip->width];
}

/** Works out a strip; as pure as a kernel. */
typedef void troupe_stencil_fn(const troupe_strip *strip, const void *argument);

/** A user's function, with a probe of how its file was compiled. */
typedef struct troupe_stencil_kernel {
    troupe_kernel kernel; /**< its name and probe */
    troupe_stencil_fn *run;
} troupe_stencil_kernel;

/** Defines the stencil kernel \p name_. */
#define TROUPE_STENCIL(name_, run_)                                                    \
    TROUPE_KERNEL_PROBE(name_##_probe);                                                \
    static const troupe_stencil_kernel name_ = {                                       \
        .kernel = {.name = #name_, .probe = &name_##_probe}, .run = run_}

/**
 * Writes each element of \p out from those around its place in \p in. Planes of other
 * members pass while the others are worked out. How strips are cut must not matter to
 * the function: an element is to depend on its surroundings and place alone.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is done
 * \threads  the runtime's thread; the kernel runs on others
 * \owns     \p argument is lent until the operation is done
 * \errors   TROUPE_INVALID the grids differ in size or cut, or are one; or as
 *           troupe_map; TROUPE_NO_MEMORY, TROUPE_MISMATCH, TROUPE_PEER_GONE,
 *           TROUPE_FAILED
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_stencil(troupe_actor *self,
               const troupe_stencil_kernel *kernel,
               troupe_grid in,
               troupe_grid out,
               const void *argument,
               troupe_how how);

#ifdef __cplusplus
}
#endif
#endif
