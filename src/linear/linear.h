/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINEAR_LINEAR_H
#define LINEAR_LINEAR_H

/*
 * Sparse matrices as a rank keeps them. Rows stand one after the other (CSR). A column
 * of the caller's own is kept as its place in the part of x, one of another member as
 * ~place in the halo, both in 32 bits; a row's end counts from its block's beginning,
 * in 32 bits too. These ends are the elements of an array of ours, which gives the
 * matrix its id, its cut, and its place in the lists of operations that use it.
 *
 * Everything that a matrix needs while it is made hangs on it, so that it is given back
 * if the process is stopped in between.
 */

#include "kernel/kernel.h"
#include "team/team.h"
#include "troupe/linear.h"
#include "troupe/linear_file.h"

struct linear_rank {
    struct actor_rank *home;
    struct base_map matrices; /* by id: struct linear_matrix */
    struct base_list all;     /* struct linear_matrix */
    struct base_map grids;    /* by id: struct linear_grid */
    struct base_list all_grids;
};

/* Elements that pass to or from one member. */
struct linear_peer {
    int index;
    int64_t first, n; /* in the list of all */
};

struct linear_halo {
    int64_t *columns; /* others' that are needed here, rising */
    int64_t n;
    struct linear_peer *from;
    int n_from;
    int32_t *sent; /* places in the own part, by receiver */
    int64_t n_sent;
    struct linear_peer *to;
    int n_to;
};

/* What a product needs besides; several may be under way. */
struct linear_scratch {
    struct base_list node; /* in its matrix's */
    bool is_used;
    double *sent, *halo;
    troupe_outgoing *sends;
    troupe_incoming *receives;
    struct numeric_lanes *slots; /* by block; NULL: not needed yet */
};

struct linear_matrix {
    struct linear_rank *here;
    struct base_list node;
    uint64_t id;
    troupe_actor *member;
    struct array *ends;  /* of the rows, uint32_t; NULL: not made yet */
    struct array column; /* the shape of x: no array, only to ask who has what */
    int64_t n_entries, n_all_entries;
    int64_t *block_starts; /* of the caller's blocks, and one more */
    struct array_memory values, columns;
    struct linear_halo halo;
    int64_t *near, *far; /* blocks without and with columns of others */
    int64_t n_near, n_far;
    struct base_list scratches;
    struct linear_build *build;        /* while it is made */
    struct linear_gathered *looked_at; /* while it is checked */
};

extern const struct base_module linear_module;

static inline struct linear_rank *linear_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_LINEAR];
}

/* ---- agree.c ------------------------------------------------------------------ */

enum linear_fault_kind {
    LINEAR_NO_FAULT,
    LINEAR_ROW_REFUSED,
    LINEAR_ROW_TOO_LONG,
    LINEAR_ROW_IMPURE,
    LINEAR_COLUMN_OUTSIDE,
    LINEAR_COLUMN_TWICE,
    LINEAR_ENTRY_OUTSIDE,
    LINEAR_NOT_SQUARE,
    LINEAR_NOT_FINITE,
    LINEAR_ROW_EMPTY,
    LINEAR_NO_MIRROR,
    LINEAR_MIRROR_DIFFERS,
    LINEAR_DIAGONAL_NOT_POSITIVE,
    LINEAR_MINOR_NOT_POSITIVE,
    LINEAR_PART_TOO_LARGE,
    LINEAR_N_FAULTS
};

/* What a member has to say. Of faults the one with the lowest row and column counts,
 * else the first that is not TROUPE_OK in the order of the members. */
struct linear_verdict {
    uint64_t status, fingerprint;
    int64_t row, column;
    uint64_t kind;
};

void linear_verdict_set(struct linear_verdict *verdict,
                        enum linear_fault_kind kind,
                        int64_t row,
                        int64_t column);
/* The one that counts of a fault and what follows it. */
bool linear_verdict_is_before(const struct linear_verdict *left,
                              const struct linear_verdict *right);
/* The members' verdict in place of the own. Collective. */
troupe_status
linear_agree(troupe_actor *self, troupe_team *team, struct linear_verdict *verdict);
/* In words. `fault` may be NULL. */
void linear_describe(const struct linear_verdict *verdict, troupe_matrix_fault *fault);

/* ---- matrix.c ----------------------------------------------------------------- */

/* The caller's matrix; any other id ends the caller. */
struct linear_matrix *
linear_matrix_find(troupe_actor *self, troupe_matrix id, const char *call);
void linear_matrix_free(struct linear_matrix *matrix);
/* It becomes another process's of this rank, as array_hand_over() has it. */
void linear_matrix_hand_over(struct linear_matrix *matrix,
                             troupe_actor *member,
                             troupe_team *team);

/* The one with these ends, of whoever performs a request. */
static inline struct linear_matrix *linear_matrix_of(const struct kernel_run *run,
                                                     const struct array *ends)
{
    return base_map_get(&linear_of(run->here->home->rank)->matrices, ends->id);
}

static inline int64_t linear_n_blocks(const struct linear_matrix *matrix)
{
    return array_mine_blocks(matrix->ends);
}

/* Rows of the caller's block: the place of the first in the part, and how many. */
static inline int64_t
linear_block_rows(const struct linear_matrix *matrix, int64_t block, int64_t *n)
{
    const struct array *ends = matrix->ends;
    int64_t first = array_block_first(ends, ends->cuts[ends->index] + block);

    *n = array_block_first(ends, ends->cuts[ends->index] + block + 1) - first;
    return first - array_mine_first(ends);
}

static inline const uint32_t *linear_ends(const struct linear_matrix *matrix)
{
    return (const uint32_t *)(const void *)matrix->ends->memory.bytes;
}

