/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "team/internal.h"

/* The teams as one of the rank's modules. */

static const struct base_frame_kind kinds[] = {
    {TEAM_KIND_DATA, false, "team data", team_record_arrived},
    {TEAM_KIND_ASK, true, "team ask", team_record_arrived},
    {TEAM_KIND_ACK_UP, true, "team ack up", team_record_arrived},
    {TEAM_KIND_ACK_DOWN, true, "team ack down", team_record_arrived},
    {TEAM_KIND_FAIL, true, "team fail", team_record_arrived},
    {TEAM_KIND_BREAK, true, "team break", team_record_arrived},
    {TEAM_KIND_NEVER, true, "team never", team_record_arrived},
    {TEAM_KIND_LEFT, true, "team left", team_record_arrived},
    {TEAM_KIND_FREE, true, "team free", team_record_arrived},
    {TEAM_KIND_PART, false, "team part", team_record_arrived},
    {TEAM_KIND_PART_MORE, true, "team part more", team_record_arrived},
    {TEAM_KIND_PART_TAKEN, true, "team part taken", team_record_arrived},
    {TEAM_KIND_PART_ASK, true, "team part ask", team_record_arrived},
    {TEAM_KIND_PART_SENT, true, "team part sent", team_record_arrived},
    {TEAM_KIND_PART_OVER, true, "team part over", team_record_arrived},
};

static troupe_status init(struct troupe *rank, const void *options)
{
    struct team_rank *here = base_new(struct team_rank);

    (void)options;
    rank->slot[BASE_SLOT_TEAM] = here;
    here->home = actor_of(rank);
    here->home->fetched_other = team_fetched;
    here->rank_team_id = team_mix(1, actor_address_make(0, 0, 1)) | 1;
    base_map_init(&here->teams);
    base_map_init(&here->strays);
    base_map_init(&here->created);
    base_map_init(&here->fetching);
    base_list_init(&here->parked);
    here->fetched_tail = &here->fetched;
    return TROUPE_OK;
}

/* Teams whose member has ended; with the job, that is all of them. */
static void free_orphans(struct team_rank *here)
{
    uint32_t position = 0;
    uint64_t id;
    void *value;

    while (base_map_next(&here->teams, &position, &id, &value)) {
        troupe_team *team = value;

        if (team->member)
            continue;
        team_free(team);
        position = 0; /* the map has changed */
    }
}

/* The job ends: what is put aside is let go while comm can still say so to the senders.
 */
static void clear(struct team_rank *here)
{
    free_orphans(here);
    team_strays_free(here);
    team_look_stop(here);
}

static void fini(struct troupe *rank)
{
    struct team_rank *here = team_of(rank);

    if (!here)
        return;
    clear(here);
    heap_remove(&here->home->timers, &here->take_fetched);
    here->home->fetched_other = NULL;
    base_map_fini(&here->teams);
    base_map_fini(&here->strays);
    base_map_fini(&here->created);
    base_map_fini(&here->fetching);
    base_free(here);
    rank->slot[BASE_SLOT_TEAM] = NULL;
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct team_rank *here = team_of(rank);
    troupe_team *team, *next;

    if (!here)
        return;
    team = actor->extra ? actor->extra->team : NULL;
    for (; team; team = next) {
        next = team->next_of_member;
        team_member_ended(team);
        if (!here->home->is_ending)
            (void)team_settle(team);
    }
    if (actor->extra)
        actor->extra->team = NULL;
    if (!here->home->is_ending)
        team_strays_of_ended(here, address.bits);
}

/*
 * Asked whenever the rank idles. A rank that has yet to look whether a process waits
 * too long is not still. When the job ends all actors have ended by now.
 */
static bool is_still(struct troupe *rank)
{
    struct team_rank *here = team_of(rank);

    if (here->home->is_ending && !here->has_ended) {
        here->has_ended = true;
        clear(here);
    }
    return !here->is_looking && !here->fetched;
}

static void dump_team(const troupe_team *team, struct base_bytes *text)
{
    int rank = team->here->home->me;

    if (!team->is_parked)
        return;
    base_bytes_append_format(
        text,
        "rank %d: member %d of a team of %d waits %s %llu; all members "
        "have entered those before %llu\n",
        rank, team->index, team->size,
        team->awaited ? "for operation" : "to enter operation",
        (unsigned long long)(team->awaited ? team->awaited->number : team->next),
        (unsigned long long)team->acknowledged);
}

static void dump(struct troupe *rank, struct base_bytes *text)
{
    const struct team_rank *here = team_of(rank);
    uint32_t position = 0;
    uint64_t id;
    void *value;

    while (base_map_next(&here->teams, &position, &id, &value))
        dump_team(value, text);
}

const struct base_module team_module = {
    .name = "team",
    .slot = BASE_SLOT_TEAM,
    .kinds = kinds,
    .n_kinds = ARRAY_LENGTH(kinds),
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
    .is_still = is_still,
    .dump = dump,
};
