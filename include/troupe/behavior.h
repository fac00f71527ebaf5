/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_BEHAVIOR_H
#define TROUPE_BEHAVIOR_H

/*
 * A behavior is the constant description of an actor: its name, the messages it takes,
 * its state, its functions. There are two forms.
 *
 * A handler actor is one function per message type, each run to its end:
 *
 *     static troupe_status on_work(troupe_actor *self, struct tally *tally,
 *                                  const struct work *work);
 *     TROUPE_BEHAVIOR(worker, tally, TROUPE_ON(work, on_work), .capacity = 64);
 *
 * A process is one function with a stack of its own, which may wait in it:
 *
 *     static troupe_status body(troupe_actor *self);
 *     TROUPE_PROCESS(main_process, body, TROUPE_ACCEPTS(area));
 *
 * One rule for the parameters of every function given here: the actor first, then the
 * state, then the message; what would carry nothing is left out. So a behavior with
 * troupe_no_state has handlers without a state, a signal's handler is without a
 * message, and TROUPE_INIT(troupe_no_arguments, f) has an f without arguments. Anything
 * else does not compile, and the message says what was expected.
 */

#include "troupe/message.h"
#include "troupe/system.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A handler behind its types, as the runtime calls it. */
typedef troupe_status troupe_thunk(troupe_actor *self, void *state, const void *body);

/** One accepted message type. */
struct troupe_accept {
    const troupe_type *type;
    troupe_thunk *handle; /**< NULL in processes */
};

/** What happens to mail for a full mailbox. */
enum troupe_overflow {
    TROUPE_PARK = 0,    /**< the sender waits */
    TROUPE_REFUSE,      /**< the sender is told with TROUPE_FULL or troupe_refused */
    TROUPE_DROP_NEWEST, /**< dropped and counted */
    TROUPE_DROP_OLDEST  /**< the oldest in the mailbox is dropped and counted */
};

/** For .capacity: no bound but the rank's. */
#define TROUPE_UNBOUNDED UINT32_MAX

/** For .flags. */
enum troupe_behavior_flags {
    TROUPE_TRAP_EXIT = 1,            /**< ends of linked actors come as troupe_exited */
    TROUPE_RESTARTABLE_FROM_TOP = 2, /**< rank process: asks troupe_restored() first */
    TROUPE_REPLICATED = 4 /**< rank process: its state is the same on all ranks */
};

/** The description of an actor. Made by the macros below; zero means the default. */
typedef struct troupe_behavior {
    const char *name;
    const troupe_type *state;            /**< NULL: none */
    const struct troupe_accept *accepts; /**< n_accepts of them */
    uint32_t n_accepts;
    uint32_t capacity; /**< of the mailbox; 0: 1024; TROUPE_UNBOUNDED. What a process
                            waits for may be handed to it and takes no room */
    enum troupe_overflow overflow;
    uint32_t flags;               /**< enum troupe_behavior_flags */
    size_t stack_size;            /**< of a process in bytes; 0: the default */
    const troupe_type *arguments; /**< of init or of a spawned process; NULL: none */
    troupe_status (*init)(troupe_actor *self, void *state, const void *arguments);
    void (*fini)(troupe_actor *self, void *state);
    /** Instead of a plain copy of the state: */
    troupe_status (*save)(troupe_actor *self, const void *state, troupe_writer *writer);
    troupe_status (*restore)(troupe_actor *self, void *state, troupe_reader *reader);
    /** Of rank processes, for a restart on another number of ranks: TROUPE_PARTS. */
    void (*merge)(void *whole, const void *part);
    void (*split)(const void *whole, void *part, int rank, int n_ranks);
    /** A process has one of these two, a handler actor none. */
    troupe_status (*body)(troupe_actor *self);
    troupe_status (*body_with_arguments)(troupe_actor *self, int argc, char **argv);
    const troupe_type *const *sends; /**< beyond what it accepts; NULL-ended or NULL */
    const struct troupe_behavior *const *spawns; /**< NULL-ended or NULL */
} troupe_behavior;

#ifdef __cplusplus
}
#else /* C only: the macros */

#include "troupe/detail/behavior.h"

