/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "fiber/guard.h"
#include "base/alloc.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Newer than the C library's headers. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
    USUAL_MAX_MAPPINGS = 65530,
    BUFFER_BYTES = 4096,
    FEWEST_GRANTED = 16 /* not worth another look */
};

static uint64_t read_max_mappings(void)
{
    char text[32] = "";
    int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return USUAL_MAX_MAPPINGS;
    ssize_t n = read(file, text, sizeof(text) - 1);
    close(file);
    uint64_t value = n > 0 ? strtoull(text, NULL, 10) : 0;
    return value ? value : USUAL_MAX_MAPPINGS;
}

/* UINT64_MAX when it cannot be known. */
static uint64_t count_mappings(void)
{
    char *buffer = base_try_alloc(BUFFER_BYTES); /* the caller's stack may be small */
    int file = buffer ? open("/proc/self/maps", O_RDONLY | O_CLOEXEC) : -1;
    uint64_t n_lines = 0;
    ssize_t n_read = -1;
    while (file >= 0 && (n_read = read(file, buffer, BUFFER_BYTES)) > 0) {
        for (ssize_t i = 0; i < n_read; i++)
            n_lines += buffer[i] == '\n';
    }
    if (file >= 0)
        close(file);
    base_free(buffer);
    return n_read == 0 ? n_lines : UINT64_MAX;
}

void fiber_guards_init(struct fiber_guards *guards,
                       enum fiber_guard_kind best,
                       uint64_t max_mappings)
{
    *guards = (struct fiber_guards){
        .best = best,
        .page_bytes = (size_t)sysconf(_SC_PAGESIZE),
        .max_mappings = max_mappings ? max_mappings : read_max_mappings(),
    };
}

/*
 * Half of what the kernel allows is left to the rest of the process. To count takes
 * milliseconds, so a quarter of what is left is granted at once; other pools of the
 * process (ranks on sim) do the same, and each look sees what all of them took.
 */
static bool may_take_mappings(struct fiber_guards *guards)
{
    if (guards->n_granted == 0) {
        uint64_t n_present = count_mappings();
        uint64_t n_ours = guards->max_mappings / 2;
        uint64_t n_left = n_present < n_ours ? (n_ours - n_present) / 2 : 0;
        guards->n_granted = n_left < FEWEST_GRANTED ? n_left : (n_left + 3) / 4;
    }
    if (guards->n_granted == 0)
        return false;
    guards->n_granted--;
    return true;
}

enum fiber_guard_kind fiber_guard_install(struct fiber_guards *guards, void *low)
{
    if (guards->best == FIBER_GUARD_MADVISE) {
        if (madvise(low, guards->page_bytes, MADV_GUARD_INSTALL) == 0)
            return FIBER_GUARD_MADVISE;
        guards->best = FIBER_GUARD_MPROTECT;
    }
    if (guards->best == FIBER_GUARD_MPROTECT) {
        if (may_take_mappings(guards) &&
            mprotect(low, guards->page_bytes, PROT_NONE) == 0)
            return FIBER_GUARD_MPROTECT;
        guards->best = FIBER_GUARD_NONE;
    }
    return FIBER_GUARD_NONE;
}
