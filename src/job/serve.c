/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "base/require.h"
#include "job/supervisor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections of ranks and commands, and what they say. */

/* ---- listening
 * ------------------------------------------------------------------------ */

static int listen_at(int family, const struct sockaddr *name, socklen_t size_bytes)
{
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (descriptor < 0)
        return -1;
    if (bind(descriptor, name, size_bytes) == 0 && listen(descriptor, SOMAXCONN) == 0)
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static bool listen_here(struct job_supervisor *supervisor)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char *path = supervisor->address.path;

    snprintf(path, sizeof(supervisor->address.path), "%s/control",
             supervisor->folders.temporary.path);
    memcpy(name.sun_path, path, sizeof(name.sun_path));
    supervisor->local_listener =
        listen_at(AF_UNIX, (const struct sockaddr *)&name, sizeof(name));
    return supervisor->local_listener >= 0 && chmod(path, S_IRUSR | S_IWUSR) == 0;
}

/* All addresses that another host may know this one by. */
static void list_addresses(char *hosts, size_t capacity)
{
    struct ifaddrs *all;
    size_t n = 0;

    hosts[0] = '\0';
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        char text[INET_ADDRSTRLEN];
        struct sockaddr_in name;

        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET ||
            (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP))
            continue;
        memcpy(&name, one->ifa_addr, sizeof(name));
        inet_ntop(AF_INET, &name.sin_addr, text, sizeof(text));
        if (n + strlen(text) + 2 > capacity)
            break;
        n += (size_t)snprintf(hosts + n, capacity - n, "%s%s", n ? "," : "", text);
    }
    freeifaddrs(all);
}

static bool listen_to_hosts(struct job_supervisor *supervisor)
{
    struct control_address *address = &supervisor->address;
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size_bytes = sizeof(name);

    name.sin_addr.s_addr = htonl(INADDR_ANY);
    supervisor->remote_listener =
        listen_at(AF_INET, (const struct sockaddr *)&name, sizeof(name));
    if (supervisor->remote_listener < 0 ||
        getsockname(supervisor->remote_listener, (struct sockaddr *)&name,
                    &size_bytes) != 0)
        return false;
    address->is_tcp = true;
    address->port = ntohs(name.sin_port);
    list_addresses(address->hosts, sizeof(address->hosts));
    errno = EADDRNOTAVAIL;
    return address->hosts[0] != '\0';
}

bool job_listen(struct job_supervisor *supervisor)
{
    supervisor->remote_listener = -1;
    return listen_here(supervisor) &&
           (job_hosts_are_local(&supervisor->hosts) || listen_to_hosts(supervisor));
}

void job_token_renew(struct job_supervisor *supervisor)
{
    unsigned char bytes[(CONTROL_TOKEN_BYTES - 1) / 2];
    char *token = supervisor->address.token;

    base_require(getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes),
                 "no random numbers for the token of an attempt");
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- links
 * ---------------------------------------------------------------------------- */

static void remove_link(struct job_supervisor *supervisor, struct job_link *link)
{
    close(link->stream.descriptor);
    *link = supervisor->links[--supervisor->n_links];
}

void job_links_close(struct job_supervisor *supervisor)
{
    while (supervisor->n_links > 0)
        remove_link(supervisor, &supervisor->links[supervisor->n_links - 1]);
}

static struct job_link *add_link(struct job_supervisor *supervisor)
{
    if (supervisor->n_links == supervisor->link_capacity) {
        supervisor->link_capacity = 2 * supervisor->link_capacity + 16;
        supervisor->links = base_try_realloc(
            supervisor->links, supervisor->link_capacity * sizeof(struct job_link));
        base_require(supervisor->links, "no memory for connections");
    }
    return &supervisor->links[supervisor->n_links++];
}

void job_link_accept(struct job_supervisor *supervisor, int listener)
{
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct job_link *link;

    if (descriptor < 0)
        return;
    if (listener == supervisor->remote_listener)
        control_keep_alive(descriptor);
    link = add_link(supervisor);
    link->stream.descriptor = descriptor;
    link->stream.n_bytes = 0;
    link->rank = JOB_RANK_UNKNOWN;
    link->is_local = listener == supervisor->local_listener;
}

