/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "control/control.h"
#include "support/check_main.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Frames as they are written, in pieces, damaged; and addresses. */

static void fill_text(struct base_random *random, char *text, size_t capacity)
{
    size_t n = base_random_below(random, (uint32_t)capacity);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)(1 + base_random_below(random, 255));
    text[n] = '\0';
}

static void draw(struct base_random *random,
                 enum control_kind kind,
                 struct control_message *message)
{
    memset(message, 0, sizeof(*message));
    message->kind = kind;
    message->n_ranks = 1 + base_random_below(random, 1000);
    message->rank = base_random_below(random, message->n_ranks);
    message->process_id = (uint32_t)base_random_next(random);
    message->activity =
        (enum control_activity)base_random_below(random, CONTROL_N_ACTIVITIES);
    message->n_turns = base_random_next(random);
    message->n_messages = base_random_next(random);
    message->saved =
        (struct control_saved){.epoch = base_random_next(random),
                               .attempt = (uint32_t)base_random_next(random),
                               .size_bytes = base_random_next(random),
                               .frozen_ms = (uint32_t)base_random_next(random),
                               .waited_ms = (uint32_t)base_random_next(random),
                               .n_answered = (uint32_t)base_random_next(random)};
    message->exit_code = (int32_t)base_random_next(random);
    fill_text(random, message->token, sizeof(message->token));
    fill_text(random, message->host, sizeof(message->host));
    fill_text(random, message->text, sizeof(message->text));
}

/* Fields that are not the kind's do not travel: what came is written to the same. */
static void check_round(const struct control_message *message)
{
    unsigned char frame[CONTROL_FRAME_BYTES], again[CONTROL_FRAME_BYTES];
    struct control_message read;
    size_t n_used = 0, n_bytes = control_encode(message, frame);

    for (size_t n = 0; n < n_bytes; n++)
        ck_assert_int_eq(control_decode(frame, n, &read, &n_used), CONTROL_PART);
    ck_assert_int_eq(control_decode(frame, n_bytes, &read, &n_used), CONTROL_WHOLE);
    ck_assert_uint_eq(n_used, n_bytes);
    ck_assert_uint_eq(control_encode(&read, again), n_bytes);
    ck_assert_mem_eq(frame, again, n_bytes);
}

START_TEST(every_kind_comes_as_it_went)
{
    struct base_random random = {5};
    struct control_message message;

    for (int round = 0; round < 50; round++)
        for (int kind = CONTROL_HELLO; kind <= CONTROL_ANSWER; kind++) {
            draw(&random, (enum control_kind)kind, &message);
            check_round(&message);
        }
}
END_TEST

START_TEST(fields_have_their_own_values)
{
    struct base_random random = {6};
    struct control_message message, read;
    unsigned char frame[CONTROL_FRAME_BYTES];
    size_t n_used;

    draw(&random, CONTROL_HELLO, &message);
    control_decode(frame, control_encode(&message, frame), &read, &n_used);
    ck_assert_uint_eq(read.rank, message.rank);
    ck_assert_uint_eq(read.n_ranks, message.n_ranks);
    ck_assert_uint_eq(read.process_id, message.process_id);
    ck_assert_str_eq(read.token, message.token);
    ck_assert_str_eq(read.host, message.host);
    draw(&random, CONTROL_SAVED, &message);
    control_decode(frame, control_encode(&message, frame), &read, &n_used);
    ck_assert_uint_eq(read.saved.epoch, message.saved.epoch);
    ck_assert_uint_eq(read.saved.attempt, message.saved.attempt);
    ck_assert_uint_eq(read.saved.size_bytes, message.saved.size_bytes);
    ck_assert_uint_eq(read.saved.frozen_ms, message.saved.frozen_ms);
    ck_assert_uint_eq(read.saved.waited_ms, message.saved.waited_ms);
    ck_assert_uint_eq(read.saved.n_answered, message.saved.n_answered);
    draw(&random, CONTROL_ANSWER, &message);
    control_decode(frame, control_encode(&message, frame), &read, &n_used);
    ck_assert_int_eq(read.exit_code, message.exit_code);
    ck_assert_str_eq(read.text, message.text);
    ck_assert_uint_eq(read.saved.epoch, message.saved.epoch);
}
END_TEST

