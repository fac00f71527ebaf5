/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_UNITS_H
#define WORDCOUNT_UNITS_H

/*
 * Cutting the files into units of work. A unit is a row of pieces, a piece a range of
 * one file: a large file makes many units, many small files make one. Towards the end
 * units become smaller, so that all ranks come to their end together.
 *
 * A word belongs to the piece in which it begins.
 */

#include "files.h"

struct piece {
    uint64_t file;
    uint64_t begin, end; /* a range of its bytes */
    const char *path;
};

struct units {
    const struct file_list *list;
    size_t n_readers;
    size_t file;     /* the next byte to be given out is at */
    uint64_t offset; /* this place of this file */
    uint64_t n_left;
};

/* The largest message a unit makes. */
#define UNIT_MESSAGE_BYTES 32768

void units_init(struct units *units, const struct file_list *list, size_t n_readers);

/* Writes the next unit's pieces; returns how many, 0 when all has been given out. */
uint32_t units_next(struct units *units, unsigned char *bytes, uint32_t *n_bytes);

/* Reads them back: start with *position = 0. The path lies within the bytes. */
bool units_next_piece(const unsigned char *bytes,
                      size_t n_bytes,
                      size_t *position,
                      struct piece *piece);

#endif
