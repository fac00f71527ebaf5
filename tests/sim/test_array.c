/* seeds: 30 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/alloc.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/*
 * Arrays of all shapes: who has what, that every element has one owner, and that what
 * cannot be is refused on all members alike, with nothing left behind.
 */

enum { MOST_MEMBERS = 8 };

/* ---- random shapes ------------------------------------------------------------ */

struct shape {
    troupe_array_options options;
    int64_t cuts[MOST_MEMBERS + 1];
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The same on every member, for they all ask with the same number. */
static void make_shape(struct shape *shape, int n_members, uint64_t number)
{
    static const int64_t lengths[] = {0, 1, 15, 16, 17, 4096, 4097, 40000};
    struct base_random random = {scene_seed() * 1000 + number};
    int64_t n_blocks;

    memset(shape, 0, sizeof *shape);
    shape->options.element = (enum troupe_element)base_random_below(&random, 11);
    if (shape->options.element == TROUPE_BYTES)
        shape->options.element_bytes = 1 + base_random_below(&random, 40);
    shape->options.length = lengths[base_random_below(&random, 8)];
    if (base_random_below(&random, 3))
        shape->options.block_length = 16 * (1 + base_random_below(&random, 20));
    if (base_random_below(&random, 2))
        return;
    n_blocks = shape->options.block_length ? shape->options.block_length : 4096;
    n_blocks = (shape->options.length + n_blocks - 1) / n_blocks;
    for (int i = 1; i < n_members; i++)
        shape->cuts[i] = base_random_below(&random, (uint32_t)n_blocks + 1);
    shape->cuts[n_members] = n_blocks;
    qsort(shape->cuts, (size_t)n_members + 1, sizeof(int64_t), compare);
    shape->options.cuts = shape->cuts;
}

/* ---- who has what ------------------------------------------------------------- */

static bool is_zero(const unsigned char *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Each member's part begins where the one before ends; the last ends at the end. */
static troupe_status look_at_parts(troupe_actor *self, troupe_array array)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    troupe_array_part mine = troupe_array_mine(self, array);
    int64_t ends[2] = {mine.first, mine.n_elements}, all[2 * MOST_MEMBERS], next = 0;
    int n = troupe_team_size(facts.team), me = troupe_team_index(facts.team);

    EXPECT((uintptr_t)mine.data % 64 == 0);
    EXPECT(is_zero(mine.data, (size_t)mine.n_elements * facts.element_bytes));
    EXPECT(mine.first % facts.block_length == 0 || mine.n_elements == 0);
    TROUPE_TRY(troupe_gather(self, facts.team, -1, ends, sizeof ends, all));
    for (int i = 0; i < n; i++) {
        EXPECT_INT(all[2 * i], next);
        for (int64_t at = next; at < next + all[2 * i + 1]; at += 7)
            EXPECT_INT(troupe_array_owner(self, array, at), i);
        next += all[2 * i + 1];
    }
    EXPECT_INT(next, facts.length);
    EXPECT_INT(all[2 * me], mine.first);
    EXPECT_INT(troupe_array_owner(self, array, -1), -1);
    EXPECT_INT(troupe_array_owner(self, array, facts.length), -1);
    return TROUPE_OK;
}

static void
look_at_facts(troupe_actor *self, troupe_array array, const struct shape *shape)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    const troupe_array_options *options = &shape->options;
    int n = troupe_team_size(facts.team);

    EXPECT_INT(facts.length, options->length);
    EXPECT_INT(facts.element, options->element);
    EXPECT_INT(facts.element_bytes, options->element == TROUPE_BYTES
                                        ? options->element_bytes
                                        : troupe_element_bytes(options->element));
    EXPECT_INT(facts.block_length,
               options->block_length ? options->block_length : 4096);
    EXPECT_INT(facts.n_blocks,
               (facts.length + facts.block_length - 1) / facts.block_length);
    for (int i = 0; i <= n; i++)
        EXPECT_INT(facts.cuts[i],
                   options->cuts ? options->cuts[i] : facts.n_blocks * i / n);
}

static troupe_status shapes_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_array arrays[4];
    struct shape shape;
    uint64_t bits[2], all[2 * MOST_MEMBERS];

    for (uint64_t i = 0; i < 12; i++) {
        make_shape(&shape, troupe_team_size(team), i);
        EXPECT_OK(troupe_array_create(self, team, &shape.options, &arrays[i % 4]));
        look_at_facts(self, arrays[i % 4], &shape);
        TROUPE_TRY(look_at_parts(self, arrays[i % 4]));
        if (i % 3 == 0) {
            troupe_array_destroy(self, &arrays[i % 4]);
            EXPECT_INT(arrays[i % 4].bits, 0);
        }
    }
    bits[0] = arrays[0].bits;
    bits[1] = arrays[2].bits;
    EXPECT(bits[0] != bits[1]);
    TROUPE_TRY(troupe_gather(self, team, -1, bits, sizeof bits, all));
    for (int i = 0; i < troupe_team_size(team); i++)
        EXPECT(memcmp(&all[2 * i], bits, sizeof bits) == 0);
    return TROUPE_OK; /* the others go with the process */
}
TROUPE_PROCESS(shapes, shapes_body);

START_TEST(every_element_has_one_owner)
{
    for (int n_ranks = 1; n_ranks <= 5; n_ranks++)
        scene_play(&(struct scene){.main = &shapes, .n_ranks = n_ranks});
}
END_TEST

