/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

/* What `troupe info` says of build, libraries and machine, in the order of printing. */

#include <stdbool.h>
#include <stddef.h>

struct fact {
    const char *section; /* as in JSON: "build" */
    const char *key;     /* "c_compiler"; for people '_' becomes a blank */
    char value[320];
    bool is_number;
};

enum { MAX_FACTS = 48 };

struct facts {
    struct fact items[MAX_FACTS];
    size_t n_items;
};

void facts_collect(struct facts *facts);

#endif
