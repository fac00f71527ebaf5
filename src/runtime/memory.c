/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number after `name` at the beginning of a line; false: there is none. */
static bool read_number(const char *path, const char *name, uint64_t *number)
{
    FILE *file = fopen(path, "r");
    size_t length = strlen(name);
    char line[256];
    bool has = false;

    while (file && !has && fgets(line, sizeof line, file))
        has = strncmp(line, name, length) == 0 &&
              sscanf(line + length, "%" SCNu64, number) == 1;
    if (file)
        fclose(file);
    return has;
}

static uint64_t of_machine(void)
{
    uint64_t kib;

    return read_number("/proc/meminfo", "MemAvailable:", &kib) ? kib * 1024
                                                               : UINT64_MAX;
}

/* What a control group (version 2) leaves its processes; its cached files may go. */
static uint64_t of_group(void)
{
    char group[256] = "", path[400];
    FILE *file = fopen("/proc/self/cgroup", "r");
    uint64_t most, used, cached = 0;

    while (file && fgets(group, sizeof group, file))
        if (strncmp(group, "0::", 3) == 0)
            break;
    if (file)
        fclose(file);
    group[strcspn(group, "\n")] = '\0';
    if (strncmp(group, "0::", 3) != 0)
        return UINT64_MAX;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group + 3);
    if (!read_number(path, "", &most)) /* or "max" */
        return UINT64_MAX;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", group + 3);
    if (!read_number(path, "", &used))
        return UINT64_MAX;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", group + 3);
    (void)read_number(path, "inactive_file", &cached);
    return most + cached > used ? most + cached - used : 0;
}

uint64_t runtime_free_bytes(void)
{
    const char *local = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    uint64_t machine = of_machine(), group = of_group();
    uint64_t n_ranks = local ? strtoull(local, NULL, 10) : 1;
    uint64_t bytes = machine < group ? machine : group;

    return bytes == UINT64_MAX ? bytes : bytes / (n_ranks ? n_ranks : 1);
}
