/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "array/file.h"
#include <string.h>

/* What the formats in text share: values that were read, rows that are written. */

/* ---- values become an array --------------------------------------------------- */

/* Sets words[i] to the number of elements before member i's, and the total. */
static troupe_status count(struct array_file *file, int64_t n_mine)
{
    int64_t next = 0;

    TROUPE_TRY(
        array_gather(file->member, file->team, &n_mine, sizeof n_mine, file->words));
    for (int i = 0; i <= file->n_members; i++) {
        int64_t n = i < file->n_members ? file->words[i] : 0;

        file->words[i] = next;
        next += n;
    }
    return TROUPE_OK;
}

static void note(struct array_file *file, troupe_status status)
{
    if (status != TROUPE_OK)
        array_file_fail(file, status, 0, "the array cannot be made: %s",
                        troupe_status_text(status));
}

static troupe_status
bring(struct array_file *file, const troupe_array_options *options, troupe_array *id)
{
    troupe_array_options known = *options;
    struct array *array;
    troupe_status status = TROUPE_OK;

    known.length = file->words[file->n_members];
    TROUPE_TRY(array_create(file->member, file->team, &known, &array));
    if (!array->is_restored)
        status = array_bring(file->member, array->team, array, file->words,
                             file->values.data);
    status = array_agree(file->member, file->team, status, 0);
    if (status != TROUPE_OK)
        array_destroy(array);
    else
        id->bits = array->id;
    return status;
}

troupe_status array_file_deliver(struct array_file *file,
                                 const troupe_array_options *options,
                                 troupe_array *array,
                                 troupe_file_fault *fault)
{
    size_t element_bytes = troupe_element_bytes(options->element);
    int64_t n = element_bytes ? (int64_t)(file->values.size / element_bytes) : 0;
    troupe_status status;

    if (file->values.failed)
        array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d",
                        file->index);
    status = array_file_agree(file, 0);
    if (status == TROUPE_OK) {
        status = count(file, n);
        if (status == TROUPE_OK)
            status = bring(file, options, array);
        note(file, status);
    }
    if (fault)
        *fault = file->fault;
    array_file_close(file);
    return status;
}

/* ---- rows --------------------------------------------------------------------- */

/* Rows as they are put together, and where they go. */
struct rows {
    struct array_file *file;
    array_row_fn *write;
    const void *context;
    int64_t n_rows;
};

static void append_row(const struct rows *rows, int64_t row)
{
    struct array_file *file = rows->file;

    rows->write(rows->context, row, &file->row);
    if (file->row.failed)
        array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d",
                        file->index);
}

/* As many as fill a buffer; the next row. */
static int64_t fill_buffer(const struct rows *rows, int64_t row)
{
    struct array_file *file = rows->file;
    locale_t before = uselocale(file->c_locale);

    file->row.size = 0;
    while (row < rows->n_rows && file->row.size < ARRAY_FILE_BUFFER_BYTES &&
           file->status == TROUPE_OK)
        append_row(rows, row++);
    uselocale(before);
    return row;
}

/* Goes through all rows; offset < 0: only to see how long they are. Their length. */
static int64_t each_buffer(const struct rows *rows, int64_t offset_bytes)
{
    struct array_file *file = rows->file;
    int64_t n_bytes = 0;

    for (int64_t row = 0; row < rows->n_rows && file->status == TROUPE_OK;) {
        row = fill_buffer(rows, row);
        if (offset_bytes >= 0)
            array_file_write(file, offset_bytes + n_bytes, file->row.data,
                             file->row.size);
        n_bytes += (int64_t)file->row.size;
        troupe_yield(file->member);
    }
    return n_bytes;
}

troupe_status array_file_write_rows(struct array_file *file,
                                    const char *head,
                                    size_t head_bytes,
                                    int64_t n_rows,
                                    array_row_fn *write,
                                    const void *context,
                                    troupe_file_fault *fault)
{
    const struct rows rows = {file, write, context, n_rows};
    troupe_status status;

    if (array_file_agree(file, head_bytes) != TROUPE_OK)
        return array_file_publish(file, fault);
    status = count(file, each_buffer(&rows, -1));
    if (status != TROUPE_OK)
        array_file_fail(file, status, 0, "%s", troupe_status_text(status));
    if (file->index == 0)
        array_file_write(file, 0, head, head_bytes);
    if (file->status == TROUPE_OK)
        each_buffer(&rows, (int64_t)head_bytes + file->words[file->index]);
    return array_file_publish(file, fault);
}
