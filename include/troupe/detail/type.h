/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DETAIL_TYPE_H
#define TROUPE_DETAIL_TYPE_H

/*
 * What TROUPE_TYPE expands to. Per field two enum constants (its kind, the end of its
 * bytes) keep the expansion linear: the place of a field is checked against the end of
 * the one before. A code of a kind: number, bytes << 8, TROUPE_DECAYED for an array
 * (or a pointer, which is told apart by its type not changing in an expression).
 */

#include "troupe/detail/each.h"

/* clang-format off */
#define TROUPE_DECAYED 0x10000000
#define TROUPE_CODE(number, type) ((int)(number) | (int)sizeof(type) << 8)
#define TROUPE_PAIR(type, number) \
    type: TROUPE_CODE(number, type), type *: TROUPE_CODE(number, type) | TROUPE_DECAYED
#define TROUPE_CODE_OF(value) _Generic((value), \
    TROUPE_PAIR(_Bool, TROUPE_KIND_BOOL), \
    TROUPE_PAIR(char, TROUPE_KIND_CHAR), \
    TROUPE_PAIR(signed char, TROUPE_KIND_INT8), \
    TROUPE_PAIR(short, TROUPE_KIND_INT16), \
    TROUPE_PAIR(int, TROUPE_KIND_INT32), \
    TROUPE_PAIR(long, sizeof(long) == 8 ? TROUPE_KIND_INT64 : TROUPE_KIND_INT32), \
    TROUPE_PAIR(long long, TROUPE_KIND_INT64), \
    TROUPE_PAIR(unsigned char, TROUPE_KIND_UINT8), \
    TROUPE_PAIR(unsigned short, TROUPE_KIND_UINT16), \
    TROUPE_PAIR(unsigned int, TROUPE_KIND_UINT32), \
    TROUPE_PAIR(unsigned long, sizeof(long) == 8 ? TROUPE_KIND_UINT64 : TROUPE_KIND_UINT32), \
    TROUPE_PAIR(unsigned long long, TROUPE_KIND_UINT64), \
    TROUPE_PAIR(float, TROUPE_KIND_FLOAT), \
    TROUPE_PAIR(double, TROUPE_KIND_DOUBLE), \
    TROUPE_PAIR(float _Complex, TROUPE_KIND_COMPLEX_FLOAT), \
    TROUPE_PAIR(double _Complex, TROUPE_KIND_COMPLEX_DOUBLE), \
    TROUPE_PAIR(troupe_address, TROUPE_KIND_ADDRESS), \
    TROUPE_PAIR(troupe_reference, TROUPE_KIND_REFERENCE), \
    TROUPE_PAIR(troupe_held, TROUPE_KIND_HELD), \
    TROUPE_PAIR(troupe_put_end, TROUPE_KIND_PUT_END), \
    TROUPE_PAIR(troupe_take_end, TROUPE_KIND_TAKE_END), \
    default: 0)
#define TROUPE_CODE_OF_STRUCT(value, tag) _Generic((value), \
    TROUPE_PAIR(struct tag, TROUPE_KIND_NESTED), default: 0)

#define TROUPE_IN(tag, field) (((struct tag *)0)->field)
#define TROUPE_IS_ARRAY(value) \
    (!__builtin_types_compatible_p(__typeof__(value), __typeof__(((void)0, value))))
/*
 * An array without a length fits every length (clang) or none (gcc), one of up to 7 fits
 * exactly one; longer ones would take more room than padding can, see TROUPE_TAIL_CHECKS.
 */
#define TROUPE_FITS(value, n) \
    __builtin_types_compatible_p(__typeof__(value), __typeof__((value)[0])[n])
#define TROUPE_IS_OPEN_ARRAY(value) \
    (TROUPE_FITS(value, 1) + TROUPE_FITS(value, 2) + TROUPE_FITS(value, 3) + \
     TROUPE_FITS(value, 4) + TROUPE_FITS(value, 5) + TROUPE_FITS(value, 6) + \
     TROUPE_FITS(value, 7) != 1)
/* The name is for the reader of the compiler's message. */
#define TROUPE_NEITHER_BIT_FIELD_NOR_UNNAMED_TAIL(tag, field) \
    (offsetof(struct tag, field) + sizeof(TROUPE_IN(tag, field)))

#define TROUPE_NAME_0(item)      item
#define TROUPE_NAME_1(item)      TROUPE_SECOND item
#define TROUPE_FIELD_NAME(item)  TROUPE_CAT(TROUPE_NAME_, TROUPE_IS_TUPLE(item))(item)
#define TROUPE_UNTUPLE(...)      __VA_ARGS__

/* ---- one field: is its kind known, does it stand where the one before ends? ---------- */

#define TROUPE_FIELD(tag, before, item) \
    TROUPE_CAT(TROUPE_FIELD_, TROUPE_IS_TUPLE(item))(tag, TROUPE_FIELD_NAME(before), item)
