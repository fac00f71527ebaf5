/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include "team/tree.h"
#include <string.h>

/*
 * The exclusive scan, in the tree of member 0. Upwards go the folds of whole blocks, as
 * far as somebody stands to the right of them; downwards goes the fold of all that
 * stands to the left of a block. A member hands its child at each level what is left of
 * the child's block: what is left of its own, its own value and the blocks of the
 * children before.
 */

/* Does the child at this level send the fold of its block? */
static bool sends_up(const troupe_team *team, int level)
{
    int child = tree_child(team->index, 0, level, team->size);

    return child >= 0 && child + (1 << level) < team->size;
}

static struct team_kept *find_part(const struct team_operation *op, int level)
{
    struct team_kept *part = op->parts;

    while (part && (part->header.type != level || part->is_held))
        part = part->next;
    return part;
}

/* The children's values stay: they are wanted again on the way down. */
bool team_scan_up(struct team_operation *op)
{
    troupe_team *team = op->team;

    for (int level = 0; level < op->top; level++) {
        if (sends_up(team, level) && !find_part(op, level)) {
            op->awaits = (uint8_t)level;
            return false;
        }
    }
    memcpy(op->spare.bytes, op->value.bytes, op->what.size_bytes);
    for (int level = 0; level < op->top; level++)
        if (sends_up(team, level))
            team_fold(op, op->spare.bytes, op->spare.bytes,
                      team_kept_bytes(find_part(op, level)));
    team_send(op, op->parent, op->top, op->spare.bytes, op->what.size_bytes);
    op->phase = TEAM_SCAN_WAIT;
    return true;
}

bool team_scan_wait(struct team_operation *op)
{
    struct team_input input;

    op->phase = TEAM_SCAN_DOWN;
    if (op->parent < 0) {
        memcpy(op->spare.bytes, op->value.bytes, op->what.size_bytes);
        return true;
    }
    op->phase = TEAM_SCAN_WAIT;
    if (!team_input_get(op, TEAM_DOWN, op->what.size_bytes, &input))
        return false;
    if (op->top > 0)
        team_fold(op, op->spare.bytes, input.bytes, op->value.bytes);
    team_deliver(op, input.bytes, op->what.size_bytes);
    team_input_done(op, &input);
    team_operation_done(op, TROUPE_OK);
    op->phase = TEAM_SCAN_DOWN;
    return true;
}

bool team_scan_down(struct team_operation *op)
{
    troupe_team *team = op->team;
    int level = op->level;
    int child = level < op->top ? tree_child(team->index, 0, level, team->size) : -1;
    struct team_input input;

    if (child < 0) {
        team_operation_end(op, TROUPE_OK);
        return true;
    }
    if (!op->has_sent)
        team_send(op, child, TEAM_DOWN, op->spare.bytes, op->what.size_bytes);
    op->has_sent = true;
    if (level + 1 < op->top && sends_up(team, level)) {
        if (!team_input_get(op, level, op->what.size_bytes, &input))
            return false;
        team_fold(op, op->spare.bytes, op->spare.bytes, input.bytes);
        team_input_done(op, &input);
    }
    op->level++;
    op->has_sent = false;
    return true;
}
