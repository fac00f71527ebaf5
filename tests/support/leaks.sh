# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by tests that launch a program again and again. To look for leaks a sanitized one
# notes who asks for each piece of memory, which takes most of the time of a launch.

leaks_are_known() { # what comes now has been looked at for leaks before
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0:fast_unwind_on_malloc=1
}
