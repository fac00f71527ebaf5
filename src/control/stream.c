/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "control/control.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Messages over a connected socket. */

bool control_stream_fill(struct control_stream *stream)
{
    size_t n_free = sizeof(stream->bytes) - stream->n_bytes;
    ssize_t n;

    if (n_free == 0)
        return true;
    do
        n = recv(stream->descriptor, stream->bytes + stream->n_bytes, n_free,
                 MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK;
    stream->n_bytes += (size_t)n;
    return n > 0;
}

enum control_progress control_stream_take(struct control_stream *stream,
                                          struct control_message *message)
{
    size_t n_used = 0;
    enum control_progress progress =
        control_decode(stream->bytes, stream->n_bytes, message, &n_used);

    if (progress != CONTROL_WHOLE)
        return progress;
    stream->n_bytes -= n_used;
    memmove(stream->bytes, stream->bytes + n_used, stream->n_bytes);
    return CONTROL_WHOLE;
}

bool control_stream_send(const struct control_stream *stream,
                         const struct control_message *message)
{
    unsigned char frame[CONTROL_FRAME_BYTES];
    size_t n_left = control_encode(message, frame), n_sent = 0;

    while (n_left > 0) {
        ssize_t n = send(stream->descriptor, frame + n_sent, n_left, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        n_sent += (size_t)n;
        n_left -= (size_t)n;
    }
    return true;
}
