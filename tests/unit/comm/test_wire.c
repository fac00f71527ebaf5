/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "comm/backends.h"
#include "support/check_main.h"
#include <string.h>

/* Frames as bytes: what is written is read, and what was not written by us is refused.
 */

static bool equal(const struct comm_header *a, const struct comm_header *b)
{
    return a->to == b->to && a->from == b->from && a->reference == b->reference &&
           a->incarnation == b->incarnation && a->type == b->type &&
           a->kind == b->kind && a->flags == b->flags;
}

START_TEST(frame_header)
{
    unsigned char bytes[16] = {0};
    const struct comm_frame_header header = {
        .source = 0xfffff, .destination = 0x54321, .credit = 0xfedc, .flags = 0xa5};
    comm_wire_put_header(bytes, &header);
    struct comm_frame_header read = comm_wire_get_header(bytes);
    ck_assert_int_eq(read.source, header.source);
    ck_assert_int_eq(read.destination, header.destination);
    ck_assert_uint_eq(read.credit, header.credit);
    ck_assert_uint_eq(read.flags, header.flags);
    ck_assert(comm_wire_frame_is_good(bytes, 16, 0x100000));
    ck_assert(!comm_wire_frame_is_good(bytes, 16, 0xfffff)); /* no such rank */
    ck_assert(!comm_wire_frame_is_good(bytes, 15, 0x100000));
    ck_assert(!comm_wire_frame_is_good(bytes, 8, 0x100000)); /* no record */
    comm_wire_put_header(bytes,
                         &(struct comm_frame_header){.source = 3, .destination = 3});
    ck_assert(!comm_wire_frame_is_good(bytes, 16, 8)); /* to itself */
}
END_TEST

/* Every word that is there costs 8 bytes, every other nothing. */
START_TEST(sizes)
{
    struct comm_wire_memory last = {0};
    unsigned char bytes[COMM_HEAD_BYTES];
    const struct {
        struct comm_header header;
        size_t size_bytes;
    } rows[] = {
        {{.kind = 16}, 8},
        {{.kind = 16, .to = 1, .from = 2}, 24},
        {{.kind = 16, .to = 1, .from = 2}, 8},
        {{.kind = 16, .to = 1, .from = 3}, 16},
        {{.kind = 17}, 8}, /* zero words do not make the next record forget */
        {{.kind = 16, .to = 1, .from = 3, .type = 9, .flags = 4}, 8},
        {{.kind = 16, .to = 1, .from = 3, .reference = 5}, 16},
        {{.kind = 16, .to = 7, .from = 8, .reference = 5, .incarnation = 1}, 40},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        unsigned char *end = comm_wire_put(bytes, &last, &rows[i].header, 0, 0);
        ck_assert_msg((size_t)(end - bytes) == rows[i].size_bytes, "row %zu: %td bytes",
                      i, end - bytes);
        ck_assert_uint_eq(comm_wire_n_words(comm_wire_load(bytes)) * COMM_WORD_BYTES,
                          rows[i].size_bytes);
    }
}
END_TEST

static struct comm_header random_header(struct base_random *random)
{
    uint64_t bits = base_random_next(random);
    return (struct comm_header){
        .to = bits & 1 ? bits >> 60 : 0,
        .from = bits & 2 ? bits >> 61 : 0,
        .reference = bits & 4 ? bits : 0,
        .incarnation = bits & 8 ? (uint32_t)bits : 0,
        .type = (uint16_t)(bits >> 16),
        .kind = (uint8_t)(16 + (bits >> 8) % 240),
        .flags = (uint8_t)(bits >> 32),
    };
}

START_TEST(round_trip)
{
    enum { N = 10000 };
    struct base_random random = {1};
    struct comm_wire_memory last = {0};
    struct comm_wire_state state = {0};
    for (int i = 0; i < N; i++) {
        unsigned char bytes[256], payload[200];
        struct comm_header header = random_header(&random);
        size_t size_bytes = base_random_below(&random, sizeof payload);
        for (size_t k = 0; k < size_bytes; k++)
            payload[k] = (unsigned char)base_random_next(&random);
        memset(bytes, 0xee, sizeof bytes);
        unsigned char *at = comm_wire_put(bytes, &last, &header, size_bytes, 0);
        comm_wire_copy(at, payload, size_bytes);
        const unsigned char *end = at + comm_wire_padded(size_bytes);
        for (size_t k = size_bytes; at + k < end; k++)
            ck_assert_uint_eq(at[k], 0); /* what pads is clear, whatever stood there */
        struct comm_wire_record record;
        ck_assert_ptr_eq(comm_wire_next(bytes, end, &state, &record), end);
        ck_assert(equal(&record.header, &header));
        ck_assert_uint_eq(record.size_bytes, size_bytes);
        ck_assert(size_bytes == 0 || memcmp(record.payload, payload, size_bytes) == 0);
        /* One byte less is no record. */
        ck_assert_ptr_null(comm_wire_next(bytes, end - 1, &state, &record));
    }
}
END_TEST

