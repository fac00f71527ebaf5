#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a fresh clone to a first parallel run. Works from any folder and may be run again.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
corpus=/usr/include
log=build/quickstart.log

bash jobs/packages.sh build

echo "Building in $root/build ..."
mkdir -p build
generator=()
# A build folder keeps the generator it was made with.
if [ ! -f build/CMakeCache.txt ] && command -v ninja > /dev/null; then generator=(-G Ninja); fi
if ! { cmake -S . -B build "${generator[@]}" && cmake --build build --parallel "$(nproc)"; } > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "The build failed; all of its output is in $root/$log" >&2
    exit 1
fi

run=(mpirun -n 2)
# Open MPI starts nothing as root, and no more ranks than cores, unless told.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# It counts cores, not hardware threads.
n_cores=$(lscpu -p=core,socket 2> /dev/null | grep -v '^#' | sort -u | wc -l)
if [ "$n_cores" -lt 2 ] || [ "$(nproc)" -lt 2 ]; then run+=(--oversubscribe); fi
run+=(build/bin/wordcount --top 20 "$corpus")

echo "Counting the words below $corpus on two ranks:"
echo "  ${run[*]}"
echo
"${run[@]}"

cat << TEXT

That was a program of $(wc -l < apps/wordcount/main.c) lines: apps/wordcount/main.c. What next?
  the smallest program   apps/hello/main.c   mpirun -n 2 build/bin/hello
  write your own         README.md, then the headers in include/troupe
  install the library    cmake --install build --prefix ~/.local
  change the library     src/README.md, .github/CONTRIBUTING.md, and: bash tests/run.sh --quick
TEXT
