/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "placement/open.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * Which devices a process uses: those whose files it has open. That is a fact, where
 * variables such as CUDA_VISIBLE_DEVICES count in an order of the vendor's, within what
 * a control group leaves.
 */

enum { MAJOR_NVIDIA = 195, MOST_NVIDIA = 254 }; /* of linux/Documentation/devices.txt */

struct search {
    const char *root;
    struct placement_device_name *names;
    int n_names, most;
};

static void keep(struct search *search, const char *name)
{
    struct placement_device_name *to = &search->names[search->n_names];

    if (search->n_names == search->most || strlen(name) >= sizeof to->text)
        return;
    snprintf(to->text, sizeof to->text, "%s", name);
    search->n_names++;
}

/* What the fabrics' library calls it, such as mlx5_0. */
static void keep_fabric(struct search *search, const char *folder)
{
    char path[400], line[24] = "";
    FILE *file;

    snprintf(path, sizeof path, "%s/ibdev", folder);
    file = fopen(path, "r");
    if (!file)
        return;
    if (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        keep(search, line);
    }
    fclose(file);
}

/* Its address on the bus is where its link leads. */
static void keep_address(struct search *search, const char *folder)
{
    char path[400], target[400];
    const char *last;
    ssize_t n;

    snprintf(path, sizeof path, "%s/device", folder);
    n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return;
    target[n] = '\0';
    last = strrchr(target, '/');
    keep(search, last ? last + 1 : target);
}

/* "Device Minor: 1" among other lines. */
static int minor_in(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[200];
    int minor = -1;

    while (file && minor < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "Device Minor:", 13) == 0)
            minor = (int)strtol(line + 13, NULL, 10);
    if (file)
        fclose(file);
    return minor;
}

/* Its driver is not in sysfs, but has a folder for each address. */
static void keep_nvidia(struct search *search, int minor)
{
    char folder[300], path[700];
    const struct dirent *entry;
    DIR *all;

    snprintf(folder, sizeof folder, "%s/proc/driver/nvidia/gpus", search->root);
    all = opendir(folder);
    while (all && (entry = readdir(all))) {
        snprintf(path, sizeof path, "%s/%s/information", folder, entry->d_name);
        if (entry->d_name[0] != '.' && minor_in(path) == minor)
            keep(search, entry->d_name);
    }
    if (all)
        closedir(all);
}

static void keep_file(struct search *search, int descriptor)
{
    struct stat facts;
    char folder[300];
    int number;

    if (fstat(descriptor, &facts) != 0 || !S_ISCHR(facts.st_mode))
        return;
    number = (int)minor(facts.st_rdev);
    if (major(facts.st_rdev) == MAJOR_NVIDIA && number <= MOST_NVIDIA) {
        keep_nvidia(search, number);
        return;
    }
    snprintf(folder, sizeof folder, "%s/sys/dev/char/%u:%d", search->root,
             major(facts.st_rdev), number);
    keep_fabric(search, folder);
    keep_address(search, folder);
}

int placement_open_find(const char *root, struct placement_device_name *names, int most)
{
    struct search search = {.root = root, .names = names, .most = most};
    DIR *files = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (files && (entry = readdir(files)))
        if (entry->d_name[0] != '.')
            keep_file(&search, (int)strtol(entry->d_name, NULL, 10));
    if (files)
        closedir(files);
    return search.n_names;
}
