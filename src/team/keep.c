/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "team/internal.h"
#include <string.h>

/*
 * Records put aside: for an operation that waits for something else first, for one that
 * the member has not entered yet, for a team that has not been made here yet. Large
 * payloads come apart; they are asked for when the operation is entered.
 */

void team_kept_append(struct team_kept ***tail, struct team_kept *kept)
{
    kept->next = NULL;
    **tail = kept;
    *tail = &kept->next;
}

void team_kept_give(struct team_rank *here, struct team_kept *kept)
{
    if (kept->is_held) {
        kept->is_dropped = true;
        return;
    }
    if (kept->envelope)
        message_give(here->home->pool, kept->envelope);
    message_block_give(here->home->pool, kept, kept->block_class);
}

/* As it came; what of it nobody takes is the caller's to give back. */
void team_kept_record(struct team_kept *kept, struct comm_record *record)
{
    *record = (struct comm_record){.header = kept->header,
                                   .source = kept->source,
                                   .size_bytes = kept->size_bytes,
                                   .payload = team_kept_bytes(kept),
                                   .envelope = kept->envelope};
    kept->envelope = NULL;
}

void team_record_drop(struct team_rank *here, struct comm_record *record)
{
    if (record->ticket)
        comm_fetch_discard(here->home->comm, record->source, record->ticket);
}

void team_kept_drop_all(struct team_rank *here, struct team_kept **list, uint64_t from)
{
    while (*list) {
        struct team_kept *kept = *list;

        if (kept->number < from) {
            list = &kept->next;
            continue;
        }
        *list = kept->next;
        team_kept_give(here, kept);
    }
}

/* ---- payloads that travel apart ----------------------------------------------- */

static void
fetch(struct team_rank *here, struct team_kept *kept, const struct comm_record *record)
{
    kept->envelope = message_take(here->home->pool, (size_t)record->size_bytes);
    base_require_memory(kept->envelope && base_map_put(&here->fetching,
                                                       (uintptr_t)kept->envelope, kept),
                        "no memory for %llu bytes that have come for a team",
                        (unsigned long long)record->size_bytes);
    kept->envelope->flags |= MESSAGE_PENDING;
    kept->is_held = true;
    comm_fetch(here->home->comm, record->source, record->ticket, kept->envelope);
}

struct team_kept *team_keep(struct team_rank *here, struct comm_record *record)
{
    size_t inline_bytes =
        record->envelope || record->ticket ? 0 : (size_t)record->size_bytes;
    uint8_t block_class;
    struct team_kept *kept =
        message_block_take(here->home->pool, sizeof *kept + inline_bytes, &block_class);

    base_require_memory(kept != NULL, "no memory for what has come for a team");
    memset(kept, 0, sizeof *kept);
    kept->header = record->header;
    kept->source = record->source;
    kept->block_class = block_class;
    kept->size_bytes = record->size_bytes;
    kept->envelope = record->envelope;
    record->envelope = NULL;
    if (record->ticket)
        fetch(here, kept, record);
    else if (inline_bytes)
        memcpy(kept->bytes, record->payload, inline_bytes);
    return kept;
}

static void let_go(struct team_rank *here, struct team_kept *kept)
{
    kept->is_held = false;
    if (kept->is_dropped)
        team_kept_give(here, kept);
}

static void take_fetched(struct heap_node *node)
{
    struct team_rank *here = CONTAINER_OF(node, struct team_rank, take_fetched);
    struct team_kept *kept = here->fetched, *next;

    here->fetched = NULL;
    here->fetched_tail = &here->fetched;
    for (; kept; kept = next) {
        troupe_team *team = kept->is_dropped ? NULL : kept->team;
        struct team_operation *op =
            team ? team_operation_find(team, kept->number) : NULL;

        next = kept->next_fetched;
        let_go(here, kept);
        if (!op) /* nobody waits for it yet */
            continue;
        team_advance(op, NULL);
        team_operation_settle(op);
        (void)team_settle(team);
    }
}

/* Called while comm polls, where no user code may run and a fold may be the user's: so
 * the payload is taken in the same step, when the timers are. */
