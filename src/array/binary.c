/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/file.h"
#include "team/team.h"
#include <string.h>

/* Files of nothing but elements. */

enum { PIECE_BYTES = 4 << 20 }; /* read or written at once; others run in between */

/* Calls for the caller's part, piece by piece. */
static void each_piece(struct array_file *file,
                       const struct array *array,
                       void (*move)(struct array_file *file,
                                    int64_t offset_bytes,
                                    unsigned char *data,
                                    size_t size_bytes))
{
    size_t n_bytes = (size_t)array_mine_length(array) * array->element_bytes;
    int64_t offset = array_mine_first(array) * (int64_t)array->element_bytes;

    for (size_t done = 0; done < n_bytes && file->status == TROUPE_OK;) {
        size_t n = n_bytes - done < PIECE_BYTES ? n_bytes - done : PIECE_BYTES;

        move(file, offset + (int64_t)done, array->memory.bytes + done, n);
        done += n;
        troupe_yield(file->member);
    }
}

static void read_piece(struct array_file *file,
                       int64_t offset_bytes,
                       unsigned char *data,
                       size_t size_bytes)
{
    size_t n_read;

    if (base_file_read_all(file->files, file->descriptor, offset_bytes, data,
                           size_bytes, &n_read) != TROUPE_OK)
        array_file_fail_io(file, "read");
    else if (n_read < size_bytes)
        array_file_fail(file, TROUPE_IO, 0, "it has become shorter");
}

static void write_piece(struct array_file *file,
                        int64_t offset_bytes,
                        unsigned char *data,
                        size_t size_bytes)
{
    array_file_write(file, offset_bytes, data, size_bytes);
}

static void check(troupe_actor *self, const troupe_team *team, const char *path)
{
    actor_require_process(self, "a call that loads an array");
    actor_require(self, team && team->member == self,
                  "to load an array: it is not the caller's team");
    actor_require(self, path != NULL, "to load an array: no path");
}

void array_load_check(troupe_actor *self,
                      const troupe_team *team,
                      const char *path,
                      const void *options,
                      const troupe_array *array)
{
    check(self, team, path);
    actor_require(self, options && array,
                  "to load an array: no options, or no place for the array");
}

static void count_elements(struct array_file *file, troupe_array_options *options)
{
    size_t element_bytes = options->element_bytes
                               ? options->element_bytes
                               : troupe_element_bytes(options->element);

    options->length = -1; /* refused when the array is made */
    if (element_bytes == 0 || element_bytes > INT64_MAX)
        array_file_fail(file, TROUPE_INVALID, 0, "elements of no size");
    else if (file->size_bytes % (int64_t)element_bytes != 0)
        array_file_fail(file, TROUPE_FAILED, 0,
                        "its %lld bytes are no multiple of an element's %zu",
                        (long long)file->size_bytes, element_bytes);
    else
        options->length = file->size_bytes / (int64_t)element_bytes;
}

static troupe_status
load(struct array_file *file, const troupe_array_options *options, troupe_array *id)
{
    troupe_array_options known = *options;
    struct array *array;
    troupe_status status;

    if (file->status == TROUPE_OK)
        count_elements(file, &known);
    TROUPE_TRY(array_file_agree(file, (uint64_t)known.length));
    status = array_create(file->member, file->team, &known, &array);
    if (status != TROUPE_OK) {
        array_file_fail(file, status, 0, "the array cannot be made: %s",
                        troupe_status_text(status));
        return status;
    }
    if (!array->is_restored)
        each_piece(file, array, read_piece);
    status = array_file_agree(file, 0);
    if (status != TROUPE_OK)
        array_destroy(array);
    else
        id->bits = array->id;
    return status;
}

troupe_status troupe_array_load(troupe_actor *self,
                                troupe_team *team,
                                const char *path,
                                const troupe_array_options *options,
                                troupe_array *array,
                                troupe_file_fault *fault)
{
    struct array_file *file;
    troupe_status status;

    array_load_check(self, team, path, options, array);
    file = array_file_open(self, team, path);
    status = load(file, options, array);
    if (fault)
        *fault = file->fault;
    array_file_close(file);
    return status;
}

troupe_status array_save_binary(troupe_actor *self,
                                troupe_team *team,
                                const struct array *array,
                                const char *path,
                                troupe_file_fault *fault)
{
    struct array_file *file = array_file_create(self, team, path, NULL);

    each_piece(file, array, write_piece);
    return array_file_publish(file, fault);
}

troupe_status troupe_array_save(troupe_actor *self,
                                troupe_array id,
                                const char *path,
                                troupe_file_fault *fault)
{
    const struct array *array = array_find(self, id, "troupe_array_save");

    actor_require_process(self, "troupe_array_save");
    actor_require(self, path != NULL, "troupe_array_save: no path");
    return array_save_binary(self, array->team, array, path, fault);
}
