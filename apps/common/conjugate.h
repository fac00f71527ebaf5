/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_CONJUGATE_H
#define COMMON_CONJUGATE_H

/*
 * Conjugate gradients with Jacobi's preconditioner, after Hestenes and Stiefel (1952):
 * solves A x = b for a symmetric positive definite A.
 *
 * An iteration makes three passes over memory: the product with its dot product; the
 * residual with both of its norms; and the solution together with the next direction,
 * which reads the last one anyway.
 */

#include <troupe/troupe.h>

enum conjugate_right { CONJUGATE_ONES, CONJUGATE_RANDOM };

/* Where an iteration stands, beside the arrays; the same on all members. */
struct conjugate_standing {
    int64_t n_iterations;
    double scaled;     /* residual times scaled residual */
    double norm;       /* of the residual */
    double right_norm; /* of b */
};
TROUPE_TYPE(conjugate_standing, n_iterations, scaled, norm, right_norm);

struct conjugate {
    troupe_actor *self;
    troupe_matrix matrix;
    enum conjugate_right right;
    /* Solution, residual, direction, A times it, and one over the diagonal. */
    troupe_array solution, residual, direction, image, scale;
    int64_t n_rows, n_entries;
    struct conjugate_standing standing;
    char trouble[120]; /* after TROUPE_FAILED */
};

/*
 * From x = 0. TROUPE_FAILED: the diagonal is not positive. The matrix must be square,
 * with rows and columns cut alike. Collective, as all below.
 */
troupe_status conjugate_init(struct conjugate *conjugate,
                             troupe_actor *self,
                             troupe_matrix matrix,
                             enum conjugate_right right);
/*
 * The same with arrays that checkpoints have. If these come from one, goes on from the
 * standing that the caller has kept with them.
 */
troupe_status conjugate_init_saved(struct conjugate *conjugate,
                                   troupe_actor *self,
                                   troupe_matrix matrix,
                                   enum conjugate_right right,
                                   const struct conjugate_standing *standing);
/* One iteration. TROUPE_FAILED: the matrix is not positive definite, or numbers
 * overflow or underflow. */
troupe_status conjugate_step(struct conjugate *conjugate);
/* The norm of b - A x, worked out anew. The direction's image is lost. */
troupe_status conjugate_true_norm(struct conjugate *conjugate, double *norm);
void conjugate_fini(struct conjugate *conjugate);

/* What an iteration reads and writes at least, all members together. */
double conjugate_iteration_bytes(const struct conjugate *conjugate);

#endif