/* ---- what cannot be ----------------------------------------------------------- */

static void
refuse(troupe_actor *self, const troupe_array_options *options, troupe_status wanted)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_array array = {77};

    EXPECT_STATUS(troupe_array_create(self, team, options, &array), wanted);
    EXPECT_INT(array.bits, 77);
    EXPECT(base_list_is_empty(&array_of(self->home->rank)->all));
}

static const int64_t bad_cuts[][4] = {
    {0, 1, 2, 4}, {1, 1, 2, 3}, {0, 2, 1, 3}, {0, -1, 2, 3}, {0, 4, 4, 3}};

static troupe_status refusal_body(troupe_actor *self)
{
    static const troupe_array_options bad[] = {
        {.length = -1},
        {.length = INT64_MAX},
        {.length = INT64_MAX / 8 + 1},
        {.length = 10, .block_length = 15},
        {.length = 10, .block_length = -16},
        {.length = 10, .element = TROUPE_BYTES},
        {.length = 10, .element = TROUPE_FLOAT, .element_bytes = 8},
        {.length = 10, .element = (enum troupe_element)11},
        {.length = 10, .element = (enum troupe_element) - 1},
        {.length = 2, .element = TROUPE_BYTES, .element_bytes = SIZE_MAX},
    };
    int me = troupe_team_index(troupe_rank_team(self));
    troupe_array_options options = {.length = 3 * 16, .block_length = 16};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(self, &bad[i], TROUPE_INVALID);
    for (size_t i = 0; i < sizeof bad_cuts / sizeof bad_cuts[0]; i++) {
        options.cuts = bad_cuts[i];
        refuse(self, &options, TROUPE_INVALID);
    }
    options.cuts = NULL;
    refuse(self, &(troupe_array_options){.length = INT64_MAX / 64}, TROUPE_NO_MEMORY);
    /* Only one of them asks for too much, or for something else. */
    options.length = me == 1 ? -1 : 48;
    refuse(self, &options, TROUPE_INVALID);
    options.length = me == 1 ? 49 : 48;
    refuse(self, &options, TROUPE_MISMATCH);
    options.length = 48;
    options.block_length = me == 2 ? 32 : 16;
    refuse(self, &options, TROUPE_MISMATCH);
    options.block_length = 16;
    options.cuts = me == 0 ? (const int64_t[]){0, 0, 0, 3} : NULL;
    refuse(self, &options, TROUPE_MISMATCH);
    return TROUPE_OK;
}
TROUPE_PROCESS(refusal, refusal_body);

START_TEST(what_cannot_be_is_refused_alike)
{
    scene_play(&(struct scene){.main = &refusal, .n_ranks = 3});
}
END_TEST

static troupe_status leaver_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    const troupe_array_options options = {.length = 100};
    troupe_array first, second;

    EXPECT_OK(troupe_array_create(self, team, &options, &first));
    if (troupe_team_index(team) == 1)
        return TROUPE_OK;
    EXPECT_STATUS(troupe_array_create(self, team, &options, &second), TROUPE_PEER_GONE);
    EXPECT_INT(troupe_array_describe(self, first).length, 100);
    return TROUPE_OK;
}
TROUPE_PROCESS(leaver, leaver_body);

START_TEST(a_member_that_leaves)
{
    scene_play(&(struct scene){.main = &leaver, .n_ranks = 4});
}
END_TEST

static troupe_status stranger_body(troupe_actor *self)
{
    (void)troupe_array_mine(self, (troupe_array){5});
    return TROUPE_OK;
}
TROUPE_PROCESS(stranger, stranger_body);

START_TEST(no_array_of_the_caller)
{
    struct child_end end;

    scene_listen(&(struct scene){.main = &stranger,
                                 .n_ranks = 1,
                                 .exit_code = TROUPE_CODE_MISUSE},
                 &end);
    ck_assert_msg(strstr(end.text, "it is none of the caller's arrays") != NULL, "%s",
                  end.text);
}
END_TEST

/* ---- no memory ---------------------------------------------------------------- */

static int fails_every;

/* One of the calls finds no memory, at least on member 1: then all of them say so. */
static troupe_status poor_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    const troupe_array_options options = {.length = 300000, .block_length = 4096};
    int64_t status, all[MOST_MEMBERS];
    troupe_array array;

    for (int i = 0; i < 20; i++) /* so that the pool has what the messages need */
        EXPECT_OK(troupe_array_create(self, team, &options, &array));
    EXPECT_OK(troupe_barrier(self, team));
    if (troupe_team_index(team) == 1)
        (void)base_alloc_fail_every((uint64_t)fails_every);
    status = troupe_array_create(self, team, &options, &array);
    (void)base_alloc_fail_every(0);
    EXPECT_INT(status, TROUPE_NO_MEMORY);
    EXPECT_OK(troupe_gather(self, team, -1, &status, sizeof status, all));
    for (int i = 0; i < troupe_team_size(team); i++)
        EXPECT_INT(all[i], status);
    return TROUPE_OK;
}
TROUPE_PROCESS(poor, poor_body);

START_TEST(no_memory_for_all_alike)
{
    for (fails_every = 2; fails_every < 5; fails_every++)
        scene_play(&(struct scene){.main = &poor, .n_ranks = 3});
}
END_TEST

CHECK_MAIN("array",
           every_element_has_one_owner,
           what_cannot_be_is_refused_alike,
           a_member_that_leaves,
           no_array_of_the_caller,
           no_memory_for_all_alike)