/* Any bytes are taken or refused; what is taken was a frame of ours. */
START_TEST(damage_is_refused_or_harmless)
{
    struct base_random random = {7};

    for (int round = 0; round < 20000; round++) {
        unsigned char frame[CONTROL_FRAME_BYTES], again[CONTROL_FRAME_BYTES];
        struct control_message message, read;
        size_t n_used, n_bytes;

        draw(&random, (enum control_kind)(1 + base_random_below(&random, 13)),
             &message);
        n_bytes = control_encode(&message, frame);
        for (uint32_t i = base_random_below(&random, 4); i-- > 0;)
            frame[base_random_below(&random, (uint32_t)n_bytes)] ^=
                (unsigned char)(1 + base_random_below(&random, 255));
        if (control_decode(frame, n_bytes, &read, &n_used) != CONTROL_WHOLE)
            continue;
        ck_assert_uint_le(n_used, n_bytes);
        ck_assert_uint_eq(control_encode(&read, again), n_used);
        ck_assert_mem_eq(frame, again, n_used);
    }
}
END_TEST

START_TEST(a_stream_may_come_in_any_pieces)
{
    struct base_random random = {8};
    struct control_stream stream = {.n_bytes = 0};
    struct control_message message, read;
    unsigned char all[20 * CONTROL_FRAME_BYTES];
    size_t n_bytes = 0, n_sent = 0;
    int pair[2], n_read = 0;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    stream.descriptor = pair[1];
    for (int i = 0; i < 20; i++) {
        draw(&random, CONTROL_LINE, &message);
        n_bytes += control_encode(&message, all + n_bytes);
    }
    while (n_read < 20) {
        size_t n = base_random_below(&random, 700);

        n = n < n_bytes - n_sent ? n : n_bytes - n_sent;
        if (n > 0)
            ck_assert_int_eq(write(pair[0], all + n_sent, n), (ssize_t)n);
        n_sent += n;
        ck_assert(control_stream_fill(&stream));
        while (control_stream_take(&stream, &read) == CONTROL_WHOLE)
            n_read++;
    }
    close(pair[0]);
    ck_assert(!control_stream_fill(&stream));
    ck_assert(!control_stream_send(&stream, &message));
    close(pair[1]);
}
END_TEST

START_TEST(addresses_are_read_as_they_are_printed)
{
    static const char *const good[] = {"unix:0123:/tmp/x:y/control",
                                       "tcp:00ff:4711:10.0.0.1,192.168.1.2"};
    static const char *const bad[] = {
        "",
        "unix",
        "unix:",
        "unix::/tmp/x",
        "unix:0123:",
        "tcp:00ff:0:10.0.0.1",
        "tcp:00ff:65536:10.0.0.1",
        "tcp:00ff:-1:10.0.0.1",
        "tcp:00ff:12x:10.0.0.1",
        "tcp:00ff:4711:",
        "udp:00ff:4711:10.0.0.1",
        "tcp:0123456789012345678901234567890123:1:10.0.0.1"};
    struct control_address address;
    char text[CONTROL_ADDRESS_BYTES], path[200];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert(control_address_parse(good[i], &address));
        control_address_print(&address, text);
        ck_assert_str_eq(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!control_address_parse(bad[i], &address), "%s", bad[i]);
    memset(path, 'x', sizeof(path));
    memcpy(path, "unix:1:", 7);
    path[sizeof(path) - 1] = '\0';
    ck_assert(!control_address_parse(path, &address));
}
END_TEST

CHECK_MAIN("control",
           every_kind_comes_as_it_went,
           fields_have_their_own_values,
           damage_is_refused_or_harmless,
           a_stream_may_come_in_any_pieces,
           addresses_are_read_as_they_are_printed)
