/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/map.h"
#include "base/random.h"
#include "support/check_main.h"
#include <string.h>

enum { N_KEYS = 600, N_STEPS = 20000, N_SEEDS = 20 };

/* A table that is too simple to be wrong: the value of key number i, or NULL. */
struct oracle {
    uint64_t keys[N_KEYS];
    void *values[N_KEYS];
    uint32_t n_items;
};

static char some_values[64];

/* Few ck_asserts in what runs often: each costs a system call. */
static bool agrees_on(const struct base_map *map, const struct oracle *oracle, size_t i)
{
    return base_map_get(map, oracle->keys[i]) == oracle->values[i];
}

static bool agrees(const struct base_map *map, const struct oracle *oracle)
{
    bool good = map->n_items == oracle->n_items;
    for (size_t i = 0; i < N_KEYS; i++)
        good = good && agrees_on(map, oracle, i);
    uint32_t position = 0, n_seen = 0;
    uint64_t key;
    void *value;
    while (base_map_next(map, &position, &key, &value)) {
        good = good && key != 0 && base_map_get(map, key) == value;
        n_seen++;
    }
    good = good && n_seen == oracle->n_items;
    return good && !base_map_next(map, &position, &key, &value);
}

/* False when the map answers something else than the oracle. */
static bool
step(struct base_map *map, struct oracle *oracle, struct base_random *random)
{
    size_t i = base_random_below(random, N_KEYS);
    void *before = oracle->values[i];
    /* Now mostly growing, now mostly shrinking. */
    uint32_t put_percent = (random->state >> 60) % 2 ? 70 : 30;
    if (base_random_below(random, 100) < put_percent) {
        oracle->values[i] =
            &some_values[base_random_below(random, sizeof(some_values))];
        oracle->n_items += before == NULL;
        return base_map_put(map, oracle->keys[i], oracle->values[i]) &&
               agrees_on(map, oracle, i);
    }
    oracle->values[i] = NULL;
    oracle->n_items -= before != NULL;
    return base_map_remove(map, oracle->keys[i]) == before && agrees_on(map, oracle, i);
}

START_TEST(agrees_with_a_naive_table)
{
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        struct base_random random = {seed};
        struct oracle oracle = {0};
        for (size_t i = 0; i < N_KEYS; i++)
            oracle.keys[i] = seed % 2 ? i + 1 : base_random_next(&random) | 1;
        struct base_map map;
        base_map_init(&map);
        int i = 0;
        for (bool good = true; good && i < N_STEPS; i += good) {
            good = step(&map, &oracle, &random);
            if (i % 500 == 0)
                good = good && agrees(&map, &oracle);
        }
        ck_assert_msg(i == N_STEPS, "seed %d fails at step %d", (int)seed, i);
        ck_assert(agrees(&map, &oracle));
        base_map_fini(&map);
    }
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

/* The next key after `key` whose home in a table of eight is `home`. */
static uint64_t key_at_home(uint64_t key, uint32_t home)
{
    do
        key++;
    while ((base_hash_u64(key) & 7) != home);
    return key;
}

static char *value_of(int number)
{
    return &some_values[number];
}

/* Takes five keys out, from `first` on every other one; looks at all of them each time.
 */
static bool take_out_all(struct base_map *map, const uint64_t keys[5], int first)
{
    bool good = true;
    for (int n = 0; n < 5; n++) {
        int gone = (first + 2 * n) % 5;
        good = good && base_map_remove(map, keys[gone]) == value_of(gone);
        good = good && base_map_remove(map, keys[gone]) == NULL;
        for (int i = 0; i < 5; i++) {
            int at = (first + 2 * i) % 5;
            void *expected = i <= n ? NULL : value_of(at);
            good = good && base_map_get(map, keys[at]) == expected;
        }
    }
    for (uint32_t i = 0; i <= map->mask; i++)
        good = good && map->keys[i] == 0;
    return good;
}

