/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/schema.h"
#include "message/table.h"
#include "support/check_main.h"
#include "types.h"
#include <string.h>

static const char *schema_of(const troupe_type *type)
{
    static char text[1024];

    message_schema_text(type, text, sizeof text);
    return text;
}

START_TEST(schemas_have_words)
{
    ck_assert_str_eq(schema_of(TROUPE_TYPE_OF(work)), "work{low:f64,high:f64}");
    ck_assert_str_eq(schema_of(TROUPE_TYPE_OF(stop)), "stop{}");
    ck_assert_str_eq(schema_of(TROUPE_TYPE_OF(cache)), "cache{private:16}");
    ck_assert_str_eq(schema_of(TROUPE_TYPE_OF(chunk)),
                     "chunk{index:i64,n_text:u32,text:char[n_text]}");
    ck_assert_str_eq(schema_of(TROUPE_TYPE_OF(arrays)),
                     "arrays{flags:bool[4],text:char[8],i16:i16[2],"
                     "points:point{x:f32,y:f32}[2],nested:flag{is_set:bool}[8]}");
    ck_assert_str_eq(
        schema_of(TROUPE_TYPE_OF(kinds)),
        "kinds{flag:bool,letter:char,i8:i8,u8:u8,i16:i16,u16:u16,i32:i32,u32:u32,"
        "color:u32,f32:f32,i64:i64,u64:u64,f64:f64,c64:c64,c128:c128,address:address,"
        "reference:reference,held:held,put_end:put_end,take_end:take_end}");
}
END_TEST

/* Checkpoints and other ranks know types by these: they must not change. */
START_TEST(hashes_stay_as_they_are)
{
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(work)),
                      UINT64_C(0xf00e028ceb3588a0));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(kinds)),
                      UINT64_C(0x55ca32feb3ce1356));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(cloud)),
                      UINT64_C(0xff5521c30d05cccc));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(stop)),
                      UINT64_C(0x7d27e07f6dfd6bf8));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(troupe_down)),
                      UINT64_C(0x152d8876c3c4a55e));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(troupe_refused)),
                      UINT64_C(0xa25f9b4b876bd92c));
    ck_assert_uint_eq(message_schema_hash(TROUPE_TYPE_OF(troupe_shutdown)),
                      UINT64_C(0xeffd5ed712c219d9));
}
END_TEST

START_TEST(a_long_schema_is_cut)
{
    char text[12];

    memset(text, 'x', sizeof text);
    message_schema_text(TROUPE_TYPE_OF(work), text, 10);
    ck_assert_str_eq(text, "work{low:");
    ck_assert_int_eq(text[10], 'x');
    message_schema_text(TROUPE_TYPE_OF(work), text, 0);
    ck_assert_str_eq(text, "work{low:");
}
END_TEST

/* ---- descriptors that no macro has made
 * ---------------------------------------------- */

struct descriptor {
    troupe_type type;
    troupe_field fields[3];
};

/* As of struct { int64_t a; uint64_t n; double values[]; }. */
static struct descriptor sound_one(void)
{
    return (struct descriptor){
        .type = {"d", NULL, 3, 16, 8, 8, 8, TROUPE_SHAPE_TAIL},
        .fields = {{"a", NULL, 0, 1, 8, TROUPE_KIND_INT64, TROUPE_FORM_SCALAR},
                   {"n", NULL, 8, 1, 8, TROUPE_KIND_UINT64, TROUPE_FORM_SCALAR},
                   {"values", NULL, 16, 0, 8, TROUPE_KIND_DOUBLE, TROUPE_FORM_TAIL}}};
}

static const char *fault_of(struct descriptor *descriptor)
{
    static char why[200];

    descriptor->type.fields = descriptor->fields;
    strcpy(why, "");
    return message_type_is_sound(&descriptor->type, why, sizeof why) ? "sound" : why;
}

#define CHECK_FAULT(change, words)                                                     \
    do {                                                                               \
        struct descriptor d = sound_one();                                             \
        change;                                                                        \
        ck_assert_str_eq(fault_of(&d), words);                                         \
    } while (0)

