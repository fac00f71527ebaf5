/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_READING_H
#define WORDCOUNT_READING_H

/*
 * Reading the words of a piece. A word belongs to the piece in which it begins: where
 * one runs over the end, reading goes on to its end; where one comes in over the
 * beginning, it is passed over. So it makes no difference where files are cut.
 *
 * Words of more than WORD_LIMIT bytes are passed over, and complained of by the piece
 * in which they begin.
 */

#include "messages.h"
#include "scan.h"
#include "units.h"

/* How many words are found at once, at most. */
#define READING_WORDS 256

struct fault {
    enum trouble_kind kind;
    uint64_t offset; /* in the file */
    int error;       /* errno */
};

/* What the reader does with what is found; an error of these ends the reading. */
struct reading_calls {
    /* READING_WORDS at most are found; WORD_SLACK bytes behind each are readable. */
    troupe_status (*found)(void *context,
                           const unsigned char *text,
                           const struct extent *words,
                           size_t n_words);
    /* A chunk has been read: time to do something else. */
    void (*pause)(void *context);
    /* A file cannot be read as expected, or a word is too long. */
    troupe_status (*complain)(void *context,
                              const struct piece *piece,
                              const struct fault *fault);
};

struct reading {
    int fd;
    unsigned char *buffer; /* an unfinished word, and a chunk behind it */
    uint64_t n_bytes;      /* read so far, of all pieces */
};

void reading_init(struct reading *reading);
void reading_fini(struct reading *reading);

/*
 * Reads the words that begin in the piece. A file that cannot be read is complained of
 * and is no error.
 */
troupe_status reading_piece(struct reading *reading,
                            const struct piece *piece,
                            const struct reading_calls *calls,
                            void *context);

#endif
