/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/pack.h"
#include "store/format.h"

#ifdef TROUPE_HAVE_ZSTD
#include "base/alloc.h"
#include "base/clock.h"
#include <zstd.h>

enum {
    LEVEL = 1,
    LEAST_GAIN = 6,     /* one byte in so many */
    MOST_NOT_TRIED = 64 /* blocks between two tries */
};

struct store_packer {
    struct store_pace *pace;
    bool is_worth_it; /* else only now and then, to know what it would be worth */
    ZSTD_CCtx *context;
    unsigned char *packed;
    uint32_t kind;                    /* of the last block */
    uint32_t n_not_tried;             /* after the next one that does not pay */
    uint32_t n_to_pass;               /* before one is tried again */
    uint64_t raw_bytes, packed_bytes; /* of those that were tried */
    int64_t ns;
};

static bool is_worth_it(const struct store_pace *pace)
{
    return pace->packing == STORE_PACK_ALWAYS ||
           (pace->pack_s_per_byte > 0 &&
            pace->pack_s_per_byte < (1 - pace->kept) * pace->disk_s_per_byte);
}

struct store_packer *store_packer_create(struct store_pace *pace)
{
    struct store_packer *packer;

    if (!pace || pace->packing == STORE_PACK_NEVER)
        return NULL;
    packer = base_try_alloc(sizeof *packer);
    if (!packer)
        return NULL;
    *packer = (struct store_packer){.pace = pace, .is_worth_it = is_worth_it(pace)};
    packer->context = ZSTD_createCCtx();
    packer->packed = base_try_alloc(STORE_BLOCK_BYTES);
    if (packer->context && packer->packed)
        return packer;
    store_packer_destroy(packer);
    return NULL;
}

void store_packer_destroy(struct store_packer *packer)
{
    if (!packer)
        return;
    ZSTD_freeCCtx(packer->context);
    base_free(packer->packed);
    base_free(packer);
}

void store_packer_learn(const struct store_packer *packer,
                        uint64_t stored_bytes,
                        int64_t disk_ns)
{
    struct store_pace *pace = packer ? packer->pace : NULL;

    if (!pace || packer->raw_bytes == 0)
        return;
    pace->pack_s_per_byte = 1e-9 * (double)packer->ns / (double)packer->raw_bytes;
    pace->kept = (double)packer->packed_bytes / (double)packer->raw_bytes;
    pace->disk_s_per_byte = 1e-9 * (double)disk_ns / (double)stored_bytes;
}

/* 0: it would not be a sixth smaller. */
static uint32_t
compress(struct store_packer *packer, const void *raw, uint32_t raw_bytes)
{
    int64_t begin_ns = base_clock_ns();
    size_t size_bytes =
        ZSTD_compressCCtx(packer->context, packer->packed,
                          raw_bytes - raw_bytes / LEAST_GAIN, raw, raw_bytes, LEVEL);
    bool is_smaller = !ZSTD_isError(size_bytes) && raw_bytes >= LEAST_GAIN;

    packer->ns += base_clock_ns() - begin_ns;
    packer->raw_bytes += raw_bytes;
    packer->packed_bytes += is_smaller ? size_bytes : raw_bytes;
    return is_smaller ? (uint32_t)size_bytes : 0;
}

/* The more often in vain, the later the next time. */
static void note_try(struct store_packer *packer, bool is_smaller)
{
    if (!packer->is_worth_it) {
        packer->n_to_pass = MOST_NOT_TRIED;
        return;
    }
    packer->n_to_pass = is_smaller ? 0 : packer->n_not_tried;
    if (is_smaller)
        packer->n_not_tried = 0;
    else if (packer->n_not_tried < MOST_NOT_TRIED)
        packer->n_not_tried = packer->n_not_tried ? 2 * packer->n_not_tried : 1;
}

uint32_t store_pack(struct store_packer *packer,
                    uint32_t kind,
                    const void *raw,
                    uint32_t raw_bytes,
                    const unsigned char **packed)
{
    uint32_t packed_bytes;

    if (packer->kind != kind)
        packer->n_to_pass = packer->n_not_tried = 0;
    packer->kind = kind;
    if (packer->n_to_pass > 0) {
        packer->n_to_pass--;
        return 0;
    }
    packed_bytes = compress(packer, raw, raw_bytes);
    note_try(packer, packed_bytes > 0);
    if (packed_bytes > 0)
        *packed = packer->packed;
    return packed_bytes;
}

bool store_can_unpack(uint32_t codec)
{
    return codec == STORE_CODEC_ZSTD;
}

troupe_status
store_unpack(void *raw, uint32_t raw_bytes, const void *packed, uint32_t packed_bytes)
{
    return ZSTD_decompress(raw, raw_bytes, packed, packed_bytes) == raw_bytes
               ? TROUPE_OK
               : TROUPE_MISMATCH;
}

#else

struct store_packer *store_packer_create(struct store_pace *pace)
{
    (void)pace;
    return NULL;
}

void store_packer_learn(const struct store_packer *packer,
                        uint64_t stored_bytes,
                        int64_t disk_ns)
{
    (void)packer;
    (void)stored_bytes;
    (void)disk_ns;
}

void store_packer_destroy(struct store_packer *packer)
{
    (void)packer;
}

uint32_t store_pack(struct store_packer *packer,
                    uint32_t kind,
                    const void *raw,
                    uint32_t raw_bytes,
                    const unsigned char **packed)
{
    (void)packer;
    (void)kind;
    (void)raw;
    (void)raw_bytes;
    (void)packed;
    return 0;
}

bool store_can_unpack(uint32_t codec)
{
    (void)codec;
    return false;
}

troupe_status
store_unpack(void *raw, uint32_t raw_bytes, const void *packed, uint32_t packed_bytes)
{
    (void)raw;
    (void)raw_bytes;
    (void)packed;
    (void)packed_bytes;
    return TROUPE_MISMATCH;
}

#endif
