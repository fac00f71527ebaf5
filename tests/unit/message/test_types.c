/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "troupe/behavior.h"
#include "types.h"
#include <string.h>

/* ---- descriptors
 * --------------------------------------------------------------------- */

static void check_field(const troupe_type *type,
                        uint32_t i,
                        const char *name,
                        uint32_t offset,
                        enum troupe_kind kind,
                        uint32_t item_bytes)
{
    const troupe_field *field = &type->fields[i];

    ck_assert_str_eq(field->name, name);
    ck_assert_uint_eq(field->offset, offset);
    ck_assert_uint_eq(field->kind, kind);
    ck_assert_uint_eq(field->item_bytes, item_bytes);
}

START_TEST(each_kind_is_recognised)
{
    static const enum troupe_kind expected[] = {
        TROUPE_KIND_BOOL,    TROUPE_KIND_CHAR,          TROUPE_KIND_INT8,
        TROUPE_KIND_UINT8,   TROUPE_KIND_INT16,         TROUPE_KIND_UINT16,
        TROUPE_KIND_INT32,   TROUPE_KIND_UINT32,        TROUPE_KIND_UINT32,
        TROUPE_KIND_FLOAT,   TROUPE_KIND_INT64,         TROUPE_KIND_UINT64,
        TROUPE_KIND_DOUBLE,  TROUPE_KIND_COMPLEX_FLOAT, TROUPE_KIND_COMPLEX_DOUBLE,
        TROUPE_KIND_ADDRESS, TROUPE_KIND_REFERENCE,     TROUPE_KIND_HELD,
        TROUPE_KIND_PUT_END, TROUPE_KIND_TAKE_END,
    };
    const troupe_type *type = TROUPE_TYPE_OF(kinds);
    uint32_t end = 0;

    ck_assert_str_eq(type->name, "kinds");
    ck_assert_uint_eq(type->n_fields, sizeof expected / sizeof expected[0]);
    ck_assert_uint_eq(type->size_bytes, sizeof(struct kinds));
    ck_assert_uint_eq(type->shape, TROUPE_SHAPE_FIELDS);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        ck_assert_uint_eq(type->fields[i].kind, expected[i]);
        ck_assert_uint_eq(type->fields[i].offset, end);
        ck_assert_uint_eq(type->fields[i].n_items, 1);
        ck_assert_uint_eq(type->fields[i].form, TROUPE_FORM_SCALAR);
        end += type->fields[i].item_bytes;
    }
    ck_assert_uint_eq(end, sizeof(struct kinds));
}
END_TEST

START_TEST(arrays_and_nested_structs_are_described)
{
    const troupe_type *type = TROUPE_TYPE_OF(arrays);

    check_field(type, 0, "flags", 0, TROUPE_KIND_BOOL, 1);
    check_field(type, 1, "text", 4, TROUPE_KIND_CHAR, 1);
    check_field(type, 2, "i16", 12, TROUPE_KIND_INT16, 2);
    check_field(type, 3, "points", 16, TROUPE_KIND_NESTED, 8);
    check_field(type, 4, "nested", 32, TROUPE_KIND_NESTED, 1);
    ck_assert_uint_eq(type->fields[1].n_items, 8);
    ck_assert_uint_eq(type->fields[3].n_items, 2);
    ck_assert_uint_eq(type->fields[3].form, TROUPE_FORM_ARRAY);
    ck_assert_ptr_eq(type->fields[3].nested, TROUPE_TYPE_OF(point));
    ck_assert_ptr_null(type->fields[2].nested);
}
END_TEST

