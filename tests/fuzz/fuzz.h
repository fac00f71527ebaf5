/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer and replay/main.c call with an input; gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
