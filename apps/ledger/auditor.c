/* SPDX-License-Identifier: BSD-3-Clause */
#include "messages.h"

/* When all tellers have closed nothing moves any more, and every account is asked. */

/* Accounts that are asked at the same time. */
enum { N_ASKED = 256 };

struct auditor {
    struct auditor_plan plan;
    troupe_held accounts;
    uint64_t n_closed, n_asked, n_answered;
    struct result result;
};
TROUPE_TYPE(auditor,
            TROUPE_NESTED(plan, auditor_plan),
            accounts,
            n_closed,
            n_asked,
            n_answered,
            TROUPE_NESTED(result, result));

static troupe_status
begin(troupe_actor *self, struct auditor *auditor, const struct auditor_plan *plan)
{
    (void)self;
    auditor->plan = *plan;
    return TROUPE_OK;
}

static troupe_status on_accounts(troupe_actor *self,
                                 struct auditor *auditor,
                                 const struct accounts *accounts)
{
    troupe_message *message;
    (void)accounts;
    TROUPE_TRY(troupe_keep(self, &message));
    auditor->accounts = troupe_hold(self, &message);
    return TROUPE_OK;
}

static troupe_status ask_next(troupe_actor *self, struct auditor *auditor)
{
    const struct accounts *accounts = troupe_held_body(self, auditor->accounts);
    if (auditor->n_asked == accounts->n)
        return TROUPE_OK;
    return troupe_send(self, accounts->addresses[auditor->n_asked++], audit);
}

static troupe_status on_closed(troupe_actor *self, struct auditor *auditor)
{
    if (++auditor->n_closed < auditor->plan.n_tellers)
        return TROUPE_OK;
    for (int i = 0; i < N_ASKED; i++)
        TROUPE_TRY(ask_next(self, auditor));
    return TROUPE_OK;
}

static troupe_status on_statement(troupe_actor *self,
                                  struct auditor *auditor,
                                  const struct statement *statement)
{
    const struct accounts *accounts = troupe_held_body(self, auditor->accounts);
    auditor->result.sum += statement->balance;
    auditor->result.hash += statement->hash; /* in whatever order they come */
    if (++auditor->n_answered < accounts->n)
        return ask_next(self, auditor);
    return troupe_send_value(self, auditor->plan.asker, result, &auditor->result);
}

TROUPE_BEHAVIOR(ledger_auditor,
                auditor,
                TROUPE_INIT(auditor_plan, begin),
                TROUPE_ON(accounts, on_accounts),
                TROUPE_ON(closed, on_closed),
                TROUPE_ON(statement, on_statement),
                TROUPE_SENDS(audit, result),
                .capacity = TROUPE_UNBOUNDED); /* each teller closes once */
