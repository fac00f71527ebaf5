/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 40 */
#include "actor/actor.h"
#include "base/alloc.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <stdlib.h>
#include <string.h>

/*
 * Groups: what is sent to a group comes to each member once, in order with the sender's
 * other mail; a member that ends leaves.
 */

enum { N_RANKS = 6, MEMBERS_A_RANK = 4, N_NOTES = 60 };

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(quit);
struct count {
    int64_t n;
};
TROUPE_TYPE(count, n);

static struct {
    int64_t n_taken, n_members_ready;
} seen;

static troupe_status begin_member(troupe_actor *self, struct count *count)
{
    (void)count;
    EXPECT_OK(troupe_join(self, "choir"));
    EXPECT_OK(troupe_join(self, "choir"));
    return TROUPE_OK;
}

/* By group and by address in turn: one row of numbers. */
static troupe_status
on_note(troupe_actor *self, struct count *count, const struct note *note)
{
    (void)self;
    EXPECT_INT(note->number, count->n);
    count->n++;
    seen.n_taken++;
    return TROUPE_OK;
}

static troupe_status on_quit(troupe_actor *self, struct count *count)
{
    (void)count;
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(member,
                count,
                TROUPE_INIT(troupe_no_arguments, begin_member),
                TROUPE_ON(note, on_note),
                TROUPE_ON(quit, on_quit),
                .capacity = 3);

static void wait_for_members(troupe_actor *self, size_t n)
{
    while (troupe_members(self, "choir", NULL, 0) != n)
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
}

static void send_all(troupe_actor *self, const troupe_address *members, size_t n)
{
    for (int64_t i = 0; i < N_NOTES; i++) {
        if (i % 3 != 2) {
            EXPECT_OK(troupe_group_send(self, "choir", note, .number = i));
            continue;
        }
        for (size_t k = 0; k < n; k++)
            EXPECT_OK(troupe_send(self, members[k], note, .number = i));
    }
}

static troupe_status choir_body(troupe_actor *self)
{
    enum { N = N_RANKS * MEMBERS_A_RANK };
    troupe_address members[N + 1];

    EXPECT_STATUS(troupe_group_send(self, "nobody", quit), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_leave(self, "choir"), TROUPE_NOT_FOUND);
    for (int i = 0; i < MEMBERS_A_RANK; i++)
        EXPECT_OK(troupe_spawn(self, &member, NULL, NULL));
    wait_for_members(self, N);
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    if (troupe_rank(self) == 3) {
        EXPECT_INT(troupe_members(self, "choir", members, N + 1), N);
        send_all(self, members, N);
        EXPECT_OK(troupe_send(self, members[5], quit));
    }
    wait_for_members(self, N - 1); /* the one that ended has left */
    return troupe_barrier(self, troupe_rank_team(self));
}
TROUPE_PROCESS(choir_main,
               choir_body,
               TROUPE_SENDS(note, quit),
               TROUPE_SPAWNS(&member));

static void check_choir(void)
{
    EXPECT_INT(seen.n_taken, (int64_t)N_RANKS * MEMBERS_A_RANK * N_NOTES);
}

START_TEST(each_member_once_in_order)
{
    scene_play(&(struct scene){.main = &choir_main,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_choir});
}
END_TEST

/* ---- large messages: members of the sender's rank read the same bytes
 * --------------------------- */

enum { N_READERS = 4, MOST_BYTES = 40000 };

struct page {
    uint64_t n_text;
    char text[];
};
TROUPE_TYPE(page, n_text, TROUPE_TAIL(text, n_text));

static struct {
    const struct page *bodies[N_READERS + 1]; /* on rank 0 */
    int64_t n_read, n_read_here, n_kept;
} reading;
static size_t n_page_bytes;

static char letter(uint64_t i)
{
    return (char)('a' + i % 26);
}

static void check_page(const struct page *page)
{
    EXPECT_INT(page->n_text, n_page_bytes);
    for (uint64_t i = 0; i < page->n_text; i++)
        EXPECT(page->text[i] == letter(i));
}

static void note_page(const troupe_actor *self, const struct page *page)
{
    check_page(page);
    reading.n_read++;
    if (troupe_rank(self) == 0)
        reading.bodies[reading.n_read_here++] = page;
}

/* What one keeps is its own, to be changed; the others do not see that. */
static troupe_status reader_body(troupe_actor *self)
{
    const struct page *page;
    troupe_message *kept;
    struct page *own;

    EXPECT_OK(troupe_join(self, "readers"));
    EXPECT_OK(troupe_receive(self, page, TROUPE_FOREVER, &page));
    note_page(self, page);
    if (troupe_rank(self) != 0 || n_page_bytes < MOST_BYTES)
        return TROUPE_OK;
    EXPECT_OK(troupe_keep(self, &kept));
    own = troupe_message_body(kept);
    memset(own->text, '-', own->n_text);
    reading.n_kept++;
    while (reading.n_kept < N_READERS)
        troupe_sleep_until(self, troupe_after_s(self, 1e-4));
    check_page(page);
    return TROUPE_OK;
}
TROUPE_PROCESS(reader, reader_body, TROUPE_ACCEPTS(page));

static troupe_status begin_listening(troupe_actor *self)
{
    return troupe_join(self, "readers");
}

static troupe_status on_page(troupe_actor *self, const struct page *page)
{
    note_page(self, page);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(listener,
                troupe_no_state,
                TROUPE_INIT(troupe_no_arguments, begin_listening),
                TROUPE_ON(page, on_page));

static troupe_status send_page(troupe_actor *self)
{
    union {
        struct page page;
        char room[sizeof(uint64_t) + MOST_BYTES];
    } page = {.page = {.n_text = n_page_bytes}};

    for (uint64_t i = 0; i < n_page_bytes; i++)
        page.page.text[i] = letter(i);
    return troupe_group_send_bytes(self, "readers", TROUPE_TYPE_OF(page), &page,
                                   troupe_value_size(TROUPE_TYPE_OF(page), &page));
}

static uint64_t n_records_to(const troupe_actor *self, int rank)
{
    return comm_fast_const(self->home->comm)->streams[rank]->n_posted;
}

/* What does not go apart goes once to a rank, however many members are there. */
static void send_page_counted(troupe_actor *self)
{
    bool is_apart = comm_goes_apart(self->home->comm, ACTOR_KIND_MAIL,
                                    n_page_bytes + sizeof(uint64_t));
    uint64_t n_before = troupe_n_ranks(self) > 1 ? n_records_to(self, 1) : 0;

    EXPECT_OK(send_page(self));
    if (troupe_n_ranks(self) > 1)
        EXPECT_INT(n_records_to(self, 1) - n_before, is_apart ? N_READERS + 1 : 1);
}

static troupe_status readers_body(troupe_actor *self)
{
    size_t n = (size_t)(N_READERS + 1) * (size_t)troupe_n_ranks(self);

    EXPECT_OK(troupe_spawn(self, &listener, NULL, NULL));
    for (int i = 0; i < N_READERS; i++)
        EXPECT_OK(troupe_spawn(self, &reader, NULL, NULL));
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    while (troupe_members(self, "readers", NULL, 0) != n)
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    send_page_counted(self);
    EXPECT(!self->extra || base_list_is_empty(&self->extra->owned));
    return TROUPE_OK;
}
TROUPE_PROCESS(readers_main,
               readers_body,
               TROUPE_SENDS(page),
               TROUPE_SPAWNS(&reader, &listener));

static int n_ranks_now;

static void check_readers(void)
{
    EXPECT_INT(reading.n_read, (N_READERS + 1) * n_ranks_now);
    EXPECT_INT(reading.n_read_here, N_READERS + 1);
    for (int i = 1; n_page_bytes > 2048 && i <= N_READERS; i++)
        EXPECT(reading.bodies[i] == reading.bodies[0]);
}

/* At once, in chunks and apart where the members are elsewhere. */
START_TEST(large_messages_are_shared)
{
    const size_t sizes[] = {1000, 3000, 16 * 1024 - sizeof(uint64_t), MOST_BYTES};

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        for (n_ranks_now = 1; n_ranks_now <= 3; n_ranks_now++) {
            n_page_bytes = sizes[i];
            scene_play(&(struct scene){.main = &readers_main,
                                       .n_ranks = n_ranks_now,
                                       .is_exact = true,
                                       .seen = &reading,
                                       .seen_bytes = sizeof reading,
                                       .check = check_readers});
        }
}
END_TEST

/* ---- a sender that is stopped while it waits for a member
 * --------------------------------------- */

static troupe_status idler_body(troupe_actor *self)
{
    EXPECT_OK(troupe_join(self, "readers"));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    return TROUPE_OK;
}
TROUPE_PROCESS(idler, idler_body, TROUPE_ACCEPTS(page), .capacity = 1);

static troupe_status pusher_body(troupe_actor *self)
{
    for (int i = 0; i < 2; i++)
        EXPECT_OK(send_page(self));
    scene_fail(__FILE__, __LINE__, "it goes on");
    return TROUPE_OK;
}
TROUPE_PROCESS(pusher, pusher_body, TROUPE_SENDS(page));

static troupe_status stopping_body(troupe_actor *self)
{
    troupe_address address;

    for (int i = 0; i < 3; i++)
        EXPECT_OK(troupe_spawn(self, &idler, NULL, NULL));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    EXPECT_OK(troupe_spawn(self, &pusher, NULL, &address));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    return troupe_stop_actor(self, address, TROUPE_EXIT_KILLED);
}
TROUPE_PROCESS(stopping_main, stopping_body, TROUPE_SPAWNS(&idler, &pusher));

START_TEST(a_sender_is_stopped_in_the_middle)
{
    struct child_end end;

    n_page_bytes = MOST_BYTES;
    setenv("TROUPE_STATS", "1", 1); /* asks for the audit */
    scene_listen(&(struct scene){.main = &stopping_main, .n_ranks = 1}, &end);
    unsetenv("TROUPE_STATS");
    ck_assert_msg(strstr(end.text, "audit: all well"), "%s", end.text);
}
END_TEST

/* ---- no memory for the shared bytes, their owner, or a member's envelope
 * ------------------------- */

static troupe_status hoarder_body(troupe_actor *self)
{
    EXPECT_OK(troupe_join(self, "readers"));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    return TROUPE_OK;
}
TROUPE_PROCESS(hoarder,
               hoarder_body,
               TROUPE_ACCEPTS(page),
               .capacity = TROUPE_UNBOUNDED);

/* Sends while the pool has n blocks of this size and no memory for more. */
static troupe_status send_with(troupe_actor *self, size_t size_bytes, int n)
{
    enum { MOST = 10000 };
    static void *blocks[MOST];
    struct message_pool *pool = self->home->pool;
    troupe_status status;
    uint8_t size_class = 0;
    int n_blocks = 0;

    (void)base_alloc_fail_every(1);
    while (n_blocks < MOST &&
           (blocks[n_blocks] = message_block_take(pool, size_bytes, &size_class)))
        n_blocks++;
    for (int i = 0; i < n && n_blocks > 0; i++)
        message_block_give(pool, blocks[--n_blocks], size_class);
    status = send_page(self);
    (void)base_alloc_fail_every(0);
    while (n_blocks > 0)
        message_block_give(pool, blocks[--n_blocks], size_class);
    EXPECT(!self->extra || base_list_is_empty(&self->extra->owned));
    return status;
}

static troupe_status starving_body(troupe_actor *self)
{
    const size_t sizes[] = {sizeof(struct message_envelope) + sizeof(void *),
                            sizeof(struct actor_owned),
                            sizeof(struct message_shared) + n_page_bytes + 8};

    EXPECT_OK(troupe_join(self, "readers")); /* it takes no pages: passed over */
    for (int i = 0; i < 3; i++)
        EXPECT_OK(troupe_spawn(self, &hoarder, NULL, NULL));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    EXPECT_OK(send_page(self));
    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(send_with(self, sizes[i], 0), TROUPE_NO_MEMORY);
        for (int n = 1; n < 4; n++)
            (void)send_with(self, sizes[i], n);
        EXPECT_OK(send_with(self, sizes[i], 9));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(starving, starving_body, TROUPE_SENDS(page), TROUPE_SPAWNS(&hoarder));

START_TEST(no_memory_for_sharing)
{
    struct child_end end;

    n_page_bytes = 3000;
    setenv("TROUPE_STATS", "1", 1);
    scene_listen(&(struct scene){.main = &starving, .n_ranks = 1}, &end);
    unsetenv("TROUPE_STATS");
    ck_assert_msg(strstr(end.text, "audit: all well"), "%s", end.text);
}
END_TEST

CHECK_MAIN("group",
           each_member_once_in_order,
           large_messages_are_shared,
           a_sender_is_stopped_in_the_middle,
           no_memory_for_sharing)
