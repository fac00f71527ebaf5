/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/park.h"
#include "base/alloc.h"
#include <string.h>

/*
 * The end of a job. comm's detector says when all ranks are passive and nothing is on
 * its way, with what the ranks offered: somebody blocked, something that will still
 * happen by itself (a timer, a deadline), everybody ending. From that each rank comes
 * to the same verdict (protocols 14, 15). Ending takes a second round, so that what the
 * last calls of the actors have sent is taken up before anybody leaves.
 */

enum { ANY_BLOCKED = 1, ANY_HOLDING = 2, ANY_TICKING = 4, ANY_CUT = 8 };
enum { ALL_ENDING = 1, ALL_TAG_SHIFT = 8, ALL_TAG_MASK = 0xff };

/* The tag of a cut and its complement: what ranks with different tags offer comes to
 * neither. */
static uint32_t tag_flags(const struct actor_cut *cut)
{
    uint32_t tag = cut ? cut->tag : 0;

    return cut ? (tag | (~tag & ALL_TAG_MASK) << ALL_TAG_SHIFT) << ALL_TAG_SHIFT : 0;
}

/* 0: the ranks do not agree on one. */
static uint8_t tag_of(uint32_t all)
{
    uint32_t tag = (all >> ALL_TAG_SHIFT) & ALL_TAG_MASK;
    uint32_t complement = (all >> 2 * ALL_TAG_SHIFT) & ALL_TAG_MASK;

    return (tag ^ complement) == ALL_TAG_MASK ? (uint8_t)tag : 0;
}

static bool modules_are_still(const struct actor_rank *home)
{
    const struct base_module *const *module = home->modules;

    for (; module && *module; module++)
        if ((*module)->is_still && !(*module)->is_still(home->rank))
            return false;
    return true;
}

/* Each time before the rank idles: comm takes an offer back when something comes. */
void actor_quiet_offer(struct actor_rank *home)
{
    bool is_holding = home->n_holding || !modules_are_still(home);
    bool is_blocked =
        home->n_blocked || (home->rank_process && actor_is_blocked(home->rank_process));
    uint32_t any = (is_blocked ? ANY_BLOCKED : 0) | (is_holding ? ANY_HOLDING : 0) |
                   (actor_ticks_matter(home) ? ANY_TICKING : 0) |
                   (actor_cut_of(home) ? ANY_CUT : 0);
    uint32_t all = (home->is_ending ? ALL_ENDING : 0) | tag_flags(actor_cut_of(home));

    comm_quiet_offer(home->comm, any, all,
                     home->is_ending || !home->rank_process || actor_cut_of(home));
    home->is_quiet_offered = true;
}

static enum actor_verdict verdict_of(uint32_t any)
{
    if (any & ANY_HOLDING)
        return ACTOR_VERDICT_NONE;
    if (!(any & ANY_BLOCKED))
        return ACTOR_VERDICT_END;
    /* The next tick may wake who is blocked. */
    return any & ANY_TICKING ? ACTOR_VERDICT_NONE : ACTOR_VERDICT_DEADLOCK;
}

/* Called inside comm_poll: notes the verdict, actor_end_step() acts on it. */
void actor_quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    struct actor_rank *home = actor_of(rank);

    if (UNLIKELY(tag_of(all)) && actor_cut_of(home))
        actor_cut_of(home)->quiet(rank, tag_of(all), verdict_of(any));
    if (all & ALL_ENDING)
        home->is_done = true;
    else if (!home->is_ending && !(any & ANY_CUT) && verdict_of(any))
        home->verdict = verdict_of(any);
}

static void end_one(troupe_actor *actor)
{
    if (!(actor->flags & ACTOR_EMBRYO))
        actor_end_with(actor, TROUPE_EXIT_SHUTDOWN, TROUPE_OK, "%s", "the job ends");
    actor_end(actor);
}

static void end_all(struct actor_rank *home)
{
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++)
            if (home->slots[s].entries[i].actor)
                end_one(home->slots[s].entries[i].actor);
    if (home->rank_process)
        end_one(home->rank_process);
}

/* From here on nothing leaves this rank that could make an actor of another go on,
 * which may not have heard of the verdict yet. */
static void begin_end(struct actor_rank *home, int exit_code)
{
    home->is_ending = home->is_halted = true;
    comm_quiet_regard_all(home->comm); /* nobody may leave before the last tick */
    if (exit_code > home->exit_code)
        home->exit_code = exit_code;
    end_all(home);
}

