/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/*
 * Groups. Every rank has its own picture of every group, made of what the members'
 * ranks tell all others; so it becomes the same everywhere, soon. A message to a group
 * goes once to each rank with members and is handed out there, in the stream like all
 * mail.
 */

/* What travels in front of a group message's body. */
struct group_wire {
    char name[DIRECTORY_NAME_BYTES];
};

/* From here on members of the sender's rank read the same bytes, which costs an
 * envelope more than a copy each. */
#ifdef TROUPE_HOSTILE
enum { LEAST_SHARED_BYTES = 128 };
#else
enum { LEAST_SHARED_BYTES = 2048 };
#endif

void directory_groups_init(struct directory *directory)
{
    for (int i = 0; i < DIRECTORY_BUCKETS; i++)
        base_list_init(&directory->groups[i]);
}

static void group_free(struct directory_group *group)
{
    base_list_remove(&group->node);
    base_free(group->members);
    base_free(group);
}

void directory_groups_fini(struct directory *directory)
{
    for (int i = 0; i < DIRECTORY_BUCKETS; i++)
        BASE_LIST_EACH(node, &directory->groups[i])
        {
            group_free(CONTAINER_OF(node, struct directory_group, node));
        }
}

static struct base_list *bucket(struct directory *directory, const char *text)
{
    return &directory
                ->groups[base_hash_bytes(text, strlen(text), 1) % DIRECTORY_BUCKETS];
}

static struct directory_group *find(struct directory *directory, const char *text)
{
    struct base_list *groups = bucket(directory, text);

    BASE_LIST_EACH(node, groups)
    {
        struct directory_group *group =
            CONTAINER_OF(node, struct directory_group, node);

        if (strcmp(group->text, text) == 0)
            return group;
    }
    return NULL;
}

static struct directory_group *find_or_make(struct directory *directory,
                                            const char *text)
{
    struct directory_group *group = find(directory, text);

    if (group)
        return group;
    group = base_try_alloc(sizeof *group);
    if (!group)
        return NULL;
    memset(group, 0, sizeof *group);
    memcpy(group->text, text, strlen(text) + 1);
    base_list_append(bucket(directory, text), &group->node);
    return group;
}

/* The place of the first member not below `member`. */
static size_t place_of(const struct directory_group *group, uint64_t member)
{
    size_t low = 0, high = group->n_members;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (group->members[middle] < member)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct directory_group *group, uint64_t member)
{
    size_t place = place_of(group, member);

    return place < group->n_members && group->members[place] == member;
}

static bool add(struct directory_group *group, uint64_t member)
{
    size_t place = place_of(group, member);
    size_t capacity = group->capacity ? group->capacity * 2 : 8;
    uint64_t *members = group->members;

    if (has(group, member))
        return true;
    if (group->n_members == group->capacity) {
        members = base_try_realloc(members, capacity * sizeof *members);
        if (!members)
            return false;
        group->members = members;
        group->capacity = capacity;
    }
    memmove(members + place + 1, members + place,
            (group->n_members - place) * sizeof *members);
    members[place] = member;
    group->n_members++;
    return true;
}

static bool take_out(struct directory_group *group, uint64_t member)
{
    size_t place = place_of(group, member);

    if (!has(group, member))
        return false;
    group->n_members--;
    memmove(group->members + place, group->members + place + 1,
            (group->n_members - place) * sizeof *group->members);
    return true;
}

void directory_group_joined(struct directory *directory,
                            const char *text,
                            uint64_t member)
{
    struct directory_group *group = find_or_make(directory, text);

    base_require_memory(group && add(group, member),
                        "no memory to note a group's member");
}

void directory_group_left(struct directory *directory,
                          const char *text,
                          uint64_t member)
{
    struct directory_group *group = find(directory, text);

    if (group && take_out(group, member) && group->n_members == 0)
        group_free(group);
}

static void
tell_all(struct directory *directory, uint8_t kind, const char *text, uint64_t member)
{
    struct actor_rank *home = directory->home;
    struct comm_header header = {.kind = kind, .from = member};

    for (int rank = 0; rank < home->n_ranks; rank++)
        if (rank != home->me)
            comm_post_must(home->comm, rank, &header, text, strlen(text) + 1);
}

