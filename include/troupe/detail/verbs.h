/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DETAIL_VERBS_H
#define TROUPE_DETAIL_VERBS_H

/*
 * What the verbs expand to: every "tag, .field = value, ..." becomes the three
 * arguments (descriptor, body, size) of the plain function beneath, and every check a
 * condition on the descriptor, so that it costs nothing and works in any expression.
 */

#include "troupe/detail/type.h"

/* clang-format off */
#define TROUPE_MESSAGE(...) \
    TROUPE_CAT(TROUPE_MESSAGE_, TROUPE_ONE_OR_MANY(__VA_ARGS__))(__VA_ARGS__)
#define TROUPE_MESSAGE_ONE(tag) \
    TROUPE_TYPE_IF(tag, (int)troupe_shape_##tag == TROUPE_SHAPE_SIGNAL, \
        "message " #tag " has fields: name them, as in .field = value"), \
    NULL, 0
#define TROUPE_MESSAGE_MANY(tag, ...) \
    TROUPE_TYPE_WITH_FIELDS(tag), &(const struct tag){__VA_ARGS__}, sizeof(struct tag)

#define TROUPE_TYPE_WITH_FIELDS(tag) \
    (&troupe_type_##tag + 0 * sizeof(struct { \
        _Static_assert((int)troupe_shape_##tag != TROUPE_SHAPE_SIGNAL, \
            "message " #tag " is a signal: it has no fields"); \
        _Static_assert((int)troupe_shape_##tag != TROUPE_SHAPE_TAIL, \
            "message " #tag " has a tail: use troupe_send_tail or troupe_send_value"); \
        _Static_assert((int)troupe_shape_##tag != TROUPE_SHAPE_PRIVATE, \
            "struct " #tag " is private and cannot be sent"); \
        char c; }))
/* Any type that can be sent. */
#define TROUPE_TYPE_SENT(tag) \
    TROUPE_TYPE_IF(tag, (int)troupe_shape_##tag != TROUPE_SHAPE_PRIVATE, \
        "struct " #tag " is private and cannot be sent")

/* A `const struct tag **` as const void **; NULL where only the arrival matters. */
#define TROUPE_TYPE_INTO(verb, tag, pointer) \
    TROUPE_TYPE_IF(tag, _Generic((pointer), const struct tag **: 1, void *: 1, default: 0), \
        verb " of " #tag " needs the address of a: const struct " #tag " *")
#define TROUPE_INTO(pointer) _Generic((pointer), \
    void *: &(const void *){NULL}, default: (const void **)(pointer))

#define TROUPE_TYPE_OF_VALUE(tag, pointer) \
    TROUPE_TYPE_IF(tag, \
        _Generic((pointer), const struct tag *: 1, struct tag *: 1, default: 0), \
        "troupe_send_value of " #tag " needs a: const struct " #tag " *")

/* "tag, tail field, pointer, n [, .field = value ...]" -> descriptor, head, tail, n */
#define TROUPE_TAILED(tag, field, pointer, ...) \
    TROUPE_CAT(TROUPE_TAILED_, TROUPE_ONE_OR_MANY(__VA_ARGS__))(tag, field, pointer, __VA_ARGS__)
#define TROUPE_TAILED_ONE(tag, field, pointer, n) \
    TROUPE_TYPE_TAILED(tag, field, pointer), &(const struct tag){0}, (pointer), (n)
#define TROUPE_TAILED_MANY(tag, field, pointer, n, ...) \
    TROUPE_TYPE_TAILED(tag, field, pointer), &(const struct tag){__VA_ARGS__}, (pointer), (n)
#define TROUPE_TYPE_TAILED(tag, field, pointer) \
    (&troupe_type_##tag + 0 * sizeof(struct { \
        _Static_assert((int)troupe_shape_##tag == TROUPE_SHAPE_TAIL && \
                       offsetof(struct tag, field) == troupe_fixed_##tag, \
            "message " #tag ": '" #field "' is not its tail"); \
        _Static_assert(_Generic((pointer), \
            __typeof__(&TROUPE_IN(tag, field)[0]): 1, \
            const __typeof__(TROUPE_IN(tag, field)[0]) *: 1, default: 0), \
            "message " #tag ": the pointer is not to elements of '" #field "'"); \
        char c; }))

#define TROUPE_TYPE_OWNED(tag, pointer) \
    TROUPE_TYPE_IF(tag, _Generic((pointer), struct tag **: 1, default: 0), \
        "troupe_new_message of " #tag " needs the address of a: struct " #tag " *")
/* clang-format on */

/** Seconds as nanoseconds; what is negative, or no number, is 0. */
static inline int64_t troupe_ns_of_s(double seconds)
{
    if (!(seconds > 0))
        return 0;
    return seconds < 9e9 ? (int64_t)(seconds * 1e9) : INT64_MAX;
}

#endif
