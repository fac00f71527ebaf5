/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"
#include "common/image.h"
#include <stdlib.h>
#include <string.h>

/* ---- colours ------------------------------------------------------------------ */

/* From black over violet, red and yellow to white, ever lighter, so that it reads as
 * well without colours. */
static void make_colours(uint8_t colours[256][3])
{
    static const int stops[][4] = {{0, 2, 2, 10},       {40, 34, 14, 84},
                                   {80, 96, 22, 118},   {120, 164, 38, 96},
                                   {160, 224, 78, 44},  {200, 250, 150, 22},
                                   {230, 250, 214, 76}, {255, 255, 255, 240}};
    int stop = 0;
    for (int i = 0; i < 256; i++) {
        if (i > stops[stop + 1][0])
            stop++;
        const int *low = stops[stop], *high = stops[stop + 1];
        for (int k = 0; k < 3; k++)
            colours[i][k] =
                (uint8_t)(low[k + 1] + (high[k + 1] - low[k + 1]) * (i - low[0]) /
                                           (high[0] - low[0]));
    }
}

/* ---- rows --------------------------------------------------------------------- */

bool frames_init(struct frames *frames,
                 troupe_actor *self,
                 troupe_grid grid,
                 const char *prefix)
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);
    size_t n = (size_t)facts.options.size[0];
    *frames = (struct frames){.self = self,
                              .prefix = prefix,
                              .width = facts.options.size[0],
                              .height = facts.options.size[1]};
    make_colours(frames->colours);
    if (!prefix)
        return true;
    frames->mine = malloc(n * (size_t)facts.my_planes + 1);
    if (troupe_rank(self) == 0) {
        frames->all = malloc(n * (size_t)frames->height);
        frames->receives =
            calloc((size_t)troupe_n_ranks(self), sizeof *frames->receives);
    }
    return frames->mine && (troupe_rank(self) > 0 || (frames->all && frames->receives));
}

void frames_fini(struct frames *frames)
{
    free(frames->mine);
    free(frames->all);
    free(frames->receives);
    frames->mine = frames->all = NULL;
    frames->receives = NULL;
}

static void colour(struct frames *frames, const troupe_grid_facts *facts)
{
    double low = frames->coldest, range = frames->hottest - low;
    double scale = range > 0 ? 256 / range : 0;
    uint8_t *point = frames->mine;
    for (int64_t y = 0; y < facts->my_planes; y++) {
        const double *row = facts->data + y * facts->plane_length;
        for (int64_t x = 0; x < frames->width; x++) {
            double place = (row[x] - low) * scale;
            *point++ = place < 0 ? 0 : place > 255 ? 255 : (uint8_t)place;
        }
    }
}

static troupe_status
bring_together(struct frames *frames, troupe_grid grid, const troupe_grid_facts *facts)
{
    troupe_array_facts array =
        troupe_array_describe(frames->self, troupe_grid_array(grid));
    const troupe_outgoing send = {
        .data = frames->mine, .size_bytes = (size_t)(facts->my_planes * frames->width)};
    troupe_exchange_lists lists = {.sends = &send, .n_sends = 1};
    if (troupe_rank(frames->self) == 0) {
        lists.receives = frames->receives;
        lists.n_receives = troupe_n_ranks(frames->self);
        for (int i = 0; i < lists.n_receives; i++)
            frames->receives[i] = (troupe_incoming){
                i, frames->all + array.cuts[i] * frames->width,
                (size_t)((array.cuts[i + 1] - array.cuts[i]) * frames->width)};
    }
    return troupe_exchange(frames->self, array.team, &lists);
}

troupe_status frames_write(struct frames *frames, troupe_grid grid, int64_t step)
{
    troupe_grid_facts facts = troupe_grid_describe(frames->self, grid);
    struct image_fault fault;
    char path[4096];
    if (!frames->prefix)
        return TROUPE_OK;
    colour(frames, &facts);
    TROUPE_TRY(bring_together(frames, grid, &facts));
    if (troupe_rank(frames->self) > 0)
        return TROUPE_OK;
    snprintf(path, sizeof path, "%s%06lld.png", frames->prefix, (long long)step);
    if (image_write(path, frames->width, frames->height, frames->all,
                    (const uint8_t(*)[3])frames->colours, &fault))
        return TROUPE_OK;
    snprintf(frames->fault, sizeof frames->fault, "%.150s: %.140s", path, fault.text);
    return TROUPE_IO;
}
