/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled with -march=x86-64-v2; see CMakeLists.txt. */
#if defined(__x86_64__)
#ifndef __SSE4_2__
#error "isa_v2.c must be compiled with -march=x86-64-v2"
#endif
#define BODY_TABLE numeric_isa_v2
#define BODY_NAME  "v2"
#define BODY_WIDTH 2
#include "numeric/body.h"
#else
extern int numeric_isa_is_empty; /* ISO C wants something in a file */
#endif
