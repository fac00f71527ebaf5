/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_SUPERVISOR_H
#define JOB_SUPERVISOR_H

/* What the files of this folder share that do something in the world. */

#include "job/complaints.h"
#include "job/folders.h"
#include "job/hosts.h"
#include "job/job.h"
#include "job/journal.h"
#include "job/select.h"
#include "job/watch.h"
#include <sys/types.h>

enum { JOB_HOSTS_BYTES = 16 << 10 };
enum { JOB_RANK_UNKNOWN = -1, JOB_RANK_COMMAND = -2 };

/* A connection: of a rank, or of a command that waits for its answer. */
struct job_link {
    struct control_stream stream;
    int rank;
    uint32_t wish; /* of a command: the how many-th SAVE is its own */
    bool is_local; /* came over the socket that only this user can open */
};

/* An attempt that is over. */
struct job_record {
    struct job_attempt attempt;
    uint32_t number;
    char words[160];
};

struct job_supervisor {
    const struct job_options *options;
    struct job_machine machine;
    struct job_watch watch;
    struct job_folders folders;
    struct job_journal journal;
    char name[STORE_NAME_BYTES];
    struct store store;
    int lock_descriptor; /* of the note that says where this supervisor is; -1: none */
    struct job_choice choice;
    char from[64]; /* for the next attempt */

    uint32_t n_ranks; /* of this attempt */
    struct job_hosts hosts;
    char host_words[JOB_HOSTS_BYTES]; /* those of this attempt */
    uint32_t mpi_job; /* of the last attempt, if it may have left something elsewhere */
    pid_t launcher;   /* 0: it is not running */
    int signals, timer;
    int local_listener, remote_listener; /* -1: none */
    struct control_address address;
    struct job_link *links;
    size_t n_links, link_capacity;

    uint32_t n_wishes;          /* SAVEs that rank 0 was sent in this attempt */
    uint32_t stop_wish;         /* the one of who is asked to stop */
    struct control_saved saved; /* the last one; epoch 0: none */
    int64_t saved_ns;
    struct job_complaints complaints; /* since then */
    char hang_words[160];
    struct job_record *records;
    size_t n_records;
    int64_t begin_ns, told_ns;
    uint64_t told_messages;
    bool is_terminal, has_line;
    int passed, passing; /* a pipe for what the job says; -1: it says so itself */
    bool is_mid_line;    /* the job has not ended its line */
};

/* ---- supervisor.c ---- */

/* Tells the machine, and does what it asks for. */
void job_tell(struct job_supervisor *supervisor, const struct job_event *event);
/* Asks the hosts whether they answer; has them remove what the last attempt left. */
void job_hosts_look(struct job_supervisor *supervisor);
/* Before any host was lost. */
uint32_t job_ranks_wanted(const struct job_supervisor *supervisor);

/* ---- launch.c ---- */

/* The command line, NULL-ended, to be freed with base_free(); the words stay owned by
 * others or by `supervisor`. */
struct job_words {
    char **items;
    size_t n_items;
};
void job_words_init(struct job_words *words, const struct job_supervisor *supervisor);
void job_words_fini(struct job_words *words);
/* Sets what the ranks find in their environment. */
void job_environment_set(const struct job_supervisor *supervisor);
/* The launcher's process, or -1 and errno. */
pid_t job_launch(const struct job_supervisor *supervisor);
/* Kills what is below this process; all of it is ours. */
void job_kill_children(void);

/* ---- serve.c ---- */

/* False: errno says why. */
bool job_listen(struct job_supervisor *supervisor);
/* A new token, so that ranks of earlier attempts are not listened to. */
void job_token_renew(struct job_supervisor *supervisor);
void job_links_close(struct job_supervisor *supervisor);
void job_link_accept(struct job_supervisor *supervisor, int listener);
/* Reads and acts; the link may be gone afterwards. */
void job_link_serve(struct job_supervisor *supervisor, struct job_link *link);
/* Reads what all have sent. */
void job_links_drain(struct job_supervisor *supervisor);
void job_links_send(struct job_supervisor *supervisor,
                    enum control_kind kind,
                    int rank); /* -1: to all */
/* Asks rank 0 for a checkpoint; the number of this wish. */
uint32_t job_checkpoint_wish(struct job_supervisor *supervisor);
bool job_has_ranks(const struct job_supervisor *supervisor);
void job_commands_answer(struct job_supervisor *supervisor,
                         int exit_code,
                         const char *words);

/* ---- report.c ---- */

/* Takes the line of progress away, if there is one. */
void job_line_clear(struct job_supervisor *supervisor);
/* A line on standard error. */
void job_say(struct job_supervisor *supervisor, const char *format, ...)
    TROUPE_PRINTF(2, 3);
void job_show_progress(struct job_supervisor *supervisor, int64_t now_ns);
void job_record(struct job_supervisor *supervisor);
void job_report(struct job_supervisor *supervisor, int64_t now_ns);

/* ---- pass.c ---- */

void job_pass_open(struct job_supervisor *supervisor);
/* In the launcher's process. */
void job_pass_take(const struct job_supervisor *supervisor);
/* True: there may be more. */
bool job_pass_on(struct job_supervisor *supervisor);
void job_pass_close(struct job_supervisor *supervisor);
/* So many characters fit on a line. */
int job_terminal_columns(void);

#endif
