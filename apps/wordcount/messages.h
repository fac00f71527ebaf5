/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_MESSAGES_H
#define WORDCOUNT_MESSAGES_H

/*
 * Who says what to whom. There is one conductor, the process of rank 0, and on every
 * rank one reader and one counter.
 *
 *   conductor  spawn, owners       reader     once: these counters own the words
 *   reader     ask                 conductor  the next unit, please
 *   conductor  unit                reader     files and ranges to read; none: that was
 * all reader     words               counter    counts of words that this counter owns
 *   reader     end_of_words        counter    there will be no more
 *   reader     trouble             conductor  something could not be read
 *   reader     done                conductor  how much it was
 *   conductor  more, a call        counter    the next part of your words in order
 *   counter    part, its reply     conductor
 *
 * Nobody is sent more than it can hold: a full mailbox makes its senders wait.
 */

#include <troupe/troupe.h>

/* A longer word is left out, with a warning. */
#define WORD_LIMIT (1 << 20)

/* What one rank's own words may take, texts and counts and the table over them. */
#define COUNTER_BYTES ((size_t)232 << 20)

struct owners {
    uint64_t n;
    troupe_address counters[];
};
TROUPE_TYPE(owners, n, TROUPE_TAIL(counters, n));

struct ask {
    uint64_t n_bytes; /* read since the last time it asked */
};
TROUPE_TYPE(ask, n_bytes);

/* n_pieces times what units.h describes. */
struct unit {
    uint32_t n_pieces;
    uint32_t n_bytes;
    uint8_t bytes[];
};
TROUPE_TYPE(unit, n_pieces, n_bytes, TROUPE_TAIL(bytes, n_bytes));

/* Words and counts as batch.h packs them. */
struct words {
    uint64_t n_bytes;
    uint8_t bytes[];
};
TROUPE_TYPE(words, n_bytes, TROUPE_TAIL(bytes, n_bytes));

struct full {
    uint64_t n_distinct;
};
TROUPE_TYPE(full, n_distinct);

enum trouble_kind { TROUBLE_UNREADABLE, TROUBLE_SHORTER, TROUBLE_LONG_WORD };

struct trouble {
    uint64_t file;   /* its number in the list of files */
    uint64_t offset; /* where in it */
    enum trouble_kind kind;
    int32_t error; /* errno, where there is one */
};
TROUPE_TYPE(trouble, file, offset, kind, error);

struct done {
    uint64_t n_bytes; /* since the last ask */
    uint64_t n_words;
};
TROUPE_TYPE(done, n_bytes, n_words);

TROUPE_SIGNAL(more);

/* As words, sorted; without any when there are no more. */
struct part {
    uint64_t n_distinct; /* how many words this counter has in all */
    uint64_t n_bytes;
    uint8_t bytes[];
};
TROUPE_TYPE(part, n_distinct, n_bytes, TROUPE_TAIL(bytes, n_bytes));

/* What a counter is spawned with. */
struct counter_plan {
    troupe_address conductor;
    uint64_t n_readers;
    uint64_t n_wanted; /* of its words, at most */
};
TROUPE_TYPE(counter_plan, conductor, n_readers, n_wanted);

TROUPE_PROCESS_DECLARE(word_reader);
TROUPE_PROCESS_DECLARE(word_counter);

#endif
