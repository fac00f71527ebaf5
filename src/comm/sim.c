/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/sim.h"
#include "base/map.h"

/*
 * The simulator's carrier. A frame takes a random time, but no frame of a pair of ranks
 * and a class overtakes another, as MPI has it. What comm may rely on and must keep to
 * is checked here at every step and not only in builds with assertions, for this is a
 * testing machine: slots fill in order, a data frame never meets a rank without a slot,
 * a frame's bytes stay as they are until they have left.
 */

enum {
    CLOCK_READ_NS = 5,      /* so that who waits for the clock does not wait for ever */
    LATE_SEND_PERCENT = 10, /* of the sends whose bytes leave only on arrival */
    CONTROL_LIMIT = 12,     /* control frames on their way between two ranks */
    BULK_BYTES_PER_NS = 10
};

/* ---- events ---- */

static bool is_before(const struct sim_event *left, const struct sim_event *right)
{
    if (left->time_ns != right->time_ns)
        return left->time_ns < right->time_ns;
    return left->sequence < right->sequence;
}

static void queue_put(struct sim_queue *queue, struct sim_event *event)
{
    if (queue->n_items == queue->capacity) {
        uint32_t capacity = queue->capacity ? 2 * queue->capacity : 16;
        struct sim_event **items = base_new_array(struct sim_event *, capacity);
        if (queue->items)
            memcpy(items, queue->items, queue->n_items * sizeof(*items));
        base_free(queue->items);
        queue->items = items;
        queue->capacity = capacity;
    }
    uint32_t i = queue->n_items++;
    for (; i > 0 && is_before(event, queue->items[(i - 1) / 2]); i = (i - 1) / 2)
        queue->items[i] = queue->items[(i - 1) / 2];
    queue->items[i] = event;
}

static void send_event(struct comm_sim *sim, int to, int queue, struct sim_event *event)
{
    queue_put(&sim->rank[to].queue[queue], event);
    sim_wake(sim, to, event->time_ns);
}

static struct sim_event *queue_take(struct sim_queue *queue)
{
    struct sim_event *first = queue->items[0];
    struct sim_event *moved = queue->items[--queue->n_items];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= queue->n_items)
            break;
        if (child + 1 < queue->n_items &&
            is_before(queue->items[child + 1], queue->items[child]))
            child++;
        if (!is_before(queue->items[child], moved))
            break;
        queue->items[i] = queue->items[child];
        i = child;
    }
    queue->items[i] = moved;
    return first;
}

int64_t sim_next_event_ns(const struct sim_rank *rank)
{
    int64_t next_ns = INT64_MAX;
    for (int i = 0; i < SIM_N_QUEUES; i++) {
        const struct sim_queue *queue = &rank->queue[i];
        if (queue->n_items > 0 && queue->items[0]->time_ns < next_ns)
            next_ns = queue->items[0]->time_ns;
    }
    return next_ns;
}

void sim_queues_fini(struct sim_rank *rank)
{
    for (int i = 0; i < SIM_N_QUEUES; i++) {
        for (uint32_t k = 0; k < rank->queue[i].n_items; k++)
            base_free(rank->queue[i].items[k]);
        base_free(rank->queue[i].items);
    }
}

static struct sim_event *new_event(struct comm_sim *sim,
                                   enum sim_event_kind kind,
                                   int source,
                                   int64_t time_ns,
                                   uint32_t size_bytes)
{
    struct sim_event *event = base_new_bytes(sizeof *event + size_bytes, "sim_event");
    event->time_ns = time_ns;
    event->sequence = sim->n_events++;
    event->kind = kind;
    event->source = source;
    event->size_bytes = size_bytes;
    return event;
}

static void mix(struct comm_sim *sim, uint64_t value)
{
    sim->trace_hash = base_hash_u64(sim->trace_hash ^ value);
}

static void trace(struct sim_rank *to, int source, const void *bytes, size_t size_bytes)
{
    struct comm_sim *sim = to->sim;
    sim->n_deliveries++;
    mix(sim, (uint64_t)to->clock_ns);
    mix(sim, (uint64_t)source << 32 | (uint64_t)to->rank);
    mix(sim, base_hash_bytes(bytes, size_bytes, 0));
}

