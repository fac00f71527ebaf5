/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>

/* Loaded before all else by sanitized tests that start MPI: libraries stay where they
 * are, so that a leak at the end can be said to be theirs. */

__attribute__((visibility("default"))) int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
