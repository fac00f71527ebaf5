/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

/* Between place.c and verify.c. */

#include <stdbool.h>

/* `troupe place --verify`: every rank calls it; rank 0 prints. */
int place_verify(int argc, char **argv, bool is_json);

#endif