START_TEST(a_tail_is_described)
{
    const troupe_type *type = TROUPE_TYPE_OF(chunk);

    ck_assert_uint_eq(type->shape, TROUPE_SHAPE_TAIL);
    ck_assert_uint_eq(type->size_bytes, 12);
    ck_assert_uint_eq(type->tail_item_bytes, 1);
    ck_assert_uint_eq(type->count_offset, 8);
    ck_assert_uint_eq(type->count_bytes, 4);
    check_field(type, 2, "text", 12, TROUPE_KIND_CHAR, 1);
    ck_assert_uint_eq(type->fields[2].form, TROUPE_FORM_TAIL);
    ck_assert_uint_eq(type->fields[2].n_items, 0);
    type = TROUPE_TYPE_OF(cloud);
    ck_assert_uint_eq(type->tail_item_bytes, sizeof(struct arrays));
    ck_assert_uint_eq(type->count_bytes, 8);
    ck_assert_ptr_eq(type->fields[1].nested, TROUPE_TYPE_OF(arrays));
}
END_TEST

START_TEST(signals_and_private_structs_have_no_fields)
{
    ck_assert_uint_eq(TROUPE_TYPE_OF(stop)->shape, TROUPE_SHAPE_SIGNAL);
    ck_assert_uint_eq(TROUPE_TYPE_OF(stop)->size_bytes, 0);
    ck_assert_uint_eq(TROUPE_TYPE_OF(stop)->n_fields, 0);
    ck_assert_uint_eq(TROUPE_TYPE_OF(cache)->shape, TROUPE_SHAPE_PRIVATE);
    ck_assert_uint_eq(TROUPE_TYPE_OF(cache)->size_bytes, sizeof(struct cache));
}
END_TEST

START_TEST(a_list_of_types_ends_with_null)
{
    const troupe_type *const *types = TROUPE_TYPES(work, stop, cache);

    ck_assert_ptr_eq(types[0], TROUPE_TYPE_OF(work));
    ck_assert_ptr_eq(types[2], TROUPE_TYPE_OF(cache));
    ck_assert_ptr_null(types[3]);
}
END_TEST

/* ---- behaviors
 * ----------------------------------------------------------------------- */

struct tally {
    int64_t n_work, n_stop, n_init, n_fini;
    double sum;
};
TROUPE_TYPE(tally, n_work, n_stop, n_init, n_fini, sum);

/* The functions under test never look at it. */
static troupe_actor *const nobody;

static troupe_status
on_work(troupe_actor *self, struct tally *tally, const struct work *work)
{
    (void)self;
    tally->n_work++;
    tally->sum += work->high - work->low;
    return TROUPE_OK;
}

static troupe_status on_stop(troupe_actor *self, struct tally *tally)
{
    (void)self;
    tally->n_stop++;
    return TROUPE_CLOSED;
}

static troupe_status
on_init(troupe_actor *self, struct tally *tally, const struct work *work)
{
    (void)self;
    tally->n_init++;
    tally->sum = work->low;
    return TROUPE_OK;
}

static void on_fini(troupe_actor *self, struct tally *tally)
{
    (void)self;
    tally->n_fini++;
}

TROUPE_BEHAVIOR(counter,
                tally,
                TROUPE_ON(work, on_work),
                .capacity = 8,
                TROUPE_ON(stop, on_stop),
                TROUPE_INIT(work, on_init),
                TROUPE_FINI(on_fini),
                TROUPE_SENDS(point),
                .overflow = TROUPE_DROP_OLDEST);

START_TEST(a_behavior_calls_its_functions)
{
    struct tally tally = {0};
    struct work work = {.low = 1, .high = 3};

    ck_assert_str_eq(counter.name, "counter");
    ck_assert_uint_eq(counter.n_accepts, 2);
    ck_assert_ptr_eq(counter.accepts[0].type, TROUPE_TYPE_OF(work));
    ck_assert_ptr_eq(counter.accepts[1].type, TROUPE_TYPE_OF(stop));
    ck_assert_int_eq(counter.accepts[0].handle(nobody, &tally, &work), TROUPE_OK);
    ck_assert_int_eq(counter.accepts[1].handle(nobody, &tally, NULL), TROUPE_CLOSED);
    ck_assert_int_eq(tally.n_work, 1);
    ck_assert_int_eq(tally.n_stop, 1);
    ck_assert_double_eq(tally.sum, 2);
    ck_assert_int_eq(counter.init(nobody, &tally, &work), TROUPE_OK);
    counter.fini(nobody, &tally);
    ck_assert_int_eq(tally.n_init, 1);
    ck_assert_int_eq(tally.n_fini, 1);
    ck_assert_double_eq(tally.sum, 1);
}
END_TEST

