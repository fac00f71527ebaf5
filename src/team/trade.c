/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include <string.h>

/*
 * The exchange, in which members know what they get from whom ("trade", for phases of
 * the other operations exchange, too). What a member sends goes straight to the other's
 * rank, in pieces of 256 KiB: those come by tickets, and a place in the pool
 * is asked for each, so pieces are few at a time. The receiver copies a piece out of
 * the pool and lets two more come for every two that have.
 *
 * Long parts are waited for until they have been taken: their tickets are answered when
 * the sender's rank looks, and it would hardly look if it went on to compute while the
 * other waits. Short ones need no answer.
 *
 * A record has the whole size, so the first shows whether the two members agree. Who
 * waits for one that sends nothing asks for it (TEAM_KIND_PART_ASK); as all that a
 * member sends at first leaves when it enters the operation, the answer
 * (TEAM_KIND_PART_SENT) comes behind it.
 *
 * What goes wrong between two members is the matter of these two: the one who finds it
 * tells the other (TEAM_KIND_PART_OVER), the rest of the operation goes on, and it ends
 * with that status at both. Who finds that they disagree differs from all others from
 * then on (team_differ).
 */

enum {
    PIECES_AHEAD = 16,      /* of one part that may be on their way, at most */
    PIECES_AHEAD_ALL = 256, /* of all that a member sends, if there are so few parts */
    PIECES_MORE = 2,        /* may follow when so many have come; as few as are ahead */
    LONG_BYTES = 16 * 1024, /* as comm's chunks: what is longer goes by tickets */
    LOW_BITS = 16           /* of a piece's number; the rest is in the record's flags */
};

static uint64_t n_pieces_of(size_t size_bytes)
{
    return (size_bytes + TEAM_PIECE_BYTES - 1) / TEAM_PIECE_BYTES;
}

static size_t piece_bytes(size_t size_bytes, uint64_t piece)
{
    size_t n_left = size_bytes - (size_t)piece * TEAM_PIECE_BYTES;

    return n_left < TEAM_PIECE_BYTES ? n_left : TEAM_PIECE_BYTES;
}

static struct team_part *find(struct team_part *parts, int n_parts, int rank)
{
    for (int i = 0; i < n_parts; i++)
        if (parts[i].rank == rank)
            return &parts[i];
    return NULL;
}

/* Has it all been sent, or got? */
static bool is_whole(const struct team_part *part)
{
    return part->n_done == n_pieces_of(part->size_bytes);
}

static bool is_done(const struct team_part *part)
{
    return is_whole(part) && !part->must_be_taken;
}

/* The first failure is the operation's; the other parts go on. */
static void note_status(struct team_trade *trade, troupe_status status)
{
    if (trade->status == TROUPE_OK)
        trade->status = (uint8_t)status;
}

static void
end_part(struct team_operation *op, struct team_part *part, troupe_status status)
{
    if (part->is_over || is_done(part))
        return;
    part->is_over = true;
    op->trade->n_left--;
    note_status(op->trade, status);
}

/* ---- what is sent ------------------------------------------------------------- */

static void send_piece(struct team_operation *op, const struct team_part *part)
{
    struct comm *comm = op->team->here->home->comm;
    uint64_t piece = part->n_done;
    const struct comm_header header = {.to = op->team->id,
                                       .from = part->size_bytes,
                                       .reference = op->chain,
                                       .incarnation = (uint32_t)op->number,
                                       .type = (uint16_t)piece,
                                       .kind = TEAM_KIND_PART,
                                       .flags = (uint8_t)(piece >> LOW_BITS)};

    comm_post_must(comm, part->rank, &header, part->bytes + piece * TEAM_PIECE_BYTES,
                   piece_bytes(part->size_bytes, piece));
}

/* As far as it may. */
static void send_part(struct team_operation *op, struct team_part *part)
{
    if (is_whole(part) || part->is_over || part->n_done == part->n_allowed)
        return;
    while (!is_whole(part) && part->n_done < part->n_allowed) {
        send_piece(op, part);
        part->n_done++;
    }
    if (is_done(part))
        op->trade->n_left--;
    comm_flush_rank(op->team->here->home->comm, part->rank, COMM_FLUSH_URGENT);
}

void team_trade_more(struct team_operation *op, int source)
{
    struct team_trade *trade = op->trade;
    struct team_part *part = find(trade->parts, trade->n_sends, source);

    if (!part)
        return;
    part->n_allowed += PIECES_MORE;
    send_part(op, part);
}

