/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <math.h>

/*
 * J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart
 * dumps", Future Generation Computer Systems 22 (2006), equation 37. What a checkpoint
 * costs is the time that nobody runs, as the writing goes on beside the work.
 */

static const double mtbf_s = 24 * 3600.0; /* until somebody knows better */
static const double least_s = 60, most_s = 3600;
static const double most_overhead = 0.05;

int64_t checkpoint_interval_ns(int64_t every_ns, int64_t cost_ns)
{
    double cost_s = (double)cost_ns * 1e-9;
    double ratio = cost_s / (2 * mtbf_s);
    double interval_s = mtbf_s;

    if (every_ns != 0)
        return every_ns > 0 ? every_ns : INT64_MAX;
    if (ratio < 1)
        interval_s =
            sqrt(2 * cost_s * mtbf_s) * (1 + sqrt(ratio) / 3 + ratio / 9) - cost_s;
    interval_s = interval_s < least_s ? least_s : interval_s;
    interval_s = interval_s > most_s ? most_s : interval_s;
    if (interval_s < cost_s / most_overhead)
        interval_s = cost_s / most_overhead;
    return (int64_t)(interval_s * 1e9);
}
