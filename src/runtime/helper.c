/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/clock.h"
#include "runtime/control.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * The helper thread. When the supervisor is gone the job is nobody's: the launcher gets
 * a moment to end it in order, then the rank goes. So no rank outlives its supervisor,
 * wherever it is, and none writes into a checkpoint that another attempt goes on from.
 */

static const int64_t beat_ns = 500 * 1000 * 1000;
static const int64_t turn_limit_ns = 2000000000; /* for an answer to a wish */
static const int64_t orphan_limit_ns = 3000000000;
enum { CONNECT_MS = 3000, CONNECT_TRIES = 20 };
static const int64_t connect_pause_ns = 100 * 1000 * 1000;

/* ---- saying
 * --------------------------------------------------------------------------- */

static bool say(const struct runtime_control *control,
                const struct control_message *message)
{
    return control_stream_send(&control->stream, message);
}

static bool say_hello(const struct runtime_control *control)
{
    struct control_message message = {.kind = CONTROL_HELLO,
                                      .rank = control->rank,
                                      .n_ranks = control->n_ranks,
                                      .process_id = (uint32_t)getpid()};

    memcpy(message.token, control->address.token, sizeof(message.token));
    (void)gethostname(message.host, sizeof(message.host) - 1);
    return say(control, &message);
}

static bool say_beat(struct runtime_control *control)
{
    const struct control_message message = {
        .kind = CONTROL_BEAT,
        .activity = (enum control_activity)atomic_load_explicit(&control->activity,
                                                                memory_order_relaxed),
        .n_turns = atomic_load_explicit(&control->n_turns, memory_order_relaxed),
        .n_messages = atomic_load_explicit(&control->n_messages, memory_order_relaxed)};

    return say(control, &message);
}

static bool
say_line(const struct runtime_control *control, const char *text, size_t length)
{
    struct control_message message = {.kind = CONTROL_LINE};

    snprintf(message.text, sizeof(message.text), "%.*s", (int)length, text);
    return say(control, &message);
}

static bool say_words(const struct runtime_control *control, const char *words)
{
    char text[200];
    int n = snprintf(text, sizeof(text), "rank %u: %s", (unsigned)control->rank, words);

    return say_line(control, text, (size_t)n);
}

static bool say_dump(struct runtime_control *control, const struct base_bytes *dump)
{
    const struct control_message end = {.kind = CONTROL_DUMPED};
    const char *line = (const char *)dump->data;
    size_t n_left = dump->size;

    if (n_left == 0 && !say_words(control, "no process waits"))
        return false;
    while (n_left > 0) {
        const char *stop = memchr(line, '\n', n_left);
        size_t length = stop ? (size_t)(stop - line) : n_left;

        if (!say_line(control, line, length))
            return false;
        n_left -= stop ? length + 1 : length;
        line += length + 1;
    }
    control->dump_asked_ns = 0;
    return say(control, &end);
}

/* The runtime's thread cannot answer itself. */
static bool say_stuck(struct runtime_control *control)
{
    const struct control_message end = {.kind = CONTROL_DUMPED};
    char text[150];

    control->dump_asked_ns = 0;
    snprintf(text, sizeof(text),
             "it does not come out of its turn, after %llu turns and %llu messages",
             (unsigned long long)atomic_load_explicit(&control->n_turns,
                                                      memory_order_relaxed),
             (unsigned long long)atomic_load_explicit(&control->n_messages,
                                                      memory_order_relaxed));
    return say_words(control, text) && say(control, &end);
}

