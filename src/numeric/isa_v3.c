/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled with -march=x86-64-v3; see CMakeLists.txt. */
#if defined(__x86_64__)
#ifndef __AVX2__
#error "isa_v3.c must be compiled with -march=x86-64-v3"
#endif
#define BODY_TABLE numeric_isa_v3
#define BODY_NAME  "v3"
#define BODY_WIDTH 4
#include "numeric/body.h"
#else
extern int numeric_isa_is_empty; /* ISO C wants something in a file */
#endif