/* What a sender does with one record after the other: the frame's end. */
struct open_frame {
    unsigned char bytes[1024], *at;
    struct comm_wire_memory last;
    struct comm_wire_run run;
    int n_heads;
};

static void
add(struct open_frame *frame, const struct comm_header *header, uint64_t payload)
{
    uint64_t plain = comm_wire_word(header, sizeof payload);
    unsigned char *at = frame->at;

    if (!comm_wire_run_add(&frame->run, &frame->last, header, plain)) {
        comm_wire_run_begin(&frame->run, at, header, plain, sizeof payload);
        at = comm_wire_put(at, &frame->last, header, sizeof payload, 0);
        frame->n_heads++;
    }
    comm_wire_copy(at, &payload, sizeof payload);
    frame->at = at + comm_wire_padded(sizeof payload);
}

/* Most differ from the one before in nothing. */
static struct comm_header vary(const struct comm_header *before, uint64_t bits)
{
    struct comm_header header = *before;

    header.reference = 0;
    header.incarnation = 0;
    switch (bits % 16) {
    case 0:
        header.to = bits >> 61;
        break;
    case 1:
        header.from = bits >> 61;
        break;
    case 2:
        header.reference = bits >> 62;
        break;
    case 3:
        header.incarnation = (uint32_t)(bits >> 62);
        break;
    case 4:
        header.type = (uint16_t)(bits >> 62);
        break;
    case 5:
        header.flags = (uint8_t)(bits >> 62);
        break;
    default:
        break;
    }
    return header;
}

START_TEST(runs)
{
    enum { N_FRAMES = 2000, N = 12 };
    struct base_random random = {7};
    struct comm_wire_memory last = {0};
    struct comm_wire_state state = {0};
    struct comm_header before = {.kind = 20, .to = 5, .from = 6};
    int n_heads = 0;

    for (int i = 0; i < N_FRAMES; i++) {
        struct open_frame frame = {.last = last};
        struct comm_header headers[N];
        const unsigned char *at = frame.bytes;

        frame.at = frame.bytes;
        for (int k = 0; k < N; k++) {
            headers[k] = before = vary(&before, base_random_next(&random));
            add(&frame, &headers[k], (uint64_t)k);
        }
        for (int k = 0; k < N; k++) {
            struct comm_wire_record record;
            uint64_t payload;

            at = comm_wire_next(at, frame.at, &state, &record);
            ck_assert_ptr_nonnull(at);
            ck_assert(equal(&record.header, &headers[k]));
            ck_assert_uint_eq(record.size_bytes, sizeof payload);
            memcpy(&payload, record.payload, sizeof payload);
            ck_assert_uint_eq(payload, (uint64_t)k);
        }
        ck_assert_ptr_eq(at, frame.at);
        last = frame.last;
        n_heads += frame.n_heads;
    }
    ck_assert_int_lt(n_heads, N_FRAMES * N * 3 / 4); /* there were runs, */
    ck_assert_int_gt(n_heads, N_FRAMES * 2);         /* and they did end */
}
END_TEST

/* Nothing beyond the frame's end may be taken for a part of a run. */
START_TEST(run_too_long)
{
    const struct comm_header header = {.kind = 20, .to = 5, .from = 6};
    struct open_frame frame = {.at = frame.bytes};
    struct comm_wire_state state = {0};
    struct comm_wire_record record;

    for (int i = 0; i < 3; i++)
        add(&frame, &header, 1);
    ck_assert_ptr_null(
        comm_wire_next(frame.bytes, frame.at - COMM_WORD_BYTES, &state, &record));
    ck_assert_uint_eq(state.n_more, 0);
    ck_assert_ptr_nonnull(comm_wire_next(frame.bytes, frame.at, &state, &record));
    ck_assert_uint_eq(state.n_more, 2);
}
END_TEST

/* It would have no end in the frame. */
START_TEST(run_of_nothing)
{
    const struct comm_header header = {.kind = 20, .to = 5, .from = 6};
    unsigned char bytes[64] = {0};
    struct comm_wire_memory last = {0};
    struct comm_wire_state state = {0};
    struct comm_wire_record record;
    unsigned char *end = comm_wire_put(bytes, &last, &header, 0, 0);

    comm_wire_store(bytes, comm_wire_load(bytes) + (UINT64_C(1) << COMM_RUN_SHIFT));
    ck_assert_ptr_null(comm_wire_next(bytes, end, &state, &record));
}
END_TEST

