/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/loopback.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How actors are made and end, and what goes with them. */

enum { STATE_OFFSET = (sizeof(struct troupe_actor) + 15) / 16 * 16 };

troupe_actor *actor_create(struct actor_rank *home,
                           const struct actor_behavior *behavior,
                           uint64_t address)
{
    size_t size_bytes = STATE_OFFSET + behavior->state_bytes;
    uint8_t block_class, process_class;
    troupe_actor *actor = message_block_take(home->pool, size_bytes, &block_class);

    if (!actor)
        return NULL;
    memset(actor, 0, size_bytes);
    if (behavior->is_process) {
        actor->process =
            message_block_take(home->pool, sizeof *actor->process, &process_class);
        if (!actor->process) {
            message_block_give(home->pool, actor, block_class);
            return NULL;
        }
        memset(actor->process, 0, sizeof *actor->process);
        actor->process->block_class = process_class;
        actor->flags = ACTOR_IS_PROCESS;
    }
    actor->block_class = block_class;
    actor->home = home;
    actor->behavior = behavior;
    actor->state = behavior->state_bytes ? (char *)actor + STATE_OFFSET : NULL;
    actor->tail = &actor->head;
    actor->capacity = behavior->capacity;
    actor->overflow = (uint8_t)behavior->overflow;
    actor->address = address;
    home->n_actors++;
    home->n_stateful += actor_is_stateful(actor);
    home->state_bytes += behavior->state_bytes;
    return actor;
}

void actor_free(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;

    actor_forget(actor);
    home->n_stateful -= actor_is_stateful(actor);
    home->state_bytes -= actor->behavior->state_bytes;
    if (actor->extra)
        message_block_give(home->pool, actor->extra, actor->extra->block_class);
    if (actor->process)
        message_block_give(home->pool, actor->process, actor->process->block_class);
    message_block_give(home->pool, actor, actor->block_class);
    home->n_actors--;
}

struct actor_extra *actor_extra_try(troupe_actor *actor)
{
    struct actor_extra *extra = actor->extra;
    uint8_t block_class;

    if (extra)
        return extra;
    extra = message_block_take(actor->home->pool, sizeof *extra, &block_class);
    if (!extra)
        return NULL;
    memset(extra, 0, sizeof *extra);
    extra->block_class = block_class;
    base_list_init(&extra->monitors);
    base_list_init(&extra->watching);
    base_list_init(&extra->calls);
    base_list_init(&extra->requests);
    base_list_init(&extra->timers);
    base_list_init(&extra->owned);
    base_list_init(&extra->reserved);
    base_list_init(&extra->gate);
    base_map_init(&extra->xoff_ranks);
    extra->stash_tail = &extra->stash_head;
    actor->extra = extra;
    return extra;
}

struct actor_extra *actor_extra(troupe_actor *actor)
{
    struct actor_extra *extra = actor_extra_try(actor);

    base_require_memory(extra != NULL, "no memory to keep track of an actor");
    return extra;
}

/* ---- why an actor ends ---- */

static void end_with(troupe_actor *actor,
                     enum troupe_exit_kind kind,
                     troupe_status status,
                     const char *text)
{
    struct actor_extra *extra;

    if (actor->flags & ACTOR_ENDING)
        return;
    actor->flags |= ACTOR_ENDING;
    if (kind == TROUPE_EXIT_NORMAL)
        return; /* what an actor without an extra part ends with */
    extra = actor_extra(actor);
    extra->exit.kind = kind;
    extra->exit.status = status;
    snprintf(extra->exit.text, sizeof extra->exit.text, "%s", text);
}

