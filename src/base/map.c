/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"
#include "base/alloc.h"
#include "base/require.h"
#include <string.h>
#include <xxhash.h>

enum { SMALLEST_CAPACITY = 8 };

/*
 * Moremur: Pelle Evensen, "Stronger, better, morer, Moremur; a better Murmur-type
 * mixer" (2019). A bijection, so that different keys have different hashes.
 */
uint64_t base_hash_u64(uint64_t key)
{
    key = (key ^ (key >> 27)) * UINT64_C(0x3c79ac492ba7b653);
    key = (key ^ (key >> 33)) * UINT64_C(0x1c69b3f74ac4ae35);
    return key ^ (key >> 27);
}

uint64_t base_hash_bytes(const void *data, size_t size_bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size_bytes, seed);
}

void base_map_init(struct base_map *map)
{
    *map = (struct base_map){0};
}

void base_map_fini(struct base_map *map)
{
    base_free(map->keys);
    base_free(map->values);
    base_map_init(map);
}

static uint32_t home_of(const struct base_map *map, uint64_t key)
{
    return (uint32_t)base_hash_u64(key) & map->mask;
}

/* Where the key is, or the free place where it belongs; there is always a free one. */
static uint32_t place_of(const struct base_map *map, uint64_t key)
{
    uint32_t place = home_of(map, key);
    while (map->keys[place] != 0 && map->keys[place] != key)
        place = (place + 1) & map->mask;
    return place;
}

void *base_map_get(const struct base_map *map, uint64_t key)
{
    if (map->n_items == 0 || key == 0)
        return NULL;
    uint32_t place = place_of(map, key);
    return map->keys[place] == key ? map->values[place] : NULL;
}

static bool allocate(struct base_map *map, size_t capacity)
{
    uint64_t *keys = base_try_alloc(capacity * sizeof(*keys));
    void **values = base_try_alloc(capacity * sizeof(*values));
    if (!keys || !values) {
        base_free(keys);
        base_free(values);
        return false;
    }
    memset(keys, 0, capacity * sizeof(*keys));
    *map = (struct base_map){keys, values, 0, (uint32_t)(capacity - 1)};
    return true;
}

static bool grow(struct base_map *map)
{
    size_t capacity = map->keys ? ((size_t)map->mask + 1) * 2 : SMALLEST_CAPACITY;
    struct base_map bigger;
    if (capacity > (size_t)UINT32_MAX / 2 + 1 || !allocate(&bigger, capacity))
        return false;
    uint32_t position = 0;
    uint64_t key;
    void *value;
    while (base_map_next(map, &position, &key, &value)) {
        uint32_t place = place_of(&bigger, key);
        bigger.keys[place] = key;
        bigger.values[place] = value;
    }
    bigger.n_items = map->n_items;
    base_map_fini(map);
    *map = bigger;
    return true;
}

static bool is_crowded(const struct base_map *map)
{
    return !map->keys ||
           ((uint64_t)map->n_items + 1) * 4 > ((uint64_t)map->mask + 1) * 3;
}

bool base_map_put(struct base_map *map, uint64_t key, void *value)
{
    base_assert(key != 0 && value != NULL);
    if (map->keys) {
        uint32_t place = place_of(map, key);
        if (map->keys[place] == key) {
            map->values[place] = value;
            return true;
        }
    }
    if (is_crowded(map) && !grow(map))
        return false;
    uint32_t place = place_of(map, key);
    map->keys[place] = key;
    map->values[place] = value;
    map->n_items++;
    return true;
}

/*
 * Closes the gap that a removal left: whoever follows in the same run and would no
 * longer be found from its home across the gap moves into it (Knuth, TAOCP 3, 6.4,
 * algorithm R).
 */
static void close_gap(struct base_map *map, uint32_t gap)
{
    uint32_t place = (gap + 1) & map->mask;
    for (; map->keys[place] != 0; place = (place + 1) & map->mask) {
        uint32_t from_home = (place - home_of(map, map->keys[place])) & map->mask;
        uint32_t from_gap = (place - gap) & map->mask;
        if (from_home < from_gap)
            continue;
        map->keys[gap] = map->keys[place];
        map->values[gap] = map->values[place];
        gap = place;
    }
    map->keys[gap] = 0;
}

void *base_map_remove(struct base_map *map, uint64_t key)
{
    if (map->n_items == 0 || key == 0)
        return NULL;
    uint32_t place = place_of(map, key);
    if (map->keys[place] != key)
        return NULL;
    void *value = map->values[place];
    close_gap(map, place);
    map->n_items--;
    return value;
}

bool base_map_next(const struct base_map *map,
                   uint32_t *position,
                   uint64_t *key,
                   void **value)
{
    if (!map->keys)
        return false;
    for (uint32_t place = *position; place <= map->mask; place++) {
        if (map->keys[place] == 0)
            continue;
        *key = map->keys[place];
        *value = map->values[place];
        *position = place + 1;
        return true;
    }
    *position = map->mask + 1;
    return false;
}
