/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "control/control.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where a supervisor listens, as text, and the way there. */

/* ---- text
 * ---------------------------------------------------------------------------- */

/* Copies up to the next ':' and steps over it; false: there is none, or no room. */
static bool cut_word(const char **text, char *word, size_t capacity)
{
    size_t n = strcspn(*text, ":");

    if ((*text)[n] != ':' || n == 0 || n >= capacity)
        return false;
    memcpy(word, *text, n);
    word[n] = '\0';
    *text += n + 1;
    return true;
}

static bool copy_rest(const char *text, char *rest, size_t capacity)
{
    size_t n = strlen(text);

    if (n == 0 || n >= capacity)
        return false;
    memcpy(rest, text, n + 1);
    return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
    unsigned long value = 0;

    if (strspn(text, "0123456789") == strlen(text))
        value = strtoul(text, NULL, 10);
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX;
}

bool control_address_parse(const char *text, struct control_address *address)
{
    char word[8];

    memset(address, 0, sizeof(*address));
    if (!cut_word(&text, word, sizeof(word)) ||
        !cut_word(&text, address->token, sizeof(address->token)))
        return false;
    if (strcmp(word, "unix") == 0)
        return copy_rest(text, address->path, sizeof(address->path));
    address->is_tcp = strcmp(word, "tcp") == 0;
    return address->is_tcp && cut_word(&text, word, sizeof(word)) &&
           parse_port(word, &address->port) &&
           copy_rest(text, address->hosts, sizeof(address->hosts));
}

void control_address_print(const struct control_address *address,
                           char text[CONTROL_ADDRESS_BYTES])
{
    const size_t capacity = CONTROL_ADDRESS_BYTES;

    if (address->is_tcp)
        snprintf(text, capacity, "tcp:%s:%u:%s", address->token,
                 (unsigned)address->port, address->hosts);
    else
        snprintf(text, capacity, "unix:%s:%s", address->token, address->path);
}

/* ---- connecting
 * ---------------------------------------------------------------------- */

static int give_up(int descriptor, int error)
{
    close(descriptor);
    errno = error;
    return -1;
}

/* Waits for a connection that has begun. */
static int finish(int descriptor, int limit_ms)
{
    struct pollfd waited = {.fd = descriptor, .events = POLLOUT};
    int error = 0;
    socklen_t size_bytes = sizeof(error);

    if (poll(&waited, 1, limit_ms) <= 0)
        return give_up(descriptor, ETIMEDOUT);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size_bytes) != 0)
        error = errno;
    return error ? give_up(descriptor, error) : descriptor;
}

static int
connect_to(int family, const struct sockaddr *name, socklen_t size_bytes, int limit_ms)
{
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (descriptor < 0)
        return -1;
    if (connect(descriptor, name, size_bytes) != 0) {
        if (errno != EINPROGRESS)
            return give_up(descriptor, errno);
        descriptor = finish(descriptor, limit_ms);
    }
    if (descriptor >= 0)
        (void)fcntl(descriptor, F_SETFL, 0); /* from here on it blocks */
    return descriptor;
}

static int connect_unix(const struct control_address *address, int limit_ms)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    memcpy(name.sun_path, address->path, sizeof(name.sun_path));
    return connect_to(AF_UNIX, (const struct sockaddr *)&name, sizeof(name), limit_ms);
}

static int connect_host(const char *host, uint16_t port, int limit_ms)
{
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char digits[8];
    int descriptor;

    snprintf(digits, sizeof(digits), "%u", (unsigned)port);
    if (getaddrinfo(host, digits, &wanted, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    descriptor =
        connect_to(found->ai_family, found->ai_addr, found->ai_addrlen, limit_ms);
    freeaddrinfo(found);
    return descriptor;
}

int control_connect(const struct control_address *address, int limit_ms)
{
    char hosts[CONTROL_HOSTS_BYTES], *next = hosts, *host;
    int descriptor = -1;

    if (!address->is_tcp)
        return connect_unix(address, limit_ms);
    memcpy(hosts, address->hosts, sizeof(hosts));
    while (descriptor < 0 && (host = strsep(&next, ",")) != NULL)
        descriptor = connect_host(host, address->port, limit_ms);
    if (descriptor >= 0)
        control_keep_alive(descriptor);
    return descriptor;
}

void control_keep_alive(int descriptor)
{
    /* Four seconds of silence, then three questions two seconds apart; what is sent and
     * not acknowledged counts likewise. */
    const int on = 1, idle_s = 4, interval_s = 2, n_probes = 3,
              unacknowledged_ms = 10000;

    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s,
                     sizeof(interval_s));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &n_probes, sizeof(n_probes));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
                     sizeof(unacknowledged_ms));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
