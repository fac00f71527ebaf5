/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* What this rank may take of the memory that is free on the machine, or in its control
 * group, if the other ranks there take as much. UINT64_MAX: not known. */
uint64_t runtime_free_bytes(void);

#endif
