# SPDX-License-Identifier: BSD-3-Clause
# What a job leaves behind: source it before anything is started. It wants $work, a folder,
# and fail(), and makes $work/tmp the folder for temporary files.
# shellcheck shell=bash

mkdir "${work:?}/tmp"
: > "$work/shared"
export TMPDIR=$work/tmp # so that what is left can be told from others'
# Processes with a word of their own in the environment, whoever is their parent.
mark=TROUPE_TEST_MARK=$$.$RANDOM
export "${mark?}"

# Shared memory that the processes have now, by its name, for clean(): Open MPI's may be anywhere.
remember_shared() {
    local environment
    grep -lzxF "$mark" /proc/[0-9]*/environ 2> /dev/null | while read -r environment; do
        sed -n 's|.* \(/dev/shm/[^ ]*\)$|\1|p' "$(dirname "$environment")/maps" 2> /dev/null || true
    done >> "$work/shared" || true
}

survivors() {
    local environment process
    grep -lzxF "$mark" /proc/[0-9]*/environ 2> /dev/null | while read -r environment; do
        process=$(dirname "$environment")
        case $(readlink "$process/exe") in
        '' | */bash | */grep) ;;
        *) printf '%s ' "${process#/proc/}" ;;
        esac
    done || true
}

none_survive() { # none_survive WHAT: within a minute, as the machine may be busy
    for _ in $(seq 600); do
        [ -n "$(survivors)" ] || return 0
        sleep 0.1
    done
    fail "after $1 these live: $(survivors)"
}

clean() { # clean WHAT: no process, shared memory or session folder is left of it
    local folder file
    none_survive "$1"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "after $1 there is $(find "$TMPDIR" | head)"
    for folder in /dev/shm/troupe-run-*; do
        ! is_left "$folder" || fail "after $1 $folder is left"
    done
    while read -r file; do
        [ ! -e "$file" ] || fail "after $1 $file is left"
    done < "$work/shared"
    : > "$work/shared"
}

# Who has the lock is another's; he may have made it a moment ago, or be about to remove it.
is_left() {
    for _ in $(seq 20); do
        [ -d "$1" ] && flock -n "$1" true 2> /dev/null || return 1
        sleep 0.1
    done
}
