/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PLACEMENT_MACHINES_H
#define UNIT_PLACEMENT_MACHINES_H

/* Machines for the planner's tests: descriptions, files of our own, files of others. */

#include "placement/placement.h"
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const synthetic_machines[] = {
    "pack:2 numa:4 l3:2 core:8 pu:2",
    "pack:2 numa:4 l3:2 core:8 pu:2(indexes=2*128:128*1)",
    "numa:2 l3:2 core:4 pu:2",
    "pack:2 [numa(memory=16GB)] l3:2 [numa(memory=4GB)] core:4 pu:2",
    "[numa] pack:2 [numa(memory=64GB)] die:2 core:4 pu:2",
    "numa:1 core:1 pu:1",
    "pack:1 core:2 pu:1",
    "numa:64 core:4 pu:1",
    "pack:2 l3:3 core:5 pu:4",
    "numa:3 pu:7",
};

enum { N_SYNTHETIC = sizeof synthetic_machines / sizeof synthetic_machines[0] };

static inline struct placement_machine *machine_read(enum placement_source source,
                                                     const char *text)
{
    struct placement_machine *machine = NULL;
    char why[300] = "";

    if (placement_read(source, text, true, &machine, why, sizeof why) != TROUPE_OK)
        ck_abort_msg("%s: %s", text ? text : "this machine", why);
    return machine;
}

/* The folder with others' files, which may not be there: then its name is empty. */
static inline const char *foreign_folder(char path[1000], const char *sub)
{
    const char *given = getenv("TROUPE_TEST_TOPOLOGIES");
    const char *source = getenv("TROUPE_SOURCE_DIR");

    if (given)
        snprintf(path, 1000, "%s/%s", given, sub);
    else
        snprintf(path, 1000, "%s/../shared/data/topologies/%s", source ? source : ".",
                 sub);
    if (access(path, R_OK) != 0)
        path[0] = '\0';
    return path;
}

static inline const char *own_folder(char path[1000])
{
    const char *source = getenv("TROUPE_SOURCE_DIR");

    snprintf(path, 1000, "%s/tests/unit/placement/machines", source ? source : ".");
    return path;
}

/* Each XML of a folder in the order of names; returns their number. */
static inline int for_each_xml(const char *folder, void (*visit)(const char *path))
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort), n_files = 0;

    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        size_t length = strlen(name);
        char path[1400];

        if (length > 4 && strcmp(name + length - 4, ".xml") == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, name);
            visit(path);
            n_files++;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return n_files;
}

/* CHECK_MAIN, which skips where there is no hwloc to read machines with. */
#define MACHINES_MAIN(suite_name, ...)                                                 \
    int main(void)                                                                     \
    {                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                    \
                                                                                       \
        if (!placement_can_read())                                                     \
            return 77;                                                                 \
        return check_main_run(suite_name, tests, sizeof(tests) / sizeof(tests[0]));    \
    }

#endif
