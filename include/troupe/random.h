/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_RANDOM_H
#define TROUPE_RANDOM_H

/*
 * Random numbers for whole arrays. An element's number is a function of seed, stream
 * and its index, whoever computes it: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC11)
 * with the seed as key and stream and index as counter. Numbers of different streams,
 * or of different indices, are independent; so give each use of a seed its own stream,
 * and a loop that draws anew each time the number of its turn.
 */

#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which numbers. */
typedef struct troupe_random {
    uint64_t seed;
    uint32_t stream;
} troupe_random;

/**
 * Fills an array of double or float with multiples of 2^-53 in [0, 1), each as likely
 * (of 2^-24, cut off, in floats).
 *
 * \call     collective over the team
 * \blocks   until the caller's part is filled
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID no array of real numbers; TROUPE_MISMATCH;
 *           TROUPE_PEER_GONE; TROUPE_FAILED the check found other bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_fill_uniform(troupe_actor *self,
                                                             troupe_array x,
                                                             troupe_random random,
                                                             troupe_how how);

/**
 * Fills an array of double or float with normally distributed numbers of mean 0 and
 * variance 1. Made of + - * / and roots alone, so that no library's logarithm shows.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is filled
 * \threads  the runtime's thread
 * \errors   as troupe_fill_uniform
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_fill_normal(troupe_actor *self,
                                                            troupe_array x,
                                                            troupe_random random,
                                                            troupe_how how);

/**
 * Fills an array of int64_t with whole numbers from lowest to highest, both included,
 * each as likely (to 2^-128).
 *
 * \call     collective over the team
 * \blocks   until the caller's part is filled
 * \threads  the runtime's thread
 * \errors   as troupe_fill_uniform; TROUPE_INVALID also when lowest > highest
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_fill_integers(troupe_actor *self,
                                                              troupe_array x,
                                                              troupe_random random,
                                                              int64_t lowest,
                                                              int64_t highest,
                                                              troupe_how how);

#ifdef __cplusplus
}
#endif
#endif
