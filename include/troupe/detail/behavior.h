/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DETAIL_BEHAVIOR_H
#define TROUPE_DETAIL_BEHAVIOR_H

/*
 * What TROUPE_BEHAVIOR and TROUPE_PROCESS expand to. An item is "(KIND, ...)" or a
 * plain initialiser such as ".capacity = 64". The list is walked four times: DEFINE  at
 * file scope: checks and typed thunks, so that no function is cast ACCEPT  rows of the
 * table of accepted types ONCE    a struct member for each accepted type: twice the
 * same is an error, and the size of the struct is their number SET     fields of the
 * struct troupe_behavior The context is (behavior or process, name, tag of the state).
 */

#include "troupe/detail/parameter.h"
#include "troupe/detail/type.h"

/* clang-format off */
#define TROUPE_IS_BEHAVIOR_behavior 1
#define TROUPE_IS_BEHAVIOR_process  0

#define TROUPE_DEFINE(c, before, item) TROUPE_CAT(TROUPE_DEFINE_, TROUPE_IS_TUPLE(item))(c, item)
#define TROUPE_ACCEPT(c, before, item) TROUPE_CAT(TROUPE_ACCEPT_, TROUPE_IS_TUPLE(item))(c, item)
#define TROUPE_ONCE(c, before, item)   TROUPE_CAT(TROUPE_ONCE_, TROUPE_IS_TUPLE(item))(c, item)
#define TROUPE_SET(c, before, item)    TROUPE_CAT(TROUPE_SET_, TROUPE_IS_TUPLE(item))(c, item)
#define TROUPE_DEFINE_LAST(c, item)
#define TROUPE_ACCEPT_LAST(c, item)
#define TROUPE_ONCE_LAST(c, item)
#define TROUPE_SET_LAST(c, item)

/* A plain initialiser. */
#define TROUPE_DEFINE_0(c, item)
#define TROUPE_ACCEPT_0(c, item)
#define TROUPE_ONCE_0(c, item)
#define TROUPE_SET_0(c, item) item,

/* A tuple: called by the name of its kind with (form, name, state, rest of the tuple). */
#define TROUPE_DEFINE_1(c, item) TROUPE_ITEM(DEFINE, TROUPE_UNTUPLE c, TROUPE_UNTUPLE item)
#define TROUPE_ACCEPT_1(c, item) TROUPE_ITEM(ACCEPT, TROUPE_UNTUPLE c, TROUPE_UNTUPLE item)
#define TROUPE_ONCE_1(c, item)   TROUPE_ITEM(ONCE, TROUPE_UNTUPLE c, TROUPE_UNTUPLE item)
#define TROUPE_SET_1(c, item)    TROUPE_ITEM(SET, TROUPE_UNTUPLE c, TROUPE_UNTUPLE item)
#define TROUPE_ITEM(...)         TROUPE_ITEM_(__VA_ARGS__)
#define TROUPE_ITEM_(walk, form, name, state, kind, ...) \
    TROUPE_##walk##_##kind(form, name, state, __VA_ARGS__)

/* ---- TROUPE_ON ----------------------------------------------------------------------- */

#define TROUPE_SIGNAL_HANDLER(state) troupe_status (*)(troupe_actor *TROUPE_PARAMETER(state))
#define TROUPE_FIELDS_HANDLER(state, type) \
    troupe_status (*)(troupe_actor *TROUPE_PARAMETER(state), const struct type *)
/*
 * Only the compiler knows which types are signals, so the thunk has both calls, each with
 * the handler if it is of that form and with a null function that is never called if not.
 */
