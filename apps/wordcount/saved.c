/* SPDX-License-Identifier: BSD-3-Clause */
#include "saved.h"
#include "batch.h"
#include <stdlib.h>

/* ---- tables: batches with their lengths, an empty one at the end ----------------- */

#define WANTED_BYTES ((size_t)1 << 16)

static troupe_status put_batch(troupe_writer *writer, struct batch *batch)
{
    uint64_t n_bytes;
    batch_seal(batch);
    n_bytes = batch->n_bytes;
    TROUPE_TRY(troupe_write_bytes(writer, &n_bytes, sizeof n_bytes));
    TROUPE_TRY(troupe_write_bytes(writer, batch->bytes, batch->n_bytes));
    batch_clear(batch);
    return TROUPE_OK;
}

troupe_status saved_table_put(troupe_writer *writer, const struct table *table)
{
    const uint64_t end = 0;
    troupe_status status = TROUPE_OK;
    struct batch batch = {0};
    size_t position = 0;
    struct word word;
    while (status == TROUPE_OK && table_next(table, &position, &word)) {
        if (!batch_append(&batch, &word))
            status = TROUPE_NO_MEMORY;
        else if (batch.n_bytes >= WANTED_BYTES)
            status = put_batch(writer, &batch);
    }
    if (status == TROUPE_OK && batch.n_bytes > 0)
        status = put_batch(writer, &batch);
    batch_fini(&batch);
    return status == TROUPE_OK ? troupe_write_bytes(writer, &end, sizeof end) : status;
}

static troupe_status
add_words(struct table *table, const unsigned char *bytes, size_t n)
{
    size_t position = 0;
    struct word word;
    while (batch_next(bytes, n, &position, &word)) {
        uint64_t hash = word_hash(word.text, word.length);
        if (!table_add(table, word.text, word.length, hash, word.count))
            return TROUPE_NO_MEMORY;
    }
    return TROUPE_OK;
}

troupe_status saved_table_get(troupe_reader *reader, struct table *table)
{
    for (;;) {
        uint64_t n_bytes;
        TROUPE_TRY(troupe_read_bytes(reader, &n_bytes, sizeof n_bytes));
        if (n_bytes == 0)
            return TROUPE_OK;
        unsigned char *bytes = malloc((size_t)n_bytes);
        if (!bytes)
            return TROUPE_NO_MEMORY;
        troupe_status status = troupe_read_bytes(reader, bytes, (size_t)n_bytes);
        if (status == TROUPE_OK)
            status = add_words(table, bytes, (size_t)n_bytes);
        free(bytes);
        TROUPE_TRY(status);
    }
}

/* ---- lists of files ------------------------------------------------------------- */

struct file_head {
    uint64_t path_bytes; /* with the end */
    uint64_t n_bytes;
    uint64_t is_left_out;
};

troupe_status saved_list_put(troupe_writer *writer, const struct file_list *list)
{
    const uint64_t numbers[] = {list->n_files, list->n_bytes};
    TROUPE_TRY(troupe_write_bytes(writer, numbers, sizeof numbers));
    for (size_t i = 0; i < list->n_files; i++) {
        const struct file *file = &list->files[i];
        const struct file_head head = {strlen(file->path) + 1, file->n_bytes,
                                       file->is_left_out};
        TROUPE_TRY(troupe_write_bytes(writer, &head, sizeof head));
        TROUPE_TRY(troupe_write_bytes(writer, file->path, (size_t)head.path_bytes));
    }
    return TROUPE_OK;
}

troupe_status
saved_list_get(troupe_actor *self, troupe_reader *reader, struct file_list *list)
{
    uint64_t numbers[2];
    TROUPE_TRY(troupe_read_bytes(reader, numbers, sizeof numbers));
    *list = (struct file_list){.n_bytes = numbers[1], .is_lent = true};
    if (numbers[0] == 0)
        return TROUPE_OK;
    list->files = troupe_alloc(self, (size_t)numbers[0] * sizeof *list->files);
    if (!list->files)
        return TROUPE_NO_MEMORY;
    for (; list->n_files < numbers[0]; list->n_files++) {
        struct file *file = &list->files[list->n_files];
        struct file_head head;
        TROUPE_TRY(troupe_read_bytes(reader, &head, sizeof head));
        file->n_bytes = head.n_bytes;
        file->is_left_out = head.is_left_out;
        file->path = troupe_alloc(self, (size_t)head.path_bytes);
        if (!file->path)
            return TROUPE_NO_MEMORY;
        TROUPE_TRY(troupe_read_bytes(reader, file->path, (size_t)head.path_bytes));
    }
    return TROUPE_OK;
}