START_TEST(what_macros_make_is_sound)
{
    const troupe_type *const *types =
        TROUPE_TYPES(work, point, flag, kinds, arrays, chunk, row, flags, cloud, cache,
                     stop, troupe_down, troupe_exited, troupe_refused,
                     troupe_call_failed, troupe_shutdown);
    char why[200];

    for (; *types; types++)
        ck_assert_msg(message_type_is_sound(*types, why, sizeof why), "%s", why);
    CHECK_FAULT((void)0, "sound");
}
END_TEST

START_TEST(wrong_fields_are_noticed)
{
    CHECK_FAULT(d.fields[0].name = NULL, "d: a field without a name");
    CHECK_FAULT(d.fields[0].name = "", "d: a field without a name");
    CHECK_FAULT(d.fields[0].kind = 0, "d.a: no kind 0");
    CHECK_FAULT(d.fields[0].kind = TROUPE_N_KINDS, "d.a: no kind 21");
    CHECK_FAULT(d.fields[0].item_bytes = 4, "d.a: not 8 bytes");
    CHECK_FAULT(d.fields[0].n_items = 2, "d.a: wrong number of items");
    CHECK_FAULT(d.fields[0].n_items = 0, "d.a: wrong number of items");
    CHECK_FAULT(d.fields[0].form = 3, "d.a: wrong number of items");
    CHECK_FAULT(d.fields[0].form = TROUPE_FORM_TAIL, "d.a: a tail is the last field");
    CHECK_FAULT(d.fields[1].offset = 12, "d.n: not where the field before ends");
    CHECK_FAULT(d.fields[2].form = TROUPE_FORM_ARRAY,
                "d.values: a tail is the last field");
    CHECK_FAULT(d.fields[2].n_items = 1, "d.values: wrong number of items");
    CHECK_FAULT(d.fields[0].kind = TROUPE_KIND_NESTED, "d.a: no struct to nest");
}
END_TEST

START_TEST(wrong_types_are_noticed)
{
    CHECK_FAULT(d.type.name = NULL, "a message type without a name");
    CHECK_FAULT(d.type.name = "", "a message type without a name");
    CHECK_FAULT(d.type.shape = 0, "d: shape 0 does not fit");
    CHECK_FAULT(d.type.shape = 5, "d: shape 5 does not fit");
    CHECK_FAULT(d.type.shape = TROUPE_SHAPE_SIGNAL, "d: shape 2 does not fit");
    CHECK_FAULT(d.type.n_fields = 0, "d: shape 3 does not fit");
    CHECK_FAULT(d.type.size_bytes = 24, "d: 16 bytes named of 24");
    CHECK_FAULT(d.type.tail_item_bytes = 4, "d: elements of the tail differ in size");
    CHECK_FAULT(d.type.count_offset = 4, "d: no field counts the tail");
    CHECK_FAULT(d.type.count_bytes = 4, "d: no field counts the tail");
    CHECK_FAULT(d.fields[1].kind = TROUPE_KIND_DOUBLE, "d: no field counts the tail");
    CHECK_FAULT((d.type.shape = TROUPE_SHAPE_FIELDS, d.type.n_fields = 2),
                "d: a tail without a field");
}
END_TEST

START_TEST(structs_without_end_are_noticed)
{
    troupe_type loop = {"loop", NULL, 1, 8, 0, 0, 0, TROUPE_SHAPE_FIELDS};
    troupe_field field = {
        "self", &loop, 0, 1, 8, TROUPE_KIND_NESTED, TROUPE_FORM_SCALAR};
    char text[400], why[200];

    loop.fields = &field;
    ck_assert(!message_type_is_sound(&loop, why, sizeof why));
    ck_assert_str_eq(why, "loop: structs nested too deep");
    message_schema_text(&loop, text, sizeof text);
    ck_assert_uint_lt(strlen(text), sizeof text - 1);
}
END_TEST

CHECK_MAIN("schema",
           schemas_have_words,
           hashes_stay_as_they_are,
           a_long_schema_is_cut,
           what_macros_make_is_sound,
           wrong_fields_are_noticed,
           wrong_types_are_noticed,
           structs_without_end_are_noticed)
