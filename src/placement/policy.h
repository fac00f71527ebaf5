/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_POLICY_H
#define PLACEMENT_POLICY_H

#include "placement/deal.h"

/* What a policy that plans comes to; auto is no longer one. */
void placement_policy_deal(struct placement_deal *deal,
                           enum placement_policy policy,
                           int n_workers);
/* inherit and list. TROUPE_INVALID: as `why` says. */
troupe_status placement_policy_obey(struct placement_deal *deal,
                                    const struct placement_request *request,
                                    char *why,
                                    size_t why_capacity);

#endif
