/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/grid.h"
#include <string.h>

/* The planes beside a slab: whose they are, and how they come. */

static int slowest(const struct linear_grid *grid)
{
    return grid->options.n_dimensions - 1;
}

static int64_t member_first(const struct linear_grid *grid, int member)
{
    return array_member_first(grid->array, member) / grid->plane_length;
}

static int64_t member_planes(const struct linear_grid *grid, int member)
{
    return array_member_length(grid->array, member) / grid->plane_length;
}

/* The plane that stands for a member's ghost; -1: fixed, or it has no planes at all. */
static int64_t source_of(const struct linear_grid *grid, int member, int ghost)
{
    int64_t n = member_planes(grid, member);

    if (n == 0)
        return -1;
    return linear_beyond(linear_ghost_plane(grid, member_first(grid, member), n, ghost),
                         grid->n_planes, grid->options.border[slowest(grid)]);
}

static double *own_plane(const struct linear_grid *grid, int64_t plane)
{
    return (double *)(void *)array_at(grid->array, plane * grid->plane_length);
}

/* How many of the ghosts of `to` are planes of `from`; at `planes`, unless NULL, these.
 */
static int
list_passing(const struct linear_grid *grid, int from, int to, int64_t *planes)
{
    int n = 0;

    for (int ghost = 0; ghost < 2 * grid->options.width; ghost++) {
        int64_t plane = source_of(grid, to, ghost);

        if (plane < 0 || array_owner(grid->array, plane * grid->plane_length) != from)
            continue;
        if (planes)
            planes[n] = plane;
        n++;
    }
    return n;
}

static int64_t n_sent(const struct linear_grid *grid)
{
    int64_t n = 0;

    for (int i = 0; i < grid->array->n_members; i++)
        if (i != grid->array->index)
            n += list_passing(grid, grid->array->index, i, NULL);
    return n;
}

/* ---- room --------------------------------------------------------------------- */

void linear_ghosts_free(struct linear_ghosts *ghosts)
{
    base_list_remove(&ghosts->node);
    base_free(ghosts->sent);
    base_free(ghosts->got);
    base_free(ghosts->planes);
    base_free(ghosts->sends);
    base_free(ghosts->receives);
    base_free(ghosts->rows);
    base_free(ghosts->edges);
    base_free(ghosts);
}

static bool make_room(troupe_actor *self,
                      const struct linear_grid *grid,
                      struct linear_ghosts *ghosts)
{
    size_t plane_bytes = (size_t)grid->plane_length * sizeof(double);
    size_t n_members = (size_t)grid->array->n_members;
    size_t n_ghosts = 2 * (size_t)grid->options.width;
    size_t n_rows = (size_t)array_n_threads(self) * (size_t)linear_run_rows(grid);

    ghosts->sent = base_try_alloc((size_t)n_sent(grid) * plane_bytes);
    ghosts->got = base_try_alloc(n_ghosts * plane_bytes);
    ghosts->planes = base_try_alloc(n_ghosts * sizeof *ghosts->planes);
    ghosts->sends = base_try_alloc(n_members * sizeof *ghosts->sends);
    ghosts->receives = base_try_alloc(n_members * sizeof *ghosts->receives);
    ghosts->rows = base_try_alloc(n_rows * sizeof *ghosts->rows);
    ghosts->edges = base_try_alloc(n_rows * (size_t)linear_edge_length(grid) *
                                   sizeof *ghosts->edges);
    return ghosts->sent && ghosts->got && ghosts->planes && ghosts->sends &&
           ghosts->receives && ghosts->rows && ghosts->edges;
}

struct linear_ghosts *linear_ghosts_take(troupe_actor *self, struct linear_grid *grid)
{
    struct linear_ghosts *ghosts;

    BASE_LIST_EACH(node, &grid->ghosts)
    {
        ghosts = CONTAINER_OF(node, struct linear_ghosts, node);
        if (!ghosts->is_used) {
            ghosts->is_used = true;
            return ghosts;
        }
    }
    ghosts = base_new(struct linear_ghosts);
    base_list_append(&grid->ghosts, &ghosts->node);
    ghosts->is_used = true;
    if (make_room(self, grid, ghosts))
        return ghosts;
    linear_ghosts_free(ghosts);
    return NULL;
}

/* ---- on their way ------------------------------------------------------------- */

/* Copies planes for others, one member after the other. */
static int pack(const struct linear_grid *grid, struct linear_ghosts *ghosts)
{
    size_t plane_bytes = (size_t)grid->plane_length * sizeof(double);
    double *next = ghosts->sent;
    int n_sends = 0;

    for (int to = 0; to < grid->array->n_members; to++) {
        int64_t planes[2 * TROUPE_GRID_MOST_WIDTH];
        int n = to == grid->array->index
                    ? 0
                    : list_passing(grid, grid->array->index, to, planes);

        if (n == 0)
            continue;
        ghosts->sends[n_sends++] = (troupe_outgoing){to, next, (size_t)n * plane_bytes};
        for (int i = 0; i < n; i++, next += grid->plane_length)
            memcpy(next, own_plane(grid, planes[i]), plane_bytes);
    }
    return n_sends;
}

/* The caller's ghosts that another member has stand behind each other; it says where.
 */
static int place(const struct linear_grid *grid, struct linear_ghosts *ghosts)
{
    size_t plane_bytes = (size_t)grid->plane_length * sizeof(double);
    int me = grid->array->index, n_receives = 0;
    const double *next = ghosts->got;

    for (int from = 0; from < grid->array->n_members; from++) {
        double *begin = ghosts->got + (next - ghosts->got);
        int n = 0;

        for (int ghost = 0; ghost < 2 * grid->options.width; ghost++) {
            int64_t plane = source_of(grid, me, ghost);

            if (plane < 0) {
                ghosts->planes[ghost] = NULL;
            } else if (array_owner(grid->array, plane * grid->plane_length) == from) {
                ghosts->planes[ghost] = from == me ? own_plane(grid, plane) : next;
                n += from != me;
                next += from != me ? grid->plane_length : 0;
            }
        }
        if (n > 0)
            ghosts->receives[n_receives++] =
                (troupe_incoming){from, begin, (size_t)n * plane_bytes};
    }
    return n_receives;
}

troupe_operation linear_ghosts_start(troupe_actor *self,
                                     troupe_team *team,
                                     const struct linear_grid *grid,
                                     struct linear_ghosts *ghosts)
{
    const troupe_exchange_lists lists = {.sends = ghosts->sends,
                                         .n_sends = pack(grid, ghosts),
                                         .receives = ghosts->receives,
                                         .n_receives = place(grid, ghosts)};

    return array_exchange_start(self, team, &lists);
}
