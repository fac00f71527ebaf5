/* SPDX-License-Identifier: BSD-3-Clause */
#include "messages.h"

/*
 * An account may be overdrawn: if it could refuse, the order of arrival would decide.
 * The marks of what came and went are added up, so that they too depend on no order,
 * and a transfer that is lost and one that is doubled do not hide each other.
 */

struct account {
    uint64_t number;
    int64_t balance;
    uint64_t marks;
};
TROUPE_TYPE(account, number, balance, marks);

static troupe_status
begin(troupe_actor *self, struct account *account, const struct account_plan *plan)
{
    (void)self;
    account->number = plan->number;
    account->balance = FIRST_BALANCE;
    return TROUPE_OK;
}

static troupe_status on_withdrawal(troupe_actor *self,
                                   struct account *account,
                                   const struct withdrawal *withdrawal)
{
    account->balance -= withdrawal->amount;
    account->marks += mixed(2 * withdrawal->number);
    return troupe_send(self, withdrawal->to, deposit, .number = withdrawal->number,
                       .amount = withdrawal->amount, .teller = troupe_sender(self));
}

static troupe_status
on_deposit(troupe_actor *self, struct account *account, const struct deposit *deposit)
{
    account->balance += deposit->amount;
    account->marks += mixed(2 * deposit->number + 1);
    return troupe_send(self, deposit->teller, receipt);
}

static troupe_status on_audit(troupe_actor *self, struct account *account)
{
    uint64_t hash = mixed(account->number);
    hash = mixed(hash ^ (uint64_t)account->balance);
    hash = mixed(hash ^ account->marks);
    return troupe_reply(self, audit, statement, .balance = account->balance,
                        .hash = hash);
}

TROUPE_BEHAVIOR(ledger_account,
                account,
                TROUPE_INIT(account_plan, begin),
                TROUPE_ON(withdrawal, on_withdrawal),
                TROUPE_ON(deposit, on_deposit),
                TROUPE_ON(audit, on_audit),
                TROUPE_SENDS(receipt, statement),
                /* Accounts send each other in circles, so none may wait for room; what
                 * is under way has a bound in the number of tellers. */
                .capacity = TROUPE_UNBOUNDED);