START_TEST(chunks)
{
    struct comm_wire_memory last = {0};
    struct comm_wire_state state = {0};
    struct comm_wire_record record;
    unsigned char bytes[64] = {0};
    const struct comm_header header = {.kind = 20, .to = 5};

    unsigned char *at = comm_wire_put(bytes, &last, &header, 50, COMM_FORM_FIRST);
    ck_assert_ptr_eq(comm_wire_next(bytes, at + 32, &state, &record), at + 32);
    ck_assert_uint_eq(record.size_bytes, 50);
    ck_assert_uint_eq(record.n_here, 32);
    ck_assert_uint_eq(state.n_missing, 18);
    /* Nothing else may come between. */
    at = comm_wire_put(bytes, &last, &header, 0, 0);
    ck_assert_ptr_null(comm_wire_next(bytes, at, &state, &record));
    /* Not another rest than is missing. */
    at = comm_wire_put(bytes, &last, &header, 17, COMM_FORM_MORE);
    ck_assert_ptr_null(comm_wire_next(bytes, at + 24, &state, &record));
    at = comm_wire_put(bytes, &last, &header, 18, COMM_FORM_MORE);
    ck_assert_ptr_eq(comm_wire_next(bytes, at + 40, &state, &record), at + 24);
    ck_assert_uint_eq(record.n_here, 18);
    ck_assert_uint_eq(state.n_missing, 0);
    /* No rest where nothing is missing. */
    ck_assert_ptr_null(comm_wire_next(bytes, at + 24, &state, &record));
}
END_TEST

START_TEST(tickets)
{
    struct comm_wire_memory last = {0};
    struct comm_wire_state state = {0};
    struct comm_wire_record record;
    unsigned char bytes[64] = {0};
    const struct comm_header header = {.kind = 20};
    unsigned char *at = comm_wire_put(bytes, &last, &header, 0, COMM_FORM_TICKET);

    comm_wire_store(at, UINT64_C(5) << 40);
    comm_wire_store(at + 8, 77);
    ck_assert_ptr_eq(comm_wire_next(bytes, at + 16, &state, &record), at + 16);
    ck_assert_uint_eq(record.size_bytes, UINT64_C(5) << 40);
    ck_assert_uint_eq(record.ticket, 77);
    ck_assert_ptr_null(record.payload);
    ck_assert_ptr_null(comm_wire_next(bytes, at + 8, &state, &record));
    comm_wire_store(at + 8, 0);
    ck_assert_ptr_null(comm_wire_next(bytes, at + 16, &state, &record));
    comm_wire_store(at + 8, 77);
    comm_wire_store(at, UINT64_MAX); /* no size of ours */
    ck_assert_ptr_null(comm_wire_next(bytes, at + 16, &state, &record));
}
END_TEST

START_TEST(control_frames)
{
    unsigned char bytes[COMM_CONTROL_BYTES];
    for (unsigned flags = 0; flags < 8; flags++) {
        struct comm_control control = {.flags = (uint8_t)flags,
                                       .keep = {3, 0xffff},
                                       .allowed = {7, 0xffffffff},
                                       .forfeited = {9, 10}};
        if (flags & COMM_CONTROL_DOWN)
            control.down = (struct comm_wave_down){1, 2, 3, 4};
        if (flags & COMM_CONTROL_UP)
            control.up = (struct comm_wave_up){5, 6, 7, UINT64_MAX, 1};
        struct comm_control read;
        memset(&read, 0xff, sizeof read);
        size_t size_bytes = comm_wire_put_control(bytes, &control);
        ck_assert_uint_le(size_bytes, COMM_CONTROL_BYTES);
        ck_assert(comm_wire_get_control(bytes, size_bytes, &read));
        ck_assert_uint_eq(read.flags, control.flags);
        ck_assert_uint_eq(read.keep[1], 0xffff);
        ck_assert_uint_eq(read.allowed[1], 0xffffffff);
        ck_assert_uint_eq(read.forfeited[0], 9);
        ck_assert_uint_eq(read.down.all, control.down.all);
        ck_assert_uint_eq(read.up.n_posted, control.up.n_posted);
        ck_assert_uint_eq(read.up.n_taken, control.up.n_taken);
        for (size_t n = 0; n < size_bytes; n++)
            ck_assert(!comm_wire_get_control(bytes, n, &read));
    }
}
END_TEST

CHECK_MAIN("comm_wire",
           frame_header,
           sizes,
           round_trip,
           runs,
           run_too_long,
           run_of_nothing,
           chunks,
           tickets,
           control_frames)
