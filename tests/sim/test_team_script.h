/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_TEAM_SCRIPT_H
#define TEST_TEAM_SCRIPT_H

/*
 * A random program of collectives, and what each of them has to come to, worked out one
 * member after the other. All is a function of the seed.
 *
 * Steps act on slots: slot 0 is the team of all workers, each split opens another.
 * Within a slot the workers stand in groups, one for each team there.
 */

#include "base/random.h"
#include "troupe/troupe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_WORKERS = 64,
    MOST_STEPS = 96,
    MOST_SLOTS = 4,
    MOST_GROUPS = 80,
    UNSET = 255
};

enum form { BARRIER, BROADCAST, GATHER, REDUCE, EXSCAN, TRADE, SPLIT, N_FORMS };

struct step {
    enum form form;
    int slot, number; /* of the operation in the teams of that slot */
    uint32_t root_choice;
    size_t size_bytes; /* of one member */
    enum troupe_element element;
    enum troupe_combine combine;
    bool is_fold, is_waited; /* at once */
    int child_slot;
    uint32_t salt;
};

struct group {
    int slot, n_members;
    int members[MOST_WORKERS]; /* workers in the order of the team */
    /* What happened: */
    int n_entered[MOST_WORKERS];
    uint8_t status[MOST_WORKERS][MOST_STEPS];
    bool is_for_all[MOST_WORKERS][MOST_STEPS];
};

enum death { LIVES, RETURNS, FAILS, ABORTS, AMONG_OPERATIONS, N_DEATHS };

struct script {
    uint64_t seed;
    int n_workers, n_steps, n_slots, n_groups;
    struct step steps[MOST_STEPS];
    int n_operations[MOST_SLOTS];
    struct group groups[MOST_GROUPS];
    int group_of[MOST_SLOTS][MOST_WORKERS]; /* -1: none */
    enum death death[MOST_WORKERS];
    int dies_at[MOST_WORKERS]; /* step; -1: before it makes the team */
    int odd_worker, odd_step;  /* does something else there; -1: nobody */
    bool odd_is_size, odd_is_skip;
    bool is_spawned; /* workers made by the processes of the ranks, which may fail */
    bool is_hasty;   /* nobody waits between steps */
};

static inline uint64_t script_hash(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct base_random random = {a};

    random.state = base_random_next(&random) ^ b;
    random.state = base_random_next(&random) ^ c;
    random.state = base_random_next(&random) ^ d;
    return base_random_next(&random);
}

/* ---- steps and groups --------------------------------------------------------- */

static inline int script_root(const struct step *step, int size)
{
    if (step->form == BROADCAST)
        return (int)(step->root_choice % (uint32_t)size);
    if (step->form == BARRIER || step->form == EXSCAN || step->form == TRADE ||
        step->form == SPLIT)
        return -1;
    return step->root_choice % 3 == 0 ? -1
                                      : (int)(step->root_choice / 3 % (uint32_t)size);
}

static inline bool script_is_for_all(const struct step *step, int size)
{
    return step->form != EXSCAN && step->form != TRADE && script_root(step, size) < 0;
}

static inline int script_colour(const struct script *script, int step, int worker)
{
    uint64_t hash = script_hash(script->seed, 101, (uint64_t)step, (uint64_t)worker);
    int n_colours = 1 + (int)script->steps[step].salt % 4;

    return (int)(hash % (uint64_t)n_colours) - (hash % 11 == 0 ? 100 : 0);
}

static inline int script_key(const struct script *script, int step, int worker)
{
    return (int)(script_hash(script->seed, 102, (uint64_t)step, (uint64_t)worker) % 9) -
           4;
}

static inline struct group *script_group(struct script *script, int slot, int worker)
{
    int group = script->group_of[slot][worker];

    return group < 0 ? NULL : &script->groups[group];
}

static inline int script_index(const struct group *group, int worker)
{
    int i = 0;

    while (group->members[i] != worker)
        i++;
    return i;
}

static inline struct group *script_add_group(struct script *script, int slot)
{
    struct group *group = &script->groups[script->n_groups++];

    if (script->n_groups > MOST_GROUPS)
        abort();
    group->slot = slot;
    memset(group->status, UNSET, sizeof group->status);
    return group;
}

/* The members of one colour, by key, then by their place before. */
static inline void script_split_one(
    struct script *script, int step, const struct group *parent, int slot, int colour)
{
    struct group *child = NULL;

    for (int key = -4; key <= 4; key++)
        for (int i = 0; i < parent->n_members; i++) {
            int worker = parent->members[i];

            if (script_colour(script, step, worker) != colour ||
                script_key(script, step, worker) != key)
                continue;
            if (!child)
                child = script_add_group(script, slot);
            script->group_of[slot][worker] = (int)(child - script->groups);
            child->members[child->n_members++] = worker;
        }
}