static int64_t delay_ns(struct comm_sim *sim)
{
    uint64_t width = (uint64_t)(sim->options.max_delay_ns - sim->options.min_delay_ns);
    return sim->options.min_delay_ns +
           (int64_t)(base_random_next(&sim->random) % (width + 1));
}

/* ---- frames ---- */

static void
sim_slot_post(struct comm *comm, enum comm_class class, struct comm_frame *slot)
{
    struct sim_rank *rank = sim_rank_of(comm);
    slot->next = NULL;
    *rank->posted_end[class] = slot;
    rank->posted_end[class] = &slot->next;
    rank->n_posted[class]++;
}

static void
sim_slot_open(struct comm *comm, enum comm_class class, struct comm_frame *slot)
{
    (void)comm;
    (void)class;
    (void)slot;
}

static int64_t arrival_ns(struct sim_rank *from, enum comm_class class, int peer)
{
    struct comm_sim *sim = from->sim;
    size_t n = (size_t)sim->options.n_ranks;
    size_t pair = ((size_t) class * n + (size_t)from->rank) * n + (size_t)peer;
    int64_t time_ns = from->clock_ns + delay_ns(sim);
    if (time_ns <= sim->last_arrival_ns[pair])
        time_ns = sim->last_arrival_ns[pair] + 1;
    sim->last_arrival_ns[pair] = time_ns;
    return time_ns;
}

static uint8_t *control_count(struct comm_sim *sim, int source, int destination)
{
    return &sim->n_control[(size_t)source * (size_t)sim->options.n_ranks +
                           (size_t)destination];
}

/* No frame may be sent that might find no slot; nothing may pile up. */
static void check_send(struct sim_rank *from,
                       enum comm_class class,
                       const struct comm_frame *frame,
                       int peer)
{
    struct sim_rank *to = &from->sim->rank[peer];
    if (class == COMM_CONTROL) {
        base_require(++*control_count(from->sim, from->rank, peer) <= CONTROL_LIMIT,
                     "sim: more than %d control frames on their way from %d to %d",
                     CONTROL_LIMIT, from->rank, peer);
        return;
    }
    base_require(frame->size_bytes <= from->comm->options.frame_bytes,
                 "sim: a frame of %u bytes", frame->size_bytes);
    base_require(
        to->is_dead || ++to->n_on_way[class] <= to->n_posted[class],
        "sim: rank %d sends rank %d an unexpected frame: %u on their way, %u slots",
        from->rank, peer, to->n_on_way[class], to->n_posted[class]);
}

static bool
sim_send(struct comm *comm, enum comm_class class, struct comm_frame *frame, int peer)
{
    struct sim_rank *from = sim_rank_of(comm);
    struct comm_sim *sim = from->sim;
    check_send(from, class, frame, peer);
    bool is_late = base_random_below(&sim->random, 100) < LATE_SEND_PERCENT;
    struct sim_event *event = new_event(
        sim, SIM_FRAME, from->rank, arrival_ns(from, class, peer), frame->size_bytes);
    memcpy(event->bytes, frame->bytes, frame->size_bytes);
    if (is_late) {
        event->frame = frame;
        frame->send = 0;
    }
    send_event(sim, peer, (int)class, event);
    return !is_late;
}

/* The bytes of a late send leave now; that they are still the same is comm's duty. */
static void leave_late(struct sim_rank *to, const struct sim_event *event)
{
    struct comm_frame *frame = event->frame;
    base_require(frame->size_bytes == event->size_bytes &&
                     memcmp(frame->bytes, event->bytes, event->size_bytes) == 0,
                 "sim: rank %d changed a frame on its way", event->source);
    struct sim_event *sent = new_event(to->sim, SIM_SENT, to->rank, to->clock_ns, 0);
    sent->frame = frame;
    send_event(to->sim, event->source, SIM_OTHER, sent);
}

