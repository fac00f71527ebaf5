/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_LEVELS_H
#define SUPPORT_LEVELS_H

/* The levels at which bits depend on an array alone. */

#include "troupe/troupe.h"

enum { N_LEVELS = 3 };

static const troupe_how levels[N_LEVELS] = {{.level = TROUPE_LEVEL_TREE},
                                            {.level = TROUPE_LEVEL_TREE_DD},
                                            {.level = TROUPE_LEVEL_EXACT}};

#endif