/* All fillings of five keys around the end of a table of eight. */
START_TEST(removal_across_the_end)
{
    static const uint32_t homes[] = {6, 7, 0, 1};
    for (uint32_t pattern = 0; pattern < 1024; pattern++) {
        uint64_t keys[5], last = 0;
        for (int i = 0; i < 5; i++) {
            last = key_at_home(last, homes[(pattern >> (2 * i)) & 3]);
            keys[i] = last;
        }
        for (int first = 0; first < 5; first++) {
            struct base_map map;
            base_map_init(&map);
            bool good = true;
            for (int i = 0; i < 5; i++)
                good = good && base_map_put(&map, keys[i], value_of(i));
            good = good && map.mask == 7 && take_out_all(&map, keys, first);
            ck_assert_msg(good, "homes %x, first %d", pattern, first);
            base_map_fini(&map);
        }
    }
}
END_TEST

START_TEST(an_empty_map_answers)
{
    struct base_map map;
    base_map_init(&map);
    uint32_t position = 0;
    uint64_t key;
    void *value;
    ck_assert_ptr_null(base_map_get(&map, 5));
    ck_assert_ptr_null(base_map_remove(&map, 5));
    ck_assert(!base_map_next(&map, &position, &key, &value));
    base_map_fini(&map);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    struct base_map map;
    base_map_init(&map);
    for (uint64_t n = 1; n <= 2; n++) {
        base_alloc_fail_every(n);
        ck_assert(!base_map_put(&map, 1, some_values));
        ck_assert_uint_eq(map.n_items, 0);
        ck_assert_int_eq(base_alloc_live(), 0);
    }
    base_alloc_fail_every(0);
    for (uint64_t key = 1; key <= 6; key++)
        ck_assert(base_map_put(&map, key, &some_values[key]));
    base_alloc_fail_every(1);
    ck_assert(!base_map_put(&map, 7, some_values));
    ck_assert_msg(base_map_put(&map, 6, some_values), "replacing needs no memory");
    base_alloc_fail_every(0);
    ck_assert_uint_eq(map.n_items, 6);
    for (uint64_t key = 1; key <= 5; key++)
        ck_assert_ptr_eq(base_map_get(&map, key), &some_values[key]);
    base_map_fini(&map);
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

/* Each bit of the key flips each bit of the hash about half of the time. */
START_TEST(hash_spreads_every_bit)
{
    enum { N_TRIES = 4000 };
    struct base_random random = {1};
    static int n_flips[64][64];
    for (int try = 0; try < N_TRIES; try++) {
        uint64_t key = try % 2 ? (uint64_t)
        try : base_random_next(&random)
            ;
        for (int in = 0; in < 64; in++) {
            uint64_t change =
                base_hash_u64(key) ^ base_hash_u64(key ^ UINT64_C(1) << in);
            for (int out = 0; out < 64; out++)
                n_flips[in][out] += (int)((change >> out) & 1);
        }
    }
    int fewest = N_TRIES, most = 0;
    for (int i = 0; i < 64 * 64; i++) {
        int n = n_flips[i / 64][i % 64];
        fewest = n < fewest ? n : fewest;
        most = n > most ? n : most;
    }
    ck_assert_int_gt(fewest, N_TRIES * 44 / 100);
    ck_assert_int_lt(most, N_TRIES * 56 / 100);
}
END_TEST

/* Checkpoints and wire formats keep such hashes: they may never change. */
START_TEST(hash_of_bytes_is_xxh3)
{
    ck_assert_uint_eq(base_hash_bytes("", 0, 0), UINT64_C(0x2d06800538d394c2));
    const char text[] = "The quick brown fox jumps over the lazy dog";
    uint64_t hash = base_hash_bytes(text, strlen(text), 0);
    ck_assert_uint_eq(hash, UINT64_C(0xce7d19a5418fb365));
    ck_assert_uint_ne(base_hash_bytes(text, strlen(text), 1), hash);
}
END_TEST

CHECK_MAIN("map",
           agrees_with_a_naive_table,
           removal_across_the_end,
           an_empty_map_answers,
           without_memory_nothing_changes,
           hash_spreads_every_bit,
           hash_of_bytes_is_xxh3)
