/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CHECKPOINT_H
#define CLI_CHECKPOINT_H

/* How `troupe checkpoint` shows what it finds; for people or as JSON. */

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

/* `troupe checkpoint now`: the exit code of the command. */
int checkpoint_now(const char *folder);

#endif