/* ---- deadlock ---- */

/* A record a line, so that the lines of ranks do not mix; none so large as to go apart.
 */
enum { LINE_BYTES = 240 };

static void report_send(struct actor_rank *home)
{
    struct comm_header header = {.kind = ACTOR_KIND_REPORT};
    struct base_bytes text;
    const char *line, *end;

    base_bytes_init(&text);
    actor_report_waits(home, &text);
    if (home->me == 0)
        base_bytes_append(&home->reports, text.data, text.size);
    for (size_t left = home->me == 0 ? 0 : text.size; left;
         left -= (size_t)(end - line)) {
        size_t length;

        line = (const char *)text.data + (text.size - left);
        end = memchr(line, '\n', left);
        end = end ? end + 1 : line + left;
        length = (size_t)(end - line) - (end[-1] == '\n');
        comm_post_must(home->comm, 0, &header, line,
                       length < LINE_BYTES ? length : LINE_BYTES);
    }
    base_bytes_fini(&text);
}

void actor_report_arrived(struct actor_rank *home, struct comm_record *record)
{
    comm_require(home->comm, record,
                 record->size_bytes <= LINE_BYTES &&
                     !memchr(record->payload, '\n', (size_t)record->size_bytes),
                 "it is not one line");
    base_bytes_append(&home->reports, record->payload, (size_t)record->size_bytes);
    base_bytes_append(&home->reports, "\n", 1);
}

void actor_report_print(struct actor_rank *home)
{
    const char *line = (const char *)home->reports.data;
    size_t left = home->reports.size;

    if (!home->has_deadlock || home->me != 0)
        return;
    log_error(&home->rank->log,
              "deadlock: nothing is on its way, and these wait for each other (exit "
              "code %d):",
              TROUPE_CODE_DEADLOCK);
    while (left) {
        const char *end = memchr(line, '\n', left);
        size_t length = end ? (size_t)(end - line) : left;

        log_error(&home->rank->log, "  %.*s", (int)length, line);
        left -= end ? length + 1 : length;
        line += length + 1;
    }
}

/* ---- verdicts ---- */

void actor_end_step(struct actor_rank *home)
{
    enum actor_verdict verdict = home->verdict;
    int exit_code = verdict == ACTOR_VERDICT_DEADLOCK ? TROUPE_CODE_DEADLOCK
                                                      : home->wanted_exit_code;

    home->verdict = ACTOR_VERDICT_NONE;
    if (home->is_ending)
        return;
    if (verdict == ACTOR_VERDICT_DEADLOCK) {
        home->has_deadlock = true;
        report_send(home);
    }
    begin_end(home, exit_code);
}

/* The job is to end with this code: here at the next step, elsewhere when told. */
void actor_job_end(struct actor_rank *home, int exit_code)
{
    struct comm_header header = {.kind = ACTOR_KIND_END, .type = (uint16_t)exit_code};

    if (home->is_ending || home->verdict != ACTOR_VERDICT_NONE)
        return;
    home->verdict = ACTOR_VERDICT_END;
    home->wanted_exit_code = exit_code;
    for (int rank = 0; rank < home->n_ranks; rank++)
        if (rank != home->me)
            comm_post_must(home->comm, rank, &header, NULL, 0);
    comm_flush(home->comm, COMM_FLUSH_URGENT);
}

void actor_end_arrived(struct actor_rank *home, struct comm_record *record)
{
    if (home->is_ending)
        return;
    home->verdict = ACTOR_VERDICT_END;
    home->wanted_exit_code = record->header.type;
}

/* What was saved fits this program no better the next time. */
static int exit_code_after(const struct actor_exit *exit)
{
    return exit->kind == TROUPE_EXIT_BAD_CALL || exit->status == TROUPE_SCHEMA
               ? TROUPE_CODE_MISUSE
               : TROUPE_CODE_RANK_FAILED;
}

void actor_rank_process_ended(struct actor_rank *home, const struct actor_exit *exit)
{
    if (home->is_ending || exit->kind == TROUPE_EXIT_NORMAL)
        return;
    log_error(
        &home->rank->log,
        "the process of rank %d ended: %s (%s)%s%s: the job ends with exit code %d",
        home->me, troupe_exit_kind_text(exit->kind), troupe_status_name(exit->status),
        exit->text[0] ? ": " : "", exit->text, exit_code_after(exit));
    actor_job_end(home, exit_code_after(exit));
}