static struct comm_frame *sim_slot_take(struct comm *comm, enum comm_class class)
{
    struct sim_rank *to = sim_rank_of(comm);
    struct sim_queue *queue = &to->queue[class];
    struct comm_frame *slot = to->posted[class];

    if (queue->n_items == 0 || queue->items[0]->time_ns > to->clock_ns || !slot)
        return NULL;
    struct sim_event *event = queue_take(queue);
    to->posted[class] = slot->next;
    if (!slot->next)
        to->posted_end[class] = &to->posted[class];
    to->n_posted[class]--;
    if (class == COMM_CONTROL) {
        --*control_count(to->sim, event->source, to->rank);
    } else {
        to->n_on_way[class]--;
        to->sim->last_activity_ns = to->clock_ns;
    }
    base_require(event->size_bytes <= slot->capacity_bytes,
                 "sim: the frame is too long");
    memcpy(slot->bytes, event->bytes, event->size_bytes);
    slot->size_bytes = event->size_bytes;
    slot->peer = event->source;
    trace(to, event->source, event->bytes, event->size_bytes);
    if (event->frame)
        leave_late(to, event);
    base_free(event);
    return slot;
}

/* ---- what is neither data nor control ---- */

static void fetched(struct sim_rank *to, struct sim_event *event)
{
    struct comm_transfer *receive = event->transfer, *send = event->other;
    memcpy(receive->payload, send->payload, (size_t)send->size_bytes);
    receive->request = 1;
    trace(to, event->source, receive->payload, (size_t)receive->size_bytes);
    struct sim_event *delivered =
        new_event(to->sim, SIM_DELIVERED, to->rank, to->clock_ns, 0);
    delivered->transfer = send;
    send_event(to->sim, event->source, SIM_OTHER, delivered);
}

static void take_others(struct sim_rank *rank)
{
    struct sim_queue *queue = &rank->queue[SIM_OTHER];
    while (queue->n_items > 0 && queue->items[0]->time_ns <= rank->clock_ns) {
        struct sim_event *event = queue_take(queue);
        bool is_detector = event->kind == SIM_SENT && event->frame->is_control;
        if (event->kind == SIM_SENT)
            event->frame->send = 1;
        else if (event->kind == SIM_FETCHED)
            fetched(rank, event);
        else
            event->transfer->request = 1;
        if (!is_detector)
            rank->sim->last_activity_ns = rank->clock_ns;
        base_free(event);
    }
}

static bool sim_send_is_done(struct comm *comm, struct comm_frame *frame)
{
    take_others(sim_rank_of(comm));
    return frame->send != 0;
}

static struct comm_transfer *
find_receive(struct sim_rank *to, int source, uint64_t ticket)
{
    for (struct comm_transfer *at = to->comm->transfers; at; at = at->next) {
        if (!at->is_send && at->peer == source && at->ticket == ticket)
            return at;
    }
    base_die(__FILE__, __LINE__,
             "sim: rank %d sends a payload that rank %d did not ask for", source,
             to->rank);
}

static void sim_transfer_begin(struct comm *comm, struct comm_transfer *transfer)
{
    struct sim_rank *from = sim_rank_of(comm);
    struct comm_sim *sim = from->sim;
    transfer->request = 0;
    if (!transfer->is_send || sim->rank[transfer->peer].is_dead)
        return;
    struct sim_rank *to = &sim->rank[transfer->peer];
    struct comm_transfer *receive = find_receive(to, from->rank, transfer->ticket);
    base_require(receive->size_bytes == transfer->size_bytes,
                 "sim: a payload of %llu bytes for a place of %llu",
                 (unsigned long long)transfer->size_bytes,
                 (unsigned long long)receive->size_bytes);
    int64_t time_ns = from->clock_ns + delay_ns(sim) +
                      (int64_t)(transfer->size_bytes / BULK_BYTES_PER_NS);
    struct sim_event *event = new_event(sim, SIM_FETCHED, from->rank, time_ns, 0);
    event->transfer = receive;
    event->other = transfer;
    send_event(sim, transfer->peer, SIM_OTHER, event);
}

