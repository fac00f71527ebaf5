/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LEDGER_MESSAGES_H
#define LEDGER_MESSAGES_H

/*
 * Who says what to whom. Accounts and tellers are on all ranks, the auditor on the
 * last.
 *
 *   accounts     rank 0 to tellers and auditor   these are the accounts
 *   withdrawal   a teller to an account          take this away, give it to that one
 *   deposit      that account to the other       here it is
 *   receipt      that one to the teller          it has arrived
 *   next         a teller to itself              after a pause: the next transfer
 *   closed       a teller to the auditor         all of mine have arrived
 *   audit        the auditor to an account       what is in it?
 *   statement    the account to the auditor      this
 *   result       the auditor to rank 0           this is all
 *
 * Numbers of transfers decide everything: between whom, how much, and after what pause.
 * So it makes no difference who has them done, where and when.
 */

#include <troupe/troupe.h>

/* What every account has at first. */
enum { FIRST_BALANCE = 1000 };

struct accounts {
    uint64_t n;
    troupe_address addresses[];
};
TROUPE_TYPE(accounts, n, TROUPE_TAIL(addresses, n));

struct withdrawal {
    uint64_t number;
    int64_t amount;
    troupe_address to;
};
TROUPE_TYPE(withdrawal, number, amount, to);

struct deposit {
    uint64_t number;
    int64_t amount;
    troupe_address teller;
};
TROUPE_TYPE(deposit, number, amount, teller);

TROUPE_SIGNAL(receipt);
TROUPE_SIGNAL(next);
TROUPE_SIGNAL(closed);
TROUPE_SIGNAL(audit);

struct statement {
    int64_t balance;
    uint64_t hash; /* of the account's number, its balance and all that moved */
};
TROUPE_TYPE(statement, balance, hash);

struct result {
    int64_t sum;   /* of the balances */
    uint64_t hash; /* of the statements */
};
TROUPE_TYPE(result, sum, hash);

/* ---- what actors are spawned with ---------------------------------------------- */

struct account_plan {
    uint64_t number;
};
TROUPE_TYPE(account_plan, number);

struct teller_plan {
    troupe_address auditor;
    uint64_t first, step; /* its transfers: first, first + step, ... */
    uint64_t n_transfers; /* of all tellers */
    uint64_t seed;
    double pause_s;   /* between two transfers, in the mean */
    char stamps[256]; /* a file for the time of a rank's first receipt; empty: none */
};
TROUPE_TYPE(teller_plan, auditor, first, step, n_transfers, seed, pause_s, stamps);

struct auditor_plan {
    troupe_address asker;
    uint64_t n_tellers;
};
TROUPE_TYPE(auditor_plan, asker, n_tellers);

TROUPE_BEHAVIOR_DECLARE(ledger_account);
TROUPE_BEHAVIOR_DECLARE(ledger_teller);
TROUPE_BEHAVIOR_DECLARE(ledger_auditor);

/* The mixing of SplitMix64 (Steele, Lea, Flood, 2014). */
static inline uint64_t mixed(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
