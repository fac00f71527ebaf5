/* SPDX-License-Identifier: BSD-3-Clause */
#include "messages.h"
#include <stdio.h>
#include <time.h>

/* A teller has some transfers under way at any time until it has begun all of its own.
 */

enum { N_UNDER_WAY = 4, MOST_MOVED = 1000 };

struct teller {
    struct teller_plan plan;
    troupe_held accounts;
    uint64_t number; /* of the transfer that is next */
    uint64_t n_under_way;
};
TROUPE_TYPE(teller, TROUPE_NESTED(plan, teller_plan), accounts, number, n_under_way);

static troupe_status
begin(troupe_actor *self, struct teller *teller, const struct teller_plan *plan)
{
    (void)self;
    teller->plan = *plan;
    teller->number = plan->first;
    return TROUPE_OK;
}

enum purpose { FROM, TO, AMOUNT, PAUSE };

/* A number of the transfer that is next. */
static uint64_t draw(const struct teller *teller, enum purpose purpose)
{
    return mixed(mixed(teller->plan.seed ^ mixed(teller->number)) + purpose);
}

/* The transfer that is next, if there is one; else, after the last, tells the auditor.
 */
static troupe_status transfer(troupe_actor *self, struct teller *teller)
{
    const struct accounts *accounts = troupe_held_body(self, teller->accounts);
    uint64_t from, to;
    if (teller->number >= teller->plan.n_transfers)
        return teller->n_under_way > 0
                   ? TROUPE_OK
                   : troupe_send(self, teller->plan.auditor, closed);
    from = draw(teller, FROM) % accounts->n;
    to = (from + 1 + draw(teller, TO) % (accounts->n - 1)) % accounts->n;
    TROUPE_TRY(troupe_send(self, accounts->addresses[from], withdrawal,
                           .number = teller->number,
                           .amount = (int64_t)(draw(teller, AMOUNT) % MOST_MOVED) + 1,
                           .to = accounts->addresses[to]));
    teller->number += teller->plan.step;
    teller->n_under_way++;
    return TROUPE_OK;
}

static troupe_status
on_accounts(troupe_actor *self, struct teller *teller, const struct accounts *accounts)
{
    troupe_message *message;
    (void)accounts;
    TROUPE_TRY(troupe_keep(self, &message));
    teller->accounts = troupe_hold(self, &message);
    TROUPE_TRY(transfer(self, teller));
    for (int i = 1; i < N_UNDER_WAY && teller->number < teller->plan.n_transfers; i++)
        TROUPE_TRY(transfer(self, teller));
    return TROUPE_OK;
}

/* Since this process started. */
static bool has_stamped;

/* For who wants to know how long a restart takes. A stamp that cannot be made is none.
 */
static void stamp(const char *path)
{
    struct timespec now;
    FILE *file = fopen(path, "a");
    has_stamped = true;
    if (!file)
        return;
    (void)timespec_get(&now, TIME_UTC);
    fprintf(file, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    fclose(file);
}

static troupe_status on_receipt(troupe_actor *self, struct teller *teller)
{
    bool is_last = teller->number >= teller->plan.n_transfers;
    double turn = (double)(draw(teller, PAUSE) >> 11) * 0x1p-53;
    if (teller->plan.stamps[0] && !has_stamped)
        stamp(teller->plan.stamps);
    if (is_last || teller->plan.pause_s <= 0) {
        teller->n_under_way--;
        return transfer(self, teller);
    }
    /* Until then it counts as under way. */
    return troupe_send_after(self, troupe_self(self), 2 * turn * teller->plan.pause_s,
                             NULL, next);
}

static troupe_status on_next(troupe_actor *self, struct teller *teller)
{
    teller->n_under_way--;
    return transfer(self, teller);
}

TROUPE_BEHAVIOR(ledger_teller,
                teller,
                TROUPE_INIT(teller_plan, begin),
                TROUPE_ON(accounts, on_accounts),
                TROUPE_ON(receipt, on_receipt),
                TROUPE_ON(next, on_next),
                TROUPE_SENDS(withdrawal, closed));