/**
 * Defines `const troupe_behavior name` of a handler actor with the state `struct
 * state_tag` (TROUPE_TYPE or TROUPE_PRIVATE; zeroed at spawn), or troupe_no_state:
 *
 *     TROUPE_BEHAVIOR(worker, tally, TROUPE_ON(work, on_work), TROUPE_FINI(on_end),
 *                     .capacity = 64);
 *
 * Up to 64 items in any order: TROUPE_ON, _INIT, _FINI, _SAVE, _RESTORE, _SENDS,
 * _SPAWNS and fields of troupe_behavior. A type listed twice does not compile.
 */
#define TROUPE_BEHAVIOR(name, ...)                                                     \
    TROUPE_CAT(TROUPE_BEHAVIOR_, TROUPE_ONE_OR_MANY(__VA_ARGS__))(name, __VA_ARGS__)

/**
 * Defines `const troupe_behavior name` of a process. The function is `troupe_status
 * body(troupe_actor *self)`, or, for rank processes, `(self, int argc, char **argv)`.
 * Items: TROUPE_ACCEPTS, _STATE, _ARGUMENTS, _SENDS, _SPAWNS and fields such as
 * .stack_size = 65536.
 */
#define TROUPE_PROCESS(name, ...)                                                      \
    TROUPE_CAT(TROUPE_PROCESS_, TROUPE_ONE_OR_MANY(__VA_ARGS__))(name, __VA_ARGS__)

/** Makes a behavior or process of another file known, usually in a header. */
#define TROUPE_BEHAVIOR_DECLARE(name)        extern const troupe_behavior name
#define TROUPE_PROCESS_DECLARE(name)         extern const troupe_behavior name

/** A message type and `troupe_status handler(self, state, const struct type *)`. */
#define TROUPE_ON(type, handler)             (ON, type, handler)

/** Before the first message: `troupe_status f(self, state, const struct tag *)`. */
#define TROUPE_INIT(arguments_tag, function) (INIT, arguments_tag, function)

/** Runs at the end of each life: `void f(self, state)`. */
#define TROUPE_FINI(function)                (FINI, function)

/** `troupe_status f(self, const state, troupe_writer *)` writes the state. */
#define TROUPE_SAVE(function)                (SAVE, function)

/** `troupe_status f(self, state, troupe_reader *)` reads what save wrote. */
#define TROUPE_RESTORE(function)             (RESTORE, function)

/** The types that a process receives: TROUPE_ACCEPTS(area, troupe_down). */
#define TROUPE_ACCEPTS(...)                                                            \
    (ACCEPTS, TROUPE_EACH(TROUPE_ACCEPTS_MEMBER, ~, ~, __VA_ARGS__),                   \
     TROUPE_EACH(TROUPE_ACCEPTS_ROW, ~, ~, __VA_ARGS__))

/** The types it sends and does not accept: TROUPE_SENDS(area). */
#define TROUPE_SENDS(...)               (SENDS, TROUPE_TYPES(__VA_ARGS__))

/** The behaviors it spawns: TROUPE_SPAWNS(&worker, &logger). */
#define TROUPE_SPAWNS(...)              (SPAWNS, TROUPE_LIST(__VA_ARGS__))

/** The state of a process, for checkpoints. */
#define TROUPE_STATE(tag)               (STATE, tag)

/**
 * The same of a rank process whose ranks have different states, so that a job may go on
 * with another number of them: `void merge(struct tag *whole, const struct tag *part)`
 * adds the states of ranks 1, 2, ... to that of rank 0, `void split(const struct tag
 * *whole, struct tag *part, int rank, int n_ranks)` makes a rank's own of the whole.
 */
#define TROUPE_PARTS(tag, merge, split) (PARTS, tag, merge, split)

/** The arguments of a spawned process: troupe_arguments(self, tag) has them. */
#define TROUPE_ARGUMENTS(tag)           (ARGUMENTS, tag)

/** An array of behaviors, as options want them: TROUPE_LIST(&worker), NULL-ended. */
#define TROUPE_LIST(...)                ((const troupe_behavior *const[]){__VA_ARGS__, NULL})

#endif
#endif