/* A dead member's groups: few groups, so all are looked through. */
void directory_groups_actor_ended(struct directory *directory, uint64_t address)
{
    for (int i = 0; directory->n_own_members && i < DIRECTORY_BUCKETS; i++)
        BASE_LIST_EACH(node, &directory->groups[i])
        {
            struct directory_group *group =
                CONTAINER_OF(node, struct directory_group, node);

            if (!take_out(group, address))
                continue;
            directory->n_own_members--;
            if (!directory->home->is_ending)
                tell_all(directory, DIRECTORY_KIND_LEAVE, group->text, address);
            if (group->n_members == 0)
                group_free(group);
        }
}

troupe_status troupe_join(troupe_actor *self, const char *text)
{
    struct directory *directory = directory_of(self->home->rank);
    struct directory_group *group;

    if (!directory_name_is_good(text))
        return TROUPE_INVALID;
    group = find_or_make(directory, text);
    if (!group)
        return TROUPE_NO_MEMORY;
    if (has(group, self->address))
        return TROUPE_OK;
    if (!add(group, self->address)) {
        if (group->n_members == 0)
            group_free(group);
        return TROUPE_NO_MEMORY;
    }
    directory->n_own_members++;
    tell_all(directory, DIRECTORY_KIND_JOIN, text, self->address);
    return TROUPE_OK;
}

troupe_status troupe_leave(troupe_actor *self, const char *text)
{
    struct directory *directory = directory_of(self->home->rank);
    struct directory_group *group =
        directory_name_is_good(text) ? find(directory, text) : NULL;

    if (!group || !take_out(group, self->address))
        return TROUPE_NOT_FOUND;
    directory->n_own_members--;
    tell_all(directory, DIRECTORY_KIND_LEAVE, text, self->address);
    if (group->n_members == 0)
        group_free(group);
    return TROUPE_OK;
}

size_t troupe_members(troupe_actor *self,
                      const char *text,
                      troupe_address *members,
                      size_t capacity)
{
    struct directory *directory = directory_of(self->home->rank);
    struct directory_group *group =
        directory_name_is_good(text) ? find(directory, text) : NULL;

    for (size_t i = 0; group && i < group->n_members && i < capacity; i++)
        members[i].bits = group->members[i];
    return group ? group->n_members : 0;
}

/* ---- sending ------------------------------------------------------------------------
 */

struct sending {
    troupe_actor *self;
    const char *group;
    const void *body;
    size_t size_bytes;
    const troupe_type *type;
    uint16_t type_id;
    troupe_message *shared; /* NULL: not yet */
};

/* Then each member's rank fetches the bytes when the member has room for them, so they
 * go to each by themselves. */
static bool goes_apart(const struct sending *sending)
{
    return comm_goes_apart(sending->self->home->comm, ACTOR_KIND_MAIL,
                           sending->size_bytes);
}

/* Bytes that stay in an envelope. */
static bool goes_shared(const struct sending *sending, uint64_t to)
{
    return actor_is_local(sending->self->home, to)
               ? sending->size_bytes > LEAST_SHARED_BYTES
               : goes_apart(sending);
}

static troupe_status send_shared(struct sending *sending, uint64_t to)
{
    if (!sending->shared)
        TROUPE_TRY(actor_shared_create(sending->self, sending->type, sending->body,
                                       sending->size_bytes, &sending->shared));
    return actor_shared_send(sending->self, to, sending->shared);
}

static troupe_status send_one(struct sending *sending, uint64_t to, bool may_share)
{
    troupe_status status =
        may_share && goes_shared(sending, to)
            ? send_shared(sending, to)
            : actor_send_copy(sending->self, to, sending->type_id, sending->body,
                              sending->size_bytes, 0, 0);

    /* A member that has ended, or does not take the type, is passed over. */
    return status == TROUPE_DOWN || status == TROUPE_REFUSED ? TROUPE_OK : status;
}

