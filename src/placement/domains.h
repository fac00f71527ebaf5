/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_DOMAINS_H
#define PLACEMENT_DOMAINS_H

#include "placement/view.h"

/* All domains of what is usable, in logical order, to be freed; returns their number.
 * Each usable PU is in one at least. */
int placement_domains_find(const struct placement_machine *machine,
                           const struct placement_set *usable,
                           struct placement_domain **found);

#endif
