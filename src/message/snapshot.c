/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/snapshot.h"
#include <string.h>

troupe_status
troupe_write_bytes(troupe_writer *writer, const void *bytes, size_t size_bytes)
{
    base_bytes_append(writer->bytes, bytes, size_bytes);
    return writer->bytes->failed ? TROUPE_NO_MEMORY : TROUPE_OK;
}

troupe_status troupe_read_bytes(troupe_reader *reader, void *bytes, size_t size_bytes)
{
    const void *found = base_cursor_take(&reader->cursor, size_bytes);

    if (reader->cursor.failed)
        return TROUPE_INVALID;
    if (size_bytes)
        memcpy(bytes, found, size_bytes);
    return TROUPE_OK;
}
