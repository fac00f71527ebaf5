/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_KERNEL_PROBE_H
#define TROUPE_KERNEL_PROBE_H

/*
 * What a file's arithmetic is like. The bits of a kernel's results are promised only
 * where a*b+c has two roundings and nothing is regrouped. Most compilers fuse unless
 * told -ffp-contract=off, and -ffast-math allows anything; a header cannot see all of
 * that. So it leaves some functions in the user's object file, compiled as his kernels
 * are, and the library calls them and looks at what comes out.
 *
 * It sees the flags of the file, not attributes of single functions.
 */

#ifdef __cplusplus
extern "C" {
#endif

/** The functions of one file; made by TROUPE_KERNEL_PROBE(). */
struct troupe_kernel_probe {
    double (*multiply_add)(double a, double b, double c);
    double (*add_subtract)(double a, double b);
    double (*divide)(double a, double b);
    double (*add_zero)(double a);
    int (*is_nan)(double a);
    int is_fast_math;
    int evaluation_method; /**< 0 and 16: doubles are computed as doubles */
};

#ifdef __FAST_MATH__
#define TROUPE_KERNEL_PROBE_FAST_ 1
#else
#define TROUPE_KERNEL_PROBE_FAST_ 0
#endif

#define TROUPE_KERNEL_PROBE_FUNCTION_ static __attribute__((noinline, unused))

/** Defines a constant struct troupe_kernel_probe \p name and its functions. */
#define TROUPE_KERNEL_PROBE(name)                                                      \
    TROUPE_KERNEL_PROBE_FUNCTION_ double name##_multiply_add_(double a, double b,      \
                                                              double c)                \
    {                                                                                  \
        return a * b + c;                                                              \
    }                                                                                  \
    TROUPE_KERNEL_PROBE_FUNCTION_ double name##_add_subtract_(double a, double b)      \
    {                                                                                  \
        return (a + b) - a;                                                            \
    }                                                                                  \
    TROUPE_KERNEL_PROBE_FUNCTION_ double name##_divide_(double a, double b)            \
    {                                                                                  \
        return a / 3.0 - b;                                                            \
    }                                                                                  \
    TROUPE_KERNEL_PROBE_FUNCTION_ double name##_add_zero_(double a)                    \
    {                                                                                  \
        return a + 0.0;                                                                \
    }                                                                                  \
    TROUPE_KERNEL_PROBE_FUNCTION_ int name##_is_nan_(double a)                         \
    {                                                                                  \
        return a != a;                                                                 \
    }                                                                                  \
    static const struct troupe_kernel_probe name __attribute__((unused)) = {           \
        name##_multiply_add_, name##_add_subtract_, name##_divide_,                    \
        name##_add_zero_,     name##_is_nan_,       TROUPE_KERNEL_PROBE_FAST_,         \
        __FLT_EVAL_METHOD__,                                                           \
    }

#ifdef __cplusplus
}
#endif
#endif
