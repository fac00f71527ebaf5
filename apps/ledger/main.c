/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ledger: moves money between accounts while ranks may die; --help says more.
 *
 * The rank process of rank 0 opens the accounts and waits for the result; all else is
 * done by actors, which come back from a checkpoint by themselves. messages.h has who
 * says what to whom.
 */

#include "common/output.h"
#include "messages.h"
#include "options.h"
#include <inttypes.h>
#include <string.h>

/* The runtime knows of errors, not of what this command makes of them. */
static int exit_code = EXIT_ALL_DONE;

/* All that rank 0 must know to go on; the other ranks have nothing to do. */
struct office {
    uint64_t is_open;
};
TROUPE_TYPE(office, is_open);

static void merge(struct office *whole, const struct office *part)
{
    whole->is_open |= part->is_open;
}

static void
split(const struct office *whole, struct office *part, int rank, int n_ranks)
{
    (void)n_ranks;
    part->is_open = rank == 0 ? whole->is_open : 0;
}

/* ---- opening ------------------------------------------------------------------- */

static troupe_place rank_for(const troupe_actor *self, uint64_t number)
{
    uint64_t n_ranks = (uint64_t)troupe_n_ranks(self);
    return (troupe_place)TROUPE_ON_RANK((int)(number % n_ranks));
}

static troupe_status open_accounts(troupe_actor *self,
                                   const struct options *options,
                                   troupe_address *addresses)
{
    for (uint64_t i = 0; i < options->n_accounts; i++) {
        troupe_spawn_options how = {TROUPE_WITH(account_plan, .number = i),
                                    .place = rank_for(self, i)};
        TROUPE_TRY(troupe_spawn(self, &ledger_account, &how, &addresses[i]));
    }
    return TROUPE_OK;
}

static troupe_status hire(troupe_actor *self,
                          const troupe_behavior *behavior,
                          troupe_spawn_options *how,
                          const struct options *options,
                          const troupe_address *addresses,
                          troupe_address *who)
{
    troupe_reference monitor; /* a failure comes as troupe_down */
    how->monitor = &monitor;
    TROUPE_TRY(troupe_spawn(self, behavior, how, who));
    return troupe_send_tail(self, *who, accounts, addresses, addresses,
                            options->n_accounts);
}

static struct teller_plan plan_of(const struct options *options)
{
    struct teller_plan plan = {.step = options->n_tellers,
                               .n_transfers = options->n_transfers,
                               .seed = options->seed,
                               .pause_s = options->pause_s};
    if (options->stamps)
        memcpy(plan.stamps, options->stamps, strlen(options->stamps));
    return plan;
}

static troupe_status begin(troupe_actor *self, const struct options *options)
{
    size_t n_bytes = (size_t)options->n_accounts * sizeof(troupe_address);
    troupe_address *addresses = troupe_alloc(self, n_bytes), auditor, teller;
    troupe_spawn_options how = {TROUPE_WITH(auditor_plan, .asker = troupe_self(self),
                                            .n_tellers = options->n_tellers),
                                .place =
                                    rank_for(self, (uint64_t)troupe_n_ranks(self) - 1)};
    struct teller_plan plan = plan_of(options);
    if (!addresses)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(open_accounts(self, options, addresses));
    TROUPE_TRY(hire(self, &ledger_auditor, &how, options, addresses, &auditor));
    plan.auditor = auditor;
    for (plan.first = 0; plan.first < plan.step; plan.first++) {
        how = (troupe_spawn_options){.arguments_type = &troupe_type_teller_plan,
                                     .arguments = &plan,
                                     .place = rank_for(self, plan.first)};
        TROUPE_TRY(hire(self, &ledger_teller, &how, options, addresses, &teller));
    }
    return TROUPE_OK;
}

/* ---- the end ------------------------------------------------------------------- */

static void print(const troupe_actor *self,
                  const struct options *options,
                  const struct result *result)
{
    if (options->json)
        printf("{\"accounts\":%" PRIu64 ",\"transfers\":%" PRIu64
               ",\"ranks\":%d,\"sum\":%" PRId64 ",\"hash\":\"%016" PRIx64 "\"}\n",
               options->n_accounts, options->n_transfers, troupe_n_ranks(self),
               result->sum, result->hash);
    else
        printf("%" PRIu64 " accounts, %" PRIu64 " transfers: sum %" PRId64
               ", hash %016" PRIx64 "\n",
               options->n_accounts, options->n_transfers, result->sum, result->hash);
    if (!output_finish("ledger"))
        exit_code = EXIT_NO_RESULT;
}

static void
finish(troupe_actor *self, const struct options *options, const struct result *result)
{
    int64_t expected = (int64_t)options->n_accounts * FIRST_BALANCE;
    print(self, options, result);
    if (result->sum == expected)
        return;
    fprintf(stderr, "ledger: the sum was %" PRId64 " at first\n", expected);
    exit_code = EXIT_WRONG_SUM;
}

static troupe_status wait_for_result(troupe_actor *self, const struct options *options)
{
    troupe_mail mail;
    const struct result *result;
    TROUPE_TRY(troupe_safe_receives(self, true));
    TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, &mail));
    result = troupe_as(&mail, result);
    if (result) {
        finish(self, options, result);
        return TROUPE_OK;
    }
    fprintf(stderr, "ledger: rank %d: %s\n",
            troupe_rank_of(self, troupe_as(&mail, troupe_down)->who),
            troupe_as(&mail, troupe_down)->text);
    exit_code = EXIT_NO_RESULT;
    return TROUPE_FAILED;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct options options;
    struct office *office = troupe_state(self);
    if (troupe_rank(self) != 0)
        return TROUPE_OK; /* the rank stays, for its actors */
    if (!options_parse(argc, argv, &options)) {
        exit_code = EXIT_USAGE;
        return TROUPE_OK;
    }
    if (options.help) {
        options_print_help(stdout);
        return TROUPE_OK;
    }
    if (!office->is_open)
        TROUPE_TRY(begin(self, &options));
    office->is_open = true;
    return wait_for_result(self, &options);
}
TROUPE_PROCESS(rank_process,
               body,
               TROUPE_PARTS(office, merge, split),
               TROUPE_ACCEPTS(result, troupe_down),
               TROUPE_SENDS(accounts),
               TROUPE_SPAWNS(&ledger_account, &ledger_teller, &ledger_auditor));

int main(int argc, char **argv)
{
    int code = troupe_main(argc, argv, &(troupe_program){.main = &rank_process});
    return code == TROUPE_CODE_OK ? exit_code : code;
}