void actor_end_with(troupe_actor *actor,
                    enum troupe_exit_kind kind,
                    troupe_status status,
                    const char *format,
                    ...)
{
    char text[TROUPE_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    end_with(actor, kind, status, text);
}

/* From anywhere inside the running actor to where the scheduler goes on. */
TROUPE_NORETURN static void leave(troupe_actor *self)
{
    struct actor_rank *home = self->home;

    if (self->process && self->process->fiber && !home->is_in_fini)
        fiber_end(self->process->fiber);
    longjmp(home->escape, 1);
}

static void
check_may_fail(const troupe_actor *self, const char *file, int line, const char *why)
{
    base_require(
        self->home->running == self,
        "%s:%d: %s; and the actor that the call names is not the one that runs", file,
        line, why);
    base_require(self->home->no_fail_depth == 0,
                 "%s:%d: %s; in a block, row, fold, save or restore function and in a "
                 "predicate nothing may fail",
                 file, line, why);
}

void troupe_fail(troupe_actor *self, troupe_status status, const char *format, ...)
{
    char text[TROUPE_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check_may_fail(self, __FILE__, __LINE__, text);
    end_with(self, TROUPE_EXIT_FAILED, status, text);
    leave(self);
}

void actor_bad_call(
    troupe_actor *self, const char *file, int line, const char *format, ...)
{
    char reason[TROUPE_TEXT_BYTES], text[TROUPE_TEXT_BYTES + 256];
    const char *base = strrchr(file, '/');
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    check_may_fail(self, file, line, reason);
    snprintf(text, sizeof text, "%s:%d: %s", base ? base + 1 : file, line, reason);
    end_with(self, TROUPE_EXIT_BAD_CALL, TROUPE_INVALID, text);
    leave(self);
}

void troupe_exit(troupe_actor *self)
{
    struct actor_rank *home = self->home;

    actor_require(self, home->running == self && home->no_fail_depth == 0,
                  "only the running actor can exit, and not from a predicate");
    end_with(self, TROUPE_EXIT_NORMAL, TROUPE_OK, "");
    if (self->process && !home->is_in_fini)
        fiber_end(self->process->fiber);
}

const char *troupe_exit_kind_text(enum troupe_exit_kind kind)
{
    static const char *const texts[] = {
        [TROUPE_EXIT_NORMAL] = "normal",     [TROUPE_EXIT_SHUTDOWN] = "shutdown",
        [TROUPE_EXIT_KILLED] = "killed",     [TROUPE_EXIT_FAILED] = "failed",
        [TROUPE_EXIT_BAD_CALL] = "bad call", [TROUPE_EXIT_TYPE_ERROR] = "type error",
        [TROUPE_EXIT_NO_ACTOR] = "no actor",
    };

    return (unsigned)kind < ARRAY_LENGTH(texts) ? texts[kind] : "unknown";
}

/* ---- the last calls ---- */

static void run_defers(troupe_actor *actor)
{
    while (actor->extra && actor->extra->defers) {
        struct actor_defer *defer = actor->extra->defers;

        actor->extra->defers = defer->next; /* first: a failing one is not run again */
        defer->function(defer->argument);
    }
}

static void run_defers_and_fini(troupe_actor *actor)
{
    run_defers(actor);
    if ((actor->flags & ACTOR_STARTED) && !(actor->flags & ACTOR_FINI_DONE)) {
        actor->flags |= ACTOR_FINI_DONE;
        if (actor->behavior->source->fini)
            actor->behavior->source->fini(actor, actor->state);
    }
    run_defers(actor); /* those that fini has added */
}

void actor_run_last_calls(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;
    jmp_buf saved;

    if (!(actor->flags & ACTOR_STARTED))
        return;
    if (!actor->behavior->source->fini && !(actor->extra && actor->extra->defers))
        return;
    memcpy(saved, home->escape, sizeof saved);
    home->running = actor;
    home->is_in_fini = true;
    (void)_setjmp(home->escape); /* a failing call lands here, the next one goes on */
    run_defers_and_fini(actor);
    home->is_in_fini = false;
    home->running = NULL;
    memcpy(home->escape, saved, sizeof saved);
}

/* ---- arena and defers ---- */

struct actor_arena {
    struct actor_arena *next;
    size_t used_bytes, capacity_bytes;
    uint8_t block_class;
    unsigned char bytes[] __attribute__((aligned(16)));
};

enum { ARENA_PAGE_BYTES = 1000 };

static struct actor_arena *arena_page(troupe_actor *self, size_t size_bytes)
{
    size_t capacity = size_bytes > ARENA_PAGE_BYTES ? size_bytes : ARENA_PAGE_BYTES;
    uint8_t block_class;
    struct actor_arena *page;

    if (capacity > SIZE_MAX / 2 || !actor_extra_try(self))
        return NULL;
    page = message_block_take(self->home->pool, sizeof *page + capacity, &block_class);
    if (!page)
        return NULL;
    page->next = self->extra->arena;
    page->used_bytes = 0;
    page->capacity_bytes = capacity;
    page->block_class = block_class;
    self->extra->arena = page;
    return page;
}

void *troupe_alloc(troupe_actor *self, size_t size_bytes)
{
    struct actor_arena *page = self->extra ? self->extra->arena : NULL;
    size_t rounded = (size_bytes + 15) & ~(size_t)15;
    void *memory;

    if (rounded < size_bytes)
        return NULL;
    if (!page || page->capacity_bytes - page->used_bytes < rounded)
        page = arena_page(self, rounded);
    if (!page)
        return NULL;
    memory = page->bytes + page->used_bytes;
    page->used_bytes += rounded;
    memset(memory, 0, rounded);
    return memory;
}

static void arena_free(troupe_actor *actor)
{
    while (actor->extra->arena) {
        struct actor_arena *page = actor->extra->arena;

        actor->extra->arena = page->next;
        message_block_give(actor->home->pool, page, page->block_class);
    }
}

troupe_status
troupe_defer(troupe_actor *self, void (*function)(void *argument), void *argument)
{
    struct actor_defer *defer = troupe_alloc(self, sizeof *defer);

    actor_require(self, function != NULL, "nothing to defer");
    if (!defer)
        return TROUPE_NO_MEMORY;
    *defer = (struct actor_defer){
        .next = self->extra->defers, .function = function, .argument = argument};
    self->extra->defers = defer;
    return TROUPE_OK;
}

/* ---- the end ---- */

static void log_end(troupe_actor *actor, const struct actor_exit *exit)
{
    char who[96];

    if (exit->kind != TROUPE_EXIT_FAILED && exit->kind != TROUPE_EXIT_BAD_CALL)
        return;
    if (actor->flags & ACTOR_IS_RANK_PROCESS)
        return; /* its end is the job's, and said there */
    if (actor->home->rank->log.level < BASE_LOG_WARNING)
        return;
    actor_describe(actor->home, actor->address, who, sizeof who);
    log_warning(&actor->home->rank->log, "%s ended: %s (%s): %s", who,
                troupe_exit_kind_text(exit->kind), troupe_status_name(exit->status),
                exit->text);
}

void actor_extra_release(troupe_actor *actor)
{
    struct actor_extra *extra = actor->extra;

    actor_requests_fail(actor);
    actor_calls_free(actor);
    actor_timers_free(actor);
    actor_watches_free(actor);
    actor_owned_free_all(actor);
    arena_free(actor);
    if (extra->arguments)
        message_block_give(actor->home->pool, extra->arguments, extra->arguments_class);
    extra->arguments = NULL;
    if (actor->flags & ACTOR_HAS_STASH) {
        *extra->stash_tail = actor->head;
        if (!actor->head)
            actor->tail = extra->stash_tail;
        actor->head = extra->stash_head;
    }
}

static void stop_process(troupe_actor *actor)
{
    struct actor_wait *wait = actor->process->wait;

    if (wait && wait->parcel)
        actor_parcel_cancel(wait->parcel);
    if (actor->process->calling && actor->process->calling->envelope)
        actor_envelope_discard(actor->home, actor->process->calling->envelope);
    actor->process->calling = NULL;
    if (wait && wait->withdraw)
        wait->withdraw(wait);
    if (wait)
        actor_handed_back(actor, wait);
    actor_wait_clear(actor);
    if (actor->process->current.envelope)
        message_give(actor->home->pool, actor->process->current.envelope);
    if (actor->process->current.type &&
        (actor->process->current.flags & MESSAGE_REQUEST) &&
        !actor->process->current.is_answered)
        actor_call_fail(actor->home, actor->process->current.sender,
                        actor->process->current.reference, TROUPE_DOWN,
                        actor_exit_kind(actor));
    memset(&actor->process->current, 0, sizeof actor->process->current);
    if (actor->process->fiber)
        fiber_destroy(actor->home->fibers, actor->process->fiber);
    actor->process->fiber = NULL;
}

static void tell_modules(troupe_actor *actor)
{
    const struct base_module *const *module = actor->home->modules;

    for (; module && *module; module++)
        if ((*module)->actor_ended)
            (*module)->actor_ended(actor->home->rank, actor,
                                   (troupe_address){actor->address});
}

void actor_end(troupe_actor *actor)
{
    static const struct actor_exit normal = {.kind = TROUPE_EXIT_NORMAL};
    struct actor_rank *home = actor->home;
    const struct actor_exit *exit;

    actor_forget(actor);
    if (actor->process)
        stop_process(actor);
    actor_ready_remove(actor);
    actor->flags |= ACTOR_RUNNING; /* so that nothing makes it ready again */
    actor_reserve_force(actor, 0);
    actor_run_last_calls(actor);
    tell_modules(actor);
    exit = actor->extra ? &actor->extra->exit : &normal;
    log_end(actor, exit);
    if (actor->extra)
        actor_extra_release(actor);
    if (!actor->process)
        actor_loopback_settle(home);
    if (actor_address_index(actor->address) != 0)
        actor_address_free(home, actor->address);
    else
        home->rank_process = NULL;
    actor_mailbox_clear(actor);
    if (actor->extra) {
        actor_gate_retry(home, &actor->extra->gate);
        actor_monitors_fire(actor, exit);
    }
    home->counts.n_ended++;
    if (actor->flags & ACTOR_IS_RANK_PROCESS)
        actor_rank_process_ended(home, exit);
    actor_free(actor);
}

/* ---- stopping others ---- */

void actor_stop_at(struct actor_rank *home, uint64_t target, enum troupe_exit_kind kind)
{
    troupe_actor *actor = actor_find_or_embryo(home, target);

    if (!actor || (actor->flags & ACTOR_ENDING))
        return;
    actor_end_with(actor, kind, TROUPE_OK, "%s", "it was told to stop");
    if (actor->flags & ACTOR_HELD) {
        actor->flags &= (uint16_t)~ACTOR_HELD;
        actor_make_ready(actor);
        actor->flags |= ACTOR_HELD;
        return;
    }
    actor_make_ready(actor);
}

troupe_status
troupe_stop_actor(troupe_actor *self, troupe_address who, enum troupe_exit_kind kind)
{
    struct actor_rank *home = self->home;
    struct comm_header header = {.kind = ACTOR_KIND_STOP,
                                 .to = who.bits,
                                 .from = self->address,
                                 .type = (uint16_t)kind};
    int peer = actor_rank_of(home, who.bits);

    if (kind != TROUPE_EXIT_SHUTDOWN && kind != TROUPE_EXIT_KILLED)
        return TROUPE_INVALID;
    if (peer < 0)
        return TROUPE_OK;
    if (peer == home->me) {
        actor_stop_at(home, who.bits, kind);
        return TROUPE_OK;
    }
    return comm_post(home->comm, peer, &header, NULL, 0);
}
