/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/saved.h"
#include "message/snapshot.h"
#include <string.h>

/* What a rank saves: the table of names, its counts, its slots, its actors. Nothing
 * runs meanwhile, so it goes as fast as memory does. */

static troupe_status
put(struct saving *saving, uint8_t kind, uint64_t key, const void *data, size_t n)
{
    troupe_status status = saving->saver->put(saving->saver, kind, key, data, n);

    if (saving->status == TROUPE_OK)
        saving->status = status;
    return status;
}

/* ---- states ------------------------------------------------------------------- */

/* How long it is stands before what a save function has written. */
static troupe_status put_length(struct base_bytes *bytes, size_t before)
{
    size_t length = bytes->size - before;
    uint32_t narrow = (uint32_t)length;

    if (bytes->failed)
        return TROUPE_NO_MEMORY;
    if (length > UINT32_MAX)
        return TROUPE_INVALID;
    memcpy(bytes->data + before - sizeof narrow, &narrow, sizeof narrow);
    return TROUPE_OK;
}

static void put_own_state(struct saving *saving, troupe_actor *actor)
{
    struct actor_rank *home = saving->home;
    struct base_bytes *bytes = &saving->page;
    troupe_writer writer = {.bytes = bytes};
    troupe_status status;
    size_t before;

    base_bytes_append_u32(bytes, 0);
    before = bytes->size;
    home->running = actor;
    home->no_fail_depth++;
    status = actor->behavior->source->save(actor, actor->state, &writer);
    home->no_fail_depth--;
    home->running = NULL;
    if (status == TROUPE_OK)
        status = put_length(bytes, before);
    if (saving->status == TROUPE_OK)
        saving->status = status;
}

static bool is_private(const struct actor_behavior *behavior)
{
    const troupe_type *state = behavior->source->state;

    return state && (state->shape == TROUPE_SHAPE_PRIVATE || !state->name);
}

/* A state whose bytes are not known to mean anything elsewhere. */
static void refuse_state(struct saving *saving, const struct actor_behavior *behavior)
{
    if (saving->status == TROUPE_OK)
        log_error(&saving->home->rank->log,
                  "'%s' has a private state and no TROUPE_SAVE and TROUPE_RESTORE: it "
                  "cannot be saved",
                  behavior->source->name);
    saving->status = TROUPE_INVALID;
}

static void put_state(struct saving *saving, troupe_actor *actor, uint32_t bits)
{
    const struct actor_behavior *behavior = actor->behavior;

    if (behavior->source->save)
        put_own_state(saving, actor);
    else if (is_private(behavior))
        refuse_state(saving, behavior);
    else if (bits & SAVED_STATE_APART)
        (void)put(saving, SAVED_STATE, actor->address, actor->state,
                  behavior->state_bytes);
    else
        base_bytes_append(&saving->page, actor->state, behavior->state_bytes);
}

/* ---- actors ------------------------------------------------------------------- */

static void page_begin(struct saving *saving, uint64_t address)
{
    saving->page.size = 0;
    saving->page_key = address;
    saving->last_index = 0;
}

static void page_end(struct saving *saving)
{
    if (saving->page_key == 0)
        return;
    if (saving->page.failed)
        saving->status = TROUPE_NO_MEMORY;
    else
        (void)put(saving, SAVED_ACTORS, saving->page_key, saving->page.data,
                  saving->page.size);
    saving->page_key = 0;
}

static void put_body(struct saving *saving, troupe_actor *actor, uint32_t bits)
{
    if (actor->state && (bits & SAVED_STARTED) &&
        !(actor->flags & ACTOR_IS_RANK_PROCESS))
        put_state(saving, actor, bits);
    if (UNLIKELY(bits & ~(uint32_t)(SAVED_STARTED | SAVED_STATE_APART)))
        saved_parts_put(saving, actor, bits);
}

static void put_actor(struct saving *saving, troupe_actor *actor)
{
    uint32_t index = actor_address_index(actor->address);
    uint32_t bits = saved_bits_of(actor);
    unsigned char *at;

    if (saving->page_key == 0)
        page_begin(saving, actor->address);
    at = base_bytes_room(&saving->page, (size_t)4 * SAVED_NUMBER_BYTES);
    if (UNLIKELY(!at))
        return;
    at = saved_number_write(at, index - saving->last_index);
    at = saved_number_write(at, actor_address_generation(actor->address));
    at = saved_number_write(at, actor->behavior->id);
    at = saved_number_write(at, bits);
    saving->page.size = (size_t)(at - saving->page.data);
    saving->last_index = index;
    put_body(saving, actor, bits);
    if (saving->page.size >= SAVED_PAGE_BYTES)
        page_end(saving);
}

