/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/table.h"
#include "support/check_main.h"
#include "types.h"
#include <stdio.h>
#include <string.h>

static char why[600];

static struct message_table *table_of(const troupe_type *const *types)
{
    struct message_table *table = message_table_create();

    for (; *types; types++)
        ck_assert_int_eq(message_table_add(table, *types, why, sizeof why), TROUPE_OK);
    message_table_seal(table);
    return table;
}

START_TEST(ids_follow_the_names)
{
    struct message_table *one = table_of(TROUPE_TYPES(work, stop, chunk));
    struct message_table *other = table_of(TROUPE_TYPES(stop, chunk, stop, work));

    ck_assert_uint_eq(message_table_size(one), 3);
    ck_assert_uint_eq(message_table_find_name(one, "chunk"), 1);
    ck_assert_uint_eq(message_table_find_name(one, "stop"), 2);
    ck_assert_uint_eq(message_table_find_name(one, "work"), 3);
    ck_assert_uint_eq(message_table_find_name(one, "play"), 0);
    ck_assert_uint_eq(message_table_find_name(one, ""), 0);
    ck_assert_uint_eq(message_table_size(other), 3);
    ck_assert_uint_eq(message_table_hash(one), message_table_hash(other));
    ck_assert_str_eq(message_table_type(one, 3)->name, "work");
    ck_assert_ptr_null(message_table_type(one, 0));
    ck_assert_ptr_null(message_table_type(one, 4));
    ck_assert_uint_eq(message_table_type_hash(one, 4), 0);
    ck_assert_uint_eq(message_table_type_hash(one, 3),
                      message_table_type_hash(other, 3));
    message_table_destroy(one);
    message_table_destroy(other);
    message_table_destroy(NULL);
}
END_TEST

START_TEST(nested_types_come_along)
{
    struct message_table *table = table_of(TROUPE_TYPES(cloud));

    ck_assert_uint_eq(message_table_size(table), 4);
    ck_assert_uint_ne(message_table_find_name(table, "point"), 0);
    ck_assert_uint_ne(message_table_find_name(table, "flag"), 0);
    ck_assert_uint_ne(message_table_find_name(table, "arrays"), 0);
    message_table_destroy(table);
}
END_TEST

START_TEST(an_empty_table_knows_nothing)
{
    struct message_table *table = table_of((const troupe_type *const[]){NULL});

    ck_assert_uint_eq(message_table_size(table), 0);
    ck_assert_uint_eq(message_table_id(table, TROUPE_TYPE_OF(work)), 0);
    ck_assert_uint_eq(message_table_find_name(table, "work"), 0);
    message_table_destroy(table);
}
END_TEST

/* As another file would have it. */
static const troupe_field other_fields[] = {
    {"low", NULL, 0, 1, 8, TROUPE_KIND_DOUBLE, TROUPE_FORM_SCALAR},
    {"high", NULL, 8, 1, 8, TROUPE_KIND_DOUBLE, TROUPE_FORM_SCALAR}};
static const troupe_type same_work = {"work", other_fields,       2, 16, 0, 0,
                                      0,      TROUPE_SHAPE_FIELDS};
static const troupe_type half_work = {"work", other_fields,       1, 8, 0, 0,
                                      0,      TROUPE_SHAPE_FIELDS};

START_TEST(another_files_descriptor_is_the_same_type)
{
    struct message_table *table =
        table_of((const troupe_type *const[]){TROUPE_TYPE_OF(work), &same_work, NULL});

    ck_assert_uint_eq(message_table_size(table), 1);
    ck_assert_uint_eq(message_table_id(table, TROUPE_TYPE_OF(work)), 1);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(message_table_id(table, &same_work), 1);
    ck_assert_uint_eq(message_table_id(table, &half_work), 0);
    ck_assert_uint_eq(message_table_id(table, TROUPE_TYPE_OF(chunk)), 0);
    message_table_destroy(table);
}
END_TEST

START_TEST(one_name_with_two_schemas_is_refused)
{
    struct message_table *table = message_table_create();

    ck_assert_int_eq(message_table_add(table, &half_work, why, sizeof why), TROUPE_OK);
    ck_assert_int_eq(message_table_add(table, TROUPE_TYPE_OF(work), why, sizeof why),
                     TROUPE_SCHEMA);
    ck_assert_str_eq(why, "two message types are called 'work': work{low:f64} and "
                          "work{low:f64,high:f64}");
    ck_assert_int_eq(message_table_add(table, TROUPE_TYPE_OF(stop), why, 10),
                     TROUPE_OK);
    message_table_destroy(table);
}
END_TEST

START_TEST(a_wrong_descriptor_is_refused)
{
    static const troupe_type wrong = {"wrong", other_fields,       2, 24, 0, 0,
                                      0,       TROUPE_SHAPE_FIELDS};
    struct message_table *table = message_table_create();

    ck_assert_int_eq(message_table_add(table, &wrong, why, sizeof why), TROUPE_INVALID);
    ck_assert_str_eq(why, "wrong: 16 bytes named of 24");
    ck_assert_uint_eq(message_table_size(table), 0);
    message_table_destroy(table);
}
END_TEST

START_TEST(programs_that_differ_have_another_hash)
{
    struct message_table *one = table_of(TROUPE_TYPES(work, stop));
    struct message_table *other =
        table_of((const troupe_type *const[]){&half_work, TROUPE_TYPE_OF(stop), NULL});
    struct base_bytes text;

    ck_assert_uint_ne(message_table_hash(one), message_table_hash(other));
    base_bytes_init(&text);
    message_table_describe(one, &text);
    base_bytes_append(&text, "", 1);
    ck_assert_str_eq((const char *)text.data, "stop{}\nwork{low:f64,high:f64}\n");
    base_bytes_fini(&text);
    message_table_destroy(one);
    message_table_destroy(other);
}
END_TEST

/* Far more descriptors than lines in the cache, looked up again and again. */
START_TEST(many_descriptors_keep_their_ids)
{
    enum { N = 700 };
    static char names[N][16];
    static troupe_type types[2 * N];
    struct message_table *table = message_table_create();

    for (unsigned i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "type_%03u", i);
        types[i] = same_work;
        types[i].name = names[i];
        types[N + i] = types[i];
    }
    for (int i = N - 1; i >= 0; i--)
        ck_assert_int_eq(message_table_add(table, &types[i], why, sizeof why),
                         TROUPE_OK);
    message_table_seal(table);
    for (int round = 0; round < 3; round++)
        for (unsigned i = 0; i < 2 * N; i++) {
            ck_assert_uint_eq(message_table_id(table, &types[i]), i % N + 1);
            /* Now from the cache. */
            ck_assert_uint_eq(message_table_id(table, &types[i]), i % N + 1);
        }
    message_table_destroy(table);
}
END_TEST

CHECK_MAIN("table",
           ids_follow_the_names,
           nested_types_come_along,
           an_empty_table_knows_nothing,
           another_files_descriptor_is_the_same_type,
           one_name_with_two_schemas_is_refused,
           a_wrong_descriptor_is_refused,
           programs_that_differ_have_another_hash,
           many_descriptors_keep_their_ids)