static bool sim_transfer_is_done(struct comm *comm, struct comm_transfer *transfer)
{
    take_others(sim_rank_of(comm));
    return transfer->request != 0;
}

static bool sim_foreign_is_done(struct comm *comm, void *request)
{
    (void)comm;
    (void)request;
    base_die(__FILE__, __LINE__, "an MPI request cannot be waited for on sim");
}

static void *sim_communicator(struct comm *comm)
{
    (void)comm;
    return NULL;
}

/* ---- time, chance, the end ---- */

static int64_t sim_now_ns(struct comm *comm)
{
    return sim_rank_of(comm)->clock_ns += CLOCK_READ_NS;
}

static uint64_t sim_random(struct comm *comm)
{
    return base_random_next(&sim_rank_of(comm)->random);
}

static void sim_backend_abort(struct comm *comm, int exit_code)
{
    sim_abort(sim_rank_of(comm)->sim, exit_code);
}

static uint32_t sim_frame_limit(struct comm *comm)
{
    (void)comm;
    return UINT32_MAX;
}

/* The ranks start one after the other, and all with the same options. */
static void sim_agree(struct comm *comm, uint64_t *values, int n_values)
{
    (void)comm;
    (void)values;
    (void)n_values;
}

static void sim_all_posted(struct comm *comm)
{
    (void)comm;
}

/* The last to come hands out everybody's values. */
static void sim_exchange_begin(struct comm *comm,
                               const uint64_t *to_each,
                               uint64_t *from_each,
                               int n_values)
{
    struct sim_rank *rank = sim_rank_of(comm);
    struct comm_sim *sim = rank->sim;
    int n = sim->options.n_ranks;

    rank->n_exchanges++;
    rank->to_each = to_each;
    rank->from_each = from_each;
    if (++sim->n_exchanging < n)
        return;
    for (int to = 0; to < n; to++) {
        for (int from = 0; from < n; from++)
            memcpy(sim->rank[to].from_each + (ptrdiff_t)from * n_values,
                   sim->rank[from].to_each + (ptrdiff_t)to * n_values,
                   (size_t)n_values * sizeof(uint64_t));
    }
    for (int i = 0; i < n; i++)
        sim_wake(sim, i, 0);
    sim->n_exchanging = 0;
    sim->n_exchanges++;
}

static bool sim_exchange_is_done(struct comm *comm)
{
    const struct sim_rank *rank = sim_rank_of(comm);
    return rank->n_exchanges == rank->sim->n_exchanges;
}

static void sim_drain(struct comm *comm)
{
    const struct sim_rank *rank = sim_rank_of(comm);
    base_require(
        rank->n_on_way[COMM_DATA] == 0 && rank->n_posted[COMM_DATA] == comm->n_slots,
        "sim: rank %d ends with %u frames on their way and %u of %u slots posted",
        rank->rank, rank->n_on_way[COMM_DATA], rank->n_posted[COMM_DATA],
        comm->n_slots);
    base_require(rank->queue[COMM_CONTROL].n_items == 0,
                 "sim: rank %d ends with control frames on their way", rank->rank);
}

static void sim_close(struct comm *comm)
{
    sim_rank_of(comm)->comm = NULL;
}

const struct comm_backend comm_sim_backend = {
    .name = "sim",
    .now_ns = sim_now_ns,
    .random = sim_random,
    .abort = sim_backend_abort,
    .frame_limit = sim_frame_limit,
    .agree = sim_agree,
    .all_posted = sim_all_posted,
    .slot_open = sim_slot_open,
    .slot_post = sim_slot_post,
    .slot_take = sim_slot_take,
    .send = sim_send,
    .send_is_done = sim_send_is_done,
    .transfer_begin = sim_transfer_begin,
    .transfer_is_done = sim_transfer_is_done,
    .foreign_is_done = sim_foreign_is_done,
    .communicator = sim_communicator,
    .exchange_begin = sim_exchange_begin,
    .exchange_is_done = sim_exchange_is_done,
    .drain = sim_drain,
    .close = sim_close,
    .idle = NULL,
};
