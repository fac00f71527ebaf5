/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/isa.h"

#include "base/compiler.h"
#include <stddef.h>

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
/* The levels of the x86-64 psABI as far as our code uses them. */
static bool has_v2(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

static bool has_v3(void)
{
    return has_v2() && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

static bool has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

static const struct {
    const struct numeric_isa *isa;
    bool (*is_there)(void);
} choices[] = {
    {&numeric_isa_baseline, always},
#if defined(__x86_64__)
    {&numeric_isa_v2, has_v2},
    {&numeric_isa_v3, has_v3},
    {&numeric_isa_v4, has_v4},
#endif
};

const struct numeric_isa *numeric_isa_choose(const char *name)
{
    const struct numeric_isa *best = NULL;
    bool any = name == NULL || name[0] == '\0';

    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++)
        if ((any || strcmp(name, choices[i].isa->name) == 0) && choices[i].is_there())
            best = choices[i].isa;
    return best;
}

int numeric_isa_list(const struct numeric_isa *list[4])
{
    int n_listed = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++)
        if (choices[i].is_there())
            list[n_listed++] = choices[i].isa;
    return n_listed;
}
