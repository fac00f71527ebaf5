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
supervise=(build/bin/troupe run -n 2)
if [ "$n_cores" -lt 2 ] || [ "$(nproc)" -lt 2 ]; then
    run+=(--oversubscribe)
    supervise+=(--launcher-option --oversubscribe)
fi
run+=(build/bin/wordcount --top 20 "$corpus")

echo "Counting the words below $corpus on two ranks:"
echo "  ${run[*]}"
echo
"${run[@]}"

# ---- a rank dies ---------------------------------------------------------------------

checkpoints=$(mktemp -d)
trap 'rm -rf "$checkpoints"' EXIT
supervise+=(--checkpoint "$checkpoints" --every 0.5 -- build/bin/ledger --transfers 20000 --pause 0.015)

ranks() { # the processes that mpirun has started; it is the supervisor's child
    local launcher
    launcher=$(cat /proc/"$1"/task/*/children 2> /dev/null)
    [ -z "$launcher" ] || cat /proc/"${launcher%% *}"/task/*/children 2> /dev/null
}

echo
echo "Moving money between accounts, first without and then with the death of a rank:"
echo "  build/bin/ledger --transfers 20000"
expected=$(build/bin/ledger --transfers 20000)
echo "$expected"
echo "  ${supervise[*]}"
"${supervise[@]}" > build/quickstart.out 2> "$log" &
supervisor=$!
for _ in $(seq 200); do
    if compgen -G "$checkpoints/ledger/ckpt-*/MANIFEST" > /dev/null; then break; fi
    sleep 0.1
done
sleep 0.7
victim=
for _ in $(seq 20); do
    read -r -a victims <<< "$(ranks "$supervisor")"
    if [ "${#victims[@]}" -gt 0 ] && kill -KILL "${victims[0]}"; then
        victim=${victims[0]}
        echo "(process $victim, one of its ranks, has got SIGKILL)"
        break
    fi
    sleep 0.1
done
if ! wait "$supervisor"; then
    cat "$log" >&2
    exit 1
fi
cat build/quickstart.out
grep -A 9 '^attempt ' "$log" || true # it is said only when something happened
if [ "$(tail -n 1 build/quickstart.out)" != "$expected" ]; then
    echo "That is not the same." >&2
    exit 1
fi
if [ -z "$victim" ]; then
    echo "But no rank could be found in /proc, and none was killed: nothing is shown." >&2
    exit 1
fi
if ! grep -q 'goes on from checkpoint' "$log"; then
    echo "But it did not go on from a checkpoint: nothing is shown. Its log: $root/$log" >&2
    exit 1
fi
echo "Every balance is the same to the last bit."

cat << TEXT

The words were counted by a program of $(wc -l < apps/wordcount/main.c) lines, apps/wordcount/main.c. What next?
  the smallest program   apps/hello/main.c   mpirun -n 2 build/bin/hello
  jobs that survive      README.md, "When ranks die", and: build/bin/troupe run --help
  write your own         README.md, then the headers in include/troupe
  install the library    cmake --install build --prefix ~/.local
  change the library     src/README.md, .github/CONTRIBUTING.md, and: bash tests/run.sh --quick
TEXT
