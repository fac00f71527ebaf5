#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# No shell script has a fault that shellcheck knows.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program shellcheck

mapfile -t files < <(files_named '*.sh' run '*.slurm' '*.sbatch')
faults_from < <(shellcheck -x -f gcc "${files[@]}" 2>&1)
conclude "${#files[@]} scripts"
