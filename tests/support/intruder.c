/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/intruder.h"
#include "base/alloc.h"
#include "comm/internal.h"
#include "runtime/sim.h"
#include "troupe/runtime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef MESSAGE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

enum {
    MOST_PAYLOAD_BYTES = UINT16_MAX,
    MOST_SAID_BYTES = 1 << 16,
    STEP_LIMIT = 200 * 1000,
    PAUSE_NS = 10 * 1000
};

/* Of the process, like the ranks that live in it. */
static struct {
    const struct intruder *intruder;
    const uint8_t *next, *end;
    struct actor_rank *victim, *home;
    const struct base_frame_kind *taken_by[256];
    struct base_frame_kind tapped[256];
    unsigned char payload[MOST_PAYLOAD_BYTES];
    unsigned char *copy; /* what the victim reads now */
    int standard_error, memory;
    char said[MOST_SAID_BYTES];
} world = {.standard_error = -1};

/* ---- what the job says --------------------------------------------------------- */

/* Into memory: deaths are many, and their words are looked at. */
static void listen_begin(void)
{
    if (world.standard_error < 0) {
        world.standard_error = dup(STDERR_FILENO);
        world.memory = memfd_create("said", MFD_CLOEXEC);
        if (world.standard_error < 0 || world.memory < 0)
            abort();
#ifdef MESSAGE_ASAN
        __sanitizer_set_report_fd((void *)(intptr_t)world.standard_error);
#endif
    }
    if (ftruncate(world.memory, 0) != 0 || lseek(world.memory, 0, SEEK_SET) != 0 ||
        dup2(world.memory, STDERR_FILENO) < 0)
        abort();
}

static void listen_end(void)
{
    ssize_t n = pread(world.memory, world.said, sizeof world.said - 1, 0);

    world.said[n > 0 ? n : 0] = '\0';
    if (dup2(world.standard_error, STDERR_FILENO) < 0)
        abort();
}

TROUPE_NORETURN static void fail(const char *what)
{
    dprintf(world.standard_error, "intruder: %s\n", what);
    abort();
}

void intruder_expect(bool condition, const char *what)
{
    if (!condition)
        fail(what);
}

/* ---- reading the input --------------------------------------------------------- */

static uint8_t next_byte(void)
{
    return world.next < world.end ? *world.next++ : 0;
}

static uint16_t next_two(void)
{
    uint16_t low = next_byte();

    return (uint16_t)(low | next_byte() << 8);
}

static uint64_t next_word(void)
{
    uint8_t selector = next_byte();
    unsigned index = selector % 128u % world.intruder->n_symbols;
    uint64_t word = 0;

    if (index > 0) {
        word = world.intruder->symbol(index);
        return selector & 0x80 ? word + (uint64_t)(int64_t)(int8_t)next_byte() : word;
    }
    for (unsigned i = 0; selector & 0x80 && i < sizeof word; i++)
        word |= (uint64_t)next_byte() << 8 * i;
    return word;
}

struct payload {
    size_t size;
    uint64_t ticket; /* 0: none, it is there */
};

static struct payload next_ticket(void)
{
    size_t size = next_two();

    return (struct payload){size, next_word()};
}

static size_t next_bytes(size_t size)
{
    if (size == INTRUDER_LONG) {
        size = next_two();
        memset(world.payload, next_byte(), size);
        return size;
    }
    for (size_t i = 0; i < size; i++)
        world.payload[i] = next_byte();
    return size;
}

static struct payload next_payload(void)
{
    uint8_t size = next_byte();

    return size == INTRUDER_TICKET ? next_ticket()
                                   : (struct payload){next_bytes(size), 0};
}

static void patch(size_t size)
{
    size_t place = next_byte() * sizeof(uint64_t);
    uint64_t word = next_word();

    if (place + sizeof word <= size)
        memcpy(world.payload + place, &word, sizeof word);
}

/* ---- posting ------------------------------------------------------------------- */

/* What stands in a stream for a payload that travels apart. */
static void post_ticket(struct comm *comm,
                        const struct comm_header *header,
                        const struct payload *payload)
{
    const uint64_t words[] = {payload->size, payload->ticket};

    if (comm_post_here(comm, comm_stream_to(comm, 0), header, COMM_FORM_TICKET, words,
                       sizeof words, NULL, 0) != TROUPE_OK)
        fail("no memory for a ticket");
}

static void post(struct actor_rank *home, const struct comm_header *header, size_t size)
{
    bool is_passing = header->kind == ACTOR_KIND_MAIL && header->flags & MESSAGE_TICK &&
                      !comm_goes_apart(home->comm, header->kind, size);

    comm_post_must(home->comm, 0, header, world.payload, size);
    if (is_passing) /* as both ends of the record have to see it */
        comm_quiet_disregard_posted(home->comm);
    if (header->kind == ACTOR_KIND_END) /* as who ends a job does */
        comm_quiet_regard_all(home->comm);
}

