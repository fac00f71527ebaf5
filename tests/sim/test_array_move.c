/* seeds: 15 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/scene.h"
#include <string.h>

/*
 * Elements that move: each has a value that follows from its index, so wherever it
 * comes to it can be seen whether it is the right one.
 */

enum { MOST_MEMBERS = 8 };

static unsigned char byte_of(int64_t index, size_t byte, int salt)
{
    return (unsigned char)(index * 31 + index / 256 + (int64_t)byte * 7 + salt);
}

static void fill(void *data, int64_t first, int64_t n, size_t element_bytes, int salt)
{
    unsigned char *bytes = data;

    for (int64_t i = 0; i < n; i++)
        for (size_t b = 0; b < element_bytes; b++)
            *bytes++ = byte_of(first + i, b, salt);
}

static bool
is_filled(const void *data, int64_t first, int64_t n, size_t element_bytes, int salt)
{
    const unsigned char *bytes = data;

    for (int64_t i = 0; i < n; i++)
        for (size_t b = 0; b < element_bytes; b++)
            if (*bytes++ != byte_of(first + i, b, salt))
                return false;
    return true;
}

static void fill_mine(troupe_actor *self, troupe_array array, int salt)
{
    troupe_array_part mine = troupe_array_mine(self, array);

    fill(mine.data, mine.first, mine.n_elements,
         troupe_array_describe(self, array).element_bytes, salt);
}

static void expect_mine(troupe_actor *self, troupe_array array, int salt)
{
    troupe_array_part mine = troupe_array_mine(self, array);

    EXPECT(is_filled(mine.data, mine.first, mine.n_elements,
                     troupe_array_describe(self, array).element_bytes, salt));
}

/* ---- random arrays, the same on all members ----------------------------------- */

static troupe_array make_array(troupe_actor *self,
                               struct base_random *random,
                               int64_t length,
                               size_t element_bytes)
{
    troupe_team *team = troupe_rank_team(self);
    int64_t cuts[MOST_MEMBERS + 1];
    troupe_array_options options = {
        .element = TROUPE_BYTES, .element_bytes = element_bytes, .length = length};
    troupe_array array;

    options.block_length = 16 * (1 + base_random_below(random, 30));
    if (base_random_below(random, 2)) {
        cuts_draw(random, troupe_team_size(team),
                  (length + options.block_length - 1) / options.block_length, cuts);
        options.cuts = cuts;
    }
    EXPECT_OK(troupe_array_create(self, team, &options, &array));
    return array;
}

static int64_t make_length(struct base_random *random)
{
    static const int64_t lengths[] = {0, 1, 17, 1000, 5000, 70000};

    return lengths[base_random_below(random, 6)];
}

/* ---- cut anew, copied --------------------------------------------------------- */

