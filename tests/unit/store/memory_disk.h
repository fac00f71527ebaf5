/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_STORE_MEMORY_DISK_H
#define UNIT_STORE_MEMORY_DISK_H

/*
 * A disk in memory behind the table of file functions. It can keep a log of what was
 * done to it; from a log a test makes the disks that a crash might have left: of what
 * was not synced any part may be there, and of a write any piece. Names are on disk
 * when their folder was synced, bytes when their file was; no more is promised by POSIX
 * (after Pillai et al., "All file systems are not created equal", OSDI 2014).
 */
#define _XOPEN_SOURCE 700
#include "base/compiler.h"
#include "base/files.h"
#include "base/random.h"
#include "unit/store/require.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 400, MAX_NAMES = 24, MAX_OPEN = 16, NAME_BYTES = 48, SECTOR = 512 };

struct disk_name {
    char name[NAME_BYTES];
    int node;
};

struct disk_node {
    bool is_folder;
    unsigned char *data;
    size_t size_bytes;
    struct disk_name names[MAX_NAMES];
    int n_names;
};

struct disk {
    struct disk_node *nodes[MAX_NODES]; /* 0 is the root */
};

enum disk_verb {
    DISK_WRITE,
    DISK_LINK,
    DISK_UNLINK,
    DISK_RENAME,
    DISK_SYNC,
    DISK_MARK
};

struct disk_action {
    enum disk_verb verb;
    int node;   /* the file or folder it is done to */
    int target; /* what a name is given to; of a mark: its number */
    bool target_is_folder;
    char name[NAME_BYTES], new_name[NAME_BYTES];
    size_t offset_bytes, size_bytes;
    unsigned char *data;
};

struct disk_log {
    struct disk_action *actions;
    int n_actions, capacity;
};

struct memory_disk {
    struct base_files files;
    struct disk disk;
    struct disk_log *log; /* NULL: none is kept */
    int n_nodes;
    int open_node[MAX_OPEN]; /* -1: free */
    size_t position[MAX_OPEN];
};

/* ---- a disk
 * ---------------------------------------------------------------------------- */

static inline struct disk_node *disk_node_at(struct disk *disk, int node)
{
    if (!disk->nodes[node]) {
        disk->nodes[node] = calloc(1, sizeof(struct disk_node));
        REQUIRE(disk->nodes[node]);
    }
    return disk->nodes[node];
}

static inline void disk_fini(struct disk *disk)
{
    for (int i = 0; i < MAX_NODES; i++) {
        if (disk->nodes[i])
            free(disk->nodes[i]->data);
        free(disk->nodes[i]);
        disk->nodes[i] = NULL;
    }
}

static inline int disk_find_name(const struct disk_node *folder, const char *name)
{
    for (int i = 0; i < folder->n_names; i++)
        if (strcmp(folder->names[i].name, name) == 0)
            return i;
    return -1;
}

static inline void disk_drop_name(struct disk_node *folder, const char *name)
{
    int i = disk_find_name(folder, name);
    if (i >= 0)
        folder->names[i] = folder->names[--folder->n_names];
}

static inline void disk_set_name(struct disk_node *folder, const char *name, int node)
{
    disk_drop_name(folder, name);
    REQUIRE(folder->n_names < MAX_NAMES);
    struct disk_name *place = &folder->names[folder->n_names++];
    memcpy(place->name, name, NAME_BYTES);
    place->node = node;
}

static inline void disk_put(struct disk_node *file,
                            size_t offset_bytes,
                            const unsigned char *data,
                            size_t size_bytes)
{
    size_t end = offset_bytes + size_bytes;
    if (end > file->size_bytes) {
        file->data = realloc(file->data, end);
        REQUIRE(file->data);
        memset(file->data + file->size_bytes, 0, end - file->size_bytes);
        file->size_bytes = end;
    }
    if (size_bytes == 0)
        return;
    REQUIRE(file->data);
    memcpy(file->data + offset_bytes, data, size_bytes);
}

static inline void disk_apply(struct disk *disk, const struct disk_action *action)
{
    struct disk_node *node;
    switch (action->verb) {
    case DISK_WRITE:
        disk_put(disk_node_at(disk, action->node), action->offset_bytes, action->data,
                 action->size_bytes);
        break;
    case DISK_LINK:
        disk_set_name(disk_node_at(disk, action->node), action->name, action->target);
        disk_node_at(disk, action->target)->is_folder = action->target_is_folder;
        break;
    case DISK_UNLINK:
        disk_drop_name(disk_node_at(disk, action->node), action->name);
        break;
    case DISK_RENAME:
        node = disk_node_at(disk, action->node);
        disk_drop_name(node, action->name);
        disk_set_name(node, action->new_name, action->target);
        disk_node_at(disk, action->target)->is_folder = action->target_is_folder;
        break;
    case DISK_SYNC:
    case DISK_MARK:
        break;
    }
}

/* ---- what a crash leaves
 * ------------------------------------------------------------------ */