void team_trade_taken(struct team_operation *op, int source)
{
    struct team_trade *trade = op->trade;
    struct team_part *part = find(trade->parts, trade->n_sends, source);

    if (!part || part->is_over || !is_whole(part) || is_done(part))
        return;
    part->must_be_taken = false;
    trade->n_left--;
}

/* ---- what comes --------------------------------------------------------------- */

static uint64_t piece_of(const struct comm_header *header)
{
    return header->type | (uint64_t)header->flags << LOW_BITS;
}

static struct team_part *incoming(struct team_operation *op, int source)
{
    struct team_trade *trade = op->trade;

    return find(trade->parts + trade->n_sends, trade->n_receives, source);
}

static bool is_expected(const struct team_part *part,
                        const struct comm_header *header,
                        uint64_t size_bytes)
{
    uint64_t piece = piece_of(header);

    return !is_whole(part) && part->size_bytes == header->from &&
           piece < n_pieces_of(part->size_bytes) &&
           piece_bytes(part->size_bytes, piece) == size_bytes;
}

bool team_trade_admit(troupe_team *team,
                      struct team_operation *op,
                      const struct comm_header *header,
                      int source,
                      uint64_t size_bytes)
{
    struct team_part *part = op && op->trade ? incoming(op, source) : NULL;

    if (!team->member || (part && part->is_over))
        return false;
    if (part && is_expected(part, header, size_bytes)) {
        part->has_come = true;
        return true;
    }
    team_answer(team, source, TEAM_KIND_PART_OVER, header->incarnation,
                TROUPE_MISMATCH);
    if (op && op->trade) {
        note_status(op->trade, TROUPE_MISMATCH);
        team_trade_over(op, source, TROUPE_MISMATCH);
    }
    team_differ(team);
    return false;
}

void team_trade_place(struct team_operation *op,
                      const struct comm_header *header,
                      int source,
                      const void *bytes)
{
    struct team_part *part = incoming(op, source);
    uint64_t piece = piece_of(header), n_pieces = n_pieces_of(part->size_bytes);

    if (part->is_over || is_whole(part)) /* one that came twice, both put aside */
        return;
    memcpy(part->place + piece * TEAM_PIECE_BYTES, bytes,
           piece_bytes(part->size_bytes, piece));
    part->n_done++;
    if (part->n_done == n_pieces) {
        op->trade->n_left--;
        if (part->size_bytes > LONG_BYTES)
            team_post(op->team, part->peer, TEAM_KIND_PART_TAKEN, op->number, 0);
    } else if (part->n_done % PIECES_MORE == 0) {
        team_post(op->team, part->peer, TEAM_KIND_PART_MORE, op->number, 0);
    }
}

/* Pieces that were put aside, and have come whole. */
static void place_kept(struct team_operation *op)
{
    struct team_kept **link = &op->parts;

    while (*link) {
        struct team_kept *kept = *link;

        if (kept->is_held) {
            link = &kept->next;
            continue;
        }
        *link = kept->next;
        team_trade_place(op, &kept->header, kept->source, team_kept_bytes(kept));
        team_kept_give(op->team->here, kept);
    }
}

bool team_trade(struct team_operation *op)
{
    struct team_trade *trade = op->trade;

    if (!trade->has_begun) {
        trade->has_begun = true;
        for (int i = 0; i < trade->n_sends; i++)
            send_part(op, &trade->parts[i]);
    }
    place_kept(op);
    if (trade->n_left > 0)
        return false;
    team_operation_end(op, (troupe_status)trade->status);
    return true;
}

/* ---- who is missed ------------------------------------------------------------ */

void team_trade_ask(struct team_operation *op)
{
    struct team_trade *trade = op->trade;

    for (int i = 0; i < trade->n_receives; i++) {
        struct team_part *part = &trade->parts[trade->n_sends + i];

        if (!part->has_come && !part->is_asked)
            team_post(op->team, part->peer, TEAM_KIND_PART_ASK, op->number, 0);
        part->is_asked = true;
    }
}

void team_trade_sent(struct team_operation *op, int source)
{
    struct team_part *part = incoming(op, source);

    if (!part || part->has_come)
        return;
    end_part(op, part, TROUPE_MISMATCH);
    team_differ(op->team);
}

