/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/environment.h"

#if defined(__SSE2__)
#include <xmmintrin.h>

/* All exceptions masked, to nearest, subnormals are what they are; of what is read, the
 * lowest six bits are flags. */
enum { MODES = 0x1f80, FLAGS = 0x3f };

static uint64_t get(void)
{
    return _mm_getcsr();
}

static void set(uint64_t word)
{
    _mm_setcsr((unsigned)word);
}
#elif defined(__aarch64__)
/* FPCR; the flags stand in FPSR. */
enum { MODES = 0, FLAGS = 0 };

static uint64_t get(void)
{
    uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
}

static void set(uint64_t word)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(word));
}
#else
#include <fenv.h>

/* Nothing but the rounding mode can be asked for. */
enum { MODES = FE_TONEAREST, FLAGS = 0 };

static uint64_t get(void)
{
    return (uint64_t)fegetround();
}

static void set(uint64_t word)
{
    fesetround((int)word);
}
#endif

bool numeric_environment_enter(struct numeric_environment *environment)
{
    environment->saved = get();
    bool good = (environment->saved & ~(uint64_t)FLAGS) == MODES;
    if (!good)
        set(MODES);
    return good;
}

bool numeric_environment_leave(const struct numeric_environment *environment)
{
    bool good = (get() & ~(uint64_t)FLAGS) == MODES;
    set(environment->saved);
    return good;
}
