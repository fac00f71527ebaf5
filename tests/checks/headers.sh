#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Each public header stands alone: as C17 with gcc and clang, as C++17, without a warning.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -Werror -fsyntax-only)
compilers=(
    "gcc -x c -std=c17 -Wstrict-prototypes -Wmissing-prototypes -Wvla"
    "clang -x c -std=c17 -Wstrict-prototypes -Wmissing-prototypes -Wvla"
    "g++ -x c++ -std=c++17"
    "clang++ -x c++ -std=c++17"
)
mpi_flags=(-DOMPI_SKIP_MPICXX)
read -ra mpi_folders <<< "$(mpicc --showme:incdirs 2> /dev/null || true)"
for folder in "${mpi_folders[@]}"; do mpi_flags+=(-isystem "$folder"); done
n_compiled=0
for header in include/troupe/*.h; do
    name=troupe/$(basename "$header")
    for compiler in "${compilers[@]}"; do
        read -ra command <<< "$compiler"
        command -v "${command[0]}" > /dev/null || continue
        # Only troupe/mpi.h needs MPI, whose own headers are not ours to judge.
        if [ "$name" = troupe/mpi.h ]; then command+=("${mpi_flags[@]}"); fi
        n_compiled=$((n_compiled + 1))
        if ! text=$(printf '#include <%s>\nextern int alone;\n' "$name" | "${command[@]}" "${warnings[@]}" -Iinclude - 2>&1); then
            printf '%s\n' "$text" | head -n 12 >&2
            fault "$header:1" "does not compile alone with $compiler"
        fi
    done
done
conclude "$n_compiled compilations"
