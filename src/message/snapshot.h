/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MESSAGE_SNAPSHOT_H
#define MESSAGE_SNAPSHOT_H

/*
 * What stands behind troupe_writer and troupe_reader: a save function of a behavior
 * writes into a byte buffer, restore reads from one. Whoever calls such a function
 * makes the writer or reader on its stack.
 */

#include "base/bytes.h"
#include "troupe/message.h"

struct troupe_writer {
    struct base_bytes *bytes;
};

struct troupe_reader {
    struct base_cursor cursor;
};

#endif
