/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* How actors end: each way with its reason and text, its defers, its fini, its memory.
 */

struct how {
    int64_t way;
};
TROUPE_TYPE(how, way);
struct trace {
    int64_t n, steps[16];
};
TROUPE_TYPE(trace, n, steps);
struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

enum way {
    RETURN_OK,
    RETURN_ERROR,
    EXIT,
    FAIL,
    FAIL_DEEP,
    FAIL_WHILE_ANSWERING,
    STOP_ITSELF,
    N_WAYS
};
enum { FINI = 1000 };

static struct {
    struct trace trace;
    enum way way;
    bool init_fails, fini_fails, is_process;
} seen;

static void step(int64_t number)
{
    EXPECT(seen.trace.n < 16);
    seen.trace.steps[seen.trace.n++] = number;
}

/* ---- leaving
 * ------------------------------------------------------------------------------ */

static void on_defer(void *argument)
{
    step(*(const int64_t *)argument);
}

static void on_failing_defer(void *argument)
{
    step(500);
    troupe_fail(argument, TROUPE_IO, "a defer fails");
}

static TROUPE_NORETURN void fail_at_depth(troupe_actor *self, int depth)
{
    volatile char frame[300];

    frame[0] = (char)depth;
    if (depth > 0)
        fail_at_depth(self, depth - 1);
    troupe_fail(self, TROUPE_IO, "at depth %d: %s", frame[0], "gone");
}

static void prepare(troupe_actor *self)
{
    for (int64_t i = 1; i <= 3; i++) {
        int64_t *number = troupe_alloc(self, sizeof *number);
        char *large = troupe_alloc(self, 5000);

        EXPECT(number && *number == 0 && (uintptr_t)number % 16 == 0);
        EXPECT(large && large[0] == 0 && large[4999] == 0);
        memset(large, 1, 5000);
        *number = i;
        EXPECT_OK(troupe_defer(self, on_defer, number));
        if (i == 2)
            EXPECT_OK(troupe_defer(self, on_failing_defer, self));
    }
    EXPECT(troupe_alloc(self, SIZE_MAX) == NULL);
    EXPECT(troupe_alloc(self, SIZE_MAX / 2) == NULL);
}

static troupe_status leave(troupe_actor *self, enum way way)
{
    troupe_message *message;
    struct note *note;

    EXPECT_OK(troupe_new_message(self, note, 0, &message, &note)); /* goes, too */
    switch (way) {
    case RETURN_OK:
        if (!seen.is_process)
            troupe_exit(self);
        return TROUPE_OK;
    case RETURN_ERROR:
        return TROUPE_CLOSED;
    case EXIT:
        troupe_exit(self);
        EXPECT(!seen.is_process); /* which is gone at once */
        return TROUPE_OK;
    case FAIL:
        troupe_fail(self, TROUPE_FAILED, "number %d", 7);
    case FAIL_WHILE_ANSWERING:
        EXPECT_OK(troupe_reply(self, how, note, .number = 1));
        troupe_fail(self, TROUPE_FAILED, "%0200d", 7);
    case STOP_ITSELF:
        EXPECT_OK(troupe_stop_actor(self, troupe_self(self), TROUPE_EXIT_SHUTDOWN));
        EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = 1));
        if (seen.is_process)
            EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, NULL));
        EXPECT(!seen.is_process); /* the receive does not come back */
        return TROUPE_OK;
    default:
        fail_at_depth(self, 20);
    }
}

static troupe_status on_init(troupe_actor *self, const struct how *how)
{
    prepare(self);
    seen.is_process = false;
    return seen.init_fails ? leave(self, (enum way)how->way) : TROUPE_OK;
}

static troupe_status on_how(troupe_actor *self, const struct how *how)
{
    return leave(self, (enum way)how->way);
}

static troupe_status on_note(troupe_actor *self, const struct note *note)
{
    (void)self;
    step(note->number);
    return TROUPE_OK;
}

static void on_fini(troupe_actor *self)
{
    static int64_t last = FINI + 1;

    step(FINI);
    EXPECT_INT(troupe_sender(self).bits, 0);
    EXPECT_OK(
        troupe_send(self, troupe_self(self), note, .number = 1)); /* nobody reads it */
    if (seen.fini_fails)
        troupe_fail(self, TROUPE_IO, "fini fails");
    EXPECT_OK(troupe_defer(self, on_defer, &last));
}

TROUPE_BEHAVIOR(leaver,
                troupe_no_state,
                TROUPE_INIT(how, on_init),
                TROUPE_ON(how, on_how),
                TROUPE_ON(note, on_note),
                TROUPE_FINI(on_fini),
                .capacity = 4);

