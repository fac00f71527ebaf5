/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/probe.h"

#include <math.h>

const char *numeric_probe_fault(const struct troupe_kernel_probe *probe)
{
    /* (1 + e)(1 - e) - 1 is -e^2, which only a fused operation sees. */
    const double e = 0x1p-30;
    /* 5 / 3 is not the same as 5 times the double nearest to 1/3. */
    const double five_thirds = 0x1.aaaaaaaaaaaabp+0;

    if (probe->is_fast_math)
        return "compiled with -ffast-math or -Ofast";
    if (probe->multiply_add(1 + e, 1 - e, -1) != 0)
        return "a * b + c is one operation there; compile with -ffp-contract=off";
    if (probe->add_subtract(0x1p53, 1) != 0)
        return "sums are regrouped there; compile without -fassociative-math";
    if (probe->divide(5, five_thirds) != 0)
        return "division is a product there; compile without -freciprocal-math";
    if (signbit(probe->add_zero(-0.0)))
        return "the sign of zero is lost there; compile without -fno-signed-zeros";
    if (!probe->is_nan(NAN))
        return "NaNs are not seen there; compile without -ffinite-math-only";
    /* 16 says that half precision, where the processor has it, is computed as such. */
    if (probe->evaluation_method != 0 && probe->evaluation_method != 16)
        return "doubles are computed in another precision there; compile with "
               "-mfpmath=sse";
    return (const char *)0;
}