/* All members of a run on one rank at once, when none of them makes the sender wait. */
static bool send_together(const struct sending *sending,
                          int rank,
                          const uint64_t *members,
                          size_t n)
{
    struct actor_rank *home = sending->self->home;
    struct comm_header header = {.kind = DIRECTORY_KIND_GROUP_MAIL,
                                 .to = members[0],
                                 .from = sending->self->address,
                                 .reference = members[n - 1],
                                 .type = sending->type_id};
    struct group_wire wire = {{0}};

    if (n < 2 || rank == home->me || goes_apart(sending) || sending->self->n_reserved ||
        comm_is_congested(home->comm, rank))
        return false;
    for (size_t i = 0; home->xoff.n_items && i < n; i++)
        if (base_map_get(&home->xoff, members[i]))
            return false;
    memcpy(wire.name, sending->group, strlen(sending->group) + 1);
    return comm_post_parts(home->comm, rank, &header, &wire, sizeof wire, sending->body,
                           sending->size_bytes) == TROUPE_OK;
}

/* Sends to the next members behind *last; false: there are none. The group is looked up
 * anew each time, for it may change while the sender waits. */
static bool send_next(struct sending *sending, uint64_t *last, troupe_status *status)
{
    struct actor_rank *home = sending->self->home;
    struct directory_group *group = find(directory_of(home->rank), sending->group);
    size_t place = group ? place_of(group, *last + 1) : 0, end;
    int rank;

    if (!group || place == group->n_members)
        return false;
    rank = actor_rank_of(home, group->members[place]);
    for (end = place + 1; end < group->n_members; end++)
        if (actor_rank_of(home, group->members[end]) != rank)
            break;
    if (send_together(sending, rank, group->members + place, end - place)) {
        *last = group->members[end - 1];
        return true;
    }
    *last = group->members[place];
    *status = send_one(sending, *last, group->n_members > 1);
    return *status == TROUPE_OK;
}

troupe_status troupe_group_send_bytes(troupe_actor *self,
                                      const char *text,
                                      const troupe_type *type,
                                      const void *body,
                                      size_t size_bytes)
{
    struct sending sending = {.self = self,
                              .group = text,
                              .body = body,
                              .size_bytes = size_bytes,
                              .type = type,
                              .type_id =
                                  actor_type_checked(self, type, body, size_bytes)};
    troupe_status status = TROUPE_OK;
    uint64_t last = 0;

    if (!directory_name_is_good(text) || !find(directory_of(self->home->rank), text))
        return TROUPE_NOT_FOUND;
    while (send_next(&sending, &last, &status))
        continue;
    troupe_release(self, &sending.shared);
    return status;
}

/*
 * Hands a group message out to the members of this rank that the sender meant: those in
 * the run from `to` to `reference`. Into the mailboxes, never in place: a handler that
 * failed would take the rest of the members' mail with it.
 */
void directory_group_mail(struct directory *directory, struct comm_record *record)
{
    struct actor_rank *home = directory->home;
    uint64_t last = record->header.to - 1;
    struct comm_record one = *record;
    bool may_dispatch = home->may_dispatch;
    struct group_wire wire;

    comm_require(home->comm, record,
                 record->size_bytes >= sizeof wire && record->header.flags == 0,
                 "its size, or its flags");
    if (home->is_ending)
        return;
    memcpy(&wire, record->payload, sizeof wire);
    comm_require(home->comm, record, directory_name_is_good(wire.name),
                 "the name is empty, or has no end");
    one.header.kind = ACTOR_KIND_MAIL;
    one.header.reference = 0;
    one.envelope = NULL;
    one.payload = (const char *)record->payload + sizeof wire;
    one.size_bytes = record->size_bytes - sizeof wire;
    home->may_dispatch = false;
    for (;;) {
        struct directory_group *group = find(directory, wire.name);
        size_t place = group ? place_of(group, last + 1) : 0;

        if (!group || place == group->n_members ||
            group->members[place] > record->header.reference)
            break;
        last = one.header.to = group->members[place];
        if (actor_is_local(home, last))
            actor_take_mail(home, &one);
    }
    home->may_dispatch = may_dispatch;
}
