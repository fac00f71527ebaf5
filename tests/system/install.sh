#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An installed library is found by find_package and by pkg-config, shared and static, after
# the installed tree was moved; each time a user's program is built and run.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same files

# A user's program would have to be sanitized as well.
[ -z "${TROUPE_SANITIZE:-}" ] || exit 77

build=${TROUPE_BUILD_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/moved

cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"
mv "$work/prefix" "$prefix"
for page in troupe troupe-checkpoint troupe-info troupe-place troupe-run; do
    [ -f "$prefix/share/man/man1/$page.1" ] || { echo "no page $page(1)" >&2; exit 1; }
done
library=$(dirname "$(find "$prefix" -name libtroupe.a)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

cat > "$work/main.c" << 'C'
#include <troupe/troupe.h>

static troupe_status body(troupe_actor *self)
{
    return self ? TROUPE_OK : TROUPE_FAILED;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
C
cat > "$work/CMakeLists.txt" << 'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES C)
find_package(troupe 0.1 REQUIRED)
add_executable(user_shared main.c)
target_link_libraries(user_shared PRIVATE troupe::troupe)
add_executable(user_static main.c)
target_link_libraries(user_static PRIVATE troupe::troupe_static)
CMAKE

run_it() { # run_it WHAT PROGRAM
    timeout 60 mpirun --bind-to none --oversubscribe -n 2 "$2" || {
        echo "$1: the program returned $?" >&2
        exit 1
    }
    echo "$1: ok"
}

cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" > "$work/configure.log"
cmake --build "$work/build" > "$work/build.log" || { cat "$work/build.log" >&2; exit 1; }
run_it "find_package, shared" "$work/build/user_shared"
run_it "find_package, static" "$work/build/user_static"

flags() { pkg-config "$@" troupe; }
# The user of the shared library needs a C compiler and nothing of MPI.
# shellcheck disable=SC2046 # pkg-config prints words
cc -o "$work/shared" "$work/main.c" $(flags --cflags --libs)
run_it "pkg-config, shared" "$work/shared"
# -Bstatic for ours alone: MPI is rarely there as an archive.
# shellcheck disable=SC2046
mpicc -o "$work/static" "$work/main.c" $(flags --cflags) "$library/libtroupe.a" \
    $(flags --static --libs-only-l | sed 's/-ltroupe//')
run_it "pkg-config, static" "$work/static"

# ---- a user's C++ -------------------------------------------------------------------------

cat > "$work/sums.h" << 'C'
struct question {
    double left, right;
};
struct answer {
    double sum;
};
C
cat > "$work/adder.c" << 'C'
#include "sums.h"
#include <troupe/troupe.h>

TROUPE_TYPE(question, left, right);
TROUPE_TYPE(answer, sum);

static troupe_status on_question(troupe_actor *self, const struct question *question)
{
    return troupe_reply(self, question, answer, .sum = question->left + question->right);
}
TROUPE_BEHAVIOR(adder, troupe_no_state, TROUPE_ON(question, on_question), TROUPE_SENDS(answer));

troupe_status ask(troupe_actor *self, troupe_address adder, double *sum);

static troupe_status body(troupe_actor *self)
{
    troupe_spawn_options next = {
        .place = TROUPE_ON_RANK((troupe_rank(self) + 1) % troupe_n_ranks(self))};
    troupe_address address;
    double sum;

    TROUPE_TRY(troupe_spawn(self, &adder, &next, &address));
    TROUPE_TRY(ask(self, address, &sum));
    return troupe_print(self, "%g", sum);
}
TROUPE_PROCESS(main_process, body, TROUPE_ACCEPTS(answer), TROUPE_SENDS(question), TROUPE_SPAWNS(&adder));

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
C
cat > "$work/asker.cpp" << 'CPP'
#include "sums.h"
#include <troupe/troupe.h>

extern "C" troupe_status ask(troupe_actor *self, troupe_address adder, double *sum)
{
    const question asked{1.5, 2};
    const troupe_type *type = troupe_find_type(self, "answer");
    const void *body;

    TROUPE_TRY(troupe_send_bytes(self, adder, troupe_find_type(self, "question"), &asked,
                                 sizeof asked));
    TROUPE_TRY(troupe_receive_bytes(self, type, TROUPE_FOREVER, &body));
    *sum = static_cast<const answer *>(body)->sum;
    return troupe_find_type(self, "nothing") ? TROUPE_EXISTS : TROUPE_OK;
}
CPP
if command -v g++ > /dev/null; then
    # shellcheck disable=SC2046 # pkg-config prints words
    gcc -c -o "$work/adder.o" "$work/adder.c" $(flags --cflags)
    # shellcheck disable=SC2046
    g++ -std=c++17 -o "$work/sums" "$work/adder.o" "$work/asker.cpp" $(flags --cflags --libs)
    text=$(TROUPE_BACKEND=sim TROUPE_SIM_RANKS=2 timeout 60 "$work/sums")
    [ "$text" = $'3.5\n3.5' ] || { echo "C++: $text" >&2; exit 1; }
    echo "C++: ok"
else
    echo "C++: skipped, for there is no g++"
fi

# ---- what a user compiles with other flags ----------------------------------------------

# Fused, x * x less the rounded x * x is what rounding lost: hardly ever 0.
cat > "$work/kernels.c" << 'C'
#include <stdio.h>
#include <troupe/grid.h>
#include <troupe/linear.h>
#include <troupe/order.h>
#include <troupe/reduce.h>
#include <troupe/troupe.h>

enum { N = 50000 };

static void begin(const troupe_block *block, void *result, const void *argument)
{
    double *x = block->out[0], *squares = block->out[1];

    (void)result, (void)argument;
    for (int64_t i = 0; i < block->n; i++) {
        x[i] = 1 + (double)(block->first + i) / 3;
        squares[i] = x[i] * x[i];
    }
}
TROUPE_KERNEL(begin_kernel, begin);

static void subtract(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0], *squares = block->in[1];
    double *rest = block->out[0];

    (void)result, (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        rest[i] = x[i] * x[i] - squares[i];
}
TROUPE_KERNEL(subtract_kernel, subtract);

static void keep(const troupe_block *block, unsigned char *marks, const void *argument)
{
    const double *x = block->in[0], *squares = block->in[1];

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        marks[i] = x[i] * x[i] - squares[i] != 0;
}
TROUPE_FILTER(keep_kernel, keep);

static void count(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0], *squares = block->in[1];
    int64_t *n = result;

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        *n += x[i] * x[i] - squares[i] != 0;
}

static void add(void *left, const void *right)
{
    *(int64_t *)left += *(const int64_t *)right;
}
TROUPE_REDUCTION_KERNEL(count_kernel, count, add, int64_t);

/* A square stands behind its number. */
static void pair(const troupe_block *block, void *result, const void *argument)
{
    double *x = block->out[0];

    (void)result, (void)argument;
    for (int64_t i = 0; i < block->n; i += 2) {
        x[i] = 1 + (double)(block->first + i) / 3;
        x[i + 1] = x[i] * x[i];
    }
}
TROUPE_KERNEL(pair_kernel, pair);

static void compare(const troupe_strip *strip, const void *argument)
{
    const double *x = troupe_strip_row(strip, 0, 0);

    (void)argument;
    for (int64_t i = 0; i < strip->n; i++)
        strip->out[i] = (strip->at[0] + i) % 2 ? 0 : x[i] * x[i] - x[i + 1];
}
TROUPE_STENCIL(compare_stencil, compare);

static int row(int64_t i, int64_t *columns, double *values, const void *argument)
{
    columns[0] = i;
    values[0] = (double)i * (double)i + 1.0 / 3;
    return argument ? -1 : 1;
}
TROUPE_ROW_KERNEL(row_kernel, row);

static const char *word(troupe_status status)
{
    return status == TROUPE_OK ? "done" : status == TROUPE_INVALID ? "refused" : "?";
}

/* Says whether a call was refused, or what it gave is not 0. */
static void say(troupe_actor *self, const char *what, troupe_status status, bool is_wrong)
{
    if (troupe_rank(self) == 0)
        printf("%s %s%s\n", what, word(status),
               status == TROUPE_OK && is_wrong ? " wrong" : "");
}

static troupe_status
on_arrays(troupe_actor *self, troupe_how how, troupe_array x, troupe_array squares)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE, .length = N};
    const troupe_arrays in = {.in = {x, squares}};
    troupe_arrays both = in;
    troupe_array kept[2];
    troupe_status status;
    int64_t n = 0;
    double norm = 0;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &shape, &both.out[0]));
    status = troupe_map(self, &subtract_kernel, &both, NULL, how);
    TROUPE_TRY(troupe_norm(self, both.out[0], TROUPE_TREE, &norm));
    say(self, "map", status, norm != 0);
    status = troupe_filter(self, &keep_kernel, &in, NULL, how, kept);
    say(self, "filter", status,
        status == TROUPE_OK && troupe_array_describe(self, kept[0]).length > 0);
    status = troupe_reduce_blocks(self, &count_kernel, &in, NULL, how, &n);
    say(self, "reduce", status, n != 0);
    return TROUPE_OK;
}