static troupe_status leaver_body(troupe_actor *self)
{
    const struct how *how;

    seen.is_process = true;
    prepare(self);
    if (seen.init_fails)
        return leave(self, (enum way)troupe_arguments(self, how)->way);
    EXPECT_OK(troupe_receive(self, how, TROUPE_FOREVER, &how));
    return leave(self, (enum way)how->way);
}
TROUPE_PROCESS(leaving_process,
               leaver_body,
               TROUPE_ARGUMENTS(how),
               TROUPE_ACCEPTS(how, note),
               .capacity = 4);

/* ---- who looks on
 * --------------------------------------------------------------------------- */

static const struct {
    enum troupe_exit_kind kind;
    troupe_status status;
    const char *text;
} expected[N_WAYS] = {
    [RETURN_OK] = {TROUPE_EXIT_NORMAL, TROUPE_OK, ""},
    [RETURN_ERROR] = {TROUPE_EXIT_FAILED, TROUPE_CLOSED, NULL},
    [EXIT] = {TROUPE_EXIT_NORMAL, TROUPE_OK, ""},
    [FAIL] = {TROUPE_EXIT_FAILED, TROUPE_FAILED, "number 7"},
    [FAIL_DEEP] = {TROUPE_EXIT_FAILED, TROUPE_IO, "at depth 0: gone"},
    [FAIL_WHILE_ANSWERING] = {TROUPE_EXIT_FAILED, TROUPE_FAILED, NULL},
    [STOP_ITSELF] = {TROUPE_EXIT_SHUTDOWN, TROUPE_OK, NULL},
};

static void check_down(const struct troupe_down *down, enum way way)
{
    EXPECT_INT(down->kind, expected[way].kind);
    EXPECT_INT(down->status, expected[way].status);
    if (expected[way].text)
        EXPECT(strcmp(down->text, expected[way].text) == 0);
    else
        EXPECT(strlen(down->text) > 5 && strlen(down->text) < TROUPE_TEXT_BYTES);
}

/* Last in first out, one that fails costs no other; then a handler's fini. */
static void check_trace(void)
{
    static const int64_t steps[] = {3, 500, 2, 1, FINI, FINI + 1};
    int64_t n = seen.is_process ? 4 : seen.fini_fails ? 5 : 6;

    EXPECT_INT(seen.trace.n, n);
    for (int64_t i = 0; i < n; i++)
        EXPECT_INT(seen.trace.steps[i], steps[i]);
}

static void try_way(troupe_actor *self, const troupe_behavior *behavior, enum way way)
{
    const struct troupe_down *down;
    troupe_reference monitor;
    troupe_spawn_options options = {TROUPE_WITH(how, .way = way),
                                    .place = TROUPE_ON_RANK(troupe_n_ranks(self) - 1),
                                    .monitor = &monitor};
    troupe_address who;

    memset(&seen.trace, 0, sizeof seen.trace);
    EXPECT_OK(troupe_spawn(self, behavior, &options, &who));
    if (!seen.init_fails && way == FAIL_WHILE_ANSWERING)
        EXPECT_OK(troupe_call(self, who, note, NULL, TROUPE_FOREVER, how, .way = way));
    else if (!seen.init_fails)
        EXPECT_OK(troupe_send(self, who, how, .way = way));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    EXPECT(down->who.bits == who.bits && down->monitor.bits == monitor.bits);
    check_down(down, way);
    check_trace();
}

static troupe_status watcher_body(troupe_actor *self)
{
    const troupe_behavior *const behaviors[] = {&leaver, &leaving_process};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 8; i++) {
        seen.init_fails = i & 1;
        seen.fini_fails = i & 2;
        for (enum way way = RETURN_OK; way < N_WAYS; way++)
            if (!(seen.init_fails && way == FAIL_WHILE_ANSWERING))
                try_way(self, behaviors[i / 4], way);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(watcher,
               watcher_body,
               TROUPE_ACCEPTS(troupe_down, note),
               TROUPE_SENDS(how),
               TROUPE_SPAWNS(&leaver, &leaving_process));

START_TEST(every_way_to_end)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = &watcher,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(troupe_exit_kind_text(TROUPE_EXIT_NORMAL), "normal");
    ck_assert_str_eq(troupe_exit_kind_text(TROUPE_EXIT_NO_ACTOR), "no actor");
    ck_assert_str_eq(troupe_exit_kind_text((enum troupe_exit_kind)99), "unknown");
}
END_TEST

CHECK_MAIN("actor exit", every_way_to_end, words)
