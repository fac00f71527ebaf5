/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/environment.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

/* MXCSR, and above it the x87 control word, which long double goes by. All exceptions
 * masked, to nearest, subnormals are what they are, x87 at its full width; of what is
 * read, the lowest six bits are flags. */
enum { X87_SHIFT = 32, FLAGS = 0x3f };
#define MODES (UINT64_C(0x037f) << X87_SHIFT | 0x1f80)

static uint16_t x87_get(void)
{
    uint16_t word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return word;
}

static uint64_t get(void)
{
    return (uint64_t)x87_get() << X87_SHIFT | _mm_getcsr();
}

static void set(uint64_t word)
{
    uint16_t x87 = (uint16_t)(word >> X87_SHIFT);
    _mm_setcsr((unsigned)word);
    if (x87_get() != x87) /* setting it costs more than a look */
        __asm__ volatile("fldcw %0" : : "m"(x87));
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
