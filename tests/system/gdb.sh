#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# jobs/troupe-gdb.py shows where processes are parked: in a live program, from inside a
# running process, and from a core.
set -euo pipefail

skip() {
    echo "skipped: $1"
    exit 77
}
[ -z "${TROUPE_SANITIZE:-}" ] || skip "the stacks of a sanitized build look otherwise"
[ "$(uname -m)" = x86_64 ] || skip "the helper knows x86-64 only"
command -v gdb > /dev/null || skip "gdb is not installed"
gdb -batch -ex 'python import gdb.unwinder' > /dev/null 2>&1 || skip "gdb has no Python"

source=${TROUPE_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/main.c" << 'C'
#include "actor/actor.h"
#include "fiber/stack.h"
#include <stdlib.h>
#include <string.h>

static NOINLINE int wait_for_mail(struct fiber *fiber)
{
    fiber_park(fiber);
    return 1;
}

static void reader(void *argument)
{
    struct fiber **fiber = argument;
    volatile int n = wait_for_mail(*fiber);
    fiber_park(*fiber);
    n += wait_for_mail(*fiber);
}

NOINLINE void stop_here(void);
NOINLINE void stop_here(void)
{
    __asm__ volatile("");
}

static void worker(void *argument)
{
    volatile char block[20000] = "";
    stop_here();
    block[1] = *(char *)argument;
}

static NOINLINE void run_rank(struct troupe *rank, struct fiber *last, bool may_abort)
{
    fiber_resume(last);
    stop_here();
    if (may_abort)
        abort();
    rank->log.rank = 0;
}

int main(int argc, char **argv)
{
    struct fiber_pool_rules rules = {.best_guard = argc > 1 ? FIBER_GUARD_MPROTECT
                                                            : FIBER_GUARD_MADVISE,
                                     .max_warm_bytes = 1 << 20};
    struct fiber_pool *hidden = fiber_pool_create_with(NULL, &rules);
    struct actor_rank actors = {.fibers = hidden};
    struct troupe rank = {.slot = {[BASE_SLOT_ACTOR] = &actors}};
    struct fiber *fibers[100];
    for (int i = 0; i < 100; i++) {
        fibers[i] = fiber_create(hidden, i == 7 ? 1 << 20 : 0, reader, &fibers[i]);
        if (i < 3)
            fiber_resume(fibers[i]);
    }
    for (int i = 10; i < 100; i++)
        fiber_destroy(hidden, fibers[i]);
    fiber_resume(fibers[2]);
    run_rank(&rank, fiber_create(hidden, 1 << 16, worker, fibers),
             argc > 1 && strcmp(argv[1], "abort") == 0);
    return 0;
}
C
# Not the library's archive: it may have been built without -g.
context=-l:libboost_context.a
echo 'int main(void) { return 0; }' |
    "${CC:-cc}" -x c - -x none -o "$work/probe" "$context" 2> /dev/null || context=-lboost_context
"${CC:-cc}" -std=c17 -g -O2 -I"$source/include" -I"$source/src" -o "$work/main" \
    "$work/main.c" "$source"/src/fiber/*.c "$source"/src/base/*.c "$context" -lxxhash

helper() { # helper ARGUMENT...: gdb with the helper
    gdb -nx -batch -ex 'set debuginfod enabled off' -ex "source $source/jobs/troupe-gdb.py" "$@" 2>&1
}

# Twice in the running process, then in the rank itself.
helper -ex 'break stop_here' -ex run \
    -ex 'echo [inside]\n' -ex troupe-parked -ex 'echo [inside bt]\n' -ex 'bt 2' -ex continue \
    -ex 'echo [before]\n' -ex bt -ex 'frame 1' \
    -ex 'echo [parked]\n' -ex troupe-parked \
    -ex 'echo [frame]\n' -ex frame -ex 'echo [after]\n' -ex bt \
    -ex 'echo [few]\n' -ex 'troupe-parked -frames 1 &actors' \
    -ex 'frame 2' -ex 'echo [expression]\n' -ex 'troupe-parked -frames 1 &actors' \
    -ex 'echo [end]\n' "$work/main" > "$work/live" || true
if grep -q 'Operation not permitted' "$work/live"; then skip "gdb may not trace here"; fi

helper -ex 'break run_rank' -ex run -ex 'break stop_here' -ex continue -ex continue \
    -ex "generate-core-file $work/core.gdb" --args "$work/main" mprotect > "$work/gcore"
(
    cd "$work"
    ulimit -c unlimited
    ./main abort 2> /dev/null || true
) 2> /dev/null || true
cores=("$work"/core*) # the kernel may be told to put its own elsewhere

part() { # part FILE NAME: what was printed after [NAME]
    awk -v name="[$2]" '/^\[/ { inside = $0 == name; next } inside' "$1"
}

expect() { # expect WHAT TEXT PATTERN: a line of the text matches
    grep -Eq -- "$3" <<< "$2" && return
    printf '%s: no line like: %s\n%s\n---- all of it:\n' "$1" "$3" "$2" >&2
    cat "$work"/{live,gcore,dead} >&2 2> /dev/null
    exit 1
}

check_listing() { # check_listing WHAT TEXT USED
    local what=$1 text=$2
    expect "$what" "$text" "^fiber 0x[0-9a-f]+  parked  reader\(0x[0-9a-f]+\)  stack of 256 KiB$3, [0-9]+ bytes deep$"
    expect "$what" "$text" '^    #[0-9]  wait_for_mail \(main\.c:[0-9]+\)$'
    expect "$what" "$text" '^    #[0-9]  reader \(main\.c:[0-9]+\)$'
    expect "$what" "$text" '^fiber .*  not begun  reader.* stack of 1024 KiB'
    [ "$(grep -c '^fiber .* parked ' <<< "$text")" = 3 ] || expect "$what" "" "three parked"
    # The third parked outside wait_for_mail.
    [ "$(grep -c ' wait_for_mail ' <<< "$text")" = 2 ] || expect "$what" "" "two in wait_for_mail"
    if grep -q ' enter ' <<< "$text"; then expect "$what" "" "no frame of the library's entry"; fi
}

inside=$(part "$work/live" inside)
check_listing "inside a process" "$inside" ', 4 KiB used'
expect "inside a process" "$inside" '^fiber .*  running  worker\(.*  stack of 64 KiB, 2[0-9] KiB used$'
expect "inside a process" "$inside" '^pool 0x[0-9a-f]+: 7 not begun, 3 parked, 1 running$'
expect "gdb is as before" "$(part "$work/live" "inside bt")" '^#1 .* worker '

parked=$(part "$work/live" parked)
check_listing "in the rank" "$parked" ', 4 KiB used'
expect "in the rank" "$parked" '^fiber .*  ended  worker'
expect "in the rank" "$parked" '^pool 0x[0-9a-f]+: 1 ended, 7 not begun, 3 parked$'
expect "the frame is as before" "$(part "$work/live" frame)" '^#1 .* run_rank '
[ "$(part "$work/live" before | grep -v '^#1 .*line')" != "" ] || expect "backtrace" "" "a backtrace"
[ "$(part "$work/live" before | grep '^#[0-9] ' | sort -u)" = "$(part "$work/live" after | grep '^#[0-9] ' | sort -u)" ] ||
    expect "the backtrace is as before" "$(part "$work/live" after)" "what stands under [before]"

expect "a wrong expression" "$(part "$work/live" few)" 'No symbol "actors"'
expression=$(part "$work/live" expression)
expect "an expression" "$expression" '3 parked$'
[ "$(grep -c '^    #' <<< "$expression")" = 3 ] || expect "an expression" "$expression" "one frame each"

for core in "${cores[@]}"; do
    helper -ex 'echo [parked]\n' -ex 'frame function run_rank' -ex troupe-parked \
        -ex 'echo [end]\n' "$work/main" "$core" > "$work/dead"
    dead=$(part "$work/dead" parked)
    check_listing "from $core" "$dead" ""
    expect "from $core" "$dead" '^pool 0x[0-9a-f]+: 1 ended, 7 not begun, 3 parked$'
done
echo "live, inside and ${#cores[@]} cores: ok"