/* Takes what is in the outbox; *stops: and that was the last. */
static bool say_outbox(struct runtime_control *control, bool *stops)
{
    struct runtime_outbox *shared = &control->outbox;
    struct runtime_outbox outbox;
    bool is_well = true;

    pthread_mutex_lock(&control->lock);
    outbox = *shared;
    base_bytes_init(&shared->dump);
    shared->has_dump = shared->has_saved = false;
    shared->has_completed = false;
    shared->refusal = (enum control_kind)0;
    pthread_mutex_unlock(&control->lock);
    if (outbox.has_dump && control->dump_asked_ns)
        is_well = say_dump(control, &outbox.dump);
    base_bytes_fini(&outbox.dump);
    if (is_well && outbox.has_saved)
        is_well = say(control, &(struct control_message){.kind = CONTROL_SAVED,
                                                         .saved = outbox.saved});
    if (is_well && outbox.refusal) {
        struct control_message message = {.kind = outbox.refusal};

        memcpy(message.text, outbox.why, sizeof(outbox.why));
        is_well = say(control, &message);
    }
    if (is_well && outbox.has_completed)
        is_well =
            say(control, &(struct control_message){.kind = CONTROL_COMPLETED,
                                                   .exit_code = outbox.exit_code});
    *stops = outbox.stops;
    return is_well;
}

/* ---- hearing
 * -------------------------------------------------------------------------- */

static bool hear(struct runtime_control *control)
{
    struct control_message message;
    enum control_progress progress;

    if (!control_stream_fill(&control->stream))
        return false;
    while ((progress = control_stream_take(&control->stream, &message)) ==
           CONTROL_WHOLE) {
        if (message.kind == CONTROL_DUMP) {
            control->dump_asked_ns = base_clock_ns();
            atomic_store_explicit(&control->wants_dump, true, memory_order_release);
        } else if (message.kind == CONTROL_SAVE) {
            atomic_fetch_add_explicit(&control->n_saves, 1, memory_order_release);
        }
    }
    return progress == CONTROL_PART;
}

/* ---- living
 * --------------------------------------------------------------------------- */

static bool must_stop(struct runtime_control *control)
{
    bool stops;

    pthread_mutex_lock(&control->lock);
    stops = control->outbox.stops;
    pthread_mutex_unlock(&control->lock);
    return stops;
}

static bool attach(struct runtime_control *control)
{
    for (int i = 0; i < CONNECT_TRIES; i++) {
        control->stream.descriptor = control_connect(&control->address, CONNECT_MS);
        if (control->stream.descriptor >= 0 || must_stop(control))
            break;
        base_clock_sleep_ns(connect_pause_ns);
    }
    return control->stream.descriptor >= 0 && say_hello(control);
}

/* Until the runtime stops it; false: the supervisor is gone. */
static bool live(struct runtime_control *control)
{
    int64_t next_ns = 0;

    for (;;) {
        struct pollfd polled[] = {{control->stream.descriptor, POLLIN, 0},
                                  {control->bell, POLLIN, 0}};
        int64_t now_ns = base_clock_ns();
        bool stops = false;
        uint64_t n_rings;

        if (now_ns >= next_ns) {
            if (!say_beat(control))
                return false;
            next_ns = now_ns + beat_ns;
        }
        if (control->dump_asked_ns && now_ns - control->dump_asked_ns > turn_limit_ns &&
            !say_stuck(control))
            return false;
        (void)poll(polled, 2, (int)((next_ns - now_ns) / 1000000) + 1);
        (void)!read(control->bell, &n_rings, sizeof(n_rings));
        if ((polled[0].revents && !hear(control)) || !say_outbox(control, &stops))
            return false;
        if (stops)
            return true;
    }
}

static void orphan(struct runtime_control *control)
{
    int64_t until_ns = base_clock_ns() + orphan_limit_ns;

    while (base_clock_ns() < until_ns) {
        if (must_stop(control))
            return;
        base_clock_sleep_ns(connect_pause_ns);
    }
    log_error(&control->log, "'troupe run' is gone: this rank ends");
    (void)kill(getpid(), SIGKILL);
}

void *runtime_helper_run(void *argument)
{
    struct runtime_control *control = argument;

    if (!attach(control) || !live(control))
        orphan(control);
    if (control->stream.descriptor >= 0)
        close(control->stream.descriptor);
    return NULL;
}
