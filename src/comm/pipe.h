/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_PIPE_H
#define COMM_PIPE_H

/*
 * A pipe carries frames from one process to another one of the same machine through
 * memory that both have mapped: one writer, one reader, no locks, no system call.
 *
 * Frames stand one behind the other in a ring of cache lines, each behind a word that
 * says how long it is. The reader waits for the word after the last frame it read to
 * become something else than zero; the writer sets that word last of all, having
 * cleared the one behind the frame before. So a short frame costs the transfer of one
 * cache line, and nobody looks at an index that the other one writes: only a writer
 * that finds no room asks how far the reader is. (Giacomoni, Moseley, Vachharajani,
 * "FastForward for efficient pipeline parallelism", PPoPP 2008, keep their indices
 * apart in this way.)
 */

#include "base/compiler.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { COMM_PIPE_LINE_BYTES = 64, COMM_PIPE_WORD_BYTES = 8 };

/* What both have mapped, aligned to a line. At first `n_read` and the ring's first line
 * are zero. */
struct comm_pipe_memory {
    _Alignas(COMM_PIPE_LINE_BYTES) _Atomic uint64_t n_read; /* bytes, the reader's */
    _Alignas(COMM_PIPE_LINE_BYTES) unsigned char bytes[];
};

/* One process's side of it. */
struct comm_pipe {
    struct comm_pipe_memory *memory;
    uint64_t capacity_bytes; /* of the ring: a power of two, of lines */
    uint64_t at;             /* bytes written, or read, so far */
    uint64_t n_read;         /* the writer's last look at what was read */
};

static inline uint64_t comm_pipe_memory_bytes(uint64_t capacity_bytes)
{
    return sizeof(struct comm_pipe_memory) + capacity_bytes;
}

static inline void
comm_pipe_init(struct comm_pipe *pipe, void *memory, uint64_t capacity_bytes)
{
    *pipe = (struct comm_pipe){.memory = memory, .capacity_bytes = capacity_bytes};
}

/* The largest frame that an empty pipe takes. */
static inline uint64_t comm_pipe_limit(uint64_t capacity_bytes)
{
    return capacity_bytes - COMM_PIPE_LINE_BYTES - COMM_PIPE_WORD_BYTES;
}

static inline unsigned char *comm_pipe_place(const struct comm_pipe *pipe, uint64_t at)
{
    return pipe->memory->bytes + (at & (pipe->capacity_bytes - 1));
}

/* Words begin lines, so none is ever cut in two. */
static inline _Atomic uint64_t *comm_pipe_word(const struct comm_pipe *pipe,
                                               uint64_t at)
{
    return (_Atomic uint64_t *)(void *)comm_pipe_place(pipe, at);
}

static inline uint64_t comm_pipe_lines(uint64_t size_bytes)
{
    return (COMM_PIPE_WORD_BYTES + size_bytes + COMM_PIPE_LINE_BYTES - 1) &
           ~(uint64_t)(COMM_PIPE_LINE_BYTES - 1);
}

/* How many bytes of a frame stand before the ring's end, where it goes on at the
 * beginning. */
static inline uint64_t
comm_pipe_before_end(const struct comm_pipe *pipe, uint64_t at, uint64_t size_bytes)
{
    uint64_t n = pipe->capacity_bytes - (at & (pipe->capacity_bytes - 1));
    return n < size_bytes ? n : size_bytes;
}

/* False: there is no room, nothing was written. */
static inline bool
comm_pipe_write(struct comm_pipe *pipe, const void *frame, uint32_t size_bytes)
{
    uint64_t next = pipe->at + comm_pipe_lines(size_bytes);
    uint64_t end = next + COMM_PIPE_LINE_BYTES; /* of the word behind the frame */

    if (UNLIKELY(end - pipe->n_read > pipe->capacity_bytes)) {
        pipe->n_read =
            atomic_load_explicit(&pipe->memory->n_read, memory_order_acquire);
        if (end - pipe->n_read > pipe->capacity_bytes)
            return false;
    }
    uint64_t from = pipe->at + COMM_PIPE_WORD_BYTES;
    uint64_t n = comm_pipe_before_end(pipe, from, size_bytes);
    atomic_store_explicit(comm_pipe_word(pipe, next), 0, memory_order_relaxed);
    memcpy(comm_pipe_place(pipe, from), frame, n);
    if (UNLIKELY(n < size_bytes))
        memcpy(pipe->memory->bytes, (const unsigned char *)frame + n, size_bytes - n);
    atomic_store_explicit(comm_pipe_word(pipe, pipe->at), (uint64_t)size_bytes + 1,
                          memory_order_release);
    pipe->at = next;
    return true;
}

/* True: there is a frame to read, of `size_bytes`. */
static inline bool comm_pipe_has_frame(const struct comm_pipe *pipe,
                                       uint64_t *size_bytes)
{
    uint64_t word =
        atomic_load_explicit(comm_pipe_word(pipe, pipe->at), memory_order_acquire);
    *size_bytes = word - 1;
    return word != 0;
}

/* Copies the frame out, which comm_pipe_has_frame() has announced, and makes room. */
static inline void
comm_pipe_read(struct comm_pipe *pipe, void *frame, uint64_t size_bytes)
{
    uint64_t from = pipe->at + COMM_PIPE_WORD_BYTES;
    uint64_t n = comm_pipe_before_end(pipe, from, size_bytes);

    memcpy(frame, comm_pipe_place(pipe, from), n);
    if (UNLIKELY(n < size_bytes))
        memcpy((unsigned char *)frame + n, pipe->memory->bytes, size_bytes - n);
    pipe->at += comm_pipe_lines(size_bytes);
    atomic_store_explicit(&pipe->memory->n_read, pipe->at, memory_order_release);
}

#endif
