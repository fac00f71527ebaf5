/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

/* The GNU extensions the project uses, each by name, so that they can be counted. */

#include <stddef.h>

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define NOINLINE            __attribute__((noinline))
#define COLD                __attribute__((cold, noinline))
#define PREFETCH(pointer)   __builtin_prefetch(pointer)

/* The struct that holds `member` at `pointer`. */
#define CONTAINER_OF(pointer, type, member)                                            \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define CONTAINER_OF_CONST(pointer, type, member)                                      \
    ((const type *)(const void *)((const char *)(pointer)-offsetof(type, member)))

/* In a loop that waits for what another core writes: leaves the line in peace. */
#if defined(__x86_64__) || defined(__i386__)
#define SPIN_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define SPIN_PAUSE() __asm__ __volatile__("yield")
#else
#define SPIN_PAUSE() ((void)0)
#endif

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