/* Actors of a slot were made in turn with those of all others: none is near the next.
 */
static void fetch_ahead(const troupe_actor *actor)
{
    enum { LINE_BYTES = 64, N_LINES = 4 };

    for (int i = 0; actor && i < N_LINES; i++)
        __builtin_prefetch((const char *)actor + (ptrdiff_t)(i * LINE_BYTES));
}

static void put_slot(struct saving *saving, uint32_t s)
{
    enum { AHEAD = 12 };
    const struct actor_slot *slot = &saving->home->slots[s];

    for (uint32_t i = 1; i < slot->n_entries; i++) {
        troupe_actor *actor = slot->entries[i].actor;

        if (i + AHEAD < slot->n_entries)
            fetch_ahead(slot->entries[i + AHEAD].actor);
        if (actor && actor_is_saved(actor))
            put_actor(saving, actor);
    }
    page_end(saving);
}

/* The highest index and the highest generation: new actors begin above one of them. */
static void put_marks(struct saving *saving, uint32_t s)
{
    const struct actor_slot *slot = &saving->home->slots[s];
    const uint32_t marks[] = {slot->n_entries, slot->highest_generation};

    if (slot->n_entries)
        (void)put(saving, SAVED_SLOT,
                  actor_address_make(saving->home->first_slot + s, 1, 0), marks,
                  sizeof marks);
}

static void put_main(struct saving *saving)
{
    troupe_actor *actor = saving->home->rank_process;
    uint32_t bits = actor ? saved_bits_of(actor) : 0;

    if (!actor)
        return;
    page_begin(saving, 0);
    saved_number_put(&saving->page, actor->behavior->id);
    saved_number_put(&saving->page, bits);
    put_body(saving, actor, bits);
    if (!saving->page.failed)
        (void)put(saving, SAVED_MAIN, actor->address, saving->page.data,
                  saving->page.size);
}

static void put_rank(struct saving *saving)
{
    const struct actor_rank *home = saving->home;
    struct base_bytes *bytes = &saving->page;

    page_begin(saving, 0);
    saved_number_put(bytes, home->n_slots);
    saved_number_put(bytes, home->next_reference);
    saved_number_put(bytes, home->next_held);
    saved_number_put(bytes, home->next_order);
    saved_number_put(bytes, home->rank_process != NULL);
    saved_number_put(bytes, ACTOR_N_DEAD_REASONS);
    for (int i = 0; i < ACTOR_N_DEAD_REASONS; i++)
        saved_number_put(bytes, home->counts.n_dead[i]);
    if (!bytes->failed)
        (void)put(saving, SAVED_RANK, (uint64_t)home->me, bytes->data, bytes->size);
}

/* What stands beside each state and message is guessed. */
uint64_t actor_save_bytes(struct troupe *rank)
{
    enum { BESIDE_BYTES = 32 };
    const struct actor_rank *home = actor_of(rank);

    return home->state_bytes + home->queued_bytes +
           (uint64_t)home->n_actors * BESIDE_BYTES;
}

troupe_status actor_save(struct troupe *rank, struct base_saver *saver)
{
    struct actor_rank *home = actor_of(rank);
    struct saving saving = {
        .home = home, .saver = saver, .now_ns = comm_now_ns(home->comm)};

    if (home->me == 0) /* it is the same on all */
        TROUPE_TRY(saved_types_save(home, saver));
    base_bytes_init(&saving.page);
    put_rank(&saving);
    put_main(&saving);
    for (uint32_t s = 0; s < home->n_own_slots && saving.status == TROUPE_OK; s++) {
        put_marks(&saving, s);
        put_slot(&saving, s);
    }
    if (saving.page.failed && saving.status == TROUPE_OK)
        saving.status = TROUPE_NO_MEMORY;
    base_bytes_fini(&saving.page);
    return saving.status;
}

/* ---- payloads that stand elsewhere -------------------------------------------- */

static bool fetch_of(troupe_actor *actor)
{
    bool has_begun = false;

    if (!actor)
        return false;
    for (struct message_envelope **link = &actor->head; *link; link = &(*link)->next)
        if ((*link)->flags & MESSAGE_TICKET) {
            actor_fetch_start(actor, link);
            has_begun = true;
        }
    return has_begun;
}

bool actor_payloads_fetch(struct troupe *rank)
{
    struct actor_rank *home = actor_of(rank);
    bool has_begun;

    if (home->n_tickets == 0)
        return false;
    has_begun = fetch_of(home->rank_process);
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++)
            if (fetch_of(home->slots[s].entries[i].actor))
                has_begun = true;
    return has_begun;
}
