/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders yet to be looked into: a stack of our own, because a process's is small. */
struct folders {
    char **paths;
    size_t n;
    size_t capacity;
};

static bool no_memory(void)
{
    fprintf(stderr, "wordcount: no memory for the list of files\n");
    return false;
}

static void warn(struct file_list *list, const char *path)
{
    fprintf(stderr, "wordcount: %s: %s\n", path, strerror(errno));
    list->n_warnings++;
}

/* Makes room for one more in an array that doubles. */
static bool make_room(void **items, size_t n, size_t *capacity, size_t item_bytes)
{
    if (n < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *larger = realloc(*items, wanted * item_bytes);
    if (!larger)
        return no_memory();
    *items = larger;
    *capacity = wanted;
    return true;
}

/* Takes the path over. */
static bool add_file(struct file_list *list, char *path, off_t size)
{
    void *files = list->files;
    if (!make_room(&files, list->n_files, &list->capacity, sizeof *list->files)) {
        free(path);
        return false;
    }
    list->files = files;
    uint64_t n_bytes = size > 0 ? (uint64_t)size : 0;
    list->files[list->n_files++] = (struct file){path, n_bytes, false};
    list->n_bytes += n_bytes;
    return true;
}

static bool push_folder(struct folders *folders, char *path)
{
    void *paths = folders->paths;
    if (!make_room(&paths, folders->n, &folders->capacity, sizeof *folders->paths)) {
        free(path);
        return false;
    }
    folders->paths = paths;
    folders->paths[folders->n++] = path;
    return true;
}

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder), m = strlen(name);
    char *path = malloc(n + m + 2);
    if (!path)
        return NULL;
    memcpy(path, folder, n);
    if (n > 0 && path[n - 1] != '/')
        path[n++] = '/';
    memcpy(path + n, name, m + 1);
    return path;
}

/* What is neither file nor folder is passed over, links too: so nothing goes in
 * circles. */
static bool add_entry(struct file_list *list,
                      struct folders *folders,
                      const char *folder,
                      const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    char *path = join(folder, name);
    if (!path)
        return no_memory();
    struct stat status;
    if (lstat(path, &status) != 0)
        warn(list, path);
    else if (S_ISREG(status.st_mode))
        return add_file(list, path, status.st_size);
    else if (S_ISDIR(status.st_mode))
        return push_folder(folders, path);
    free(path);
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
add_folder(struct file_list *list, struct folders *folders, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, by_name);
    if (n < 0) {
        warn(list, folder);
        return true;
    }
    size_t n_before = folders->n;
    bool fine = true;
    for (int i = 0; i < n; i++) {
        fine = fine && add_entry(list, folders, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    /* The last on the stack comes next: the first by name. */
    for (size_t i = n_before, j = folders->n; i + 1 < j; i++, j--) {
        char *kept = folders->paths[i];
        folders->paths[i] = folders->paths[j - 1];
        folders->paths[j - 1] = kept;
    }
    return fine;
}

static bool add_tree(struct file_list *list, const char *path)
{
    struct folders folders = {0};
    char *copy = strdup(path);
    bool fine = copy ? push_folder(&folders, copy) : no_memory();
    while (folders.n > 0) {
        char *folder = folders.paths[--folders.n];
        fine = fine && add_folder(list, &folders, folder);
        free(folder);
    }
    free(folders.paths);
    return fine;
}

/* Before anything else is looked at, so that a slip of the pen costs no time. */
static bool check(const char *path, struct stat *status)
{
    if (stat(path, status) != 0) {
        int error = errno;
        struct stat link;
        bool dangles = error == ENOENT && lstat(path, &link) == 0;
        fprintf(stderr, "wordcount: %s: %s\n", path,
                dangles ? "a link that leads nowhere" : strerror(error));
        return false;
    }
    if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode))
        return true;
    fprintf(stderr, "wordcount: %s: neither a file nor a folder\n", path);
    return false;
}

bool file_list_make(struct file_list *list, const char *const *paths, int n_paths)
{
    *list = (struct file_list){0};
    struct stat status;
    bool fine = true;
    for (int i = 0; i < n_paths; i++)
        fine = check(paths[i], &status) && fine;
    for (int i = 0; i < n_paths && fine; i++) {
        if (!check(paths[i], &status))
            return false;
        if (S_ISDIR(status.st_mode)) {
            fine = add_tree(list, paths[i]);
            continue;
        }
        char *copy = strdup(paths[i]);
        fine = copy ? add_file(list, copy, status.st_size) : no_memory();
    }
    return fine;
}

void file_list_fini(struct file_list *list)
{
    for (size_t i = 0; i < list->n_files && !list->is_lent; i++)
        free(list->files[i].path);
    if (!list->is_lent)
        free(list->files);
    *list = (struct file_list){0};
}
