/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The version of these headers. Until 1.0 only source compatibility is promised,
 * and a change of the minor number may break it; include/CHANGES.md says how.
 * The build reads these three lines: there is no second place to keep in step.
 */
#ifndef TROUPE_VERSION_H
#define TROUPE_VERSION_H

#define TROUPE_VERSION_MAJOR 0
#define TROUPE_VERSION_MINOR 1
#define TROUPE_VERSION_PATCH 0

#endif
