/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ring: a token goes round a ring of actors, which stand on all ranks in turn, so that
 * with more than one rank every hop is one from rank to rank. Prints the time of a hop.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe/troupe.h>

#define EXIT_USAGE 64

struct meet {
    troupe_address next;
};
TROUPE_TYPE(meet, next);
TROUPE_SIGNAL(met);
struct token {
    uint64_t hops_left;
};
TROUPE_TYPE(token, hops_left);
struct member {
    troupe_address conductor;
    troupe_address next;
};
TROUPE_TYPE(member, conductor, next);

static int exit_code;

/* ---- the members
 * --------------------------------------------------------------------- */

static troupe_status
on_meet(troupe_actor *self, struct member *me, const struct meet *meet)
{
    me->conductor = troupe_sender(self);
    me->next = meet->next;
    return troupe_reply(self, meet, met);
}

static troupe_status
on_token(troupe_actor *self, struct member *me, const struct token *token)
{
    uint64_t hops_left = token->hops_left - 1;
    troupe_address to = hops_left > 0 ? me->next : me->conductor;
    return troupe_send(self, to, token, .hops_left = hops_left);
}

TROUPE_BEHAVIOR(ring_member,
                member,
                TROUPE_ON(meet, on_meet),
                TROUPE_ON(token, on_token),
                TROUPE_SENDS(met));

/* ---- rank 0
 * -------------------------------------------------------------------------- */

static troupe_status build(troupe_actor *self, troupe_address *members, size_t n)
{
    int n_ranks = troupe_n_ranks(self);
    for (size_t i = 0; i < n; i++) {
        troupe_spawn_options options = {.place =
                                            TROUPE_ON_RANK((int)(i % (size_t)n_ranks))};
        TROUPE_TRY(troupe_spawn(self, &ring_member, &options, &members[i]));
    }
    /*
     * A call and not a send: order holds between two actors, and the token comes from
     * another one than this message. Without the answer it might overtake it.
     */
    for (size_t i = 0; i < n; i++)
        TROUPE_TRY(troupe_call(self, members[i], met, NULL, TROUPE_FOREVER, meet,
                               .next = members[(i + 1) % n]));
    return TROUPE_OK;
}

static troupe_status run(troupe_actor *self, uint64_t n_actors, uint64_t n_laps)
{
    troupe_address *members = troupe_alloc(self, (size_t)n_actors * sizeof *members);
    if (!members)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(build(self, members, (size_t)n_actors));
    uint64_t n_hops = n_actors * n_laps;
    int64_t begin_ns = troupe_now_ns(self);
    TROUPE_TRY(troupe_send(self, members[0], token, .hops_left = n_hops));
    TROUPE_TRY(troupe_receive(self, token, TROUPE_FOREVER, NULL));
    int64_t end_ns = troupe_now_ns(self);
    return troupe_print(
        self, "%" PRIu64 " actors on %d ranks, %" PRIu64 " hops: %.0f ns per hop",
        n_actors, troupe_n_ranks(self), n_hops,
        (double)(end_ns - begin_ns) / (double)n_hops);
}

/* A number from 1 to 10 million; 0 if it is none. */
static uint64_t parse_number(const char *text)
{
    if (!text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 8)
        return 0;
    uint64_t number = strtoull(text, NULL, 10);
    return number <= 10000000 ? number : 0;
}

static bool parse(int argc, char **argv, uint64_t *n_actors, uint64_t *n_laps)
{
    *n_actors = 1000;
    *n_laps = 10;
    for (int i = 1; i < argc; i += 2) {
        uint64_t *number = strcmp(argv[i], "--actors") == 0 ? n_actors
                           : strcmp(argv[i], "--laps") == 0 ? n_laps
                                                            : NULL;
        if (!number)
            return false;
        *number = parse_number(argv[i + 1]); /* NULL behind the last argument */
        if (*number == 0)
            return false;
    }
    return true;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK; /* the rank stays, for its members of the ring */
    uint64_t n_actors, n_laps;
    if (parse(argc, argv, &n_actors, &n_laps))
        return run(self, n_actors, n_laps);
    bool wants_help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fprintf(wants_help ? stdout : stderr,
            "usage: ring [--actors N] [--laps N]   (1 to 10000000 each)\n"
            "A token goes round N actors (1000) on all ranks, N times (10).\n");
    exit_code = wants_help ? 0 : EXIT_USAGE;
    return TROUPE_OK;
}
TROUPE_PROCESS(conductor,
               body,
               TROUPE_ACCEPTS(token),
               TROUPE_SENDS(meet),
               TROUPE_SPAWNS(&ring_member));

int main(int argc, char **argv)
{
    int code = troupe_main(argc, argv, &(troupe_program){.main = &conductor});
    return code == TROUPE_CODE_OK ? exit_code : code;
}