#define TROUPE_DEFINE_ON(form, name, state_tag, type, handler) \
    TROUPE_ONLY_IN_BEHAVIOR(form, name, "TROUPE_ON") \
    TROUPE_NEEDS(name, handler, (int)troupe_shape_##type != TROUPE_SHAPE_SIGNAL || \
        TROUPE_IS_A(handler, TROUPE_SIGNAL_HANDLER(state_tag)), \
        "troupe_status", TROUPE_SAY(state_tag)) \
    TROUPE_NEEDS(name, handler, (int)troupe_shape_##type == TROUPE_SHAPE_SIGNAL || \
        TROUPE_IS_A(handler, TROUPE_FIELDS_HANDLER(state_tag, type)), \
        "troupe_status", TROUPE_SAY(state_tag) ", const struct " #type " *") \
    _Static_assert((int)troupe_shape_##type != TROUPE_SHAPE_PRIVATE, \
        "behavior " #name ": struct " #type " is private and cannot be sent"); \
    static troupe_status troupe_##name##_takes_##type(troupe_actor *self, \
                                                      void *state, const void *body) \
    { \
        (void)state; \
        (void)body; \
        if (TROUPE_IS_A(handler, TROUPE_SIGNAL_HANDLER(state_tag))) \
            return _Generic(&handler, TROUPE_SIGNAL_HANDLER(state_tag): &handler, \
                default: (TROUPE_SIGNAL_HANDLER(state_tag))0)( \
                self TROUPE_VALUE_OF(state_tag, state)); \
        return _Generic(&handler, TROUPE_FIELDS_HANDLER(state_tag, type): &handler, \
            default: (TROUPE_FIELDS_HANDLER(state_tag, type))0)( \
            self TROUPE_VALUE_OF(state_tag, state), body); \
    }
#define TROUPE_ACCEPT_ON(form, name, state, type, handler) \
    { &troupe_type_##type, troupe_##name##_takes_##type },
#define TROUPE_ONCE_ON(form, name, state, type, handler) char accepts_##type##_twice;
#define TROUPE_SET_ON(form, name, state, type, handler)

/* ---- TROUPE_ACCEPTS ------------------------------------------------------------------ */

#define TROUPE_ACCEPTS_ROW(c, before, type)    { &troupe_type_##type, NULL },
#define TROUPE_ACCEPTS_ROW_LAST(c, type)
#define TROUPE_ACCEPTS_MEMBER(c, before, type) char accepts_##type##_twice;
#define TROUPE_ACCEPTS_MEMBER_LAST(c, type)
#define TROUPE_DEFINE_ACCEPTS(form, name, state, ...) \
    TROUPE_ONLY_IN_PROCESS(form, name, "TROUPE_ACCEPTS")
#define TROUPE_ACCEPT_ACCEPTS(form, name, state, members, ...) __VA_ARGS__
#define TROUPE_ONCE_ACCEPTS(form, name, state, members, ...)   members
#define TROUPE_SET_ACCEPTS(form, name, state, ...)

/* ---- TROUPE_INIT, TROUPE_FINI -------------------------------------------------------- */

#define TROUPE_DEFINE_INIT(form, name, state_tag, arguments_tag, function) \
    TROUPE_ONLY_IN_BEHAVIOR(form, name, "TROUPE_INIT") \
    TROUPE_NEEDS(name, function, TROUPE_IS_A(function, troupe_status (*)(troupe_actor * \
            TROUPE_PARAMETER(state_tag) TROUPE_CONST_PARAMETER(arguments_tag))), \
        "troupe_status", TROUPE_SAY(state_tag) TROUPE_CONST_SAY(arguments_tag)) \
    static troupe_status troupe_##name##_init(troupe_actor *self, void *state, \
                                              const void *arguments) \
    { \
        (void)state; \
        (void)arguments; \
        return function(self TROUPE_VALUE_OF(state_tag, state) \
                            TROUPE_VALUE_OF(arguments_tag, arguments)); \
    }
#define TROUPE_ACCEPT_INIT(form, name, state, ...)
#define TROUPE_ONCE_INIT(form, name, state, ...)
#define TROUPE_SET_INIT(form, name, state, arguments_tag, function) \
    .arguments = TROUPE_POINTER_TO(arguments_tag), .init = troupe_##name##_init,

#define TROUPE_DEFINE_FINI(form, name, state_tag, function) \
    TROUPE_ONLY_IN_BEHAVIOR(form, name, "TROUPE_FINI") \
    TROUPE_NEEDS(name, function, \
        TROUPE_IS_A(function, void (*)(troupe_actor *TROUPE_PARAMETER(state_tag))), \
        "void", TROUPE_SAY(state_tag)) \
    static void troupe_##name##_fini(troupe_actor *self, void *state) \
    { \
        (void)state; \
        function(self TROUPE_VALUE_OF(state_tag, state)); \
    }
#define TROUPE_ACCEPT_FINI(form, name, state, ...)
#define TROUPE_ONCE_FINI(form, name, state, ...)
#define TROUPE_SET_FINI(form, name, state, function) .fini = troupe_##name##_fini,

/* ---- TROUPE_SAVE, TROUPE_RESTORE ----------------------------------------------------- */

#define TROUPE_DEFINE_SAVE(form, name, state_tag, function) \
    TROUPE_ONLY_IN_BEHAVIOR(form, name, "TROUPE_SAVE") \
    TROUPE_NEEDS(name, function, TROUPE_IS_A(function, troupe_status (*)(troupe_actor * \
            TROUPE_CONST_PARAMETER(state_tag), troupe_writer *)), \
        "troupe_status", TROUPE_CONST_SAY(state_tag) ", troupe_writer *") \
    static troupe_status troupe_##name##_save(troupe_actor *self, const void *state, \
                                              troupe_writer *writer) \
    { \
        (void)state; \
        return function(self TROUPE_VALUE_OF(state_tag, state), writer); \
    }
