/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORE_PACK_H
#define STORE_PACK_H

/*
 * Blocks made smaller by zstd at level 1, where that pays: if packing takes less time
 * than the disk takes for the bytes that it saves. Both are measured: a part is written
 * as it is but for a block now and then, and the next one by what that has shown. So a
 * disk of one's own gets the bytes as they are, a shared one that gives a rank less
 * than some hundred megabytes a second gets fewer. A block that would not lose a sixth
 * of its bytes stays as it is, and after each such block more are not even tried: text,
 * tables and small actors shrink to a half or a third, noisy mantissas do not. A build
 * without zstd writes all blocks as they are.
 */

#include "store/store.h"

/* NULL: nothing is packed; there is no memory, no zstd, or nobody wants it. */
struct store_packer *store_packer_create(struct store_pace *pace);
void store_packer_destroy(struct store_packer *packer); /* tolerates NULL */
/* How many bytes at *packed, which are the packer's, stand for the block; 0: it stays
 * as it is. Blocks of a kind are expected to be alike. */
uint32_t store_pack(struct store_packer *packer,
                    uint32_t kind,
                    const void *raw,
                    uint32_t raw_bytes,
                    const unsigned char **packed);
/* The part is on disk: the pace is known better now. Tolerates NULL. */
void store_packer_learn(const struct store_packer *packer,
                        uint64_t stored_bytes,
                        int64_t disk_ns);

/* This build can read what is packed so. */
bool store_can_unpack(uint32_t codec);
/* Exactly raw_bytes from the packed ones. MISMATCH: they are not what was packed. */
TROUPE_MUST_USE troupe_status store_unpack(void *raw,
                                           uint32_t raw_bytes,
                                           const void *packed,
                                           uint32_t packed_bytes);

#endif
