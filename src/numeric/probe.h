/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_PROBE_H
#define NUMERIC_PROBE_H

#include "troupe/kernel_probe.h"

/*
 * What is wrong with how the probe's file was compiled, in words that name the flag to
 * change; NULL when nothing is. To be called in the environment that
 * numeric_environment_enter() sets.
 */
const char *numeric_probe_fault(const struct troupe_kernel_probe *probe);

#endif