bool team_fetched(struct troupe *rank, struct message_envelope *envelope)
{
    struct team_rank *here = team_of(rank);
    struct team_kept *kept = base_map_remove(&here->fetching, (uintptr_t)envelope);

    if (!kept)
        return false;
    if (kept->is_dropped) {
        let_go(here, kept);
        return true;
    }
    kept->next_fetched = NULL;
    *here->fetched_tail = kept;
    here->fetched_tail = &kept->next_fetched;
    if (!here->take_fetched.place)
        base_require_memory(
            actor_heap_add(here->home, &here->take_fetched, 0, take_fetched),
            "no memory for a timer");
    return true;
}

/* ---- for teams that are not made here ----------------------------------------- */

/* Is the actor's life over? Not if it is still to come: its address was lent for a
 * spawn. */
static bool has_ended(struct actor_rank *home, uint64_t address)
{
    struct actor_entry *entry;

    if (!actor_is_local(home, address))
        return true;
    if (actor_address_index(address) == 0)
        return home->rank_process == NULL;
    entry = actor_entry_find(home, address);
    return !entry || (!entry->actor && !entry->is_reserved);
}

static void answer_never(struct team_rank *here, uint64_t id, int rank)
{
    const struct comm_header header = {.to = id, .kind = TEAM_KIND_NEVER};

    comm_post_must(here->home->comm, rank, &header, NULL, 0);
    comm_flush_rank(here->home->comm, rank, COMM_FLUSH_URGENT);
}

/* The member that a question or a failure names; 0: none is named. */
static uint64_t member_named(uint8_t kind, const void *payload, uint64_t size_bytes)
{
    uint64_t address = 0;

    if ((kind == TEAM_KIND_ASK || kind == TEAM_KIND_FAIL) &&
        size_bytes == sizeof address)
        memcpy(&address, payload, sizeof address);
    return address;
}

static void free_strays(struct team_rank *here, struct team_strays *strays)
{
    team_kept_drop_all(here, &strays->first, 0);
    base_free(strays);
}

/* The one member that could have made the team here has ended: nobody ever will. */
static void bury(struct team_rank *here, uint64_t id)
{
    struct team_strays *strays = base_map_remove(&here->strays, id);

    if (strays)
        free_strays(here, strays);
    team_forget(here, id);
}

void team_stray_keep(struct team_rank *here, struct comm_record *record)
{
    uint64_t id = record->header.to;
    uint64_t member =
        member_named(record->header.kind, record->payload, record->size_bytes);
    struct team_strays *strays = base_map_get(&here->strays, id);

    if (member && has_ended(here->home, member)) {
        answer_never(here, id, record->source);
        bury(here, id);
        return;
    }
    if (team_is_forgotten(here, id)) {
        team_record_drop(here, record);
        return;
    }
    if (!strays) {
        bool is_found;

        strays = base_new(struct team_strays);
        strays->tail = &strays->first;
        is_found = base_map_put(&here->strays, id, strays);
        if (!is_found)
            base_free(strays);
        base_require_memory(is_found, "no memory for what has come for a team");
    }
    team_kept_append(&strays->tail, team_keep(here, record));
}

/* Answers whoever asked for the member; true: somebody did. */
static bool answer_for_ended(struct team_rank *here,
                             const struct team_strays *strays,
                             uint64_t address)
{
    bool is_asked = false;

    for (const struct team_kept *kept = strays->first; kept; kept = kept->next) {
        uint8_t kind = kept->header.kind;

        if (member_named(kind, team_kept_bytes(kept), kept->size_bytes) != address)
            continue;
        answer_never(here, kept->header.to, kept->source);
        is_asked = true;
    }
    return is_asked;
}

void team_strays_of_ended(struct team_rank *here, uint64_t address)
{
    uint32_t position = 0;
    uint64_t id;
    void *strays;

    if (here->strays.n_items == 0)
        return;
    while (base_map_next(&here->strays, &position, &id, &strays)) {
        if (!answer_for_ended(here, strays, address))
            continue;
        bury(here, id);
        position = 0; /* the map has changed */
    }
}

void team_strays_free(struct team_rank *here)
{
    uint32_t position = 0;
    uint64_t id;
    void *value;

    while (base_map_next(&here->strays, &position, &id, &value))
        free_strays(here, value);
    base_map_fini(&here->strays);
    base_map_init(&here->strays);
}
