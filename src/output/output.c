/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "output/output.h"
#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the rank's list ---------------------------------------------------------- */

struct output *output_add(struct output_rank *here,
                          uint64_t owner,
                          uint64_t reference,
                          const char *path)
{
    size_t n = strlen(path) + 1;
    struct output *output = base_try_alloc(sizeof *output + n);

    if (!output)
        return NULL;
    *output = (struct output){.owner = owner, .reference = reference, .descriptor = -1};
    memcpy(output->path, path, n);
    base_list_append(&here->all, &output->node);
    return output;
}

bool output_remove(struct output_rank *here, struct output *output)
{
    int result = output->descriptor < 0
                     ? 0
                     : here->files->close(here->files, output->descriptor);

    base_list_remove(&output->node);
    base_free(output);
    return result == 0;
}

static troupe_status
fail(const struct output_rank *here, const struct output *output, const char *what)
{
    log_error(&here->home->rank->log, "output %s: %s: %s", output->path, what,
              strerror(errno));
    return TROUPE_IO;
}

static bool is_long_enough(const struct output_rank *here,
                           const struct output *output,
                           int64_t size_bytes)
{
    struct stat status;

    if (size_bytes == 0)
        return true;
    errno = ENODATA; /* it has lost what was in it */
    return here->files->stat(here->files, output->path, &status) == 0 &&
           status.st_size >= size_bytes;
}

troupe_status
output_set(const struct output_rank *here, struct output *output, int64_t size_bytes)
{
    const struct base_files *files = here->files;

    if (!is_long_enough(here, output, size_bytes))
        return fail(here, output, "it is shorter than at the checkpoint");
    output->descriptor = files->open(files, output->path, O_WRONLY | O_CREAT, 0666);
    if (output->descriptor < 0)
        return fail(here, output, "it cannot be opened");
    if (files->truncate(files, output->descriptor, size_bytes) != 0)
        return fail(here, output, "it cannot be cut to its length");
    output->size_bytes = size_bytes;
    return TROUPE_OK;
}

/* ---- the calls ---------------------------------------------------------------- */

static struct output *find(troupe_actor *self, uint64_t reference)
{
    struct output_rank *here = output_of(self->home->rank);

    BASE_LIST_EACH(node, &here->all)
    {
        struct output *output = CONTAINER_OF(node, struct output, node);

        if (output->reference == reference && output->owner == self->address)
            return output;
    }
    return NULL;
}

static struct output *find_path(troupe_actor *self, const char *path)
{
    struct output_rank *here = output_of(self->home->rank);

    BASE_LIST_EACH(node, &here->all)
    {
        struct output *output = CONTAINER_OF(node, struct output, node);

        if (output->owner == self->address && strcmp(output->path, path) == 0)
            return output;
    }
    return NULL;
}

/* From the root, for a restart may be made in another folder. */
static bool full_path(const char *path, char *full)
{
    size_t n = 0;

    if (!path || !*path)
        return false;
    if (*path != '/') {
        if (!getcwd(full, OUTPUT_PATH_BYTES - 1))
            return false;
        n = strlen(full);
        full[n++] = '/';
    }
    if (strlen(path) >= OUTPUT_PATH_BYTES - n)
        return false;
    memcpy(full + n, path, strlen(path) + 1);
    return true;
}

/* *made is untouched on failure. */
static troupe_status
open_new(const troupe_actor *self, const char *path, struct output **made)
{
    struct output_rank *here = output_of(self->home->rank);
    struct output *output =
        output_add(here, self->address, actor_reference_make(self->home), path);
    troupe_status status;

    if (!output)
        return TROUPE_NO_MEMORY;
    status = output_set(here, output, 0);
    if (status == TROUPE_OK)
        *made = output;
    else
        (void)output_remove(here, output);
    return status;
}

troupe_status
troupe_output_open(troupe_actor *self, const char *path, troupe_reference *reference)
{
    char full[OUTPUT_PATH_BYTES];
    struct output *output;

    actor_require(self, reference != NULL,
                  "troupe_output_open: no place for the output");
    if (!full_path(path, full))
        return TROUPE_INVALID;
    output = find_path(self, full);
    if (!output)
        TROUPE_TRY(open_new(self, full, &output));
    reference->bits = output->reference;
    return TROUPE_OK;
}

troupe_status troupe_output_write(troupe_actor *self,
                                  troupe_reference reference,
                                  const void *bytes,
                                  size_t size_bytes)
{
    struct output_rank *here = output_of(self->home->rank);
    struct output *output = find(self, reference.bits);

    actor_require(self, bytes != NULL || size_bytes == 0,
                  "troupe_output_write: no bytes");
    if (!output)
        return TROUPE_NOT_FOUND;
    if (size_bytes == 0)
        return TROUPE_OK;
    if (base_file_write_at(here->files, output->descriptor, output->size_bytes, bytes,
                           size_bytes) != TROUPE_OK) {
        troupe_status status = fail(here, output, "it cannot be written");

        (void)here->files->truncate(here->files, output->descriptor,
                                    output->size_bytes);
        return status;
    }
    output->size_bytes += (int64_t)size_bytes;
    return TROUPE_OK;
}

int64_t troupe_output_length(troupe_actor *self, troupe_reference reference)
{
    const struct output *output = find(self, reference.bits);

    return output ? output->size_bytes : -1;
}

troupe_status troupe_output_close(troupe_actor *self, troupe_reference *reference)
{
    struct output_rank *here = output_of(self->home->rank);
    struct output *output = reference ? find(self, reference->bits) : NULL;
    bool is_on_disk;

    if (!output)
        return TROUPE_NOT_FOUND;
    is_on_disk = here->files->fsync(here->files, output->descriptor) == 0;
    is_on_disk = output_remove(here, output) && is_on_disk;
    reference->bits = 0;
    return is_on_disk ? TROUPE_OK : TROUPE_IO;
}
