/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CHECKPOINT_H
#define CLI_CHECKPOINT_H

/* The parts of `troupe checkpoint`: what each verb does, and how what it finds is
 * shown, for people or as JSON. */

#include "store/store.h"

struct checkpoint_found {
    struct store_entry entry;
    struct store_manifest manifest; /* of its numbers 0 when it could not be read */
    struct store_problem problem;   /* verdict STORE_GOOD: none */
};

/* Reads and verifies; the verdict is in found->problem. */
void checkpoint_look(const struct store *store,
                     const struct store_entry *entry,
                     enum store_depth depth,
                     struct checkpoint_found *found);

/* A line of the list, its heading first; as JSON the members of an object. */
void checkpoint_print_heading(void);
void checkpoint_print_line(const struct checkpoint_found *found);
void checkpoint_print_json(const struct checkpoint_found *found, bool with_parts);
/* All there is to say about one. */
void checkpoint_print_details(const struct checkpoint_found *found);
/* "12.1  damaged: FILE, byte 3: words". */
void checkpoint_print_verdict(const struct checkpoint_found *found);

/* ---- the verbs
 * ---------------------------------------------------------------------------- */

struct checkpoint_arguments {
    bool is_json, is_quick, is_trial, is_removal;
    uint64_t n_keep;
    const char *folder, *checkpoint; /* as given; NULL: not given */
};

/* Instead of an exit code, and before a word is said: what was asked for has gone since
 * it was listed. That is no fault, as a job that runs removes what is old. */
enum { CHECKPOINT_LIST_AGAIN = -1 };

/* Gives the exit code. */
int checkpoint_complain(int exit_code, const char *path, const char *words);

int checkpoint_run_list(const struct checkpoint_arguments *arguments,
                        const struct store *store,
                        const struct store_list *list);
int checkpoint_run_show(const struct checkpoint_arguments *arguments,
                        const struct store *store,
                        const struct store_list *list);
int checkpoint_run_verify(const struct checkpoint_arguments *arguments,
                          const struct store *store,
                          const struct store_list *list);
int checkpoint_run_prune(const struct checkpoint_arguments *arguments,
                         const struct store *store,
                         const struct store_list *list);
int checkpoint_run_pin(const struct checkpoint_arguments *arguments,
                       const struct store *store,
                       const struct store_list *list);

/* `troupe checkpoint now`: the exit code of the command. */
int checkpoint_now(const struct checkpoint_arguments *arguments);

#endif
