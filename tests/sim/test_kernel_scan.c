/* seeds: 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Scans of integers of every size, in blocks that are widened in one piece or in
 * several, against a plain loop. */

enum { LENGTH = 20000 };

static struct {
    int n_done;
} seen;

static int64_t element_at(enum troupe_element element, int64_t i)
{
    uint64_t bits = (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15);

    switch (element) {
    case TROUPE_INT8:
        return (int8_t)(bits >> 56);
    case TROUPE_UINT8:
        return (uint8_t)(bits >> 56);
    case TROUPE_INT16:
        return (int16_t)(bits >> 48);
    case TROUPE_UINT16:
        return (uint16_t)(bits >> 48);
    case TROUPE_INT32:
        return (int32_t)(bits >> 32);
    case TROUPE_UINT32:
        return (uint32_t)(bits >> 32);
    default:
        return (int64_t)(bits >> 16);
    }
}

static void put(void *data, enum troupe_element element, int64_t place, int64_t value)
{
    static const size_t sizes[] = {
        [TROUPE_INT64] = 8, [TROUPE_UINT64] = 8, [TROUPE_INT8] = 1,
        [TROUPE_UINT8] = 1, [TROUPE_INT16] = 2,  [TROUPE_UINT16] = 2,
        [TROUPE_INT32] = 4, [TROUPE_UINT32] = 4};

    memcpy((char *)data + (size_t)place * sizes[element], &value, sizes[element]);
}

static int64_t
combined(enum troupe_combine combine, bool is_first, int64_t so_far, int64_t value)
{
    if (is_first)
        return value;
    if (combine == TROUPE_SUM)
        return (int64_t)((uint64_t)so_far + (uint64_t)value);
    return (combine == TROUPE_MIN) == (value < so_far) ? value : so_far;
}

static int64_t initial_of(enum troupe_combine combine, bool has_sign)
{
    if (combine == TROUPE_SUM)
        return 0;
    if (has_sign)
        return combine == TROUPE_MIN ? INT64_MAX : INT64_MIN;
    return combine == TROUPE_MIN ? -1 : 0; /* the bits of UINT64_MAX */
}

/* `initial`: what an exclusive scan begins with; NULL: it is an inclusive one. */
static void expect_scan(troupe_actor *self,
                        troupe_array to,
                        enum troupe_element element,
                        enum troupe_combine combine,
                        const int64_t *initial)
{
    troupe_array_part part = troupe_array_mine(self, to);
    const int64_t *results = part.data;
    int64_t so_far = 0;

    for (int64_t i = 0; i < part.first + part.n_elements; i++) {
        int64_t before = i == 0 && initial ? *initial : so_far;

        so_far = combined(combine, i == 0, so_far, element_at(element, i));
        if (i >= part.first && results[i - part.first] != (initial ? before : so_far))
            scene_fail(__FILE__, __LINE__, "element %d, combine %d, index %d: %lld",
                       (int)element, (int)combine, (int)i,
                       (long long)results[i - part.first]);
    }
}

static void scan_all(troupe_actor *self, enum troupe_element element, int64_t block)
{
    bool has_sign = element == TROUPE_INT8 || element == TROUPE_INT16 ||
                    element == TROUPE_INT32 || element == TROUPE_INT64;
    const troupe_array_options from = {
        .element = element, .length = LENGTH, .block_length = block};
    troupe_array_options result = from;
    troupe_array x, to;
    troupe_array_part part;

    result.element = has_sign ? TROUPE_INT64 : TROUPE_UINT64;
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &from, &x));
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &result, &to));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++)
        put(part.data, element, i, element_at(element, part.first + i));
    for (int i = 0; i < 3; i++) {
        static const enum troupe_combine combines[] = {TROUPE_SUM, TROUPE_MIN,
                                                       TROUPE_MAX};
        int64_t initial = initial_of(combines[i], has_sign);

        EXPECT_OK(troupe_scan(self, x, to, combines[i], TROUPE_TREE));
        expect_scan(self, to, element, combines[i], NULL);
        EXPECT_OK(troupe_scan_exclusive(self, x, to, combines[i], TROUPE_TREE));
        expect_scan(self, to, element, combines[i], &initial);
    }
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &to);
}

static troupe_status body(troupe_actor *self)
{
    static const enum troupe_element elements[] = {
        TROUPE_INT8,  TROUPE_UINT8,  TROUPE_INT16, TROUPE_UINT16,
        TROUPE_INT32, TROUPE_UINT32, TROUPE_INT64, TROUPE_UINT64};

    for (size_t i = 0; i < ARRAY_LENGTH(elements); i++) {
        scan_all(self, elements[i], 16);
        scan_all(self, elements[i], 9008); /* three pieces */
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(scanning, body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, 3);
}

START_TEST(integers_of_every_size)
{
    scene_play(&(struct scene){.main = &scanning,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

CHECK_MAIN("kernel scan", integers_of_every_size)
