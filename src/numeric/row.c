/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/row.h"

#include "numeric/pair.h"
#include "numeric/sure.h"

double numeric_row_short(const struct numeric_isa *isa,
                         const double *values,
                         const double *x,
                         int64_t n)
{
    double pair[2] = {-0.0, 0};

    isa->row_dd(values, x, n, pair);
    return numeric_pair_round(pair[0], pair[1]);
}

struct numeric_lanes_dd numeric_row_begin(void)
{
    struct numeric_lanes_dd lanes = {.present = (UINT64_C(1) << NUMERIC_LANES) - 1};

    for (int i = 0; i < NUMERIC_LANES; i++)
        lanes.high[i] = -0.0;
    return lanes;
}

void numeric_row_add(const struct numeric_isa *isa,
                     const double *values,
                     const double *x,
                     int64_t n,
                     struct numeric_lanes_dd *lanes)
{
    int64_t whole = n - n % NUMERIC_LANES;

    isa->lanes_dd(values, x, whole, lanes->high, lanes->low);
    for (int64_t i = whole; i < n; i++) {
        double pair[2] = {lanes->high[i - whole], lanes->low[i - whole]};

        isa->row_dd(values + i, x + i, 1, pair);
        lanes->high[i - whole] = pair[0];
        lanes->low[i - whole] = pair[1];
    }
}

bool numeric_row_exact(const struct numeric_isa *isa,
                       const double *values,
                       const double *x,
                       int64_t n,
                       double *sum)
{
    struct numeric_sure sure = numeric_sure_make();

    return isa->row_sure(values, x, n, &sure) && numeric_sure_round(&sure, sum);
}
