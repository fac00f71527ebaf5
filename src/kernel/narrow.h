/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_NARROW_H
#define KERNEL_NARROW_H

/* Numbers of 32 bits that are small, in fewer bytes each, to be sent. */

#include <stddef.h>
#include <stdint.h>

/* A number has every bit that one of n has. */
uint32_t kernel_narrow_bits(const uint32_t *numbers, size_t n);
/* 1, 2 or 4 bytes hold numbers with these bits. */
size_t kernel_narrow_width(uint64_t bits);
/* To n * width bytes in the numbers' own place. */
void kernel_narrow(uint32_t *numbers, size_t n, size_t width);
/* And back. */
void kernel_narrow_undo(uint32_t *numbers, size_t n, size_t width);
/* Adds narrow ones, at any address, elsewhere. */
void kernel_narrow_add(const void *narrow, size_t n, size_t width, uint32_t *sums);

#endif
