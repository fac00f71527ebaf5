/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "array/file.h"
#include "base/alloc.h"
#include "team/team.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what is wrong ------------------------------------------------------------ */

void array_file_fail(struct array_file *file,
                     troupe_status status,
                     int64_t line,
                     const char *format,
                     ...)
{
    va_list arguments;

    if (file->status != TROUPE_OK)
        return;
    file->status = status;
    file->fault.line = line;
    va_start(arguments, format);
    vsnprintf(file->fault.text, sizeof file->fault.text, format, arguments);
    va_end(arguments);
}

void array_file_fail_io(struct array_file *file, const char *what)
{
    array_file_fail(file, TROUPE_IO, 0, "it cannot be %s: %s", what, strerror(errno));
}

static void fail_memory(struct array_file *file)
{
    array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d", file->index);
}

struct verdict {
    uint64_t fingerprint;
    troupe_status status;
    troupe_file_fault fault;
};

/* The first that failed, in the order of the members. */
static void fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    struct verdict left, right;

    (void)context;
    memcpy(&left, into, size_bytes);
    memcpy(&right, from, size_bytes);
    if (left.status == TROUPE_OK && right.status == TROUPE_OK &&
        left.fingerprint != right.fingerprint) {
        left.status = TROUPE_MISMATCH;
        strcpy(left.fault.text, "the members do not ask for the same");
    }
    memcpy(into, left.status == TROUPE_OK ? &right : &left, size_bytes);
}

troupe_status array_file_agree(struct array_file *file, uint64_t fingerprint)
{
    struct verdict verdict = {fingerprint, file->status, file->fault};
    const troupe_reduction reduction = {.mine = &verdict,
                                        .result = &verdict,
                                        .fold = fold,
                                        .size_bytes = sizeof verdict};
    troupe_status status = array_reduce(file->member, file->team, &reduction);

    if (status != TROUPE_OK) {
        file->status = TROUPE_OK;
        array_file_fail(file, status, 0, "%s", troupe_status_text(status));
        return status;
    }
    file->status = verdict.status;
    file->fault = verdict.fault;
    return file->status;
}

/* ---- opening ------------------------------------------------------------------ */

static char *join(const char *path, const char *ending)
{
    size_t n = strlen(path), n_ending = strlen(ending);
    char *joined = base_try_alloc(n + n_ending + 1);

    if (joined) {
        memcpy(joined, path, n);
        memcpy(joined + n, ending, n_ending + 1);
    }
    return joined;
}

static void take_memory(struct array_file *file, const char *path)
{
    size_t n_words = (size_t)file->n_members * ARRAY_FILE_WORDS + 1;

    file->path = join(path, "");
    file->part_path = join(path, ".part");
    file->words = base_try_alloc(n_words * sizeof *file->words);
    file->buffer = base_try_alloc(ARRAY_FILE_BUFFER_BYTES);
    file->buffer_bytes = ARRAY_FILE_BUFFER_BYTES;
    if (!file->path || !file->part_path || !file->words || !file->buffer)
        fail_memory(file);
}

static struct array_file *make(troupe_actor *self, troupe_team *team, const char *path)
{
    struct array_rank *here = array_of(self->home->rank);
    struct array_file *file = base_new(struct array_file);

    *file = (struct array_file){.here = here,
                                .files = here->files,
                                .member = self,
                                .team = team,
                                .n_members = team->size,
                                .index = team->index,
                                .descriptor = -1,
                                .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    base_list_append(&here->open, &file->node);
    take_memory(file, path);
    return file;
}

static void open_it(struct array_file *file, const char *path, int flags)
{
    if (file->status != TROUPE_OK)
        return;
    file->descriptor = file->files->open(file->files, path, flags, 0666);
    if (file->descriptor < 0)
        array_file_fail_io(file, "opened");
}

static void look_at_size(struct array_file *file)
{
    struct stat facts;

    if (file->status != TROUPE_OK)
        return;
    if (file->files->stat(file->files, file->path, &facts) != 0)
        array_file_fail_io(file, "found");
    else if (!S_ISREG(facts.st_mode))
        array_file_fail(file, TROUPE_IO, 0, "it is no regular file");
    else
        file->size_bytes = facts.st_size;
}

struct array_file *
array_file_open(troupe_actor *self, troupe_team *team, const char *path)
{
    struct array_file *file = make(self, team, path);

    if (file->status == TROUPE_OK)
        look_at_size(file);
    open_it(file, file->path, O_RDONLY);
    return file;
}

/* Member 0 makes it before the others open it. */
struct array_file *array_file_create(troupe_actor *self,
                                     troupe_team *team,
                                     const char *path,
                                     const char *refusal)
{
    struct array_file *file = make(self, team, path);
    uint64_t fingerprint = base_hash_bytes(path, strlen(path), 1);

    if (refusal)
        array_file_fail(file, TROUPE_INVALID, 0, "%s", refusal);
    if (file->index == 0) {
        open_it(file, file->part_path, O_WRONLY | O_CREAT | O_TRUNC);
        file->has_part = file->descriptor >= 0;
    }
    if (array_file_agree(file, fingerprint) == TROUPE_OK && file->index > 0)
        open_it(file, file->part_path, O_WRONLY);
    return file;
}

/* ---- closing ------------------------------------------------------------------ */

static void close_descriptor(struct array_file *file)
{
    if (file->descriptor >= 0 &&
        file->files->close(file->files, file->descriptor) != 0 && file->part_path)
        array_file_fail_io(file, "closed");
    file->descriptor = -1;
}

void array_file_close(struct array_file *file)
{
    close_descriptor(file);
    if (file->has_part)
        (void)file->files->unlink(file->files, file->part_path);
    base_list_remove(&file->node);
    freelocale(file->c_locale);
    base_bytes_fini(&file->values);
    base_bytes_fini(&file->row);
    base_bytes_fini(&file->head);
    base_free(file->path);
    base_free(file->part_path);
    base_free(file->words);
    base_free(file->buffer);
    base_free(file);
}

void array_file_write(struct array_file *file,
                      int64_t offset_bytes,
                      const void *data,
                      size_t size_bytes)
{
    if (file->status == TROUPE_OK &&
        base_file_write_at(file->files, file->descriptor, offset_bytes, data,
                           size_bytes) != TROUPE_OK)
        array_file_fail_io(file, "written");
}

static void rename_part(struct array_file *file)
{
    if (file->files->rename(file->files, file->part_path, file->path) != 0)
        array_file_fail_io(file, "put in its place");
    else
        file->has_part = false;
}

troupe_status array_file_publish(struct array_file *file, troupe_file_fault *fault)
{
    troupe_status status;

    if (file->status == TROUPE_OK &&
        file->files->fsync(file->files, file->descriptor) != 0)
        array_file_fail_io(file, "written");
    close_descriptor(file);
    status = array_file_agree(file, 0);
    if (status == TROUPE_OK) {
        if (file->index == 0)
            rename_part(file);
        status = array_file_agree(file, 0);
    }
    if (fault)
        *fault = file->fault;
    array_file_close(file);
    return status;
}
