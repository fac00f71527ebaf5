/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_MESSAGE_H
#define TROUPE_MESSAGE_H

/*
 * Message types. A message is a plain C struct, and TROUPE_TYPE beside it makes it
 * known:
 *
 *     struct work { double low, high; };
 *     TROUPE_TYPE(work, low, high);
 *
 * stands in the header that sender and receiver share. From then on the type is called
 * by its bare tag: troupe_send(self, to, work, .low = 0, .high = 1). A type is the same
 * in two files when its name and its schema are, so nothing has to be registered or
 * linked.
 *
 * Fields may be bool, char, integers of 8 to 64 bits, enums, float, double, complex,
 * troupe_address and the other handles below, arrays of these, and structs that have a
 * TROUPE_TYPE of their own. Every byte must belong to a named field: what is sent is
 * the struct as it lies in memory, on all machines of a job alike. What cannot be sent,
 * or is left out, does not compile.
 */

#include "troupe/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Names a message that a state holds (troupe_hold()). Zero is none. */
typedef struct troupe_held {
    uint64_t bits;
} troupe_held;

/** The end of a channel to put into. Zero is none. */
typedef struct troupe_put_end {
    uint64_t bits;
} troupe_put_end;

/** The end of a channel to take from. Zero is none. */
typedef struct troupe_take_end {
    uint64_t bits;
} troupe_take_end;

/** What a field holds. An enum is its integer type. */
enum troupe_kind {
    TROUPE_KIND_BOOL = 1,
    TROUPE_KIND_CHAR,
    TROUPE_KIND_INT8,
    TROUPE_KIND_INT16,
    TROUPE_KIND_INT32,
    TROUPE_KIND_INT64,
    TROUPE_KIND_UINT8,
    TROUPE_KIND_UINT16,
    TROUPE_KIND_UINT32,
    TROUPE_KIND_UINT64,
    TROUPE_KIND_FLOAT,
    TROUPE_KIND_DOUBLE,
    TROUPE_KIND_COMPLEX_FLOAT,
    TROUPE_KIND_COMPLEX_DOUBLE,
    TROUPE_KIND_ADDRESS,
    TROUPE_KIND_REFERENCE,
    TROUPE_KIND_HELD,
    TROUPE_KIND_PUT_END,
    TROUPE_KIND_TAKE_END,
    TROUPE_KIND_NESTED, /**< a struct with a type of its own */
    TROUPE_N_KINDS
};

/** How many of its kind a field has. */
enum troupe_form {
    TROUPE_FORM_SCALAR, /**< one */
    TROUPE_FORM_ARRAY,  /**< n_items, always */
    TROUPE_FORM_TAIL    /**< as many as the counting field says; the last field */
};

/** What a type can be used for. */
enum troupe_shape {
    TROUPE_SHAPE_FIELDS = 1, /**< message, state, nested */
    TROUPE_SHAPE_SIGNAL,     /**< message without fields */
    TROUPE_SHAPE_TAIL,       /**< message of variable size */
    TROUPE_SHAPE_PRIVATE     /**< state only */
};

/** One field of a message type. */
typedef struct troupe_field {
    const char *name;
    const struct troupe_type *nested; /**< with TROUPE_KIND_NESTED, else NULL */
    uint32_t offset;
    uint32_t n_items;    /**< 1 for a scalar, 0 for a tail */
    uint32_t item_bytes; /**< size of one */
    uint16_t kind;       /**< enum troupe_kind */
    uint16_t form;       /**< enum troupe_form */
} troupe_field;

/**
 * A message type. Made by the macros below, one for each file that includes them; what
 * makes two of them the same type is the name and the schema, never the address.
 */
typedef struct troupe_type {
    const char *name;
    const troupe_field *fields;
    uint32_t n_fields;
    uint32_t size_bytes;      /**< without the tail */
    uint32_t tail_item_bytes; /**< 0: no tail */
    uint32_t count_offset;    /**< where the number of elements of the tail stands */
    uint16_t count_bytes;     /**< 4 or 8; 0: no tail */
    uint16_t shape;           /**< enum troupe_shape */
} troupe_type;

/**
 * The size of a value in bytes: that of its struct, or up to the end of its tail as its
 * counting field says.
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none; a count that cannot be gives SIZE_MAX
 */
TROUPE_API size_t troupe_value_size(const troupe_type *type, const void *value);

/**
 * Writes a value of \p size_bytes out for a log, such as "{low=0, high=1}"; bytes that
 * are none of the type as "(15 bytes that are no work)". Text that does not fit ends in
 * "...", and is always terminated. Takes as long as the whole text needs.
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \units    returns the length of the whole text, without the zero at its end
 * \errors   none
 */
