/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DETAIL_PARAMETER_H
#define TROUPE_DETAIL_PARAMETER_H

/*
 * Parameters that are there only if they carry something: none for troupe_no_state and
 * troupe_no_arguments. As a type, as a value, and in the words of an error.
 */

#include "troupe/detail/each.h"

/* clang-format off */
#define TROUPE_PARAMETER_0(tag)       , struct tag *
#define TROUPE_PARAMETER_1(tag)
#define TROUPE_CONST_PARAMETER_0(tag) , const struct tag *
#define TROUPE_CONST_PARAMETER_1(tag)
#define TROUPE_SAY_0(tag)             ", struct " #tag " *"
#define TROUPE_SAY_1(tag)
#define TROUPE_CONST_SAY_0(tag)       ", const struct " #tag " *"
#define TROUPE_CONST_SAY_1(tag)
#define TROUPE_VALUE_0(value)         , value
#define TROUPE_VALUE_1(value)
#define TROUPE_POINTER_0(tag)         &troupe_type_##tag
#define TROUPE_POINTER_1(tag)         NULL
#define TROUPE_PARAMETER(tag)       TROUPE_CAT(TROUPE_PARAMETER_, TROUPE_IS_ABSENT(tag))(tag)
#define TROUPE_CONST_PARAMETER(tag) TROUPE_CAT(TROUPE_CONST_PARAMETER_, TROUPE_IS_ABSENT(tag))(tag)
#define TROUPE_SAY(tag)             TROUPE_CAT(TROUPE_SAY_, TROUPE_IS_ABSENT(tag))(tag)
#define TROUPE_CONST_SAY(tag)       TROUPE_CAT(TROUPE_CONST_SAY_, TROUPE_IS_ABSENT(tag))(tag)
#define TROUPE_VALUE_OF(tag, value) TROUPE_CAT(TROUPE_VALUE_, TROUPE_IS_ABSENT(tag))(value)
#define TROUPE_POINTER_TO(tag)      TROUPE_CAT(TROUPE_POINTER_, TROUPE_IS_ABSENT(tag))(tag)

/* ---- the form that a function must have, and the words if it has another ------------- */

#define TROUPE_IS_A(function, ...) _Generic(&function, __VA_ARGS__: 1, default: 0)
#define TROUPE_NEEDS(name, function, condition, result, parameters) \
    _Static_assert(condition, "behavior " #name " needs: " result " " #function \
                              "(troupe_actor *" parameters ")");
#define TROUPE_ONLY_IN_BEHAVIOR(form, name, item) \
    _Static_assert(TROUPE_IS_BEHAVIOR_##form, \
        "process " #name ": " item " belongs to a TROUPE_BEHAVIOR");
#define TROUPE_ONLY_IN_PROCESS(form, name, item) \
    _Static_assert(!TROUPE_IS_BEHAVIOR_##form, \
        "behavior " #name ": " item " belongs to a TROUPE_PROCESS");
/* clang-format on */

#endif