/* Is action i, of the first n, on disk for certain? */
static inline bool disk_is_durable(const struct disk_log *log, int i, int n)
{
    for (int j = i + 1; j < n; j++)
        if (log->actions[j].verb == DISK_SYNC &&
            log->actions[j].node == log->actions[i].node)
            return true;
    return false;
}

/* How much of an action is on disk: of a write these bytes, of others all or nothing.
 */
struct disk_fate {
    size_t begin_bytes, end_bytes;
};

static const struct disk_fate disk_lost = {0, 0}, disk_kept = {0, SIZE_MAX};

static inline void disk_apply_part(struct disk *disk,
                                   const struct disk_action *action,
                                   struct disk_fate fate)
{
    struct disk_action piece = *action;
    size_t end =
        fate.end_bytes < action->size_bytes ? fate.end_bytes : action->size_bytes;
    if (fate.begin_bytes >= fate.end_bytes)
        return;
    if (action->verb == DISK_WRITE) {
        piece.offset_bytes += fate.begin_bytes;
        piece.data += fate.begin_bytes;
        piece.size_bytes = end - fate.begin_bytes;
    }
    disk_apply(disk, &piece);
}

/* The disk after a crash behind the first n actions; fates[i] is that of the i-th. */
static inline void disk_crash(struct disk *disk,
                              const struct disk_log *log,
                              int n,
                              const struct disk_fate *fates)
{
    for (int i = 0; i < n; i++)
        disk_apply_part(disk, &log->actions[i], fates[i]);
}

/* ---- the table
 * ------------------------------------------------------------------------------ */

static inline struct memory_disk *memory_of(const struct base_files *files)
{
    struct memory_disk *memory;
    const void *found = CONTAINER_OF_CONST(files, struct memory_disk, files);
    memcpy(&memory, &found, sizeof(memory)); /* it was not const where it was made */
    return memory;
}

static inline void memory_do(struct memory_disk *memory, struct disk_action action)
{
    disk_apply(&memory->disk, &action);
    struct disk_log *log = memory->log;
    if (!log)
        return;
    if (log->n_actions == log->capacity) {
        log->capacity = log->capacity * 2 + 64;
        log->actions =
            realloc(log->actions, (size_t)log->capacity * sizeof(*log->actions));
        REQUIRE(log->actions);
    }
    if (action.size_bytes > 0) {
        unsigned char *copy = malloc(action.size_bytes);
        REQUIRE(copy);
        memcpy(copy, action.data, action.size_bytes);
        action.data = copy;
    }
    log->actions[log->n_actions++] = action;
}

/* The folder that a path's last name stands in, and the name; -1: no such folder. */
static inline int
memory_walk(struct memory_disk *memory, const char *path, char name[NAME_BYTES])
{
    int folder = 0;
    memset(name, 0, NAME_BYTES);
    while (*path) {
        path += strspn(path, "/");
        size_t n = strcspn(path, "/");
        REQUIRE(n < NAME_BYTES);
        memset(name, 0, NAME_BYTES);
        memcpy(name, path, n);
        path += n;
        if (!*path)
            break;
        const struct disk_node *node = memory->disk.nodes[folder];
        int i = disk_find_name(node, name);
        errno = ENOENT;
        if (i < 0)
            return -1;
        folder = node->names[i].node;
    }
    return folder;
}

/* The node of a path; -1: there is none. */
static inline int memory_find(struct memory_disk *memory, const char *path)
{
    char name[NAME_BYTES];
    int folder = memory_walk(memory, path, name);
    if (folder < 0 || !name[0])
        return folder; /* "/" is the root itself */
    int i = disk_find_name(memory->disk.nodes[folder], name);
    errno = ENOENT;
    return i < 0 ? -1 : memory->disk.nodes[folder]->names[i].node;
}

static inline int
memory_create(struct memory_disk *memory, const char *path, bool is_folder)
{
    struct disk_action action = {.verb = DISK_LINK, .target_is_folder = is_folder};
    action.node = memory_walk(memory, path, action.name);
    if (action.node < 0)
        return -1;
    action.target = memory->n_nodes++;
    REQUIRE(action.target < MAX_NODES);
    memory_do(memory, action);
    return action.target;
}

static inline int
memory_open(const struct base_files *files, const char *path, int flags, mode_t mode)
{
    struct memory_disk *memory = memory_of(files);
    int node = memory_find(memory, path);
    REQUIRE(!(flags & O_CREAT) || mode == 0600);
    if (node >= 0 && (flags & O_EXCL)) {
        errno = EEXIST;
        return -1;
    }
    if (node < 0 && (flags & O_CREAT))
        node = memory_create(memory, path, false);
    if (node < 0)
        return -1;
    for (int i = 0; i < MAX_OPEN; i++) {
        if (memory->open_node[i] >= 0)
            continue;
        memory->open_node[i] = node;
        memory->position[i] = 0;
        return i;
    }
    errno = EMFILE;
    return -1;
}