TROUPE_API size_t troupe_value_format(const troupe_type *type,
                                      const void *value,
                                      size_t size_bytes,
                                      char *text,
                                      size_t capacity);

/** A message in the hands of an actor: made, kept or received, and to be sent on. */
typedef struct troupe_message troupe_message;

/** Takes what a state's own save function writes. */
typedef struct troupe_writer troupe_writer;
/** Gives a state's own restore function what save wrote, in the same order. */
typedef struct troupe_reader troupe_reader;

/**
 * Writes bytes of a state into the checkpoint.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY  there is no room; the checkpoint is given up
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_write_bytes(troupe_writer *writer,
                                                            const void *bytes,
                                                            size_t size_bytes);

/**
 * Reads the next bytes that save wrote.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID  fewer bytes are left; \p bytes is untouched
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_read_bytes(troupe_reader *reader,
                                                           void *bytes,
                                                           size_t size_bytes);

#ifdef __cplusplus
}
#else /* C only: the macros */

#include "troupe/detail/type.h"

/**
 * Makes `struct tag` a message type, with all of its fields in their order (up to 64):
 *
 *     TROUPE_TYPE(work, low, high);
 *     TROUPE_TYPE(counted, n, TROUPE_NESTED(where, point));
 *     TROUPE_TYPE(chunk, index, n_text, TROUPE_TAIL(text, n_text));
 *
 * It stands at file scope, after the struct, usually in a header.
 */
#define TROUPE_TYPE(tag, ...)                                                          \
    enum { troupe_end_##tag##_dot_0 = 0 };                                             \
    TROUPE_EACH(TROUPE_FIELD, tag, 0, __VA_ARGS__)                                     \
    _Static_assert(_Alignof(struct tag) <= 8,                                          \
                   "struct " #tag ": messages are aligned to 8 bytes, not more");      \
    static const troupe_field troupe_fields_##tag[] TROUPE_UNUSED = {                  \
        TROUPE_EACH(TROUPE_ROW, tag, 0, __VA_ARGS__)};                                 \
    static const troupe_type troupe_type_##tag TROUPE_UNUSED = {                       \
        #tag,                                                                          \
        troupe_fields_##tag,                                                           \
        sizeof troupe_fields_##tag / sizeof troupe_fields_##tag[0],                    \
        troupe_fixed_##tag,                                                            \
        TROUPE_CODE_BYTES(troupe_tail_code_##tag),                                     \
        troupe_count_at_##tag,                                                         \
        troupe_count_bytes_##tag,                                                      \
        troupe_shape_##tag}

/** A field that is a struct with a TROUPE_TYPE of its own, or an array of them. */
#define TROUPE_NESTED(field, tag) (NESTED, field, tag)

/**
 * The last field, `values[]`: as many elements as the field `n_values` says, an integer
 * of 4 or 8 bytes which the runtime sets when it sends. Of structs with a type of their
 * own: TROUPE_TAIL(points, n_points, point).
 */
#define TROUPE_TAIL(field, ...)                                                        \
    TROUPE_CAT(TROUPE_TAIL_, TROUPE_ONE_OR_MANY(__VA_ARGS__))(field, __VA_ARGS__)

/** A message type without fields: TROUPE_SIGNAL(stop); it has no struct. */
#define TROUPE_SIGNAL(tag)                                                             \
    struct tag;                                                                        \
    enum { troupe_shape_##tag = TROUPE_SHAPE_SIGNAL };                                 \
    static const troupe_type troupe_type_##tag TROUPE_UNUSED = {                       \
        #tag, NULL, 0, 0, 0, 0, 0, TROUPE_SHAPE_SIGNAL}

/**
 * Makes `struct tag` known as the state of an actor that is never sent: it may hold
 * pointers and padding. Only with TROUPE_SAVE and TROUPE_RESTORE does it survive in a
 * checkpoint.
 */
#define TROUPE_PRIVATE(tag)                                                            \
    _Static_assert(_Alignof(struct tag) <= 16,                                         \
                   "struct " #tag ": states are aligned to 16 bytes, not more");       \
    enum { troupe_shape_##tag = TROUPE_SHAPE_PRIVATE };                                \
    static const troupe_type troupe_type_##tag TROUPE_UNUSED = {                       \
        #tag, NULL, 0, sizeof(struct tag), 0, 0, 0, TROUPE_SHAPE_PRIVATE}

/** The descriptor of a type, as this file sees it: const troupe_type *. */
#define TROUPE_TYPE_OF(tag) (&troupe_type_##tag)

/** An array of types, as options want them: TROUPE_TYPES(work, area), NULL-ended. */
#define TROUPE_TYPES(...)                                                              \
    ((const troupe_type *const[]){TROUPE_EACH(TROUPE_TYPE_ITEM, ~, ~, __VA_ARGS__)     \
                                      NULL})

#endif
#endif