static void post_next(troupe_actor *self, uint8_t kind)
{
    struct comm_header header = {.kind = kind};
    uint8_t shape = next_byte();
    struct payload payload;

    if (shape & 1)
        header.to = next_word();
    if (shape & 2)
        header.from = next_word();
    if (shape & 4)
        header.reference = next_word();
    if (shape & 8)
        header.incarnation = (uint32_t)next_word();
    if (shape & 16)
        header.type = next_two();
    if (shape & 32)
        header.flags = next_byte();
    payload = next_payload();
    for (int i = 0; i < shape >> 6; i++)
        patch(payload.ticket ? 0 : payload.size);
    if (payload.ticket)
        post_ticket(self->home->comm, &header, &payload);
    else
        post(self->home, &header, payload.size);
}

static void pause_for(troupe_actor *self, int64_t time_ns)
{
    troupe_sleep_until(self, troupe_after_s(self, (double)time_ns * 1e-9));
}

void intruder_post(troupe_actor *self)
{
    const struct intruder *intruder = world.intruder;

    world.home = self->home;
    while (world.next < world.end) {
        unsigned choice = next_byte() % (intruder->n_kinds + 1);

        if (choice == intruder->n_kinds)
            pause_for(self, PAUSE_NS * (1 + next_byte()));
        else
            post_next(self, intruder->kinds[choice]);
    }
    comm_flush(self->home->comm, COMM_FLUSH_URGENT);
}

/* ---- the victim ---------------------------------------------------------------- */

struct actor_rank *intruder_victim(void)
{
    return world.victim;
}

struct actor_rank *intruder_home(void)
{
    return world.home;
}

/* In memory of its own; what came in chunks has that already. */
static void tap(struct troupe *rank, struct comm_record *record)
{
    const struct base_frame_kind *kind = world.taken_by[record->header.kind];

    if (record->source == 1 && record->payload && !record->envelope) {
        world.copy = malloc(record->size_bytes ? record->size_bytes : 1);
        if (!world.copy)
            abort();
        memcpy(world.copy, record->payload, record->size_bytes);
        record->payload = world.copy;
    }
    kind->take(rank, record);
    free(world.copy);
    world.copy = NULL;
}

static void tap_all(struct comm *comm)
{
    struct comm_fast *fast = comm_fast(comm);

    for (size_t i = 0; i < ARRAY_LENGTH(world.tapped); i++) {
        if (!fast->kinds[i])
            continue;
        world.taken_by[i] = fast->kinds[i];
        world.tapped[i] = *fast->kinds[i];
        world.tapped[i].take = tap;
        fast->kinds[i] = &world.tapped[i];
    }
}

int intruder_enter(troupe_actor *self)
{
    int rank = troupe_rank(self);

    if (rank == 0 && !world.victim) { /* the intruder may spawn it again */
        world.victim = self->home;
        tap_all(self->home->comm);
    }
    return rank;
}

/* ---- a job --------------------------------------------------------------------- */

/* The first line that goes on so behind its first word, which says who speaks; what the
 * intruder has written into reports stands further behind. */
static const char *find_line(const char *beginning)
{
    for (const char *line = world.said; line && *line;) {
        const char *rest = line + strcspn(line, " \n");
        const char *end = strchr(rest, '\n');

        if (strncmp(rest, beginning, strlen(beginning)) == 0)
            return rest;
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

/* Who died has named the rank whose record it could not take. */
static const char *judge(const struct comm_sim_result *result)
{
    const char *fatal = find_line(" fatal: ");

    if (find_line(" error: audit: ") || (fatal && strstr(fatal, "our own fault")))
        return "it is our own fault";
    if (result->end == COMM_SIM_LIMIT)
        return "it never ends";
    if (result->end == COMM_SIM_STUCK)
        return "it is stuck";
    if (result->end == COMM_SIM_DONE)
        return NULL;
    if (!fatal || !strstr(fatal, "from rank "))
        return "it ended without naming a rank";
    return NULL;
}

static struct comm_sim_result run(uint64_t seed)
{
    const struct runtime_sim sim = {
        .sim = {.n_ranks = INTRUDER_RANKS, .seed = seed, .step_limit = STEP_LIMIT},
        .checkpoint = world.intruder->checkpoint};
    const troupe_program program = {.main = world.intruder->main};
    const troupe_options options = {.program = &program};
    struct comm_sim_result result;
    troupe *runtime;

    if (runtime_start_sim(&options, &sim, &runtime) != TROUPE_OK)
        fail("the job did not start");
    (void)troupe_run(runtime);
    result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    return result;
}

int intruder_play(const struct intruder *intruder, const uint8_t *data, size_t size)
{
    int64_t n_live = base_alloc_live();
    struct comm_sim_result result;
    const char *wrong;

    world.intruder = intruder;
    world.next = data;
    world.end = data + size;
    world.victim = world.home = NULL;
    listen_begin();
    result = run(1 + next_byte());
    listen_end();
    free(world.copy); /* of a record that the victim died of */
    world.copy = NULL;
    wrong = judge(&result);
    if (!wrong && base_alloc_live() != n_live)
        wrong = "it leaves memory behind";
    if (!wrong)
        return 0;
    dprintf(world.standard_error, "%s", world.said);
    fail(wrong);
}