static troupe_status cut_body(troupe_actor *self)
{
    struct base_random random = {scene_seed()};
    int n = troupe_team_size(troupe_rank_team(self));
    int64_t cuts[MOST_MEMBERS + 1];

    for (int round = 0; round < 4; round++) {
        troupe_array array = make_array(self, &random, make_length(&random),
                                        1 + base_random_below(&random, 20));

        fill_mine(self, array, round);
        for (int i = 0; i < 4; i++) {
            int64_t n_blocks = troupe_array_describe(self, array).n_blocks;

            cuts_draw(&random, n, n_blocks, cuts);
            EXPECT_OK(troupe_array_cut(self, array, i == 3 ? NULL : cuts));
            for (int j = 0; j <= n; j++)
                EXPECT_INT(troupe_array_describe(self, array).cuts[j],
                           i == 3 ? n_blocks * j / n : cuts[j]);
            expect_mine(self, array, round);
        }
        troupe_array_destroy(self, &array);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(cutting, cut_body);

static troupe_status copy_body(troupe_actor *self)
{
    struct base_random random = {scene_seed()};
    int64_t length = make_length(&random);
    size_t element_bytes = 1 + base_random_below(&random, 20);
    troupe_array a = make_array(self, &random, length, element_bytes);
    troupe_array b = make_array(self, &random, length, element_bytes);
    troupe_array c = make_array(self, &random, length, element_bytes);
    troupe_array longer = make_array(self, &random, length + 1, element_bytes);
    troupe_array wider = make_array(self, &random, length, element_bytes + 1);
    troupe_team *team = troupe_rank_team(self);
    troupe_operation operations[2];

    fill_mine(self, a, 5);
    EXPECT_OK(troupe_array_copy(self, a, b));
    expect_mine(self, b, 5);
    fill_mine(self, b, 6);
    EXPECT_OK(troupe_array_copy_start(self, b, c, &operations[0]));
    EXPECT_OK(troupe_array_copy_start(self, b, a, &operations[1]));
    EXPECT_OK(troupe_team_wait(self, team, operations[1]));
    expect_mine(self, a, 6);
    EXPECT_OK(troupe_team_wait(self, team, operations[0]));
    expect_mine(self, c, 6);
    EXPECT_STATUS(troupe_array_copy(self, a, longer), TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_copy(self, a, wider), TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_copy(self, a, a), TROUPE_INVALID);
    return TROUPE_OK;
}
TROUPE_PROCESS(copying, copy_body);

START_TEST(elements_follow_their_cuts)
{
    for (int n_ranks = 1; n_ranks <= 5; n_ranks++) {
        scene_play(&(struct scene){.main = &cutting, .n_ranks = n_ranks});
        scene_play(&(struct scene){.main = &copying, .n_ranks = n_ranks});
    }
}
END_TEST

/* ---- ranges ------------------------------------------------------------------- */

static troupe_array_range make_range(struct base_random *random, int64_t length)
{
    int64_t first = base_random_below(random, (uint32_t)length + 1);
    int64_t n = base_random_below(random, (uint32_t)(length - first) + 1);

    return (troupe_array_range){first,
                                base_random_below(random, 4) ? n : length - first};
}

static void gather_some(troupe_actor *self,
                        troupe_array array,
                        struct base_random *random,
                        int salt)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    int n = troupe_team_size(facts.team), me = troupe_team_index(facts.team);
    int root = (int)base_random_below(random, (uint32_t)n + 1) - 1;
    troupe_array_range range = make_range(random, facts.length);
    size_t n_bytes = (size_t)range.n_elements * facts.element_bytes;
    bool is_mine = root < 0 || root == me;
    unsigned char *all = calloc(n_bytes + 1, 1);
    troupe_operation operation;

    if (base_random_below(random, 2)) {
        EXPECT_OK(troupe_array_gather(self, array, root, range, is_mine ? all : NULL));
    } else {
        EXPECT_OK(troupe_array_gather_start(self, array, root, range,
                                            is_mine ? all : NULL, &operation));
        EXPECT_OK(troupe_team_wait(self, facts.team, operation));
    }
    EXPECT(!is_mine ||
           is_filled(all, range.first, range.n_elements, facts.element_bytes, salt));
    EXPECT_INT(all[n_bytes], 0);
    free(all);
}

static void scatter_some(troupe_actor *self,
                         troupe_array array,
                         struct base_random *random,
                         int salt)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    int n = troupe_team_size(facts.team), me = troupe_team_index(facts.team);
    int root = (int)base_random_below(random, (uint32_t)n);
    troupe_array_range range = make_range(random, facts.length);
    troupe_array_range rest = {range.first + range.n_elements, 0};
    unsigned char *all = malloc((size_t)(range.n_elements + 1) * facts.element_bytes);
    troupe_operation operation;

    fill(all, range.first, range.n_elements, facts.element_bytes, salt);
    if (base_random_below(random, 2)) {
        EXPECT_OK(
            troupe_array_scatter(self, array, root, range, me == root ? all : NULL));
    } else {
        EXPECT_OK(troupe_array_scatter_start(self, array, root, range,
                                             me == root ? all : NULL, &operation));
        EXPECT_OK(troupe_team_wait(self, facts.team, operation));
    }
    free(all);
    /* What is before and behind is as it was. */
    rest.n_elements = facts.length - rest.first;
    all = malloc((size_t)(facts.length + 1) * facts.element_bytes);
    EXPECT_OK(troupe_array_gather(self, array, -1,
                                  (troupe_array_range){0, facts.length}, all));
    EXPECT(is_filled(all, 0, range.first, facts.element_bytes, 1));
    EXPECT(is_filled(all + (size_t)range.first * facts.element_bytes, range.first,
                     range.n_elements, facts.element_bytes, salt));
    EXPECT(is_filled(all + (size_t)rest.first * facts.element_bytes, rest.first,
                     rest.n_elements, facts.element_bytes, 1));
    free(all);
}

