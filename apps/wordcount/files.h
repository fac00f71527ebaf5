/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_FILES_H
#define WORDCOUNT_FILES_H

/*
 * The files to be counted, in the order of the command line and within a folder by
 * name, so that two runs have the same list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
    char *path;
    uint64_t n_bytes; /* when the list was made */
    bool is_left_out; /* somebody could not read it, and that has been said */
};

struct file_list {
    struct file *files;
    size_t n_files;
    size_t capacity;
    uint64_t n_bytes;
    bool is_lent;      /* the memory is another's */
    size_t n_warnings; /* folders and entries that could not be looked at */
};

/*
 * Lists files, and the files in folders. False: a path does not exist, or is neither,
 * or there is no memory; standard error says what.
 */
bool file_list_make(struct file_list *list, const char *const *paths, int n_paths);
void file_list_fini(struct file_list *list);

#endif
