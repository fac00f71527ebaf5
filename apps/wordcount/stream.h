/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_STREAM_H
#define WORDCOUNT_STREAM_H

#include <stdio.h>
#include <troupe/troupe.h>

/* stdio that writes to a troupe output. It is closed before the output is. */
struct stream {
    troupe_actor *self;
    troupe_reference output;
};

/* NULL: no memory. */
FILE *stream_open(struct stream *stream);

#endif
