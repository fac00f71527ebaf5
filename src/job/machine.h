/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_MACHINE_H
#define JOB_MACHINE_H

/*
 * What a supervisor does next: a table of states and events, without a clock, a process
 * or a file of its own. Whoever drives it tells it what has happened and when, does
 * what it asks for, and calls again at machine->deadline_ns at the latest.
 */

#include "base/random.h"
#include "troupe/base.h"

enum job_exit {
    JOB_EXIT_DONE = 0,
    JOB_EXIT_USAGE = 64,
    JOB_EXIT_GAVE_UP = 70,
    JOB_EXIT_DEADLOCK = 71,
    JOB_EXIT_NO_CHECKPOINT = 74,
    JOB_EXIT_AGAIN = 75,
    JOB_EXIT_NEVER = 78
};

enum job_state {
    JOB_START,
    JOB_SELECT, /* a checkpoint, and a number for the attempt */
    JOB_LAUNCH, /* until every rank has said hello */
    JOB_RUN,
    JOB_SAVE,    /* asked to stop: until a checkpoint is published */
    JOB_DUMP,    /* it hangs: until every rank has said what it does */
    JOB_TERM,    /* until the launcher has heard the signal */
    JOB_KILL,    /* until it is gone */
    JOB_CLEAN,   /* until all its ranks here are gone, and what they left */
    JOB_BACKOFF, /* until the next attempt */
    JOB_OVER,
    JOB_N_STATES
};

enum job_event_kind {
    JOB_BEGIN,
    JOB_SELECTED,     /* epoch */
    JOB_UNSELECTABLE, /* exit_code, may_pass, why */
    JOB_NOT_LAUNCHED,
    JOB_ALL_HERE,
    JOB_RANK_LOST, /* rank: its connection ended, and it had not completed */
    JOB_HANG,      /* rank, or -1: all of them */
    JOB_PUBLISHED, /* epoch, is_asked_for */
    JOB_CANNOT_SAVE,
    JOB_DUMPED,
    JOB_ENDED, /* the launcher: exit_code */
    JOB_GONE,  /* all processes here: is_complete, completed_code */
    JOB_STOP,  /* signal_number */
    JOB_TIME,  /* the deadline is over */
    JOB_N_EVENTS
};

struct job_event {
    enum job_event_kind kind;
    uint64_t epoch;
    int rank, signal_number;
    int exit_code;      /* of the launcher; 128 and more: a signal */
    bool is_asked_for;  /* what it holds is not older than JOB_DO_ASK_SAVE */
    bool is_complete;   /* every rank has reported the end of the job */
    int completed_code; /* the greatest that was reported */
    bool may_pass;      /* a disk that is full, say: another try may succeed */
    const char *why;    /* of an exit code, for people */
};

/* What is to be done, in this order. */
enum job_act {
    JOB_DO_SELECT = 1 << 0,
    JOB_DO_LAUNCH = 1 << 1,
    JOB_DO_ASK_SAVE = 1 << 2,
    JOB_DO_ASK_DUMPS = 1 << 3,
    JOB_DO_TERM = 1 << 4,
    JOB_DO_KILL = 1 << 5,
    JOB_DO_CLEAN = 1 << 6,  /* answer JOB_GONE when all are gone */
    JOB_DO_RECORD = 1 << 7, /* an attempt has ended: machine->attempt says how */
    JOB_DO_FINISH = 1 << 8  /* the supervisor ends with machine->exit_code */
};

enum job_cause {
    JOB_CAUSE_NONE,
    JOB_DONE,
    JOB_CRASHED,
    JOB_LOST,   /* a rank was gone, and the launcher went on */
    JOB_SILENT, /* not all ranks said hello in time */
    JOB_HUNG,
    JOB_UNFINISHED, /* exit code 0, and yet it was not completed */
    JOB_STOPPED,    /* on request */
    JOB_REFUSED,    /* an exit code that says: never again, or not otherwise */
    JOB_BAD_CHECKPOINT,
    JOB_REQUEUED, /* the program asks to be run again later */
    JOB_N_CAUSES
};

struct job_rules {
    uint32_t n_restarts; /* at most so many ... */
    int64_t window_ns;   /* ... within this */
    uint32_t n_tries;    /* from one checkpoint; 0: any number */
    int64_t launch_ns, save_ns, dump_ns, lost_ns, term_ns, kill_ns, clean_ns;
    int64_t first_delay_ns, longest_delay_ns; /* before an attempt */
    int64_t good_run_ns; /* after such a run the delay begins anew */
    bool has_store;
};

extern const struct job_rules job_rules_default;

struct job_attempt {
    uint64_t base_epoch, last_epoch; /* 0: none */
    int64_t began_ns, here_ns, ended_ns;
    enum job_cause cause;
    int exit_code; /* of the launcher */
    int rank;      /* whose fault it seems, -1: not known */
};

enum { JOB_MAX_RESTARTS = 1000, JOB_MAX_KILLS = 60 };

struct job_machine {
    struct job_rules rules;
    enum job_state state;
    int64_t deadline_ns; /* of the state; INT64_MAX: none */
    uint32_t n_attempts;
    struct job_attempt attempt;
    struct job_event ended; /* as the launcher ended */
    bool is_settled;        /* cause is known before the launcher has ended */
    uint32_t n_kills;
    int stop_signal;        /* 0: nobody has asked to stop */
    uint64_t ceiling_epoch; /* select only what is older; 0: anything */
    uint64_t tried_epoch;
    uint32_t n_tried;     /* failures from tried_epoch, of ranks that were there */
    uint32_t n_fruitless; /* failures without a new checkpoint */
    uint32_t n_failures;  /* in the window */
    int64_t failures_ns[JOB_MAX_RESTARTS + 1];
    struct base_random random;
    int exit_code;
    const char *why; /* of the exit code, for people */
};

void job_machine_init(struct job_machine *machine,
                      const struct job_rules *rules,
                      uint64_t seed);
/* What is to be done now, of enum job_act. */
unsigned job_machine_step(struct job_machine *machine,
                          const struct job_event *event,
                          int64_t now_ns);

const char *job_state_text(enum job_state state);
const char *job_cause_text(enum job_cause cause);

/* ---- policy.c: what to do after a failure
 * ----------------------------------------------- */

/* Judges an attempt that ended by itself. */
enum job_cause job_classify(const struct job_event *ended);
/* The exit code that the job itself gave, or failing that the launcher. */
int job_code_of(const struct job_event *ended);
/* Counts a failure; false: no other attempt, with exit_code and why set. */
bool job_may_restart(struct job_machine *machine, int64_t now_ns);
/* Counts a failure before there was an attempt; false: no other try. */
bool job_may_select_again(struct job_machine *machine, int64_t now_ns);
/* How long until the next attempt. */
int64_t job_delay_ns(struct job_machine *machine);

#endif
