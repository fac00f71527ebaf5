/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/deliver.h"
#include "actor/loopback.h"

/*
 * A mailbox is one list of envelopes in the order of arrival; what a process waits for
 * when nothing is unread may go past it (actor_hand). What is over capacity is
 * its tail, not another queue: selective receive sees it, and capacity decides only who
 * has to wait (protocols 2).
 */

void actor_mail_limit_passed(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;
    char who[96];

    actor_describe(home, actor->address, who, sizeof who);
    base_die(
        __FILE__, __LINE__,
        "unread mail takes more than %llu MiB on this rank; the last receiver is %s "
        "with %u messages; receive faster, or raise TROUPE_MAIL_LIMIT_MIB",
        (unsigned long long)(home->queued_limit_bytes >> 20), who, actor->n_queued);
}

static bool has_reference(const struct message_envelope *envelope, uint64_t reference)
{
    while (envelope && envelope->reference != reference)
        envelope = envelope->next;
    return envelope != NULL;
}

bool actor_has_tick(const troupe_actor *actor, uint64_t reference)
{
    return has_reference(actor->head, reference) ||
           ((actor->flags & ACTOR_HAS_STASH) &&
            has_reference(actor->extra->stash_head, reference));
}

static void drop(troupe_actor *actor, struct message_envelope *envelope)
{
    if (envelope->flags & MESSAGE_REQUEST)
        actor_call_fail(actor->home, envelope->sender, envelope->reference, TROUPE_FULL,
                        TROUPE_EXIT_NORMAL);
    actor_dead_letter(actor->home, ACTOR_DEAD_DROPPED, envelope->sender, actor->address,
                      envelope->type);
    actor_envelope_discard(actor->home, envelope);
}

/* The oldest message that may be dropped makes room, also one whose payload is still on
 * its way; false: there is none. */
static bool drop_oldest(troupe_actor *actor)
{
    struct message_envelope **link = &actor->head;

    while (*link && ((*link)->flags & MESSAGE_EXEMPT))
        link = &(*link)->next;
    if (!*link)
        return false;
    drop(actor, actor_mailbox_unlink(actor, link));
    return true;
}

static enum actor_delivery deliver_full(troupe_actor *actor,
                                        struct message_envelope *envelope)
{
    switch (actor->overflow) {
    case TROUPE_PARK:
        return ACTOR_IS_FULL;
    case TROUPE_REFUSE:
        return ACTOR_IS_REFUSED;
    case TROUPE_DROP_OLDEST:
        actor_loopback_settle(actor->home);
        if (drop_oldest(actor)) {
            actor_append(actor, envelope);
            return ACTOR_DELIVERED;
        }
        break;
    default:
        break;
    }
    if (envelope->flags & MESSAGE_REQUEST)
        return ACTOR_IS_REFUSED; /* its caller is told, not left to wait */
    drop(actor, envelope);
    return ACTOR_IS_DROPPED;
}

enum actor_delivery actor_deliver(troupe_actor *actor,
                                  struct message_envelope *envelope,
                                  bool over_capacity)
{
    if (UNLIKELY(actor_n_counted(actor) >= actor->capacity && !over_capacity))
        return deliver_full(actor, envelope);
    actor_append(actor, envelope);
    return ACTOR_DELIVERED;
}

enum actor_delivery actor_deliver_local(troupe_actor *actor,
                                        struct message_envelope *envelope,
                                        bool over_capacity)
{
    if (!actor->process)
        actor_loopback_settle(actor->home);
    return actor_deliver(actor, envelope, over_capacity);
}

/*
 * Goes on where the last scan for the same type stopped: what was passed over then is
 * not looked at again. unlink keeps seen_link true.
 */
struct message_envelope **actor_mailbox_scan(troupe_actor *actor, uint16_t type)
{
    struct actor_process *process = actor->process;
    struct message_envelope **link = &actor->head;

    if (type == 0)
        return *link ? link : NULL;
    if (process->seen_type == type && process->seen_link)
        link = process->seen_link;
    while (*link && (*link)->type != type)
        link = &(*link)->next;
    process->seen_type = type;
    process->seen_link = link;
    return *link ? link : NULL;
}

