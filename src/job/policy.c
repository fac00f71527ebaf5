/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/machine.h"
#include <string.h>

/* How an attempt ended, whether there is another, and when. */

#define SECOND_NS ((int64_t)1000 * 1000 * 1000)

/*
 * The limits of time are from what Open MPI 4.1 was seen to do: it kills its ranks one
 * second after a SIGTERM, and in one of ten trials hung itself.
 */
const struct job_rules job_rules_default = {
    .n_restarts = 5,
    .window_ns = 3600 * SECOND_NS,
    .n_tries = 2,
    .launch_ns = 120 * SECOND_NS,
    .save_ns = 120 * SECOND_NS,
    .dump_ns = 5 * SECOND_NS,
    .lost_ns = 5 * SECOND_NS,
    .term_ns = 10 * SECOND_NS,
    .kill_ns = 1 * SECOND_NS,
    .clean_ns = 1 * SECOND_NS,
    .first_delay_ns = 1 * SECOND_NS,
    .longest_delay_ns = 60 * SECOND_NS,
    .good_run_ns = 600 * SECOND_NS,
};

/* ---- how it ended
 * --------------------------------------------------------------------- */

int job_code_of(const struct job_event *ended)
{
    return ended->is_complete && ended->completed_code ? ended->completed_code
                                                       : ended->exit_code;
}

/*
 * All ranks came to their end in order, and then the program gave a code of its own: no
 * such file, say. The same work would come to the same. Also 1, which launchers give
 * for troubles of theirs: the work was done before those. Not what stands for a signal.
 */
static bool is_verdict_of_program(const struct job_event *ended)
{
    return ended->is_complete && ended->completed_code == 0 && ended->exit_code > 0 &&
           ended->exit_code < 128;
}

enum job_cause job_classify(const struct job_event *ended)
{
    switch (job_code_of(ended)) {
    case JOB_EXIT_DONE:
        /* A launcher may give 0 after a rank was killed. */
        return ended->is_complete ? JOB_DONE : JOB_UNFINISHED;
    case JOB_EXIT_USAGE:
    case JOB_EXIT_DEADLOCK:
    case JOB_EXIT_NEVER:
        return JOB_REFUSED;
    case JOB_EXIT_NO_CHECKPOINT:
        return JOB_BAD_CHECKPOINT;
    case JOB_EXIT_AGAIN:
        return JOB_REQUEUED;
    default:
        return is_verdict_of_program(ended) ? JOB_REFUSED : JOB_CRASHED;
    }
}

/* ---- whether there is another
 * ------------------------------------------------------------- */

static bool has_published(const struct job_machine *machine)
{
    return machine->attempt.last_epoch > machine->attempt.base_epoch;
}

static bool give_up(struct job_machine *machine, int exit_code, const char *why)
{
    machine->exit_code = exit_code;
    machine->why = why;
    return false;
}

/* One failure is one entry, whatever the number of ranks that died. */
static bool is_within_intensity(struct job_machine *machine, int64_t now_ns)
{
    uint32_t n_kept = 0;

    for (uint32_t i = 0; i < machine->n_failures; i++)
        if (now_ns - machine->failures_ns[i] <= machine->rules.window_ns)
            machine->failures_ns[n_kept++] = machine->failures_ns[i];
    machine->failures_ns[n_kept++] = now_ns;
    machine->n_failures = n_kept;
    return n_kept <= machine->rules.n_restarts;
}

/* A checkpoint from which the job fails again and again may be what makes it fail; not
 * when it fails before the ranks are there to read it. */
static void suspect_checkpoint(struct job_machine *machine)
{
    const struct job_attempt *attempt = &machine->attempt;
    uint32_t n_tries = machine->rules.n_tries;

    machine->ceiling_epoch = 0;
    if (has_published(machine)) {
        machine->n_tried = 0;
        return;
    }
    if (!attempt->here_ns && attempt->cause != JOB_BAD_CHECKPOINT)
        return;
    if (attempt->base_epoch != machine->tried_epoch)
        machine->n_tried = 0;
    machine->tried_epoch = attempt->base_epoch;
    machine->n_tried++;
    if (attempt->base_epoch == 0)
        return;
    if (attempt->cause == JOB_BAD_CHECKPOINT ||
        (n_tries && machine->n_tried >= n_tries))
        machine->ceiling_epoch = attempt->base_epoch;
}

static void note_fruit(struct job_machine *machine)
{
    const struct job_attempt *attempt = &machine->attempt;
    bool ran_well = attempt->here_ns &&
                    attempt->ended_ns - attempt->here_ns >= machine->rules.good_run_ns;

    if (has_published(machine) || ran_well)
        machine->n_fruitless = 0;
    else
        machine->n_fruitless++;
}

bool job_may_restart(struct job_machine *machine, int64_t now_ns)
{
    const struct job_attempt *attempt = &machine->attempt;

    if (attempt->cause == JOB_REFUSED)
        return give_up(machine, job_code_of(&machine->ended),
                       "the job says that another try would not help");
    if (attempt->cause == JOB_REQUEUED)
        return give_up(machine, JOB_EXIT_AGAIN, "the job asks to be run again later");
    if (attempt->cause == JOB_BAD_CHECKPOINT && attempt->base_epoch == 0)
        return give_up(machine, JOB_EXIT_NO_CHECKPOINT,
                       "the job cannot use its checkpoint folder");
    note_fruit(machine);
    suspect_checkpoint(machine);
    if (has_published(machine))
        machine->n_failures = 0;
    if (!is_within_intensity(machine, now_ns))
        return give_up(machine, JOB_EXIT_GAVE_UP, "too many restarts");
    return true;
}

bool job_may_select_again(struct job_machine *machine, int64_t now_ns)
{
    machine->n_fruitless++;
    return is_within_intensity(machine, now_ns);
}

/* ---- when
 * ----------------------------------------------------------------------------- */

/* Who got something done may go on at once; the others wait, longer each time, with a
 * fifth more or less so that many jobs on one file system do not come back together. */
int64_t job_delay_ns(struct job_machine *machine)
{
    const struct job_rules *rules = &machine->rules;
    int64_t delay_ns = rules->first_delay_ns;
    int64_t percent = 80 + (int64_t)base_random_below(&machine->random, 41);

    if (machine->n_fruitless == 0)
        return 0;
    for (uint32_t i = 1; i < machine->n_fruitless && delay_ns < rules->longest_delay_ns;
         i++)
        delay_ns *= 2;
    if (delay_ns > rules->longest_delay_ns)
        delay_ns = rules->longest_delay_ns;
    return delay_ns / 100 * percent;
}