void job_links_send(struct job_supervisor *supervisor, enum control_kind kind, int rank)
{
    const struct control_message message = {.kind = kind};

    for (size_t i = 0; i < supervisor->n_links; i++) {
        const struct job_link *link = &supervisor->links[i];

        if (link->rank >= 0 && (rank < 0 || link->rank == rank))
            (void)control_stream_send(&link->stream, &message);
    }
}

uint32_t job_checkpoint_wish(struct job_supervisor *supervisor)
{
    job_links_send(supervisor, CONTROL_SAVE, 0);
    return ++supervisor->n_wishes;
}

bool job_has_ranks(const struct job_supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_links; i++)
        if (supervisor->links[i].rank >= 0)
            return true;
    return false;
}

/* Those whose wish is among the first n. */
static void answer(struct job_supervisor *supervisor,
                   uint32_t n,
                   struct control_message message,
                   const char *words)
{
    message.kind = CONTROL_ANSWER;
    snprintf(message.text, sizeof(message.text), "%s", words);
    for (size_t i = supervisor->n_links; i-- > 0;) {
        struct job_link *link = &supervisor->links[i];

        if (link->rank != JOB_RANK_COMMAND || link->wish > n)
            continue;
        (void)control_stream_send(&link->stream, &message);
        remove_link(supervisor, link);
    }
}

void job_commands_answer(struct job_supervisor *supervisor,
                         int exit_code,
                         const char *words)
{
    answer(supervisor, UINT32_MAX, (struct control_message){.exit_code = exit_code},
           words);
}

/* ---- what they say
 * -------------------------------------------------------------------- */

static void take_hello(struct job_supervisor *supervisor,
                       struct job_link *link,
                       const struct control_message *message)
{
    struct job_watch *watch = &supervisor->watch;

    if (strcmp(message->token, supervisor->address.token) != 0 ||
        !job_watch_hello(watch, message, base_clock_ns()))
        return;
    link->rank = (int)message->rank;
    if (watch->n_here == watch->n_ranks)
        job_tell(supervisor, &(struct job_event){.kind = JOB_ALL_HERE});
}

static void take_saved(struct job_supervisor *supervisor,
                       const struct control_saved *saved)
{
    char words[200];

    supervisor->saved = *saved;
    supervisor->saved_ns = base_clock_ns();
    job_complaints_clear(&supervisor->complaints);
    snprintf(words, sizeof(words), "checkpoint %llu published: %.1f MB, frozen %u ms",
             (unsigned long long)saved->epoch, (double)saved->size_bytes * 1e-6,
             (unsigned)saved->frozen_ms);
    job_journal_begin(&supervisor->journal, "published");
    job_journal_number(&supervisor->journal, "epoch", (int64_t)saved->epoch);
    job_journal_number(&supervisor->journal, "bytes", (int64_t)saved->size_bytes);
    job_journal_number(&supervisor->journal, "frozen_ms", saved->frozen_ms);
    job_journal_number(&supervisor->journal, "waited_ms", saved->waited_ms);
    job_journal_end(&supervisor->journal);
    answer(supervisor, saved->n_answered,
           (struct control_message){.exit_code = JOB_EXIT_DONE, .saved = *saved},
           words);
    job_tell(supervisor, &(struct job_event){.kind = JOB_PUBLISHED,
                                             .epoch = saved->epoch,
                                             .is_asked_for = saved->n_answered >=
                                                             supervisor->stop_wish});
}

static void take_cannot(struct job_supervisor *supervisor, const char *why)
{
    job_say(supervisor, "no checkpoint: %s", why);
    job_commands_answer(supervisor, JOB_EXIT_AGAIN, why);
    job_tell(supervisor, &(struct job_event){.kind = JOB_CANNOT_SAVE});
}

/* Who is asked to stop waits on, as long as it may. */
static void take_gave_up(struct job_supervisor *supervisor, const char *why)
{
    if (job_complaint_is_new(&supervisor->complaints, why))
        job_say(supervisor, "%s", why);
    job_journal_begin(&supervisor->journal, "given up");
    job_journal_text(&supervisor->journal, "why", why);
    job_journal_end(&supervisor->journal);
    job_commands_answer(supervisor, JOB_EXIT_AGAIN, why);
}