static inline const double *linear_values(const struct linear_matrix *matrix)
{
    return (const double *)(const void *)matrix->values.bytes;
}

static inline const int32_t *linear_columns(const struct linear_matrix *matrix)
{
    return (const int32_t *)(const void *)matrix->columns.bytes;
}

/* The global column of an entry. */
static inline int64_t linear_column(const struct linear_matrix *matrix, int64_t entry)
{
    int32_t column = linear_columns(matrix)[entry];

    return column < 0 ? matrix->halo.columns[~column]
                      : array_mine_first(&matrix->column) + column;
}

/* The first and the end of a row's entries, by its place in the part. */
static inline void
linear_row_range(const struct linear_matrix *matrix, int64_t row, int64_t range[2])
{
    int64_t block = row / matrix->ends->block_length;
    bool is_first = row % matrix->ends->block_length == 0;
    const uint32_t *ends = linear_ends(matrix);

    range[0] = matrix->block_starts[block] + (is_first ? 0 : (int64_t)ends[row - 1]);
    range[1] = matrix->block_starts[block] + (int64_t)ends[row];
}

/* ---- build.c ------------------------------------------------------------------ */

/* The entries of a row by rising column, until the thread asks again; less than 0:
 * -(a fault) */
typedef int64_t linear_source_fn(void *context,
                                 int64_t row,
                                 int thread,
                                 const int64_t **columns,
                                 const double **values);

struct linear_source {
    linear_source_fn *row;
    void *context;
};

/* What a matrix needs until it is made. */
struct linear_build {
    struct linear_source source;
    int64_t *counts, *far_counts; /* by block; then where each begins */
    struct linear_verdict *faults;
    int64_t *far;    /* columns of others, entry by entry */
    int64_t *all;    /* counts of all members */
    int64_t *kept;   /* by block: its columns of others, each once */
    int64_t *wanted; /* columns that others ask for */
    troupe_outgoing *asked;
    troupe_incoming *answers;
    /* Of the source. */
    void *room[3];
    struct linear_gathered *gathered;
};

/* The rows of a matrix that has its shape. Collective. */
troupe_status linear_build(troupe_actor *self,
                           troupe_team *team,
                           struct linear_matrix *matrix,
                           struct linear_verdict *verdict);
struct linear_matrix *linear_matrix_new(troupe_actor *self);
/* Makes the ends and the column's shape. Collective. */
troupe_status linear_matrix_shape(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_matrix_options *options,
                                  struct linear_matrix *matrix);
/* Builds it if all is well so far, which the members have agreed on, and says its id;
 * or frees it and says why. Collective. */
troupe_status linear_matrix_finish(troupe_actor *self,
                                   troupe_team *team,
                                   struct linear_matrix *matrix,
                                   struct linear_verdict *verdict,
                                   troupe_matrix *id,
                                   troupe_matrix_fault *fault);

/* ---- entries.c ---------------------------------------------------------------- */

/* Entries on their way to the owners of their rows. */
struct linear_gathered {
    troupe_entry *outgoing, *items; /* by owner; what has come */
    int64_t n_items;
    int64_t *counts, *all; /* for each member; of all */
    troupe_outgoing *sends;
    troupe_incoming *receives;
    int64_t first_row, n_rows;
    int64_t *starts, *lengths; /* of rows, the lengths after adding up */
    int64_t *columns;
    double *values;
};

/* Brings them to their owners, as `items`, in the order of the members and their lists.
 * Collective; the caller agrees on the status. */
troupe_status linear_gather(troupe_actor *self,
                            troupe_team *team,
                            const struct linear_matrix *matrix,
                            const troupe_entry *entries,
                            int64_t n_entries,
                            struct linear_gathered *gathered,
                            struct linear_verdict *verdict);
void linear_gathered_free(struct linear_gathered *gathered);

/* ---- check.c, save.c ---------------------------------------------------------- */

/* As the public calls, by any process on the matrix's team or a shadow of it.
 * Collective. */
troupe_status linear_check(troupe_actor *self,
                           troupe_team *team,
                           struct linear_matrix *matrix,
                           unsigned wishes,
                           troupe_matrix_fault *fault);
troupe_status linear_save(troupe_actor *self,
                          troupe_team *team,
                          const struct linear_matrix *matrix,
                          const char *path,
                          troupe_file_fault *fault);

/* ---- halo.c ------------------------------------------------------------------- */

/* From the columns in matrix->build->far, which become places in the halo. Collective;
 * the caller agrees on the status. */
troupe_status
linear_halo_make(troupe_actor *self, troupe_team *team, struct linear_matrix *matrix);
void linear_halo_fini(struct linear_halo *halo);
/* NULL: no memory. */
struct linear_scratch *linear_scratch_take(struct linear_matrix *matrix,
                                           bool with_slots);
void linear_scratch_free(struct linear_scratch *scratch);

/* ---- precise.c ---------------------------------------------------------------- */

enum { LINEAR_SHORT_ROW = 32 }; /* entries; longer ones are added up by lanes */

/* What threads that multiply share. */
struct linear_product {
    const struct linear_matrix *matrix;
    const double *x;
    double *y;
    const double *halo;
    const int64_t *blocks; /* to be done, by task */
    const struct numeric_isa *isa;
    bool is_exact;               /* else TREE_DD, where rows are done precisely */
    struct numeric_lanes *slots; /* of dot products, by block; NULL: none */
};

/* The rows of a block at level TREE_DD or EXACT. */
void linear_rows_precisely(const struct linear_product *product, int64_t block);

/* ---- grid.c ------------------------------------------------------------------- */

/* Of one actor, or of all. */
void linear_grids_free(struct linear_rank *here, const troupe_actor *member);

#endif
