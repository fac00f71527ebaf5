/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_MAP_H
#define BASE_MAP_H

/*
 * Hash table from 64-bit keys (not 0) to pointers: open addressing, linear probing,
 * backward-shift deletion, grows at 3/4. Order of iteration depends on keys and history
 * only, never on the value of a pointer (replay needs that).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base_map {
    uint64_t *keys; /* 0: free */
    void **values;
    uint32_t n_items;
    uint32_t mask; /* capacity - 1; 0 with keys == NULL: nothing allocated yet */
};

void base_map_init(struct base_map *map);
void base_map_fini(struct base_map *map);
/* NULL when absent; key 0 always is. */
void *base_map_get(const struct base_map *map, uint64_t key);
/* Adds or replaces; value must not be NULL. False: no memory, nothing changed. */
bool base_map_put(struct base_map *map, uint64_t key, void *value);
/* The value that was there, or NULL. */
void *base_map_remove(struct base_map *map, uint64_t key);
/* Iterates: start with *position = 0; false at the end. Do not change the map
 * meanwhile. */
bool base_map_next(const struct base_map *map,
                   uint32_t *position,
                   uint64_t *key,
                   void **value);

uint64_t base_hash_u64(uint64_t key);
uint64_t base_hash_bytes(const void *data, size_t size_bytes, uint64_t seed);

#endif