static inline void script_split(struct script *script, int step)
{
    int slot = script->steps[step].child_slot, n_groups = script->n_groups;

    for (int worker = 0; worker < MOST_WORKERS; worker++)
        script->group_of[slot][worker] = -1;
    for (int g = 0; g < n_groups; g++)
        for (int colour = 0; colour < 4; colour++)
            if (script->groups[g].slot == script->steps[step].slot)
                script_split_one(script, step, &script->groups[g], slot, colour);
}

static inline size_t
script_size(struct base_random *random, int n_workers, bool is_gather)
{
    static const size_t sizes[] = {0,   8,    8,    8,     16,    64,    72,
                                   512, 4000, 8192, 17000, 50000, 300000};
    size_t size = sizes[base_random_below(random, n_workers > 8 ? 9 : 13)];

    if (is_gather && size * (size_t)n_workers > 100000)
        size = 24;
    return size;
}

static inline void
script_make_step(struct script *script, struct base_random *random, int i)
{
    struct step *step = &script->steps[i];

    step->form = (enum form)base_random_below(random, TRADE + 1);
    step->slot = (int)base_random_below(random, (uint32_t)script->n_slots);
    step->root_choice = base_random_below(random, 1000);
    step->size_bytes = script_size(random, script->n_workers, step->form == GATHER);
    if (step->form == BROADCAST || step->form == GATHER)
        step->size_bytes += base_random_below(random, 8);
    if (step->form == BARRIER)
        step->size_bytes = 0;
    if (step->form == TRADE && step->size_bytes > 50000)
        step->size_bytes = 50000;
    if (step->form == TRADE && script->n_workers > 8)
        step->size_bytes %= 73;
    step->element = (enum troupe_element)base_random_below(random, 3);
    step->combine = (enum troupe_combine)base_random_below(
        random, step->element == TROUPE_DOUBLE ? 4 : 6);
    step->is_fold = base_random_below(random, 3) == 0;
    step->is_waited = base_random_below(random, 2) == 0;
    step->salt = (uint32_t)base_random_next(random) >> 1;
    if (script->n_slots < MOST_SLOTS && base_random_below(random, 16) == 0) {
        step->form = SPLIT;
        step->slot = (int)base_random_below(random, script->n_slots > 2 ? 2 : 1);
        step->child_slot = script->n_slots++;
        script_split(script, i);
    }
    step->number = script->n_operations[step->slot]++;
}

/* ---- what goes wrong ---------------------------------------------------------- */

static inline void script_make_faults(struct script *script, struct base_random *random)
{
    uint32_t chance = base_random_below(random, 2) ? 0 : base_random_below(random, 20);

    script->odd_worker = -1;
    for (int i = 0; i < script->n_workers; i++) {
        script->death[i] = LIVES;
        script->dies_at[i] =
            base_random_below(random, 8) == 0
                ? -1
                : (int)base_random_below(random, (uint32_t)script->n_steps);
        if (base_random_below(random, 100) < chance)
            script->death[i] =
                script->is_spawned
                    ? (enum death)(1 + base_random_below(random, N_DEATHS - 1))
                    : RETURNS;
    }
    if (base_random_below(random, 4) == 0) {
        script->odd_worker =
            (int)base_random_below(random, (uint32_t)script->n_workers);
        script->odd_step = (int)base_random_below(random, (uint32_t)script->n_steps);
        script->odd_is_size = base_random_below(random, 2) == 0;
        /* With several teams, to leave out an operation is a deadlock. */
        script->odd_is_skip = script->n_slots == 1 && base_random_below(random, 2) == 0;
        if (script->steps[script->odd_step].form == SPLIT)
            script->odd_worker = -1;
        /* What one member sends is no matter of most others. */
        if (script->steps[script->odd_step].form == TRADE)
            script->odd_is_size = false;
    }
}

static inline void script_make(struct script *script, uint64_t seed, int n_workers)
{
    struct base_random random = {script_hash(seed, 1, 2, 3)};
    struct group *all;

    memset(script, 0, sizeof *script);
    script->seed = seed;
    script->n_workers = n_workers;
    script->n_steps = 1 + (int)base_random_below(&random, MOST_STEPS);
    script->n_slots = 1;
    script->is_spawned = base_random_below(&random, 2) == 0;
    script->is_hasty = base_random_below(&random, 3) == 0;
    all = script_add_group(script, 0);
    for (int i = 0; i < n_workers; i++) {
        all->members[i] = i;
        script->group_of[0][i] = 0;
    }
    all->n_members = n_workers;
    for (int i = n_workers - 1; script->is_spawned && i > 0; i--) {
        int other = (int)base_random_below(&random, (uint32_t)i + 1);
        int member = all->members[i];

        all->members[i] = all->members[other];
        all->members[other] = member;
    }
    for (int i = 0; i < script->n_steps; i++)
        script_make_step(script, &random, i);
    script_make_faults(script, &random);
}

/* ---- values ------------------------------------------------------------------- */

