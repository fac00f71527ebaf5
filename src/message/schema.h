/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MESSAGE_SCHEMA_H
#define MESSAGE_SCHEMA_H

/* Between the files of this folder: kinds by number, and schemas piece by piece. */

#include "troupe/message.h"

/* Structs in structs in structs: more than any program has, and the walk ends. */
#define MESSAGE_MAX_DEPTH 16

struct message_kind {
    const char *name; /* as in schemas */
    uint32_t bytes;   /* of one; 0: as its type says */
};
extern const struct message_kind message_kinds[TROUPE_N_KINDS];

/* Gives the pieces of the schema's words, in order, to `put`. */
typedef void message_put_fn(void *context, const char *piece, size_t length);
void message_schema_write(const troupe_type *type, message_put_fn *put, void *context);

uint64_t message_schema_hash(const troupe_type *type);

/*
 * Could TROUPE_TYPE have made this descriptor? Those from C++ or computed ones need not
 * be right. False: `why` says what is wrong.
 */
bool message_type_is_sound(const troupe_type *type, char *why, size_t why_capacity);

#endif
