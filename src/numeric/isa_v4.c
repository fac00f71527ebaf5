/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled with -march=x86-64-v4; see CMakeLists.txt. */
#if defined(__x86_64__)
#ifndef __AVX512DQ__
#error "isa_v4.c must be compiled with -march=x86-64-v4"
#endif
#define BODY_TABLE numeric_isa_v4
#define BODY_NAME  "v4"
#define BODY_WIDTH 8
#include "numeric/body.h"
#else
extern int numeric_isa_is_empty; /* ISO C wants something in a file */
#endif
