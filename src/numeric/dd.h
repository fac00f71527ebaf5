/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_DD_H
#define NUMERIC_DD_H

/* Values of TREE_DD: the high part is that of TREE. They are rounded at the end only.
 */

#include "numeric/pair.h"

struct numeric_dd {
    double high, low;
};

static inline struct numeric_dd numeric_dd_add(struct numeric_dd a, struct numeric_dd b)
{
    numeric_pair_add(&a.high, &a.low, b.high, b.low);
    return a;
}

static inline double numeric_dd_finish(struct numeric_dd sum)
{
    return numeric_pair_round(sum.high, sum.low);
}

#endif