static inline ssize_t memory_pread(const struct base_files *files,
                                   int descriptor,
                                   void *data,
                                   size_t size_bytes,
                                   off_t offset_bytes)
{
    struct memory_disk *memory = memory_of(files);
    const struct disk_node *node = memory->disk.nodes[memory->open_node[descriptor]];
    size_t offset = (size_t)offset_bytes;
    if (offset >= node->size_bytes)
        return 0;
    size_t left = node->size_bytes - offset;
    size_t n = size_bytes < left ? size_bytes : left;
    memcpy(data, node->data + offset, n);
    return (ssize_t)n;
}

static inline ssize_t memory_write(const struct base_files *files,
                                   int descriptor,
                                   const void *data,
                                   size_t size_bytes)
{
    struct memory_disk *memory = memory_of(files);
    struct disk_action action = {.verb = DISK_WRITE,
                                 .node = memory->open_node[descriptor],
                                 .offset_bytes = memory->position[descriptor],
                                 .size_bytes = size_bytes};
    memcpy(&action.data, &data, sizeof(data)); /* only read */
    memory_do(memory, action);
    memory->position[descriptor] += size_bytes;
    return (ssize_t)size_bytes;
}

static inline int memory_fsync(const struct base_files *files, int descriptor)
{
    struct memory_disk *memory = memory_of(files);
    memory_do(memory, (struct disk_action){.verb = DISK_SYNC,
                                           .node = memory->open_node[descriptor]});
    return 0;
}

static inline int memory_close(const struct base_files *files, int descriptor)
{
    memory_of(files)->open_node[descriptor] = -1;
    return 0;
}

static inline int
memory_stat(const struct base_files *files, const char *path, struct stat *status)
{
    struct memory_disk *memory = memory_of(files);
    int node = memory_find(memory, path);
    if (node < 0)
        return -1;
    memset(status, 0, sizeof(*status));
    status->st_mode = memory->disk.nodes[node]->is_folder ? S_IFDIR | 0700 : S_IFREG;
    status->st_size = (off_t)memory->disk.nodes[node]->size_bytes;
    return 0;
}

static inline int
memory_mkdir(const struct base_files *files, const char *path, mode_t mode)
{
    struct memory_disk *memory = memory_of(files);
    REQUIRE(mode == 0700);
    if (memory_find(memory, path) >= 0) {
        errno = EEXIST;
        return -1;
    }
    return memory_create(memory, path, true) < 0 ? -1 : 0;
}

static inline int
memory_rename(const struct base_files *files, const char *from, const char *to)
{
    struct memory_disk *memory = memory_of(files);
    struct disk_action action = {.verb = DISK_RENAME};
    action.target = memory_find(memory, from);
    if (action.target < 0)
        return -1;
    action.target_is_folder = memory->disk.nodes[action.target]->is_folder;
    action.node = memory_walk(memory, from, action.name);
    REQUIRE(memory_walk(memory, to, action.new_name) == action.node);
    memory_do(memory, action);
    return 0;
}

static inline int memory_unlink(const struct base_files *files, const char *path)
{
    struct memory_disk *memory = memory_of(files);
    struct disk_action action = {.verb = DISK_UNLINK};
    if (memory_find(memory, path) < 0)
        return -1;
    action.node = memory_walk(memory, path, action.name);
    memory_do(memory, action);
    return 0;
}

static inline int memory_rmdir(const struct base_files *files, const char *path)
{
    struct memory_disk *memory = memory_of(files);
    int node = memory_find(memory, path);
    errno = ENOTEMPTY;
    if (node >= 0 && memory->disk.nodes[node]->n_names > 0)
        return -1;
    return memory_unlink(files, path);
}

static inline int memory_list(const struct base_files *files,
                              const char *path,
                              base_file_visit_fn *visit,
                              void *context)
{
    struct memory_disk *memory = memory_of(files);
    int node = memory_find(memory, path);
    if (node < 0)
        return -1;
    const struct disk_node *folder = memory->disk.nodes[node];
    for (int i = 0; i < folder->n_names; i++)
        visit(context, folder->names[i].name);
    return 0;
}

/* An empty one; with `log` from now on kept. */
static inline void memory_init(struct memory_disk *memory, struct disk_log *log)
{
    *memory = (struct memory_disk){.log = log, .n_nodes = 1};
    memory->files = (struct base_files){
        .open = memory_open,
        .pread = memory_pread,
        .write = memory_write,
        .fsync = memory_fsync,
        .close = memory_close,
        .stat = memory_stat,
        .mkdir = memory_mkdir,
        .rename = memory_rename,
        .unlink = memory_unlink,
        .rmdir = memory_rmdir,
        .list = memory_list,
    };
    for (int i = 0; i < MAX_OPEN; i++)
        memory->open_node[i] = -1;
    disk_node_at(&memory->disk, 0)->is_folder = true;
}

static inline void memory_fini(struct memory_disk *memory)
{
    for (int i = 0; i < MAX_OPEN; i++)
        REQUIRE(memory->open_node[i] == -1); /* all that was opened is closed */
    disk_fini(&memory->disk);
}

static inline void disk_log_fini(struct disk_log *log)
{
    for (int i = 0; i < log->n_actions; i++)
        if (log->actions[i].size_bytes > 0)
            free(log->actions[i].data);
    free(log->actions);
}

#endif
