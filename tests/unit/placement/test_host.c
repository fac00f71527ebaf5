/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/compiler.h"
#include "placement/here.h"
#include "placement/open.h"
#include "support/check_main.h"
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * What is read from the system's own files: limits of control groups, of both versions,
 * and devices that are open. The files are ours, in a folder that stands before theirs.
 */

static char root[40];

static void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/troupe-host-XXXXXX");
    ck_assert(mkdtemp(root) != NULL);
}

static int
remove_one(const char *path, const struct stat *facts, int kind, struct FTW *at)
{
    (void)facts;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_root(void)
{
    ck_assert_int_eq(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A file and the folders it is in. */
static void put(const char *name, const char *text)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *at = strchr(path + strlen(root) + 1, '/'); at;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert(fputs(text, file) >= 0);
    ck_assert_int_eq(fclose(file), 0);
}

static struct placement_host read_host(void)
{
    struct placement_host host;

    placement_host_read(root, &host);
    return host;
}

/* ---- control groups ---- */

START_TEST(no_file_is_no_limit)
{
    make_root();
    ck_assert_double_eq(read_host().quota_cores, 0);
    ck_assert(!read_host().is_balancing);
    put("/proc/self/cgroup", "nonsense\n0:\n:::::\n\n0::\n");
    ck_assert_double_eq(read_host().quota_cores, 0);
    put("/proc/sys/kernel/numa_balancing", "1\n");
    ck_assert(read_host().is_balancing);
    remove_root();
}
END_TEST

START_TEST(tightest_of_the_groups_above_counts)
{
    make_root();
    put("/proc/self/cgroup", "0::/job/step\n");
    put("/sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
    ck_assert_double_eq(read_host().quota_cores, 0);
    put("/sys/fs/cgroup/job/cpu.max", "150000 100000\n");
    ck_assert_double_eq_tol(read_host().quota_cores, 1.5, 1e-9);
    put("/sys/fs/cgroup/job/step/cpu.max", "400000 100000\n");
    ck_assert_double_eq_tol(read_host().quota_cores, 1.5, 1e-9);
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n"); /* a container sees itself so */
    ck_assert_double_eq_tol(read_host().quota_cores, 0.5, 1e-9);
    remove_root();
}
END_TEST

START_TEST(groups_of_version_one_are_known)
{
    make_root();
    put("/proc/self/cgroup", "5:cpuset:/a\n2:cpuacct:/a\n1:cpu,cpuacct:/b/c\n0::/\n");
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "10000\n"); /* another controller's */
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu/b/c/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/b/c/cpu.cfs_period_us", "100000\n");
    ck_assert_double_eq(read_host().quota_cores, 0);
    put("/sys/fs/cgroup/cpu/b/c/cpu.cfs_quota_us", "250000\n");
    ck_assert_double_eq_tol(read_host().quota_cores, 2.5, 1e-9);
    remove_root();
}
END_TEST

/* ---- devices ---- */

enum { MOST_NAMES = 8 };

/* Of /dev/null, as if it were a device that has such files. */
static int find_open(struct placement_device_name *names, int most)
{
    int file = open("/dev/null", O_RDONLY), n;

    ck_assert_int_ge(file, 0);
    n = placement_open_find(root, names, most);
    ck_assert_int_eq(close(file), 0);
    return n;
}

static bool has_name(const struct placement_device_name *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i].text, name) == 0)
            return true;
    return false;
}

START_TEST(devices_are_known_by_open_files)
{
    struct placement_device_name names[MOST_NAMES];
    char path[200];
    int n;

    make_root();
    ck_assert_int_eq(find_open(names, MOST_NAMES), 0);
    put("/sys/dev/char/1:3/ibdev", "mlx5_0\n");
    n = find_open(names, MOST_NAMES);
    ck_assert(has_name(names, n, "mlx5_0"));
    snprintf(path, sizeof path, "%s/sys/dev/char/1:3/device", root);
    ck_assert_int_eq(symlink("../../../devices/pci0000:40/0000:41:00.0", path), 0);
    n = find_open(names, MOST_NAMES);
    ck_assert(has_name(names, n, "mlx5_0") && has_name(names, n, "0000:41:00.0"));
    ck_assert_int_eq(find_open(names, 1), 1);
    put("/sys/dev/char/1:3/ibdev", "a_name_that_is_longer_than_any\n");
    n = find_open(names, MOST_NAMES);
    ck_assert(!has_name(names, n, "a_name_that_is_longer_than_any"));
    remove_root();
}
END_TEST

/* Their numbers are the driver's own; who may not make such a file does not see it. */
START_TEST(devices_without_sysfs_are_known)
{
    struct placement_device_name names[MOST_NAMES];
    char path[200];
    int file, n;

    make_root();
    put("/proc/driver/nvidia/gpus/0000:41:00.0/information",
        "Model: \t\t A\nDevice Minor: \t 0\n");
    put("/proc/driver/nvidia/gpus/0000:42:00.0/information",
        "Model: \t\t A\nDevice Minor: \t 1\n");
    snprintf(path, sizeof path, "%s/gpu", root);
    if (mknod(path, S_IFCHR | 0600, makedev(195, 1)) == 0) {
        file = open(path, O_PATH); /* there is no driver that would let it be read */
        ck_assert_int_ge(file, 0);
        n = placement_open_find(root, names, MOST_NAMES);
        ck_assert(has_name(names, n, "0000:42:00.0"));
        ck_assert(!has_name(names, n, "0000:41:00.0"));
        ck_assert_int_eq(close(file), 0);
    }
    remove_root();
}
END_TEST

CHECK_MAIN("host",
           no_file_is_no_limit,
           tightest_of_the_groups_above_counts,
           groups_of_version_one_are_known,
           devices_are_known_by_open_files,
           devices_without_sysfs_are_known)