#define TROUPE_ACCEPT_SAVE(form, name, state, ...)
#define TROUPE_ONCE_SAVE(form, name, state, ...)
#define TROUPE_SET_SAVE(form, name, state, function) .save = troupe_##name##_save,

#define TROUPE_DEFINE_RESTORE(form, name, state_tag, function) \
    TROUPE_ONLY_IN_BEHAVIOR(form, name, "TROUPE_RESTORE") \
    TROUPE_NEEDS(name, function, TROUPE_IS_A(function, troupe_status (*)(troupe_actor * \
            TROUPE_PARAMETER(state_tag), troupe_reader *)), \
        "troupe_status", TROUPE_SAY(state_tag) ", troupe_reader *") \
    static troupe_status troupe_##name##_restore(troupe_actor *self, void *state, \
                                                 troupe_reader *reader) \
    { \
        (void)state; \
        return function(self TROUPE_VALUE_OF(state_tag, state), reader); \
    }
#define TROUPE_ACCEPT_RESTORE(form, name, state, ...)
#define TROUPE_ONCE_RESTORE(form, name, state, ...)
#define TROUPE_SET_RESTORE(form, name, state, function) .restore = troupe_##name##_restore,

/* ---- the rest, which only sets fields ------------------------------------------------ */

#define TROUPE_DEFINE_SENDS(form, name, state, ...)
#define TROUPE_ACCEPT_SENDS(form, name, state, ...)
#define TROUPE_ONCE_SENDS(form, name, state, ...)
#define TROUPE_SET_SENDS(form, name, state, ...) .sends = __VA_ARGS__,

#define TROUPE_DEFINE_SPAWNS(form, name, state, ...)
#define TROUPE_ACCEPT_SPAWNS(form, name, state, ...)
#define TROUPE_ONCE_SPAWNS(form, name, state, ...)
#define TROUPE_SET_SPAWNS(form, name, state, ...) .spawns = __VA_ARGS__,

#define TROUPE_DEFINE_STATE(form, name, none, tag) \
    TROUPE_ONLY_IN_PROCESS(form, name, "TROUPE_STATE") \
    TROUPE_STATE_CHECK(name, tag)
#define TROUPE_ACCEPT_STATE(form, name, none, tag)
#define TROUPE_ONCE_STATE(form, name, none, tag)
#define TROUPE_SET_STATE(form, name, none, tag) .state = &troupe_type_##tag,

