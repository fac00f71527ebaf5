/* SPDX-License-Identifier: BSD-3-Clause */
#include "linear/linear.h"
#include <stdio.h>
#include <string.h>

/* What members say to each other while a matrix is made or looked at. */

bool linear_verdict_is_before(const struct linear_verdict *left,
                              const struct linear_verdict *right)
{
    if (left->kind == LINEAR_NO_FAULT || right->kind == LINEAR_NO_FAULT)
        return left->status != TROUPE_OK;
    if (left->row != right->row)
        return left->row < right->row;
    return left->column <= right->column;
}

static void fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    struct linear_verdict left, right;

    (void)size_bytes;
    (void)context;
    memcpy(&left, into, sizeof left);
    memcpy(&right, from, sizeof right);
    if (left.status == TROUPE_OK && right.status == TROUPE_OK &&
        left.fingerprint != right.fingerprint)
        left.status = TROUPE_MISMATCH;
    else if (!linear_verdict_is_before(&left, &right))
        left = right;
    memcpy(into, &left, sizeof left);
}

void linear_verdict_set(struct linear_verdict *verdict,
                        enum linear_fault_kind kind,
                        int64_t row,
                        int64_t column)
{
    if (verdict->status != TROUPE_OK)
        return;
    verdict->status =
        kind == LINEAR_PART_TOO_LARGE ? TROUPE_INVALID : (uint64_t)TROUPE_FAILED;
    verdict->kind = (uint64_t)kind;
    verdict->row = row;
    verdict->column = column;
}

troupe_status
linear_agree(troupe_actor *self, troupe_team *team, struct linear_verdict *verdict)
{
    const troupe_reduction reduction = {.mine = verdict,
                                        .result = verdict,
                                        .fold = fold,
                                        .size_bytes = sizeof *verdict};
    troupe_status status = array_reduce(self, team, &reduction);

    if (status != TROUPE_OK)
        verdict->status = (uint64_t)status;
    return (troupe_status)verdict->status;
}

/* ---- words -------------------------------------------------------------------- */

static const char *const texts[LINEAR_N_FAULTS] = {
    [LINEAR_NO_FAULT] = "",
    [LINEAR_ROW_REFUSED] = "row %lld: its function failed",
    [LINEAR_ROW_TOO_LONG] = "row %lld has more entries than there is room for",
    [LINEAR_ROW_IMPURE] = "row %lld had other entries when asked again",
    [LINEAR_COLUMN_OUTSIDE] = "row %lld has an entry in column %lld, which is none",
    [LINEAR_COLUMN_TWICE] = "row %lld has column %lld twice",
    [LINEAR_ENTRY_OUTSIDE] = "the entry at row %lld, column %lld is outside",
    [LINEAR_NOT_SQUARE] = "it is not square: %lld rows, %lld columns",
    [LINEAR_NOT_FINITE] = "the value at row %lld, column %lld is no finite number",
    [LINEAR_ROW_EMPTY] = "row %lld has no entries",
    [LINEAR_NO_MIRROR] =
        "not symmetric: an entry at row %lld, column %lld, none the other way round",
    [LINEAR_MIRROR_DIFFERS] =
        "not symmetric: row %lld, column %lld has another value the other way round",
    [LINEAR_DIAGONAL_NOT_POSITIVE] =
        "not positive definite: the diagonal of row %lld is not positive",
    [LINEAR_MINOR_NOT_POSITIVE] =
        "not positive definite: row %lld, column %lld is too large",
    [LINEAR_PART_TOO_LARGE] = "a member's part is too large: use more ranks",
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void linear_describe(const struct linear_verdict *verdict, troupe_matrix_fault *fault)
{
    size_t kind = verdict->kind < LINEAR_N_FAULTS ? (size_t)verdict->kind : 0;
    bool has_place = kind != LINEAR_NOT_SQUARE && kind != LINEAR_PART_TOO_LARGE;

    if (!fault)
        return;
    if (kind == LINEAR_NO_FAULT) {
        *fault = (troupe_matrix_fault){.row = -1, .column = -1};
        snprintf(fault->text, sizeof fault->text, "%s",
                 troupe_status_text((troupe_status)verdict->status));
        return;
    }
    fault->row = has_place ? verdict->row : -1;
    fault->column = has_place ? verdict->column : -1;
    snprintf(fault->text, sizeof fault->text, texts[kind],
             (long long)verdict->row + has_place,
             (long long)verdict->column + has_place);
}
#pragma GCC diagnostic pop
