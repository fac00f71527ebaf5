/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/bytes.h"
#include "control/control.h"
#include <string.h>

/* Frames. One walk over the fields of a kind both writes and reads, so that the two
 * cannot differ. */

/* "TrC" and the version: what is not ours is known by its first hello. */
static const uint32_t greeting = 0x54724300u + CONTROL_VERSION;
enum { HEADER_BYTES = 8 };

struct walk {
    bool is_writing, failed;
    unsigned char *frame; /* writing */
    size_t size_bytes;
    struct base_cursor cursor; /* reading */
};

static void put(struct walk *walk, const void *data, size_t size_bytes)
{
    memcpy(walk->frame + walk->size_bytes, data, size_bytes);
    walk->size_bytes += size_bytes;
}

static void walk_u32(struct walk *walk, uint32_t *value)
{
    if (walk->is_writing)
        put(walk, value, sizeof(*value));
    else
        *value = base_cursor_u32(&walk->cursor);
}

static void walk_u64(struct walk *walk, uint64_t *value)
{
    if (walk->is_writing)
        put(walk, value, sizeof(*value));
    else
        *value = base_cursor_u64(&walk->cursor);
}

static void walk_text(struct walk *walk, char *text, size_t capacity)
{
    uint32_t length;

    if (!walk->is_writing) {
        base_cursor_text(&walk->cursor, text, capacity);
        return;
    }
    length = (uint32_t)strnlen(text, capacity - 1);
    put(walk, &length, sizeof(length));
    put(walk, text, length);
}

static void walk_greeting(struct walk *walk)
{
    uint32_t value = greeting;

    walk_u32(walk, &value);
    walk->failed |= value != greeting;
}

static void walk_hello(struct walk *walk, struct control_message *message)
{
    walk_greeting(walk);
    walk_text(walk, message->token, sizeof(message->token));
    walk_u32(walk, &message->rank);
    walk_u32(walk, &message->n_ranks);
    walk_u32(walk, &message->process_id);
    walk_text(walk, message->host, sizeof(message->host));
    walk->failed |= message->rank >= message->n_ranks;
}

static void walk_beat(struct walk *walk, struct control_message *message)
{
    uint32_t activity = message->activity;

    walk_u32(walk, &activity);
    walk_u64(walk, &message->n_turns);
    walk_u64(walk, &message->n_messages);
    walk->failed |= activity >= CONTROL_N_ACTIVITIES;
    message->activity = (enum control_activity)activity;
}

static void walk_saved(struct walk *walk, struct control_saved *saved)
{
    walk_u64(walk, &saved->epoch);
    walk_u32(walk, &saved->attempt);
    walk_u64(walk, &saved->size_bytes);
    walk_u32(walk, &saved->frozen_ms);
    walk_u32(walk, &saved->waited_ms);
    walk_u32(walk, &saved->n_answered);
}

static void walk_exit_code(struct walk *walk, struct control_message *message)
{
    uint32_t bits = (uint32_t)message->exit_code;

    walk_u32(walk, &bits);
    message->exit_code = (int32_t)bits;
}

static void walk_fields(struct walk *walk, struct control_message *message)
{
    switch (message->kind) {
    case CONTROL_HELLO:
        walk_hello(walk, message);
        return;
    case CONTROL_BEAT:
        walk_beat(walk, message);
        return;
    case CONTROL_SAVED:
        walk_saved(walk, &message->saved);
        return;
    case CONTROL_ANSWER:
        walk_exit_code(walk, message);
        walk_text(walk, message->text, sizeof(message->text));
        walk_saved(walk, &message->saved);
        return;
    case CONTROL_GAVE_UP:
    case CONTROL_CANNOT:
    case CONTROL_LINE:
        walk_text(walk, message->text, sizeof(message->text));
        return;
    case CONTROL_COMPLETED:
        walk_exit_code(walk, message);
        return;
    case CONTROL_WISH:
        walk_greeting(walk);
        return;
    case CONTROL_DUMPED:
    case CONTROL_DUMP:
    case CONTROL_SAVE:
        return;
    default:
        walk->failed = true;
    }
}

size_t control_encode(const struct control_message *message,
                      unsigned char frame[CONTROL_FRAME_BYTES])
{
    struct control_message copy = *message;
    struct walk walk = {.is_writing = true, .frame = frame, .size_bytes = HEADER_BYTES};
    uint32_t header[2];

    walk_fields(&walk, &copy);
    header[0] = (uint32_t)walk.size_bytes;
    header[1] = message->kind;
    memcpy(frame, header, sizeof(header));
    return walk.size_bytes;
}

enum control_progress control_decode(const void *data,
                                     size_t size_bytes,
                                     struct control_message *message,
                                     size_t *n_used)
{
    struct walk walk = {.is_writing = false};
    uint32_t length;

    base_cursor_init(&walk.cursor, data, size_bytes);
    length = base_cursor_u32(&walk.cursor);
    if (walk.cursor.failed)
        return CONTROL_PART;
    if (length < HEADER_BYTES || length > CONTROL_FRAME_BYTES)
        return CONTROL_BROKEN;
    if (length > size_bytes)
        return CONTROL_PART;
    base_cursor_init(&walk.cursor, (const unsigned char *)data + sizeof(length),
                     length - sizeof(length));
    memset(message, 0, sizeof(*message));
    message->kind = (enum control_kind)base_cursor_u32(&walk.cursor);
    walk_fields(&walk, message);
    if (walk.failed || walk.cursor.failed || walk.cursor.next != walk.cursor.end)
        return CONTROL_BROKEN;
    *n_used = length;
    return CONTROL_WHOLE;
}
