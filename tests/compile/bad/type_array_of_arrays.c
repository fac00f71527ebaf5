/* expect: struct work: field 'matrix' is of no kind that can be sent: a pointer, a
 * union, long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    double matrix[3][3];
};
TROUPE_TYPE(work, matrix);