#define TROUPE_DEFINE_PARTS(form, name, none, tag, merge_function, split_function) \
    TROUPE_ONLY_IN_PROCESS(form, name, "TROUPE_PARTS") \
    TROUPE_STATE_CHECK(name, tag) \
    _Static_assert(TROUPE_IS_A(merge_function, void (*)(struct tag *, const struct tag *)), \
        "process " #name " needs: void " #merge_function "(struct " #tag \
        " *, const struct " #tag " *)"); \
    _Static_assert(TROUPE_IS_A(split_function, \
            void (*)(const struct tag *, struct tag *, int, int)), \
        "process " #name " needs: void " #split_function "(const struct " #tag \
        " *, struct " #tag " *, int, int)"); \
    static void troupe_##name##_merge(void *whole, const void *part) \
    { \
        merge_function(whole, part); \
    } \
    static void troupe_##name##_split(const void *whole, void *part, int rank, int n_ranks) \
    { \
        split_function(whole, part, rank, n_ranks); \
    }
#define TROUPE_ACCEPT_PARTS(form, name, none, ...)
#define TROUPE_ONCE_PARTS(form, name, none, ...)
#define TROUPE_SET_PARTS(form, name, none, tag, merge_function, split_function) \
    .state = &troupe_type_##tag, .merge = troupe_##name##_merge, \
    .split = troupe_##name##_split,

#define TROUPE_DEFINE_ARGUMENTS(form, name, state, tag) \
    TROUPE_ONLY_IN_PROCESS(form, name, "TROUPE_ARGUMENTS")
#define TROUPE_ACCEPT_ARGUMENTS(form, name, state, tag)
#define TROUPE_ONCE_ARGUMENTS(form, name, state, tag)
#define TROUPE_SET_ARGUMENTS(form, name, state, tag) .arguments = &troupe_type_##tag,

#define TROUPE_DEFINE_NOTHING(form, name, state, ...)
#define TROUPE_ACCEPT_NOTHING(form, name, state, ...)
#define TROUPE_ONCE_NOTHING(form, name, state, ...)
#define TROUPE_SET_NOTHING(form, name, state, ...)

/* ---- the whole ----------------------------------------------------------------------- */

#define TROUPE_STATE_CHECK_0(name, tag) \
    _Static_assert((int)troupe_shape_##tag == TROUPE_SHAPE_FIELDS || \
                   (int)troupe_shape_##tag == TROUPE_SHAPE_PRIVATE, \
        "behavior " #name ": " #tag " has a tail or is a signal and cannot be a state");
#define TROUPE_STATE_CHECK_1(name, tag)
#define TROUPE_STATE_CHECK(name, tag) \
    TROUPE_CAT(TROUPE_STATE_CHECK_, TROUPE_IS_ABSENT(tag))(name, tag)

#define TROUPE_BEHAVIOR_ONE(name, state)       TROUPE_BEHAVIOR_MANY(name, state, (NOTHING, ~))
#define TROUPE_BEHAVIOR_MANY(behavior_name, state_tag, ...) \
    TROUPE_STATE_CHECK(behavior_name, state_tag) \
    TROUPE_WHOLE((behavior, behavior_name, state_tag), behavior_name, __VA_ARGS__) \
        .state = TROUPE_POINTER_TO(state_tag)}

#define TROUPE_PROCESS_ONE(name, body)         TROUPE_PROCESS_MANY(name, body, (NOTHING, ~))
#define TROUPE_PLAIN_BODY    troupe_status (*)(troupe_actor *)
#define TROUPE_ARGUMENT_BODY troupe_status (*)(troupe_actor *, int, char **)
#define TROUPE_PROCESS_MANY(process_name, function, ...) \
    _Static_assert(TROUPE_IS_A(function, TROUPE_PLAIN_BODY) || \
                   TROUPE_IS_A(function, TROUPE_ARGUMENT_BODY), \
        "process " #process_name " needs: troupe_status " #function "(troupe_actor *) or " \
        "troupe_status " #function "(troupe_actor *, int, char **)"); \
    TROUPE_WHOLE((process, process_name, troupe_no_state), process_name, __VA_ARGS__) \
        .body = _Generic(&function, TROUPE_PLAIN_BODY: &function, \
                         default: (TROUPE_PLAIN_BODY)0), \
        .body_with_arguments = _Generic(&function, TROUPE_ARGUMENT_BODY: &function, \
                                        default: (TROUPE_ARGUMENT_BODY)0)}

#define TROUPE_WHOLE(context, behavior_name, ...) \
    TROUPE_EACH(TROUPE_DEFINE, context, ~, __VA_ARGS__) \
    static const struct troupe_accept troupe_##behavior_name##_accepts[] = { \
        TROUPE_EACH(TROUPE_ACCEPT, context, ~, __VA_ARGS__) {NULL, NULL}}; \
    const troupe_behavior behavior_name = { \
        TROUPE_EACH(TROUPE_SET, context, ~, __VA_ARGS__) \
        .name = #behavior_name, \
        .accepts = troupe_##behavior_name##_accepts, \
        .n_accepts = sizeof(struct { \
            TROUPE_EACH(TROUPE_ONCE, context, ~, __VA_ARGS__) char end; }) - 1,
/* clang-format on */

#endif
