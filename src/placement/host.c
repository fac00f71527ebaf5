/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/here.h"
#include <stdio.h>
#include <string.h>

/* The kernel's files about this process's control group and the machine. */

/* False: no such file, or nothing in it. */
static bool read_line(const char *path, char *line, size_t capacity)
{
    FILE *file = fopen(path, "r");
    bool is_read;

    if (!file)
        return false;
    is_read = fgets(line, (int)capacity, file) != NULL;
    fclose(file);
    return is_read;
}

/* Version 2: the path after "0::"; "" where there is none. */
static void group_path(char *path, size_t capacity)
{
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[600];

    path[0] = '\0';
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "0::", 3) == 0)
            snprintf(path, capacity, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    if (file)
        fclose(file);
}

static double quota_in(const char *path)
{
    char file[800], line[100];
    double quota, period;

    snprintf(file, sizeof file, "/sys/fs/cgroup%s/cpu.max", path);
    if (!read_line(file, line, sizeof line) ||
        sscanf(line, "%lf %lf", &quota, &period) != 2 || period <= 0)
        return 0; /* "max": no limit */
    return quota / period;
}

/* The tightest of the group and those above it. */
static double find_quota(void)
{
    char path[600];
    double least = 0;

    group_path(path, sizeof path);
    for (;;) {
        double quota = quota_in(path);
        char *slash = strrchr(path, '/');

        if (quota > 0 && (least == 0 || quota < least))
            least = quota;
        if (!slash)
            return least;
        *slash = '\0';
    }
}

void placement_host_read(struct placement_host *host)
{
    char line[20] = "0";

    *host = (struct placement_host){.quota_cores = find_quota()};
    if (read_line("/proc/sys/kernel/numa_balancing", line, sizeof line))
        host->is_balancing = line[0] != '0';
}