static troupe_status range_body(troupe_actor *self)
{
    struct base_random random = {scene_seed()};

    for (int round = 0; round < 4; round++) {
        int64_t length = make_length(&random);
        troupe_array array =
            make_array(self, &random, length, 1 + base_random_below(&random, 9));

        fill_mine(self, array, 1);
        for (int i = 0; i < 4; i++)
            gather_some(self, array, &random, 1);
        scatter_some(self, array, &random, 2);
        troupe_array_destroy(self, &array);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(ranges, range_body);

START_TEST(ranges_come_and_go)
{
    for (int n_ranks = 1; n_ranks <= 5; n_ranks++)
        scene_play(&(struct scene){.main = &ranges, .n_ranks = n_ranks});
}
END_TEST

/* ---- what cannot be ----------------------------------------------------------- */

static troupe_status single_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team), n = troupe_team_size(team);
    const troupe_array_options options = {
        .element = TROUPE_INT32, .length = 100, .block_length = 16};
    int64_t cuts[MOST_MEMBERS + 1] = {0};
    troupe_array array;
    int32_t value = me + 50, got = 0, all[100];
    troupe_operation operation;

    EXPECT_OK(troupe_array_create(self, team, &options, &array));
    EXPECT_OK(troupe_array_set(self, array, 99, &value));
    EXPECT_OK(troupe_array_get(self, array, 99, &got));
    EXPECT_INT(got, 50);
    EXPECT_STATUS(troupe_array_get(self, array, 100, &got), TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_get(self, array, -1, &got), TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_set(self, array, 100, &value), TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_gather(self, array, n, (troupe_array_range){0, 1}, all),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_gather(self, array, -2, (troupe_array_range){0, 1}, all),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_array_scatter(self, array, -1, (troupe_array_range){0, 1}, all),
        TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_array_gather(self, array, 0, (troupe_array_range){50, 51}, all),
        TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_array_gather(self, array, 0, (troupe_array_range){50, INT64_MAX}, all),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_gather(self, array, 0, (troupe_array_range){0, -1}, all),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_get(self, array, me, &got), TROUPE_MISMATCH);
    cuts[n] = 6;
    EXPECT_STATUS(troupe_array_cut(self, array, cuts), TROUPE_INVALID);
    cuts[n] = 7;
    cuts[1] = me % 2;
    cuts[2] = 1;
    EXPECT_STATUS(troupe_array_cut(self, array, cuts), TROUPE_MISMATCH);
    EXPECT_INT(troupe_array_describe(self, array).cuts[1], 7 / n);
    EXPECT_OK(troupe_array_get(self, array, 99, &got));
    EXPECT_INT(got, 50);
    EXPECT_STATUS(troupe_array_gather_start(self, array, n, (troupe_array_range){0, 1},
                                            all, &operation),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_array_scatter_start(
                      self, array, -1, (troupe_array_range){0, 1}, all, &operation),
                  TROUPE_INVALID);
    /* As many elements, but others. */
    EXPECT_OK(troupe_array_gather_start(
        self, array, -1, (troupe_array_range){me % 2, 1}, all, &operation));
    (void)!troupe_team_wait(self, team, operation); /* who only sends may be done */
    EXPECT_STATUS(troupe_barrier(self, team), TROUPE_MISMATCH);
    return TROUPE_OK;
}
TROUPE_PROCESS(single, single_body);

START_TEST(what_cannot_be_is_refused_alike)
{
    scene_play(&(struct scene){.main = &single, .n_ranks = 3});
}
END_TEST

/* One member leaves; where others waited for its elements, nothing has changed. */
static troupe_status leaver_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team);
    int64_t cuts[] = {0, 0, 0, 50};
    const troupe_array_options options = {.length = 800, .block_length = 16};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, team, &options, &array));
    fill_mine(self, array, 3);
    if (me == 1)
        return TROUPE_OK;
    EXPECT_STATUS(troupe_array_cut(self, array, cuts), TROUPE_PEER_GONE);
    EXPECT_INT(troupe_array_describe(self, array).cuts[1], 16);
    expect_mine(self, array, 3);
    return TROUPE_OK;
}
TROUPE_PROCESS(leaver, leaver_body);

START_TEST(a_member_that_leaves)
{
    scene_play(&(struct scene){.main = &leaver, .n_ranks = 3});
}
END_TEST

CHECK_MAIN("array_move",
           elements_follow_their_cuts,
           ranges_come_and_go,
           what_cannot_be_is_refused_alike,
           a_member_that_leaves)