void team_trade_differs(struct team_operation *op)
{
    note_status(op->trade, TROUPE_MISMATCH);
    team_differ(op->team);
}

/* The peer gives up what passes between the two, either way. */
void team_trade_over(struct team_operation *op, int source, troupe_status status)
{
    struct team_trade *trade = op->trade;
    struct team_part *in = incoming(op, source);
    struct team_part *out = find(trade->parts, trade->n_sends, source);

    if (in)
        end_part(op, in, status);
    if (out)
        end_part(op, out, status);
}

void team_trade_abandon(struct team_operation *op)
{
    struct team_trade *trade = op->trade;

    for (int i = 0; i < trade->n_sends + trade->n_receives; i++)
        if (!is_whole(&trade->parts[i]) && !trade->parts[i].is_over &&
            !op->team->here->home->is_ending)
            team_post(op->team, trade->parts[i].peer, TEAM_KIND_PART_OVER, op->number,
                      TROUPE_PEER_GONE);
    team_operation_end(op, TROUPE_PEER_GONE);
}

/* ---- starting ----------------------------------------------------------------- */

bool team_trade_take(struct team_operation *op)
{
    const troupe_exchange_lists *lists = op->what.lists;
    size_t n_parts = (size_t)lists->n_sends + (size_t)lists->n_receives;
    uint8_t block_class;
    struct team_trade *trade = message_block_take(
        op->team->here->home->pool, sizeof *trade + n_parts * sizeof *trade->parts,
        &block_class);

    if (!trade)
        return false;
    memset(trade, 0, sizeof *trade + n_parts * sizeof *trade->parts);
    trade->block_class = block_class;
    op->trade = trade;
    return true;
}

void team_trade_give(struct team_operation *op)
{
    message_block_give(op->team->here->home->pool, op->trade, op->trade->block_class);
}

static void add_send(struct team_operation *op, const troupe_outgoing *send)
{
    struct team_trade *trade = op->trade;

    if (send->size_bytes == 0 || send->peer == op->team->index)
        return;
    trade->parts[trade->n_sends++] =
        (struct team_part){.peer = send->peer,
                           .rank = team_rank_at(op->team, send->peer),
                           .bytes = send->data,
                           .must_be_taken = send->size_bytes > LONG_BYTES,
                           .size_bytes = send->size_bytes};
    trade->n_left++;
}

static void add_receive(struct team_operation *op, const troupe_incoming *receive)
{
    struct team_trade *trade = op->trade;

    if (receive->size_bytes == 0 || receive->peer == op->team->index)
        return;
    trade->parts[trade->n_sends + trade->n_receives++] =
        (struct team_part){.peer = receive->peer,
                           .rank = team_rank_at(op->team, receive->peer),
                           .place = receive->data,
                           .size_bytes = receive->size_bytes};
    trade->n_left++;
}

/* So that the pool does not hold a copy of all that goes to everybody. */
static void share_places(struct team_trade *trade)
{
    uint64_t n_each = trade->n_sends ? PIECES_AHEAD_ALL / (uint64_t)trade->n_sends : 0;

    if (n_each > PIECES_AHEAD)
        n_each = PIECES_AHEAD;
    if (n_each < PIECES_MORE)
        n_each = PIECES_MORE;
    for (int i = 0; i < trade->n_sends; i++)
        trade->parts[i].n_allowed = n_each;
}

void team_trade_fill(struct team_operation *op)
{
    const troupe_exchange_lists *lists = op->what.lists;

    for (int i = 0; i < lists->n_sends; i++)
        add_send(op, &lists->sends[i]);
    for (int i = 0; i < lists->n_receives; i++)
        add_receive(op, &lists->receives[i]);
    share_places(op->trade);
    op->what.lists = NULL;
}

bool team_trade_with_self(const troupe_exchange_lists *lists, int self)
{
    const troupe_outgoing *send = NULL;
    const troupe_incoming *receive = NULL;

    for (int i = 0; i < lists->n_sends; i++)
        if (lists->sends[i].peer == self && lists->sends[i].size_bytes > 0)
            send = &lists->sends[i];
    for (int i = 0; i < lists->n_receives; i++)
        if (lists->receives[i].peer == self && lists->receives[i].size_bytes > 0)
            receive = &lists->receives[i];
    if (!send || !receive)
        return !send && !receive;
    if (send->size_bytes != receive->size_bytes)
        return false;
    memmove(receive->data, send->data, send->size_bytes);
    return true;
}