static troupe_status on_grids(troupe_actor *self, troupe_how how)
{
    const troupe_grid_options line = {.n_dimensions = 1, .size = {N}};
    troupe_grid from, to;
    troupe_status status;
    double norm = 0;

    TROUPE_TRY(troupe_grid_create(self, troupe_rank_team(self), &line, &from));
    TROUPE_TRY(troupe_grid_create(self, troupe_rank_team(self), &line, &to));
    TROUPE_TRY(troupe_map(self, &pair_kernel,
                          &(troupe_arrays){.out = {troupe_grid_array(from)}}, NULL,
                          TROUPE_FAST));
    status = troupe_stencil(self, &compare_stencil, from, to, NULL, how);
    TROUPE_TRY(troupe_norm(self, troupe_grid_array(to), TROUPE_TREE, &norm));
    say(self, "stencil", status, norm != 0);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE, .length = N};
    const troupe_matrix_options square = {.n_rows = 100};
    troupe_team *team = troupe_rank_team(self);
    troupe_array x, squares;
    troupe_matrix matrix;
    troupe_how levels[] = {TROUPE_TREE, TROUPE_FAST};

    TROUPE_TRY(troupe_array_create(self, team, &shape, &x));
    TROUPE_TRY(troupe_array_create(self, team, &shape, &squares));
    TROUPE_TRY(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {x, squares}},
                          NULL, TROUPE_FAST));
    for (int i = 0; i < 2; i++) {
        TROUPE_TRY(on_arrays(self, levels[i], x, squares));
        TROUPE_TRY(on_grids(self, levels[i]));
    }
    say(self, "matrix",
        troupe_matrix_generate(self, team, &square, 1, &row_kernel, NULL, &matrix, NULL),
        false);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