static void take_dumped(struct job_supervisor *supervisor, int rank)
{
    if (job_watch_dumped(&supervisor->watch, (uint32_t)rank))
        job_tell(supervisor, &(struct job_event){.kind = JOB_DUMPED});
}

static void take_line(struct job_supervisor *supervisor, int rank, const char *text)
{
    job_say(supervisor, "%s", text);
    job_journal_begin(&supervisor->journal, "dump");
    job_journal_number(&supervisor->journal, "rank", rank);
    job_journal_text(&supervisor->journal, "text", text);
    job_journal_end(&supervisor->journal);
}

static void take_from_rank(struct job_supervisor *supervisor,
                           int rank,
                           const struct control_message *message)
{
    switch (message->kind) {
    case CONTROL_BEAT:
        job_watch_beat(&supervisor->watch, (uint32_t)rank, message, base_clock_ns());
        return;
    case CONTROL_SAVED:
        take_saved(supervisor, &message->saved);
        return;
    case CONTROL_GAVE_UP:
        take_gave_up(supervisor, message->text);
        return;
    case CONTROL_CANNOT:
        take_cannot(supervisor, message->text);
        return;
    case CONTROL_LINE:
        take_line(supervisor, rank, message->text);
        return;
    case CONTROL_DUMPED:
        take_dumped(supervisor, rank);
        return;
    case CONTROL_COMPLETED:
        job_watch_complete(&supervisor->watch, (uint32_t)rank, message->exit_code);
        return;
    default:
        return;
    }
}

/* Somebody wants a checkpoint. */
static void take_wish(struct job_supervisor *supervisor, struct job_link *link)
{
    link->rank = JOB_RANK_COMMAND;
    link->wish = 0;
    if (supervisor->machine.state != JOB_RUN && supervisor->machine.state != JOB_SAVE)
        job_commands_answer(supervisor, JOB_EXIT_AGAIN,
                            "the job does not run just now");
    else
        link->wish = job_checkpoint_wish(supervisor);
}

/* False: who says this has no business here. */
static bool take(struct job_supervisor *supervisor,
                 struct job_link *link,
                 const struct control_message *message)
{
    if (link->rank >= 0) {
        take_from_rank(supervisor, link->rank, message);
        return true;
    }
    if (link->rank != JOB_RANK_UNKNOWN)
        return false;
    if (message->kind == CONTROL_WISH && link->is_local) {
        take_wish(supervisor, link);
        return true;
    }
    if (message->kind == CONTROL_HELLO)
        take_hello(supervisor, link, message);
    return link->rank >= 0;
}

static void lose(struct job_supervisor *supervisor, struct job_link *link)
{
    int rank = link->rank;

    remove_link(supervisor, link);
    if (rank >= 0 && job_watch_lose(&supervisor->watch, (uint32_t)rank))
        job_tell(supervisor, &(struct job_event){.kind = JOB_RANK_LOST, .rank = rank});
}

/* What is taken may answer commands, and so move links: their place is looked up by
 * the descriptor, which stays. */
static struct job_link *find_link(struct job_supervisor *supervisor, int descriptor)
{
    for (size_t i = 0; i < supervisor->n_links; i++)
        if (supervisor->links[i].stream.descriptor == descriptor)
            return &supervisor->links[i];
    return NULL;
}

void job_link_serve(struct job_supervisor *supervisor, struct job_link *link)
{
    int descriptor = link->stream.descriptor;
    bool is_open = control_stream_fill(&link->stream);

    while (link) {
        struct control_message message;
        enum control_progress progress = control_stream_take(&link->stream, &message);

        if (progress == CONTROL_PART && is_open)
            return;
        if (progress != CONTROL_WHOLE || !take(supervisor, link, &message)) {
            link = find_link(supervisor, descriptor);
            if (link)
                lose(supervisor, link);
            return;
        }
        link = find_link(supervisor, descriptor);
    }
}

void job_links_drain(struct job_supervisor *supervisor)
{
    for (size_t i = supervisor->n_links; i-- > 0;)
        if (i < supervisor->n_links)
            job_link_serve(supervisor, &supervisor->links[i]);
}