static struct message_envelope **
find_reference(struct message_envelope **link, uint16_t type, uint64_t reference)
{
    while (*link && !((*link)->type == type && (*link)->reference == reference))
        link = &(*link)->next;
    return link;
}

/* One that was put aside is as unread as one in the mailbox. */
static struct message_envelope *
unstash_reference(troupe_actor *actor, uint16_t type, uint64_t reference)
{
    struct actor_extra *extra = actor->extra;
    struct message_envelope **link =
        find_reference(&extra->stash_head, type, reference);
    struct message_envelope *envelope = *link;

    if (!envelope)
        return NULL;
    *link = envelope->next;
    if (extra->stash_tail == &envelope->next)
        extra->stash_tail = link;
    actor->n_queued--;
    actor->n_exempt -= (envelope->flags & MESSAGE_EXEMPT) != 0;
    actor->home->queued_bytes -= envelope->size_bytes;
    return envelope;
}

bool actor_mailbox_remove_reference(troupe_actor *actor,
                                    uint16_t type,
                                    uint64_t reference)
{
    struct message_envelope **link = find_reference(&actor->head, type, reference);
    struct message_envelope *envelope = NULL;

    if (*link)
        envelope = actor_mailbox_unlink(actor, link);
    else if (actor->flags & ACTOR_HAS_STASH)
        envelope = unstash_reference(actor, type, reference);
    if (envelope)
        message_give(actor->home->pool, envelope);
    return envelope != NULL;
}

static void send_xon(struct actor_rank *home, int peer, uint64_t address)
{
    struct comm_header header = {.kind = ACTOR_KIND_XON, .to = address};

    comm_post_must(home->comm, peer, &header, NULL, 0);
    comm_flush_rank(home->comm, peer, COMM_FLUSH_URGENT);
    home->counts.n_xon_sent++;
}

static void release_ranks(troupe_actor *actor)
{
    struct base_map *ranks = &actor->extra->xoff_ranks;
    uint32_t position = 0;
    uint64_t key;
    void *value;

    while (!actor->home->is_ending && base_map_next(ranks, &position, &key, &value))
        send_xon(actor->home, (int)key - 1, actor->address);
    base_map_fini(ranks);
    base_map_init(ranks);
    actor->flags &= (uint16_t)~ACTOR_XOFF_SENT;
}

/* At half, not at the first free place: waiting senders then run in batches. */
void actor_mailbox_let_in(troupe_actor *actor)
{
    if (actor_n_counted(actor) > actor->capacity / 2)
        return;
    if (actor->flags & ACTOR_XOFF_SENT)
        release_ranks(actor);
    if (!base_list_is_empty(&actor->extra->gate))
        actor_gate_retry(actor->home, &actor->extra->gate);
}

/* A bulk payload on its way belongs to nobody now: actor_fetched frees it. */
static void discard(troupe_actor *actor, struct message_envelope *envelope)
{
    if (envelope->flags & MESSAGE_REQUEST)
        actor_call_fail(actor->home, envelope->sender, envelope->reference, TROUPE_DOWN,
                        actor_exit_kind(actor));
    actor_dead_letter(actor->home, ACTOR_DEAD_UNREAD, envelope->sender, actor->address,
                      envelope->type);
    actor_envelope_discard(actor->home, envelope);
}

void actor_handed_back(troupe_actor *actor, struct actor_wait *wait)
{
    struct message_envelope *envelope = wait->envelope;

    if (wait->kind != ACTOR_WAIT_RECEIVE || !envelope)
        return;
    wait->envelope = NULL;
    if (!actor->head)
        actor->tail = &envelope->next;
    envelope->next = actor->head;
    actor->head = envelope;
    actor->process->seen_link = NULL;
    actor->n_queued++;
    actor->home->queued_bytes += envelope->size_bytes;
}

void actor_mailbox_clear(troupe_actor *actor)
{
    while (actor->head)
        discard(actor, actor_mailbox_unlink(actor, &actor->head));
    if (actor->flags & ACTOR_XOFF_SENT)
        release_ranks(actor);
}
