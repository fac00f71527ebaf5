/* SPDX-License-Identifier: BSD-3-Clause */
#include "units.h"
#include <string.h>

#define LARGEST_UNIT  ((uint64_t)4 << 20)
#define SMALLEST_UNIT ((uint64_t)128 << 10)
/* To open and close a file takes as long as to read some thousand bytes more. */
#define FILE_COST 8192
/* Three numbers and the path with its end. */
#define PIECE_BYTES 24

void units_init(struct units *units, const struct file_list *list, size_t n_readers)
{
    *units = (struct units){list, n_readers, 0, 0, list->n_bytes};
}

static uint64_t unit_cost(const struct units *units)
{
    uint64_t share = units->n_left / (4 * units->n_readers);
    if (share > LARGEST_UNIT)
        return LARGEST_UNIT;
    return share < SMALLEST_UNIT ? SMALLEST_UNIT : share;
}

/* Takes up to so many bytes of the file that is next. */
static struct piece cut_piece(struct units *units, uint64_t most)
{
    const struct file *file = &units->list->files[units->file];
    uint64_t left = file->n_bytes - units->offset;
    uint64_t length = left < most ? left : most;
    struct piece piece = {
        .file = units->file,
        .begin = units->offset,
        .end = units->offset + length,
        .path = file->path,
    };
    units->offset += length;
    units->n_left -= length;
    if (length == left) {
        units->file++;
        units->offset = 0;
    }
    return piece;
}

static size_t write_piece(unsigned char *to, const struct piece *piece)
{
    size_t path_bytes = strlen(piece->path) + 1;
    memcpy(to, &piece->file, 8);
    memcpy(to + 8, &piece->begin, 8);
    memcpy(to + 16, &piece->end, 8);
    memcpy(to + PIECE_BYTES, piece->path, path_bytes);
    return PIECE_BYTES + path_bytes;
}

uint32_t units_next(struct units *units, unsigned char *bytes, uint32_t *n_bytes)
{
    const struct file_list *list = units->list;
    uint64_t cost_left = unit_cost(units);
    uint32_t n_pieces = 0;
    *n_bytes = 0;
    while (units->file < list->n_files && cost_left > 0) {
        const struct file *file = &list->files[units->file];
        if (file->n_bytes == 0) {
            units->file++; /* nobody needs to open it */
            continue;
        }
        if (*n_bytes + PIECE_BYTES + strlen(file->path) + 1 > UNIT_MESSAGE_BYTES)
            break;
        struct piece piece = cut_piece(units, cost_left);
        *n_bytes += (uint32_t)write_piece(bytes + *n_bytes, &piece);
        n_pieces++;
        uint64_t cost = piece.end - piece.begin + FILE_COST;
        cost_left -= cost < cost_left ? cost : cost_left;
    }
    return n_pieces;
}

bool units_next_piece(const unsigned char *bytes,
                      size_t n_bytes,
                      size_t *position,
                      struct piece *piece)
{
    if (*position >= n_bytes)
        return false;
    const unsigned char *at = bytes + *position;
    memcpy(&piece->file, at, 8);
    memcpy(&piece->begin, at + 8, 8);
    memcpy(&piece->end, at + 16, 8);
    piece->path = (const char *)(at + PIECE_BYTES);
    *position += PIECE_BYTES + strlen(piece->path) + 1;
    return true;
}
