/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"
#include <stdlib.h>

#define COUNT_BITS 24
#define COUNT_MASK ((UINT32_C(1) << COUNT_BITS) - 1)
#define WIDE       255 /* the length in the head of a wide record */
#define HEAD_BYTES 4
#define WIDE_BYTES (HEAD_BYTES + 8 + 4)

/*
 * Slots to begin with: what is not touched costs nothing, and growing costs more than
 * having them spread out. Later a table doubles; when it is large, a quarter more will
 * do.
 */
#define SLOTS_AT_FIRST ((size_t)1 << 20)
#define SLOTS_LARGE    ((size_t)1 << 22)

/* So many words are looked at between two pauses. */
#define PAUSE_WORDS ((size_t)1 << 20)

static uint32_t load32(const unsigned char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

static void store32(unsigned char *to, uint32_t value)
{
    memcpy(to, &value, sizeof value);
}

static uint64_t load64(const unsigned char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

static void store64(unsigned char *to, uint64_t value)
{
    memcpy(to, &value, sizeof value);
}

static size_t record_bytes(size_t length, bool wide)
{
    return (wide ? WIDE_BYTES : HEAD_BYTES) + length;
}

/* The word at a place, and how many bytes its record has. */
static size_t record_read(const struct table *table, size_t place, struct word *word)
{
    const unsigned char *record = table->records + place;
    uint32_t head = load32(record);
    bool wide = head >> COUNT_BITS == WIDE;
    word->length = wide ? load32(record + HEAD_BYTES + 8) : head >> COUNT_BITS;
    word->count = wide ? load64(record + HEAD_BYTES) : head & COUNT_MASK;
    word->text = record + (wide ? WIDE_BYTES : HEAD_BYTES);
    return record_bytes(word->length, wide);
}

static void record_write(struct table *table,
                         size_t place,
                         const unsigned char *text,
                         size_t length,
                         uint64_t count)
{
    unsigned char *record = table->records + place;
    if (length < WIDE && count <= COUNT_MASK) {
        store32(record, (uint32_t)length << COUNT_BITS | (uint32_t)count);
        memcpy(record + HEAD_BYTES, text, length);
        return;
    }
    store32(record, (uint32_t)WIDE << COUNT_BITS);
    store64(record + HEAD_BYTES, count);
    store32(record + HEAD_BYTES + 8, (uint32_t)length);
    memcpy(record + WIDE_BYTES, text, length);
}

void table_init(struct table *table,
                size_t limit_bytes,
                void (*pause)(void *context),
                void *context)
{
    *table = (struct table){
        .end = 1, .limit_bytes = limit_bytes, .pause = pause, .context = context};
    if (table->limit_bytes > TABLE_PLACE_MASK)
        table->limit_bytes = TABLE_PLACE_MASK;
}

void table_fini(struct table *table)
{
    free(table->slots);
    free(table->records);
    free(table->sorted);
    *table = (struct table){.end = 1};
}

void table_clear(struct table *table)
{
    if (table->slots)
        memset(table->slots, 0, table->n_slots * sizeof *table->slots);
    table->n_words = 0;
    table->end = 1;
}

bool table_next(const struct table *table, size_t *position, struct word *word)
{
    size_t place = 1;
    if (*position)
        place = *position + record_read(table, *position, word);
    for (; place < table->end; place += record_read(table, place, word)) {
        record_read(table, place, word);
        if (word->count == 0)
            continue; /* it has moved, see widen() */
        *position = place;
        return true;
    }
    return false;
}

void table_rest(struct table *table, size_t n)
{
    table->n_seen += n;
    if (table->n_seen < PAUSE_WORDS)
        return;
    table->n_seen = 0;
    table->pause(table->context);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) << TABLE_PLACE_BITS;
}

static size_t slot_after(const struct table *table, size_t slot)
{
    return slot + 1 < table->n_slots ? slot + 1 : 0;
}

/* How many words are moved to new slots at once, see table_prefetch(). */
#define N_TOGETHER 64

struct homeless {
    uint64_t hash;
    size_t place;
};

static void find_slots(struct table *table, const struct homeless *words, size_t n)
{
    table_rest(table, n);
    for (size_t i = 0; i < n; i++)
        table_prefetch(table, words[i].hash);
    for (size_t i = 0; i < n; i++) {
        size_t slot = table_home(table, words[i].hash);
        while (table->slots[slot])
            slot = slot_after(table, slot);
        table->slots[slot] = tag_of(words[i].hash) | (uint32_t)words[i].place;
    }
}

/* All words into new slots, in the order they came: the frequent get the best ones. */
static void fill_slots(struct table *table)
{
    struct homeless words[N_TOGETHER];
    size_t n = 0, place = 0;
    struct word word;
    while (table_next(table, &place, &word)) {
        words[n++] = (struct homeless){word_hash(word.text, word.length), place};
        if (n == N_TOGETHER) {
            find_slots(table, words, n);
            n = 0;
        }
    }
    find_slots(table, words, n);
}

/* Makes room in the slots. The old ones are not needed: the records hold all words. */
static bool grow_slots(struct table *table)
{
    size_t n = table->n_slots;
    n += n < SLOTS_LARGE ? n : n / 4;
    if (n == 0)
        n = table->limit_bytes / 32 < SLOTS_AT_FIRST ? table->limit_bytes / 32
                                                     : SLOTS_AT_FIRST;
    if (n * sizeof *table->slots + table->end > table->limit_bytes)
        return false;
    free(table->slots);
    table->n_slots = 0;
    table->slots = calloc(n, sizeof *table->slots);
    if (!table->slots)
        return false;
    table->n_slots = (uint32_t)n;
    fill_slots(table);
    return true;
}

/* Makes room for one more record and the slack after it. */
static bool grow_records(struct table *table, size_t size_bytes)
{
    size_t end = table->end + size_bytes + WORD_SLACK;
    if (table->n_slots * sizeof *table->slots + end > table->limit_bytes)
        return false;
    if (end <= table->capacity)
        return true;
    /* Pages that are not touched cost nothing, and large blocks grow without a copy. */
    size_t capacity = end + end / 2 + 65536;
    unsigned char *records = realloc(table->records, capacity);
    if (!records)
        return false;
    table->records = records;
    table->capacity = capacity;
    return true;
}

/* A new record at the end; *place says where. */
static bool append(struct table *table,
                   const unsigned char *text,
                   size_t length,
                   uint64_t count,
                   size_t *place)
{
    size_t size = record_bytes(length, length >= WIDE || count > COUNT_MASK);
    if (!grow_records(table, size))
        return false;
    *place = table->end;
    record_write(table, *place, text, length, count);
    table->end += size;
    return true;
}

/* A count outgrows its record: a wide one takes its place, and the old one counts 0. */
static bool widen(struct table *table, size_t slot, size_t place, uint64_t count)
{
    struct word word;
    record_read(table, place, &word);
    unsigned char text[WIDE];
    memcpy(text, word.text, word.length); /* the records may move */
    size_t new_place;
    if (!append(table, text, word.length, count, &new_place))
        return false;
    store32(table->records + place, (uint32_t)word.length << COUNT_BITS);
    table->slots[slot] = (table->slots[slot] & ~TABLE_PLACE_MASK) | (uint32_t)new_place;
    return true;
}

static bool add_to(struct table *table, size_t slot, uint64_t count)
{
    size_t place = table->slots[slot] & TABLE_PLACE_MASK;
    unsigned char *record = table->records + place;
    uint32_t head = load32(record);
    if (head >> COUNT_BITS == WIDE) {
        store64(record + HEAD_BYTES, load64(record + HEAD_BYTES) + count);
        return true;
    }
    if (count > COUNT_MASK - (head & COUNT_MASK))
        return widen(table, slot, place, (head & COUNT_MASK) + count);
    store32(record, head + (uint32_t)count);
    return true;
}

/* Most words are short: no call of memcmp for them. */
static bool same_text(const unsigned char *a, const unsigned char *b, size_t length)
{
    for (; length > 8; a += 8, b += 8, length -= 8) {
        if (word_part(a, 8) != word_part(b, 8))
            return false;
    }
    return word_part(a, length) == word_part(b, length);
}

static bool
is_at(const struct table *table, size_t place, const unsigned char *text, size_t length)
{
    const unsigned char *record = table->records + place;
    uint32_t head = load32(record);
    if (head >> COUNT_BITS != WIDE)
        return head >> COUNT_BITS == length &&
               same_text(record + HEAD_BYTES, text, length);
    return load32(record + HEAD_BYTES + 8) == length &&
           same_text(record + WIDE_BYTES, text, length);
}

bool table_add(struct table *table,
               const unsigned char *text,
               size_t length,
               uint64_t hash,
               uint64_t count)
{
    uint32_t tag = tag_of(hash);
    size_t slot = 0;
    if (table->n_slots) {
        slot = table_home(table, hash);
        for (uint32_t value; (value = table->slots[slot]) != 0;
             slot = slot_after(table, slot)) {
            if ((value & ~TABLE_PLACE_MASK) == tag &&
                is_at(table, value & TABLE_PLACE_MASK, text, length))
                return add_to(table, slot, count);
        }
    }
    /* New. At most three slots in four are taken. */
    if (table->n_words >= table->n_slots / 4 * 3) {
        if (!grow_slots(table))
            return false;
        slot = table_home(table, hash);
        while (table->slots[slot])
            slot = slot_after(table, slot);
    }
    size_t place;
    if (!append(table, text, length, count, &place))
        return false;
    table->slots[slot] = tag | (uint32_t)place;
    table->n_words++;
    return true;
}

void table_sorted(const struct table *table, size_t number, struct word *word)
{
    record_read(table, (uint32_t)table->sorted[number], word);
}
