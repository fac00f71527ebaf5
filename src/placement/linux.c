/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "placement/open.h"
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's masks of CPUs are bits in words of 64, as ours. */
static int set_mask(pid_t thread, const struct placement_set *cpus)
{
    return syscall(SYS_sched_setaffinity, thread, sizeof *cpus, cpus) < 0 ? errno : 0;
}

static int get_mask(const struct placement_system *system, struct placement_set *mask)
{
    (void)system;
    memset(mask, 0, sizeof *mask);
    return syscall(SYS_sched_getaffinity, 0, sizeof *mask, mask) < 0 ? errno : 0;
}

static int bind_thread(const struct placement_system *system,
                       const struct placement_set *cpus)
{
    (void)system;
    return set_mask(0, cpus);
}

/* A thread that ends meanwhile is no error. */
static int bind_process(const struct placement_system *system,
                        const struct placement_set *cpus)
{
    DIR *threads = opendir("/proc/self/task");
    const struct dirent *entry;
    int error = 0;

    if (!threads)
        return bind_thread(system, cpus);
    while ((entry = readdir(threads))) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        int code = thread > 0 ? set_mask(thread, cpus) : 0;

        if (code != 0 && code != ESRCH)
            error = code;
    }
    closedir(threads);
    return error;
}

/* Modes of linux/mempolicy.h, which is not everywhere. */
enum {
    POLICY_DEFAULT = 0,
    POLICY_PREFERRED = 1,
    POLICY_BIND = 2,
    POLICY_INTERLEAVE = 3,
    POLICY_LOCAL = 4,
    POLICY_PREFERRED_MANY = 5, /* since Linux 5.15 */
    POLICY_FLAGS = 0xe000
};

/* Of several nodes, the older preference takes the first alone, which is worse than
 * the system's own way: without the newer one nothing is bound. */
static int mode_for(enum placement_use use, int n_nodes)
{
    if (use == PLACEMENT_STRICT)
        return POLICY_BIND;
    if (use == PLACEMENT_INTERLEAVE)
        return POLICY_INTERLEAVE;
    return n_nodes == 1 ? POLICY_PREFERRED : POLICY_PREFERRED_MANY;
}

static int set_memory(const struct placement_system *system,
                      enum placement_use use,
                      const struct placement_set *nodes)
{
    int mode = mode_for(use, placement_set_count(nodes));

    (void)system;
    return syscall(SYS_set_mempolicy, mode, nodes, (unsigned long)PLACEMENT_MOST_PUS) <
                   0
               ? errno
               : 0;
}

static int get_memory(const struct placement_system *system,
                      struct placement_set *nodes)
{
    int mode = POLICY_DEFAULT;

    (void)system;
    memset(nodes, 0, sizeof *nodes);
    if (syscall(SYS_get_mempolicy, &mode, nodes, (unsigned long)PLACEMENT_MOST_PUS,
                NULL, 0UL) < 0)
        return errno;
    mode &= ~POLICY_FLAGS;
    if (mode == POLICY_DEFAULT || mode == POLICY_LOCAL)
        memset(nodes, 0, sizeof *nodes);
    return 0;
}

static int
find_pages(const struct placement_system *system, void **pages, int n_pages, int *nodes)
{
    (void)system;
    return syscall(SYS_move_pages, 0, (unsigned long)n_pages, pages, NULL, nodes, 0) < 0
               ? errno
               : 0;
}

static int list_devices(const struct placement_system *system,
                        struct placement_device_name *names,
                        int most)
{
    (void)system;
    return placement_open_find("", names, most);
}

const struct placement_system placement_linux = {
    .get_mask = get_mask,
    .bind_process = bind_process,
    .bind_thread = bind_thread,
    .set_memory = set_memory,
    .get_memory = get_memory,
    .find_pages = find_pages,
    .list_devices = list_devices,
};