START_TEST(a_behavior_has_its_options)
{
    ck_assert_ptr_eq(counter.state, TROUPE_TYPE_OF(tally));
    ck_assert_ptr_eq(counter.arguments, TROUPE_TYPE_OF(work));
    ck_assert_uint_eq(counter.capacity, 8);
    ck_assert_uint_eq(counter.overflow, TROUPE_DROP_OLDEST);
    ck_assert_ptr_eq(counter.sends[0], TROUPE_TYPE_OF(point));
    ck_assert_ptr_null(counter.sends[1]);
    ck_assert_ptr_null(counter.spawns);
    ck_assert(!counter.body && !counter.body_with_arguments && !counter.save);
}
END_TEST

static troupe_status plain_work(troupe_actor *self, const struct work *work)
{
    (void)self;
    return work->low > 0 ? TROUPE_FULL : TROUPE_OK;
}

static troupe_status plain_stop(troupe_actor *self)
{
    (void)self;
    return TROUPE_DOWN;
}

TROUPE_BEHAVIOR(plain,
                troupe_no_state,
                TROUPE_ON(work, plain_work),
                TROUPE_ON(stop, plain_stop),
                TROUPE_INIT(troupe_no_arguments, plain_stop));

START_TEST(what_carries_nothing_is_left_out)
{
    struct work work = {.low = 1};

    ck_assert_ptr_null(plain.state);
    ck_assert_ptr_null(plain.arguments);
    ck_assert_int_eq(plain.accepts[0].handle(nobody, NULL, &work), TROUPE_FULL);
    ck_assert_int_eq(plain.accepts[1].handle(nobody, NULL, NULL), TROUPE_DOWN);
    ck_assert_int_eq(plain.init(nobody, NULL, NULL), TROUPE_DOWN);
}
END_TEST

static troupe_status body(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}

static troupe_status rank_body(troupe_actor *self, int argc, char **argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return TROUPE_OK;
}

TROUPE_PROCESS(silent, body);
TROUPE_PROCESS(rank_process,
               rank_body,
               TROUPE_ACCEPTS(work, stop),
               TROUPE_ACCEPTS(troupe_down),
               .stack_size = 65536,
               TROUPE_STATE(tally),
               TROUPE_ARGUMENTS(work),
               TROUPE_SPAWNS(&plain, &counter));

START_TEST(a_process_has_one_of_two_bodies)
{
    ck_assert(silent.body == body && !silent.body_with_arguments);
    ck_assert_uint_eq(silent.n_accepts, 0);
    ck_assert(!rank_process.body && rank_process.body_with_arguments == rank_body);
    ck_assert_uint_eq(rank_process.n_accepts, 3);
    ck_assert_ptr_eq(rank_process.accepts[2].type, TROUPE_TYPE_OF(troupe_down));
    ck_assert(!rank_process.accepts[0].handle);
    ck_assert_uint_eq(rank_process.stack_size, 65536);
    ck_assert_ptr_eq(rank_process.state, TROUPE_TYPE_OF(tally));
    ck_assert_ptr_eq(rank_process.arguments, TROUPE_TYPE_OF(work));
    ck_assert_ptr_eq(rank_process.spawns[1], &counter);
    ck_assert_ptr_null(rank_process.spawns[2]);
}
END_TEST

CHECK_MAIN("types",
           each_kind_is_recognised,
           arrays_and_nested_structs_are_described,
           a_tail_is_described,
           signals_and_private_structs_have_no_fields,
           a_list_of_types_ends_with_null,
           a_behavior_calls_its_functions,
           a_behavior_has_its_options,
           what_carries_nothing_is_left_out,
           a_process_has_one_of_two_bodies)