#define TROUPE_FIELD_0(tag, before, field)  TROUPE_FIELD_PLAIN(tag, before, field)
#define TROUPE_FIELD_1(tag, before, item)   TROUPE_FIELD_2(tag, before, TROUPE_UNTUPLE item)
#define TROUPE_FIELD_2(tag, ...)            TROUPE_FIELD_3(tag, __VA_ARGS__)
#define TROUPE_FIELD_3(tag, before, form, ...) TROUPE_FIELD_##form(tag, before, __VA_ARGS__)

#define TROUPE_FIELD_PLACE(tag, before, field) \
    _Static_assert(offsetof(struct tag, field) == troupe_end_##tag##_dot_##before, \
        "struct " #tag ": before field '" #field "' there is padding or a field that " \
        "TROUPE_TYPE does not name (or names in another order)");
#define TROUPE_FIELD_END(tag, field) \
    enum { troupe_end_##tag##_dot_##field = \
        (int)TROUPE_NEITHER_BIT_FIELD_NOR_UNNAMED_TAIL(tag, field) }; \
    _Static_assert(!(troupe_code_##tag##_dot_##field & TROUPE_DECAYED) || \
                   TROUPE_IS_ARRAY(TROUPE_IN(tag, field)), \
        "struct " #tag ": field '" #field "' is a pointer, which means nothing elsewhere"); \
    _Static_assert(sizeof(TROUPE_IN(tag, field)) > 0, \
        "struct " #tag ": field '" #field "' has no bytes");

#define TROUPE_FIELD_PLAIN(tag, before, field) \
    enum { troupe_code_##tag##_dot_##field = TROUPE_CODE_OF(TROUPE_IN(tag, field)) }; \
    _Static_assert(troupe_code_##tag##_dot_##field != 0, \
        "struct " #tag ": field '" #field "' is of no kind that can be sent: a pointer, " \
        "a union, long double, an array of arrays, a bit-field, or a struct without " \
        "TROUPE_NESTED"); \
    TROUPE_FIELD_PLACE(tag, before, field) \
    TROUPE_FIELD_END(tag, field)

#define TROUPE_FIELD_NESTED(tag, before, field, other) \
    enum { troupe_code_##tag##_dot_##field = \
        TROUPE_CODE_OF_STRUCT(TROUPE_IN(tag, field), other) }; \
    _Static_assert(troupe_code_##tag##_dot_##field != 0, \
        "struct " #tag ": field '" #field "' is no struct " #other " and no array of them"); \
    TROUPE_NESTABLE(tag, field, other) \
    TROUPE_FIELD_PLACE(tag, before, field) \
    TROUPE_FIELD_END(tag, field)
#define TROUPE_NESTABLE(tag, field, other) \
    _Static_assert((int)troupe_shape_##other == TROUPE_SHAPE_FIELDS, \
        "struct " #tag ": field '" #field "': struct " #other " has a tail or is private");

#define TROUPE_FIELD_TAIL(tag, before, field, count) \
    enum { troupe_code_##tag##_dot_##field = TROUPE_CODE_OF(TROUPE_IN(tag, field)) }; \
    _Static_assert(troupe_code_##tag##_dot_##field != 0, \
        "struct " #tag ": tail '" #field "' has elements of no kind that can be sent"); \
    TROUPE_TAIL_CHECKS(tag, before, field, count)
#define TROUPE_FIELD_NESTED_TAIL(tag, before, field, count, other) \
    enum { troupe_code_##tag##_dot_##field = \
        TROUPE_CODE_OF_STRUCT(TROUPE_IN(tag, field), other) }; \
    _Static_assert(troupe_code_##tag##_dot_##field != 0, \
        "struct " #tag ": tail '" #field "' has elements other than struct " #other); \
    TROUPE_NESTABLE(tag, field, other) \
    TROUPE_TAIL_CHECKS(tag, before, field, count)
#define TROUPE_TAIL_CHECKS(tag, before, field, count) \
    _Static_assert(TROUPE_IS_OPEN_ARRAY(TROUPE_IN(tag, field)) && \
                   sizeof(struct tag) - offsetof(struct tag, field) < 8, \
        "struct " #tag ": tail '" #field "' must be declared as the last field, " \
        #field "[]"); \
    _Static_assert(_Generic(TROUPE_IN(tag, count), int: 1, unsigned int: 1, long: 1, \
            unsigned long: 1, long long: 1, unsigned long long: 1, default: 0), \
        "struct " #tag ": '" #count "' counts the tail and must be an integer of 4 or 8 " \
        "bytes"); \
    TROUPE_FIELD_PLACE(tag, before, field)

/* ---- after the last field ------------------------------------------------------------ */

#define TROUPE_FIELD_LAST(tag, item) \
    TROUPE_CAT(TROUPE_LAST_, TROUPE_IS_TUPLE(item))(tag, item)
#define TROUPE_LAST_0(tag, field)       TROUPE_LAST_PLAIN(tag, field)
#define TROUPE_LAST_1(tag, item)        TROUPE_LAST_2(tag, TROUPE_UNTUPLE item)
#define TROUPE_LAST_2(tag, ...)         TROUPE_LAST_3(tag, __VA_ARGS__)
#define TROUPE_LAST_3(tag, form, ...)   TROUPE_LAST_##form(tag, __VA_ARGS__)

#define TROUPE_LAST_PLAIN(tag, field) \
    _Static_assert(sizeof(struct tag) == troupe_end_##tag##_dot_##field, \
        "struct " #tag ": after field '" #field "' there is padding or a field that " \
        "TROUPE_TYPE does not name"); \
    TROUPE_TAIL_MUST_BE_NAMED(tag) \
    enum { troupe_shape_##tag = TROUPE_SHAPE_FIELDS, \
           troupe_fixed_##tag = sizeof(struct tag), \
           troupe_tail_code_##tag = 0, troupe_count_at_##tag = 0, \
           troupe_count_bytes_##tag = 0 };
#define TROUPE_LAST_NESTED(tag, field, other) TROUPE_LAST_PLAIN(tag, field)
#define TROUPE_LAST_TAIL(tag, field, count) \
    enum { troupe_shape_##tag = TROUPE_SHAPE_TAIL, \
           troupe_fixed_##tag = offsetof(struct tag, field), \
           troupe_tail_code_##tag = troupe_code_##tag##_dot_##field, \
           troupe_count_at_##tag = offsetof(struct tag, count), \
           troupe_count_bytes_##tag = sizeof(TROUPE_IN(tag, count)) };
#define TROUPE_LAST_NESTED_TAIL(tag, field, count, other) TROUPE_LAST_TAIL(tag, field, count)

/* ISO C has no arrays of structs with a tail: that is how an unnamed tail is noticed. */
#define TROUPE_TAIL_MUST_BE_NAMED(tag) \
    _Pragma("GCC diagnostic push") \
    _Pragma("GCC diagnostic error \"-Wpedantic\"") \
    enum { troupe_no_tail_##tag = sizeof(struct { struct tag tag[1]; }) > 0 }; \
    _Pragma("GCC diagnostic pop")

/* ---- the table of fields ------------------------------------------------------------- */

#define TROUPE_ROW(tag, before, item) TROUPE_CAT(TROUPE_ROW_, TROUPE_IS_TUPLE(item))(tag, item)
#define TROUPE_ROW_LAST(tag, item)
#define TROUPE_ROW_0(tag, field)        TROUPE_ROW_FIXED(tag, field, NULL)
#define TROUPE_ROW_1(tag, item)         TROUPE_ROW_2(tag, TROUPE_UNTUPLE item)
#define TROUPE_ROW_2(tag, ...)          TROUPE_ROW_3(tag, __VA_ARGS__)
#define TROUPE_ROW_3(tag, form, ...)    TROUPE_ROW_##form(tag, __VA_ARGS__)
#define TROUPE_ROW_NESTED(tag, field, other) TROUPE_ROW_FIXED(tag, field, TROUPE_TYPE_OF(other))
#define TROUPE_ROW_TAIL(tag, field, count)   TROUPE_ROW_OPEN(tag, field, NULL)
#define TROUPE_ROW_NESTED_TAIL(tag, field, count, other) \
    TROUPE_ROW_OPEN(tag, field, TROUPE_TYPE_OF(other))
#define TROUPE_CODE_BYTES(code) (((code) & ~TROUPE_DECAYED) >> 8)
#define TROUPE_ROW_FIXED(tag, field, nested) \
    { #field, nested, (uint32_t)offsetof(struct tag, field), \
      (uint32_t)(sizeof(TROUPE_IN(tag, field)) / \
                 (size_t)TROUPE_CODE_BYTES(troupe_code_##tag##_dot_##field)), \
      TROUPE_CODE_BYTES(troupe_code_##tag##_dot_##field), \
      troupe_code_##tag##_dot_##field & 255, \
      troupe_code_##tag##_dot_##field & TROUPE_DECAYED ? TROUPE_FORM_ARRAY \
                                                       : TROUPE_FORM_SCALAR },
#define TROUPE_ROW_OPEN(tag, field, nested) \
    { #field, nested, (uint32_t)offsetof(struct tag, field), 0, \
      TROUPE_CODE_BYTES(troupe_code_##tag##_dot_##field), \
      troupe_code_##tag##_dot_##field & 255, TROUPE_FORM_TAIL },

#define TROUPE_TAIL_ONE(field, count)         (TAIL, field, count)
#define TROUPE_TAIL_MANY(field, count, other) (NESTED_TAIL, field, count, other)

#define TROUPE_TYPE_ITEM(context, before, tag) &troupe_type_##tag,
#define TROUPE_TYPE_ITEM_LAST(context, tag)

/* A pointer to the descriptor of `tag`, refused with `words` unless `condition` holds. */
#define TROUPE_TYPE_IF(tag, condition, words) \
    (&troupe_type_##tag + 0 * sizeof(struct { _Static_assert(condition, words); char c; }))
/* clang-format on */

#endif
