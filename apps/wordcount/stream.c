/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "stream.h"
#include <errno.h>

/* 0 is what stdio takes for an error. */
static ssize_t write_bytes(void *cookie, const char *bytes, size_t n_bytes)
{
    const struct stream *stream = cookie;
    if (troupe_output_write(stream->self, stream->output, bytes, n_bytes) == TROUPE_OK)
        return (ssize_t)n_bytes;
    errno = EIO;
    return 0;
}

FILE *stream_open(struct stream *stream)
{
    return fopencookie(stream, "w", (cookie_io_functions_t){.write = write_bytes});
}
