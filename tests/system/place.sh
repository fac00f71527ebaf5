#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe place` as a user meets it; what launchers make of the lines it prints, read back
# from the masks; and that ordinary launches say nothing.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same text

bin=${TROUPE_BUILD_DIR:?}/bin
troupe=$bin/troupe
source=${TROUPE_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# ctest allows more ranks than cores for all; here some launches must not be told so.
unset TROUPE_LOG TROUPE_STATS TROUPE_PLACE TROUPE_WORKERS OMP_NUM_THREADS \
    OMPI_MCA_rmaps_base_oversubscribe

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    head -c 3000 "$work/out" "$work/err" >&2
    exit 1
}

run() { # run EXIT_CODE COMMAND...: into $work/out and $work/err
    local expected=$1 code=0
    shift
    timeout 60 "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "$*: exit code $code, not $expected"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

run 0 "$troupe" help place
for option in topology ranks workers policy smt list memory json ascii svg emit verify; do
    says out "--$option"
done

epyc='pack:2 numa:4 l3:2 core:8 pu:2(indexes=2*128:128*1)'
if ! "$troupe" place --topology 'core:1 pu:1' > "$work/out" 2> "$work/err"; then
    says err 'without hwloc'
    echo 'skipped: this build is without hwloc'
    exit 77
fi

# ---- mistakes --------------------------------------------------------------------------

refuse() { # refuse TEXT ARGUMENT...
    local text=$1
    shift
    run 64 "$troupe" place "$@"
    says err "$text"
}

refuse '--ranks takes a number from 1 to 4096, not '\''0'\' --ranks 0
refuse 'not '\''4097'\' --ranks 4097
refuse 'not '\''8x'\' --ranks 8x
refuse 'not '\'' 8'\' --ranks ' 8'
refuse '--ranks needs a value' --ranks
refuse '--topology needs a value' --topology ''
refuse '--workers takes a number from 1 to 256' --workers -1
refuse '--smt takes a number from 0 to 64' --smt 65
refuse "no policy 'nuam': did you mean 'numa'?" --policy nuam
refuse 'inherit is for ranks that run' --policy inherit
refuse 'go together' --policy list
refuse 'go together' --policy numa --list 0
refuse 'is no list of PUs' --list 0-
refuse '--emit takes mpirun, srun or rankfile' --emit slurm
refuse "did you mean '--ranks'?" --rank 3
refuse "place does not take 'node.xml'" node.xml
run 74 "$troupe" place --topology absent.xml
says err 'no such file'
run 74 "$troupe" place --topology 'numa:x core:2'
says err 'does not understand'
run 74 "$troupe" place --topology "$source/README.md"
says err 'hwloc'
run 74 env PATH="$work" "$troupe" place --svg "$work/picture.svg"
says err 'lstopo-no-graphics draws it, and is not installed'
[ ! -e "$work/picture.svg" ] || fail 'no picture, and yet a file'
# What is drawn from stands where temporary files do, and is gone afterwards.
run 74 env TMPDIR="$work/absent" "$troupe" place --svg "$work/picture.svg"
says err "no file in $work/absent: No such file"
mkdir "$work/temporary"
run 74 env PATH="$work" TMPDIR="$work/temporary" "$troupe" place --svg "$work/picture.svg"
rmdir "$work/temporary" || fail 'a temporary file is left'
if command -v lstopo-no-graphics > /dev/null; then
    run 74 "$troupe" place --svg "$work/absent/picture.svg"
    says err 'No such file'
    run 74 "$troupe" place --svg /dev/full
    says err 'cannot be written'
fi
refuse "--memory takes near, touch, strict, interleave or hbm, not 'hmb'" --memory hmb
run 74 "$troupe" place --topology 'core:1 pu:2' --ranks 2 --emit mpirun
says err 'ranks share cores'

# ---- plans -----------------------------------------------------------------------------

run 0 "$troupe" place --topology "$epyc" --ranks 5 --policy numa
says out 'imbalance 2.00'
says out 'PL13 warning'
says out 'even with 4 or 8 ranks'
run 0 "$troupe" place --topology "$epyc" --ranks 8 --ascii
says out 'node 7       7  7  7  7  7  7  7  7 |  7'
run 0 "$troupe" place --topology "$epyc" --ranks 2 --list '0-3;8,9' --json
says out '{"rank":1,"cpuset":"8-9","numa":[0],"workers":["8","9"],"gpus":[]}'
run 0 "$troupe" place --topology 'numa:2 core:2 pu:1' --ranks 2 --emit srun
says out '--ntasks-per-node=2 --distribution=block --cpu-bind=mask_cpu:0x3,0xc PROGRAM'
run 0 "$troupe" place --topology "$epyc" --ranks 8 --emit mpirun
says out 'mpirun -n 8 --map-by slot:PE=16 --bind-to core PROGRAM'
run 0 "$troupe" place --topology "$epyc" --ranks 5 --emit mpirun
says out '--rankfile FILE'
if command -v lstopo-no-graphics > /dev/null; then
    run 0 "$troupe" place --topology "$epyc" --ranks 5 --svg "$work/picture.svg"
else
    echo 'pictures: skipped, hwloc-nox is not installed'
fi
machines=$source/tests/unit/placement/machines
run 0 "$troupe" place --topology "$machines/hbm_pair.xml" --ranks 2 --memory hbm --json
says out '"cpuset":"8-15","numa":[6,7]'
run 0 "$troupe" place --topology "$machines/service_vga.xml" --ranks 4 --json
cp "$work/out" "$work/vga.json"
run 0 "$troupe" place --topology "$epyc" --ranks 5 --json
if command -v python3 > /dev/null; then
    python3 - "$work" << 'PYTHON' || fail 'JSON or picture is not as it should be'
import collections, json, os, sys, xml.dom.minidom
work = sys.argv[1]
plan = json.load(open(work + "/out"))
assert list(plan) == ["ranks", "imbalance", "findings"], list(plan)
assert [list(r) for r in plan["ranks"]] == [["rank", "cpuset", "numa", "workers", "gpus"]] * 5
assert plan["ranks"][0]["cpuset"] == "0-25" and plan["ranks"][0]["numa"] == [0, 1]
assert plan["ranks"][4]["workers"] == [str(n) for n in range(103, 128)]
assert abs(plan["imbalance"] - 26 / 25) < 1e-3 and plan["findings"] == []
vga = json.load(open(work + "/vga.json"))
assert [r["gpus"] for r in vga["ranks"]] == [[], [], ["0000:41:00.0"], ["0000:42:00.0"]]
if os.path.exists(work + "/picture.svg"):
    svg = xml.dom.minidom.parse(work + "/picture.svg").documentElement
    assert "px" not in svg.getAttribute("viewBox")
    pus = collections.Counter(r.getAttribute("fill") for r in svg.getElementsByTagName("rect")
                              if r.getAttribute("class") == "PU")
    # A colour for each rank and its cores; the second threads are nobody's.
    assert sorted(pus.values()) == [25, 25, 26, 26, 26, 128], pus
PYTHON
fi

# ---- what launchers make of it: masks read back ----------------------------------------

masks() { # masks MPIRUN_ARGUMENT...: of the ranks, in their order
    # shellcheck disable=SC2016 # the ranks' shells expand it
    timeout 60 mpirun "$@" bash -c \
        'echo "$OMPI_COMM_WORLD_RANK $(grep Cpus_allowed_list /proc/self/status | cut -f2)"' |
        sort -n | cut -d' ' -f2 | paste -sd' '
}

n_cores=$("$troupe" place --emit mpirun | sed -n 's/.*PE=\([0-9]*\).*/\1/p')
if [ "${n_cores:-0}" -ge 2 ] && [ "$(nproc)" -ge 2 ]; then
    for policy in numa core pack; do
        planned=$("$troupe" place --ranks 2 --policy $policy --smt 0 --json |
            sed -n 's/.*"cpuset":"\([^"]*\)".*/\1/p' | paste -sd' ')
        read -ra line <<< "$("$troupe" place --ranks 2 --policy $policy --emit mpirun)"
        [ "${line[0]}" = mpirun ] || fail "no mpirun line: ${line[*]}"
        got=$(masks "${line[@]:1:${#line[@]}-2}")
        [ "$got" = "$planned" ] || fail "${line[*]} gives $got, not $planned"
        "$troupe" place --ranks 2 --policy $policy --emit rankfile > "$work/ranks"
        got=$(masks -n 2 --rankfile "$work/ranks")
        [ "$got" = "$planned" ] || fail "the rank file gives $got, not $planned"
    done
    # The other way round, so that it is not the default that is seen.
    "$troupe" place --ranks 2 --list '1;0' --emit rankfile > "$work/ranks"
    got=$(masks -n 2 --rankfile "$work/ranks")
    [ "$got" = '1 0' ] || fail "the rank file of 1;0 gives $got"
else
    echo 'the masks of launchers: skipped, too few cores'
fi

# ---- inside a job ----------------------------------------------------------------------

if [ "$(nproc)" -ge 2 ]; then
    run 0 mpirun -n 2 "$troupe" place --verify
    says out "2 ranks by numa"
    # PL12 is true here whenever other tests run beside this one.
    ! grep '^PL[0-9]' "$work/out" | grep -qv '^PL12' || fail 'a finding where all is well'
    run 0 mpirun -n 2 --bind-to none taskset -c 0 "$troupe" place --verify
    says out 'PL01 warning: 2 ranks share PUs 0'
    OMP_NUM_THREADS=2 run 0 mpirun -n 1 --bind-to core "$troupe" place --verify
    says out 'PL02 warning: rank 0 has 2 workers, but may use 1 of'
    run 0 mpirun -n 2 --bind-to none taskset -c 0 "$troupe" place --verify --json
    if command -v python3 > /dev/null; then
        python3 - "$work/out" << 'PYTHON' || fail 'the JSON of --verify'
import json, sys
node, = json.load(open(sys.argv[1]))["nodes"]
assert [r["cpuset"] for r in node["ranks"]] == ["0", "0"]
assert [f["code"] for f in node["findings"] if f["code"] != "PL12"] == ["PL01"]
assert node["findings"][0]["advice"] and node["findings"][0]["warning"]
PYTHON
    fi
    # A binding that nobody asked for is widened: one rank has all, and so two workers.
    run 0 mpirun -n 1 "$bin/hello"
    says err "1 rank by numa"
    says err "which nobody asked for"
    TROUPE_LOG=info run 0 mpirun -n 1 --bind-to core "$bin/hello"
    says err 'kept on the cores asked for; the first on PUs 0, with 1 worker'
    TROUPE_PLACE=report run 0 mpirun -n 2 --bind-to none "$bin/hello"
    says err 'info: placement: 2 ranks left where they were put'
    TROUPE_PLACE=quiet TROUPE_LOG=info run 0 mpirun -n 2 --bind-to none taskset -c 0 "$bin/hello"
    [ ! -s "$work/err" ] || fail 'quiet, and yet'
    run 0 mpirun -n 2 --bind-to none taskset -c 0 "$bin/hello"
    [ "$(grep -c 'warning: placement PL01' "$work/err")" -eq 1 ] || fail 'not one warning'
fi
TROUPE_PLACE=nuam run 78 "$bin/hello"
says err 'the environment variable TROUPE_PLACE is "nuam"'

# ---- ordinary launches say nothing -----------------------------------------------------

launches=0
calmly() { # calmly COMMAND...: prints pi, and at most the line on what was done
    launches=$((launches + 1))
    run 0 "$@"
    [ "$(cat "$work/out")" = 'pi is 3.141592654' ] || fail "$*: not pi"
    ! grep -v '^troupe\[0\] info: placement: ' "$work/err" || fail "$*: a finding"
    [ "$(wc -l < "$work/err")" -le 1 ] || fail "$*: more than a line"
}
quietly() { # quietly COMMAND...: prints pi and nothing else
    calmly "$@"
    [ ! -s "$work/err" ] || fail "$*: something on standard error"
}
placed() { # placed COMMAND...: prints pi, and the line
    calmly "$@"
    [ -s "$work/err" ] || fail "$*: nothing on standard error"
}

rounds=1 # which sanitizers would not see more in
[ -z "${TROUPE_SANITIZE:-}" ] || rounds=0
rounds=${TROUPE_TEST_LAUNCHES:-$rounds}
hello=$bin/hello
for ((round = 0; round < rounds; round++)); do
    quietly "$hello"
    quietly taskset -c 0 "$hello"
    quietly env TROUPE_BACKEND=sim "$hello"
    quietly env OMP_NUM_THREADS=1 "$hello"
    quietly env TROUPE_PLACE=quiet "$hello"
    quietly env TROUPE_PLACE=memory=touch "$hello"
    for policy in numa core pack spread l3 socket; do
        placed env TROUPE_PLACE=$policy "$hello"
    done
    for use in strict interleave hbm; do
        calmly env TROUPE_PLACE=memory=$use "$hello"
    done
    placed mpirun -n 1 "$hello"
    placed mpirun -n 1 --bind-to core "$hello"
    quietly mpirun -n 1 --bind-to none "$hello"
    quietly env TROUPE_PLACE=none mpirun -n 1 "$hello"
    quietly env TROUPE_PLACE=quiet mpirun -n 1 "$hello"
    quietly env TROUPE_LOG=error mpirun -n 1 "$hello"
    for ranks in 3 4 5; do
        quietly mpirun -n $ranks --oversubscribe "$hello"
        quietly mpirun -n $ranks --oversubscribe --bind-to none "$hello"
    done
    quietly env OMP_NUM_THREADS=1 mpirun -n 4 --oversubscribe "$hello"
    quietly env TROUPE_WORKERS=1 mpirun -n 4 --oversubscribe "$hello"
    quietly mpirun -n 2 --oversubscribe --bind-to none "$hello"
    if [ "$(nproc)" -ge 2 ]; then
        placed mpirun -n 2 "$hello"
        quietly mpirun -n 2 --bind-to none "$hello"
        quietly env TROUPE_PLACE=none mpirun -n 2 "$hello"
        quietly env TROUPE_PLACE=quiet mpirun -n 2 "$hello"
        quietly env OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$hello"
        placed env OMP_NUM_THREADS=1 mpirun -n 2 "$hello"
        for binding in hwthread core; do
            placed mpirun -n 2 --bind-to $binding "$hello"
        done
        for binding in socket numa; do
            calmly mpirun -n 2 --bind-to $binding "$hello"
        done
        placed mpirun -n 2 --map-by slot:PE=1 "$hello"
        for mapping in numa socket core; do
            calmly mpirun -n 2 --map-by $mapping "$hello"
        done
        for policy in numa core pack spread inherit memory=strict; do
            placed env TROUPE_PLACE=$policy mpirun -n 2 "$hello"
        done
    fi
done
# In a control group that leaves one CPU, where one can be made.
leave() { # leave GROUP: who was in it may take a moment to be gone
    local tries
    for tries in 1 2 3 4 5; do
        [ -d "$1" ] && ! rmdir "$1" 2> /dev/null || return 0
        sleep "0.$tries"
    done
}
group=/sys/fs/cgroup/cpuset/troupe-place-$$
limited=/sys/fs/cgroup/cpu/troupe-place-$$
trap 'leave "$group"; leave "$limited"; rm -rf "$work"' EXIT
if mkdir "$group" 2> /dev/null; then
    echo 0 > "$group/cpuset.cpus"
    echo 0 > "$group/cpuset.mems"
    inside() { # inside COMMAND...
        # shellcheck disable=SC2016 # that shell expands it
        bash -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$group" "$@"
    }
    export -f inside
    export group
    for arguments in '-n 1' '-n 1 --bind-to none' '-n 2 --oversubscribe' \
        '-n 2 --oversubscribe --bind-to none' '-n 3 --oversubscribe'; do
        calmly bash -c "inside mpirun $arguments $bin/hello"
    done
    quietly bash -c "inside $bin/hello"
    run 0 bash -c "inside $troupe place --json"
    says out '{"rank":0,"cpuset":"0","numa":[0],"workers":["0"],"gpus":[]}'
else
    echo 'a control group: skipped, none can be made'
fi
# In one that limits the time, which masks do not show.
if mkdir "$limited" 2> /dev/null; then
    echo 150000 > "$limited/cpu.cfs_quota_us"
    # shellcheck disable=SC2016 # that shell expands it
    TROUPE_WORKERS=2 run 0 bash -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$limited" \
        "$troupe" place --verify --json
    says out '"code":"PL09","warning":true,"text":"the control group allows the time of 1.5'
else
    echo 'a limit of time: skipped, none can be made'
fi
[ "$(nproc)" -lt 2 ] || [ "$rounds" -eq 0 ] || [ "$launches" -ge 50 ] || fail "$launches launches are too few"
echo "ok, $launches launches without a finding"