C

compiled() { # compiled WANTED COMPILER FLAG...: what the program says
    local wanted=$1 text
    shift
    # shellcheck disable=SC2046 # pkg-config prints words
    "$@" -o "$work/kernels" "$work/kernels.c" -I"$prefix/include" $(flags --libs)
    text=$(timeout 60 mpirun --bind-to none --oversubscribe -n 2 "$work/kernels" 2> "$work/err")
    text=${text//$'\n'/, }
    if [ "$text" != "$wanted" ]; then
        printf '%s\n' "$*: $text" "expected: $wanted" "$(cat "$work/err")" >&2
        exit 1
    fi
    echo "$*: $text"
}
# By TREE, by FAST, and the matrix.
right="map done, filter done, reduce done, stencil done"
right="$right, $right, matrix done"
wrong="map refused, filter refused, reduce refused, stencil refused, map done wrong, \
filter done wrong, reduce done wrong, stencil done wrong, matrix refused"
for compiler in gcc clang; do
    command -v "$compiler" > /dev/null || continue
    # shellcheck disable=SC2046 # pkg-config prints words
    compiled "$right" "$compiler" -O3 -march=native $(flags --cflags)
    compiled "$right" "$compiler" -O0
    grep -qw fma /proc/cpuinfo 2> /dev/null || continue
    # What a plain user writes. Clang fuses by itself from version 14 on.
    compiled "$wrong" "$compiler" -O3 -march=native
    for call in "troupe_filter of keep_kernel" "troupe_reduce_blocks of count_kernel" \
        "troupe_stencil of compare_stencil" "troupe_matrix_generate of row_kernel"; do
        grep -q "$call.*-ffp-contract=off" "$work/err"
    done
done

case " $(flags --cflags) " in
*" -ffp-contract=off "*) ;;
*)
    echo "troupe.pc must carry -ffp-contract=off" >&2
    exit 1
    ;;
esac

# Every name that leaves the library is ours, and the compatibility name is in place.
foreign=$(nm -D --defined-only "$library/libtroupe.so" | awk '{ print $NF }' | grep -v '^troupe_' || true)
[ -z "$foreign" ] || { echo "libtroupe.so exports foreign names: $foreign" >&2; exit 1; }
readelf -d "$library/libtroupe.so" | grep -q 'SONAME.*libtroupe\.so\.0\]'
echo "exports and soname: ok"