/* What a member gives: words, the last one cut short. */
static inline void script_mine(const struct script *script,
                               const struct step *step,
                               int worker,
                               void *bytes)
{
    for (size_t at = 0; at < step->size_bytes; at += 8) {
        uint64_t word = script_hash(script->seed, step->salt, (uint64_t)worker, at);
        double number = (double)(int64_t)word * 0x1p-40;

        if (step->element == TROUPE_DOUBLE && !step->is_fold)
            memcpy(&word, &number, sizeof word);
        memcpy((char *)bytes + at, &word,
               step->size_bytes - at < 8 ? step->size_bytes - at : 8);
    }
}

static const uint64_t script_salt = UINT64_C(0x5bd1e995);

/* What one member sends to another in an exchange. */
static inline size_t script_part_bytes(const struct script *script,
                                       const struct step *step,
                                       int from,
                                       int to)
{
    uint64_t hash =
        script_hash(script->seed, step->salt, (uint64_t)from, (uint64_t)to + 1000);

    return hash % 3 == 0 ? 0
                         : step->size_bytes - (step->size_bytes > 8 ? hash / 3 % 8 : 0);
}

static inline unsigned char script_part_byte(const struct step *step, int from, int to)
{
    return (unsigned char)(step->salt + (uint32_t)from * 7 + (uint32_t)to * 31);
}

/* Neither associative nor commutative, so that only one shape of the fold is right. */
static inline void
script_fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    uint64_t *left = into;
    const uint64_t *right = from;
    uint64_t salt;

    memcpy(&salt, context, sizeof salt);
    for (size_t i = 0; i < size_bytes / 8; i++)
        left[i] = left[i] * 3 + (right[i] ^ left[i] >> 7 ^ salt);
}

#define SCRIPT_COMBINE(type, bits)                                                     \
    static inline void script_combine_##type(enum troupe_combine combine, type *left,  \
                                             const type *right)                        \
    {                                                                                  \
        type a = *left, b = *right;                                                    \
                                                                                       \
        switch (combine) {                                                             \
        case TROUPE_SUM:                                                               \
            *left = a + b;                                                             \
            return;                                                                    \
        case TROUPE_PRODUCT:                                                           \
            *left = a * b;                                                             \
            return;                                                                    \
        case TROUPE_MIN:                                                               \
            *left = b < a ? b : a;                                                     \
            return;                                                                    \
        case TROUPE_MAX:                                                               \
            *left = b > a ? b : a;                                                     \
            return;                                                                    \
        default:                                                                       \
            bits;                                                                      \
        }                                                                              \
    }
SCRIPT_COMBINE(uint64_t, *left = combine == TROUPE_AND ? (a & b) : (a | b))
SCRIPT_COMBINE(double, abort())

static inline void
script_combine_one(const struct step *step, uint64_t *left, const uint64_t *right)
{
    bool is_ordering = step->combine == TROUPE_MIN || step->combine == TROUPE_MAX;
    double a, b;

    if (step->element == TROUPE_DOUBLE) {
        memcpy(&a, left, sizeof a);
        memcpy(&b, right, sizeof b);
        script_combine_double(step->combine, &a, &b);
        memcpy(left, &a, sizeof a);
    } else if (step->element == TROUPE_INT64 && is_ordering) {
        bool is_less = (int64_t)*right < (int64_t)*left;

        *left = is_less == (step->combine == TROUPE_MIN) ? *right : *left;
    } else {
        script_combine_uint64_t(step->combine, left, right);
    }
}

static inline void
script_merge(const struct step *step, uint64_t *left, const uint64_t *right)
{
    if (step->is_fold) {
        script_fold(left, right, step->size_bytes, &script_salt);
        return;
    }
    for (size_t i = 0; i < step->size_bytes / 8; i++)
        script_combine_one(step, &left[i], &right[i]);
}

/* The fold of the block of 2^level members from `first` on. */
static inline void script_block(const struct script *script,
                                const struct step *step,
                                const struct group *group,
                                int first,
                                int level,
                                uint64_t *into)
{
    int middle = first + (1 << level) / 2;

    if (level == 0) {
        script_mine(script, step, group->members[first], into);
        return;
    }
    script_block(script, step, group, first, level - 1, into);
    if (middle < group->n_members) {
        uint64_t *right = malloc(step->size_bytes + 8);

        script_block(script, step, group, middle, level - 1, right);
        script_merge(step, into, right);
        free(right);
    }
}

/*
 * What stands left of a member, as a tree of blocks hands it down: what is left of its
 * parent, the parent's value, the blocks of the parent's children before it.
 */
static inline void script_prefix(const struct script *script,
                                 const struct step *step,
                                 const struct group *group,
                                 int index,
                                 uint64_t *into)
{
    int parent = index & (index - 1);
    uint64_t *right = malloc(step->size_bytes + 8);

    script_mine(script, step, group->members[parent], into);
    if (parent > 0) {
        memcpy(right, into, step->size_bytes);
        script_prefix(script, step, group, parent, into);
        script_merge(step, into, right);
    }
    for (int level = 0; parent + (1 << level) < index; level++) {
        script_block(script, step, group, parent + (1 << level), level, right);
        script_merge(step, into, right);
    }
    free(right);
}

#endif
