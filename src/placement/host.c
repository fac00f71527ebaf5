/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/here.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's files about this process's control group and the machine. */

enum { PATH_BYTES = 1000, LINE_BYTES = 600 };

/* False: no such file, or nothing in it. */
static bool read_line(const char *root, const char *path, char *line, size_t capacity)
{
    char whole[PATH_BYTES + 300];
    FILE *file;
    bool is_read;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    file = fopen(whole, "r");
    if (!file)
        return false;
    is_read = fgets(line, (int)capacity, file) != NULL;
    fclose(file);
    return is_read;
}

/* ---- the group's limit of time ---- */

/* In a folder of version 2, 0: no limit, or no such file. */
static double quota_of_two(const char *root, const char *folder)
{
    char path[PATH_BYTES], line[100];
    double quota, period;

    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!read_line(root, path, line, sizeof line) ||
        sscanf(line, "%lf %lf", &quota, &period) != 2 || period <= 0)
        return 0; /* "max" */
    return quota / period;
}

static double number_in(const char *root, const char *folder, const char *name)
{
    char path[PATH_BYTES], line[100];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_line(root, path, line, sizeof line) ? strtod(line, NULL) : 0;
}

static double quota_of_one(const char *root, const char *folder)
{
    double quota = number_in(root, folder, "cpu.cfs_quota_us");
    double period = number_in(root, folder, "cpu.cfs_period_us");

    return quota > 0 && period > 0 ? quota / period : 0; /* -1: no limit */
}

typedef double quota_fn(const char *root, const char *folder);

/* The tightest of the group and those above it. */
static double
tightest(const char *root, const char *base, char *path, quota_fn *quota_of)
{
    double least = 0;

    for (;;) {
        char folder[PATH_BYTES - 50], *slash = strrchr(path, '/');
        double quota;

        snprintf(folder, sizeof folder, "%s%s", base, path);
        quota = quota_of(root, folder);
        if (quota > 0 && (least == 0 || quota < least))
            least = quota;
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether a list such as "cpu,cpuacct" has the word cpu. */
static bool has_cpu(const char *list, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t length = strcspn(list + at, ",:");

        if (length == 3 && strncmp(list + at, "cpu", 3) == 0)
            return true;
        at += length + 1;
    }
    return false;
}

/* A line is "number:controllers:path"; version 2 has number 0 and no controllers. */
static double quota_in_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!path)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    path++;
    if (strncmp(line, "0::", 3) == 0)
        return tightest(root, "/sys/fs/cgroup", path, quota_of_two);
    if (has_cpu(controllers + 1, (size_t)(path - controllers - 2)))
        return tightest(root, "/sys/fs/cgroup/cpu", path, quota_of_one);
    return 0;
}

static double find_quota(const char *root)
{
    char name[PATH_BYTES], line[LINE_BYTES];
    double least = 0;
    FILE *file;

    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        double quota = quota_in_line(root, line);

        if (quota > 0 && (least == 0 || quota < least))
            least = quota;
    }
    if (file)
        fclose(file);
    return least;
}

void placement_host_read(const char *root, struct placement_host *host)
{
    char line[20] = "0";

    *host = (struct placement_host){.quota_cores = find_quota(root)};
    if (read_line(root, "/proc/sys/kernel/numa_balancing", line, sizeof line))
        host->is_balancing = line[0] != '0';
}
