/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_TABLE_H
#define WORDCOUNT_TABLE_H

/*
 * Words and their counts, made for little memory: a word costs its text, four bytes of
 * record and five to eight of slot. The memory it may take is bounded.
 *
 * A slot is 32 bits: the place of a record, and four bits of the hash so that few
 * records are looked at in vain. A record is one 32-bit head, length << 24 | count, and
 * the text. Words of 255 bytes and more, and counts that outgrow 24 bits, have a wide
 * record: a head with the length 255, then 64 bits of count, 32 of length, and the
 * text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The bits of a slot that are a record's place. */
#define TABLE_PLACE_BITS 28
#define TABLE_PLACE_MASK ((UINT32_C(1) << TABLE_PLACE_BITS) - 1)

/* So many bytes after the end of a text must be readable: it is looked at by eights. */
#define WORD_SLACK 8

struct word {
    const unsigned char *text;
    size_t length;
    uint64_t count;
};

struct table {
    uint32_t *slots; /* 0: empty */
    uint32_t n_slots;
    uint32_t n_words;
    unsigned char *records;
    size_t end; /* of the records; the first starts at 1 */
    size_t capacity;
    size_t limit_bytes;
    uint64_t *sorted; /* after table_sort(): key and, in the low half, place */
    void (*pause)(void *context);
    void *context;
    size_t n_seen; /* words, since the last pause */
};

/*
 * An empty table, which never takes more than limit_bytes (at most 256 MiB). Where it
 * works for long it calls pause(context) every some tens of milliseconds.
 */
void table_init(struct table *table,
                size_t limit_bytes,
                void (*pause)(void *context),
                void *context);
void table_fini(struct table *table);

/* Forgets the words and keeps the memory. */
void table_clear(struct table *table);

/*
 * Counts a word `count` times more. The hash is word_hash(text, length), the length at
 * least 1. False, and nothing has changed, if that is beyond the limit or the memory.
 */
bool table_add(struct table *table,
               const unsigned char *text,
               size_t length,
               uint64_t hash,
               uint64_t count);

/*
 * Goes through the words in the order they came in: start with *position = 0, which is
 * then the place of the word's record. The text is good until the table is changed.
 */
bool table_next(const struct table *table, size_t *position, struct word *word);

/*
 * Sorts by count downwards, then by text bytewise: table_sorted() has the words by
 * number, from 0 to n_words - 1. Only the first `n_wanted` need be in order. From then
 * on nothing can be added or looked up. False without memory.
 */
bool table_sort(struct table *table, size_t n_wanted);
void table_sorted(const struct table *table, size_t number, struct word *word);

/* Notes that n words have been looked at, and pauses if that is due. */
void table_rest(struct table *table, size_t n);

/* Up to eight bytes of a text as one number; equal if and only if the bytes are. */
static inline uint64_t word_part(const unsigned char *text, size_t length)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return bytes & (UINT64_MAX >> (64 - 8 * length));
#else
    return bytes >> (64 - 8 * length);
#endif
}

/* One multiplication for each eight bytes, and two to spread them over all bits. */
static inline uint64_t word_hash(const unsigned char *text, size_t length)
{
    uint64_t hash = length * UINT64_C(0x9e3779b97f4a7c15);
    for (; length > 8; text += 8, length -= 8) {
        hash = (hash ^ word_part(text, 8)) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= hash >> 32;
    }
    hash = (hash ^ word_part(text, length)) * UINT64_C(0xd6e8feb86659fd93);
    hash = (hash ^ hash >> 32) * UINT64_C(0xa0761d6478bd642f);
    return hash ^ hash >> 29;
}

/* The slot where the search for a word begins. */
static inline size_t table_home(const struct table *table, uint64_t hash)
{
    return (size_t)((hash & UINT32_MAX) * table->n_slots >> 32);
}

/* Says that the word with this hash will be added soon. */
static inline void table_prefetch(const struct table *table, uint64_t hash)
{
    if (table->slots)
        __builtin_prefetch(&table->slots[table_home(table, hash)]);
}

/* The same when the slot has come: the word is likely to be the one it stands for. */
static inline void table_prefetch_record(const struct table *table, uint64_t hash)
{
    if (table->n_words)
        __builtin_prefetch(
            &table->records[table->slots[table_home(table, hash)] & TABLE_PLACE_MASK]);
}

/* Which of n ranks owns a word. The table uses other bits of the hash. */
static inline size_t word_owner(uint64_t hash, size_t n)
{
    return (size_t)((hash >> 32) * n >> 32);
}

#endif
