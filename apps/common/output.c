/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/output.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

bool output_finish(const char *program)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "%s: cannot write the result: %s\n", program, strerror(errno));
    return false;
}
