/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes from elsewhere as values of several types, checked and printed, and as records
 * read by a cursor. Nothing may be read or written outside, whatever the bytes are;
 * what is well formed has the size its count says and prints as a value.
 *
 * Input: which type, where to put the bytes, how much text, then the bytes.
 */
#include "fuzz.h"
#include "message/snapshot.h"
#include "message/table.h"
#include "unit/message/types.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_message: %s\n", what);
    abort();
}

static void try_value(const troupe_type *type,
                      const unsigned char *bytes,
                      size_t size,
                      size_t capacity)
{
    char *text = malloc(capacity + 1);
    bool is_well_formed = message_is_well_formed(type, bytes, size);
    size_t length;

    if (!text)
        return;
    text[capacity] = '#';
    length = troupe_value_format(type, bytes, size, text, capacity);
    expect(text[capacity] == '#', "printed past the end");
    if (capacity > 0)
        expect(strlen(text) == (length < capacity ? length : capacity - 1),
               "another length than it has");
    if (is_well_formed) {
        expect(troupe_value_size(type, bytes) == size,
               "another size than its count says");
        expect(capacity == 0 || text[0] == '{' || capacity <= 4,
               "not printed as a value");
    }
    free(text);
}

/* A record as save functions write them: numbers, a text, a state. */
static void try_record(const unsigned char *bytes, size_t size)
{
    struct troupe_reader reader;
    char text[16];
    struct work work = {0};

    base_cursor_init(&reader.cursor, bytes, size);
    base_cursor_text(&reader.cursor, text, sizeof text);
    expect(strlen(text) < sizeof text, "a text too long");
    uint64_t length = base_cursor_u64(&reader.cursor);
    const unsigned char *taken = base_cursor_take(&reader.cursor, length);
    if (taken && length > 0)
        expect(taken >= bytes && taken + length <= bytes + size, "taken from outside");
    uint32_t number = base_cursor_u32(&reader.cursor);
    bool has_failed = reader.cursor.failed;
    expect(!has_failed || number == 0, "a number after the end");
    troupe_status status = troupe_read_bytes(&reader, &work, sizeof work);
    expect(!has_failed || status == TROUPE_INVALID, "a state after the end");
    expect(troupe_read_bytes(&reader, &number, 0) ==
               (status == TROUPE_OK ? TROUPE_OK : TROUPE_INVALID),
           "another status for nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const troupe_type *const *types =
        TROUPE_TYPES(work, kinds, arrays, chunk, row, flags, cloud, stop, troupe_down);
    size_t n_bytes = size < 3 ? 0 : size - 3;
    size_t shift = size < 3 ? 0 : data[1] % 8;
    unsigned char *room = malloc(shift + n_bytes + 1), *bytes;

    if (!room)
        return 0;
    /* The end of the input is the end of the memory. */
    room = realloc(room, shift + n_bytes ? shift + n_bytes : 1);
    bytes = room + shift;
    if (n_bytes)
        memcpy(bytes, data + 3, n_bytes);
    if (size >= 3)
        try_value(types[data[0] % 9], bytes, n_bytes, data[2]);
    try_record(bytes, n_bytes);
    free(room);
    return 0;
}
