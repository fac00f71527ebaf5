/* SPDX-License-Identifier: BSD-3-Clause */
/* What every processor of the architecture has. */
#define BODY_TABLE numeric_isa_baseline
#define BODY_NAME  "baseline"
#define BODY_WIDTH 2
#include "numeric/body.h"
