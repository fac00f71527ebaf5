/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "checkpoint/cut.h"
#include "comm/internal.h"
#include "fuzz.h"
#include "runtime/internal.h"
#include "support/intruder.h"
#include "troupe/troupe.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Records of checkpoints, of the runtime and of comm itself from outside, for rank 0,
 * which leads checkpoints and makes some meanwhile. The input: support/intruder.h.
 */

enum { N_ROUNDS = 12 };

/* What has no state goes on while a checkpoint is written, so it posts then, too. */
static troupe_status poster_body(troupe_actor *self)
{
    intruder_post(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(poster, poster_body);

static troupe_status body(troupe_actor *self)
{
    if (intruder_enter(self) == 1)
        intruder_any(troupe_spawn(self, &poster, NULL, NULL));
    for (int i = 0; i < N_ROUNDS; i++) {
        if (troupe_rank(self) == 0 && i % 4 == 0)
            intruder_any(troupe_checkpoint_request(self));
        troupe_sleep_until(self, troupe_after_s(self, 200e-6));
        troupe_safepoint(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SPAWNS(&poster),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);

/* ---- where the checkpoints go -------------------------------------------------- */

static int do_not_wait(const struct base_files *files, int descriptor)
{
    (void)files;
    (void)descriptor;
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

/* ---- the intruder -------------------------------------------------------------- */

enum symbol { NOTHING, EPOCH, TURN, N_SYMBOLS };

static uint64_t symbol(unsigned index)
{
    struct actor_rank *victim = intruder_victim();
    const struct checkpoint_rank *here = victim ? checkpoint_of(victim->rank) : NULL;

    if (!here)
        return 0;
    return index == EPOCH ? here->epoch : here->turn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {
        COMM_KIND_FETCH,
        COMM_KIND_DISCARD,
        COMM_KIND_REDUCE_UP,
        COMM_KIND_REDUCE_DOWN,
        RUNTIME_KIND_LINES,
        RUNTIME_KIND_ROW,
        CHECKPOINT_KIND_ASK,
        CHECKPOINT_KIND_PREPARE,
        CHECKPOINT_KIND_STATUS,
        CHECKPOINT_KIND_RELEASE,
        CHECKPOINT_KIND_RELEASE_WANTED,
        CHECKPOINT_KIND_FREEZE,
        CHECKPOINT_KIND_GIVE_UP,
        CHECKPOINT_KIND_WRITTEN,
        CHECKPOINT_KIND_DONE,
    };
    char folder[] = "/tmp/troupe-fuzz-XXXXXX";
    struct base_files files = base_files_real;
    const struct checkpoint_options checkpoint = {.directory = mkdtemp(folder),
                                                  .job = "job",
                                                  .program = "fuzz",
                                                  .from = "none",
                                                  .every_ns = -1,
                                                  .files = &files};
    const struct intruder intruder = {.main = &main_process,
                                      .kinds = kinds,
                                      .n_kinds = ARRAY_LENGTH(kinds),
                                      .symbol = symbol,
                                      .n_symbols = N_SYMBOLS,
                                      .checkpoint = &checkpoint};

    files.fsync = do_not_wait;
    intruder_expect(checkpoint.directory != NULL, "no folder for checkpoints");
    intruder_play(&intruder, data, size);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
