/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * Checkpoints as files. A store is one job's folder:
 *
 *   <directory>/<job>/ckpt-<epoch>.<attempt>/part-<n>    one a rank, records in blocks
 *                                           /MANIFEST    names all parts; comes last
 *                                           /PINNED      never pruned
 *   <directory>/<job>/attempt-<n>/FENCE                  from which epoch it went on
 *
 * The manifest is the checkpoint: what has none was never finished. It holds the hash
 * of every part's trailer, which holds that of the index, which holds that of each
 * block; so every byte is covered. The truth is the folder as it stands: nothing else
 * says which checkpoint is the newest.
 *
 * An attempt is one start of the job. It claims its number by making a folder, and says
 * in FENCE from which epoch it goes on; what an older attempt publishes later than that
 * epoch is ignored from then on, so a writer that was thought dead cannot win.
 *
 * No call knows what is in the records, and none needs MPI: ranks write their parts,
 * give their summaries to one, and that one publishes. A failed call leaves errno, and
 * the checkpoints that were there.
 */

#include "base/bytes.h"
#include "base/files.h"

enum {
    STORE_FORMAT_MAJOR = 1, /* a reader refuses what has a higher one */
    STORE_FORMAT_MINOR = 0,
    STORE_PATH_BYTES = 1024,
    STORE_NAME_BYTES = 64,
    STORE_HASH_BYTES = 16,
    STORE_BLOCK_BYTES = 1 << 20, /* the most that one block holds */
    STORE_MAX_PARTS = 1 << 20
};

enum store_packing { STORE_PACK_NEVER, STORE_PACK_AUTO, STORE_PACK_ALWAYS };

/* Whether blocks are made smaller before they are written: see pack.h. What AUTO goes
 * by is kept from part to part; only one is written at a time. */
struct store_pace {
    enum store_packing packing;
    double disk_s_per_byte, pack_s_per_byte; /* 0: not known yet */
    double kept;                             /* bytes of one, after packing */
};

struct store {
    const struct base_files *files;
    struct store_pace *pace;     /* NULL: nothing is packed, as at first */
    char path[STORE_PATH_BYTES]; /* of the job's folder */
};

struct store_hash {
    unsigned char bytes[STORE_HASH_BYTES];
};

/* ---- what may be wrong
 * --------------------------------------------------------------- */

enum store_verdict {
    STORE_GOOD,
    STORE_UNPUBLISHED, /* no manifest */
    STORE_GONE,        /* removed since it was listed */
    STORE_DAMAGED,     /* a part, a hash or a size is not what it was */
    STORE_UNREADABLE,  /* the file system refuses or fails: it may be as good as new */
    STORE_FENCED,      /* published by an attempt that had been given up */
    STORE_NEWER,       /* a format that we do not know yet */
    STORE_OTHER_PROGRAM, /* saved by another program */
    STORE_OTHER_SCHEMA,  /* by this program with other types */
    STORE_N_VERDICTS
};

struct store_problem {
    enum store_verdict verdict;
    int error;            /* errno, or 0 */
    int64_t offset_bytes; /* where in the file; below 0: not at one place */
    char path[STORE_PATH_BYTES];
    char text[160];
};

/* One word, such as "damaged". */
const char *store_verdict_text(enum store_verdict verdict);
/* TROUPE_OK, NOT_FOUND, IO, CLOSED (fenced), MISMATCH (newer, other program), SCHEMA.
 */
troupe_status store_verdict_status(enum store_verdict verdict);
/* What a job ends with that cannot start for this: 74 (no usable checkpoint) or 78. */
int store_verdict_exit_code(enum store_verdict verdict);

/* ---- the folder
 * ---------------------------------------------------------------------- */

enum store_open_flags {
    STORE_CREATE = 1, /* make what is missing, 0700 */
    STORE_ALLOW_WORLD_WRITABLE = 2
};

/*
 * REFUSED: all the world may write there. NOT_FOUND, IO: as errno says. INVALID: the
 * name of the job has other characters than letters, digits, '.', '_', '-', or the path
 * is too long. `job` NULL: `directory` is the job's folder already. After REFUSED
 * store->path is the folder that is meant: the directory or the job's.
 */
TROUPE_MUST_USE troupe_status store_open(struct store *store,
                                         const struct base_files *files,
                                         const char *directory,
                                         const char *job,
                                         int flags);

/*
 * Before it is opened with STORE_CREATE: is the directory there, or at least the folder
 * that it is to be made in? Who mistypes a path is not to have a new one made.
 * NOT_FOUND, IO: it is not, as errno says, and `parent` is the one that is missing.
 */
TROUPE_MUST_USE troupe_status store_place_check(const struct base_files *files,
                                                const char *directory,
                                                char parent[STORE_PATH_BYTES],
                                                bool *is_there);

/*
 * The job is the caller's until it unlocks or its process ends. REFUSED: somebody
 * else's, all the time of the patience. IO: errno. Stand-ins for files know no locks.
 */
TROUPE_MUST_USE troupe_status store_lock(const struct store *store,
                                         int64_t patience_ns,
                                         int *descriptor);
void store_unlock(int *descriptor);
/* The file that is locked; whoever has the lock may write into it who he is. */
void store_lock_path(char path[STORE_PATH_BYTES], const struct store *store);

/* The job has ended in order: whoever starts it again has to say what he wants. */
bool store_is_completed(const struct store *store);
TROUPE_MUST_USE troupe_status store_complete(const struct store *store,
                                             bool is_completed);

/* Claims a number above all that were claimed; whoever else claims gets another.
 * INVALID: the highest there is has been claimed. IO, NO_MEMORY: as errno says. */
TROUPE_MUST_USE troupe_status store_attempt_begin(const struct store *store,
                                                  uint32_t *attempt);
/* From now on what older attempts publish with an epoch above `base_epoch` is void. */
TROUPE_MUST_USE troupe_status store_attempt_fence(const struct store *store,
                                                  uint32_t attempt,
                                                  uint64_t base_epoch);
/* As if it had never been said, once that attempt is over. OK also if it never was. */
TROUPE_MUST_USE troupe_status store_attempt_unfence(const struct store *store,
                                                    uint32_t attempt);

struct store_entry {
    uint64_t epoch;
    uint32_t attempt;
    bool is_published, is_fenced, is_pinned;
    bool is_unreadable; /* the file system does not say; then it counts as published */
};

/* Where some have gone since they were listed there may be newer ones, and one lists
 * again; so often at most, for a file system may list what is not there. */
enum { STORE_MOST_LISTS = 10 };

struct store_list {
    struct store_entry *items; /* newest first; of one epoch the last attempt first */
    size_t n_items;
};

/* All there are, also unfinished and fenced ones. IO (also of a fence: without it
 * nobody knows what is void), NOT_FOUND, NO_MEMORY. */
TROUPE_MUST_USE troupe_status store_list_read(const struct store *store,
                                              struct store_list *list);
void store_list_fini(struct store_list *list);

/* ---- writing
 * ------------------------------------------------------------------------- */

struct store_part {
    uint64_t size_bytes, n_records, n_blocks;
    struct store_hash hash; /* of the trailer, and so of all */
};

/* What stands in the index of a part for one block. */
struct store_block {
    uint64_t offset_bytes;
    uint32_t stored_bytes, raw_bytes;
    uint32_t kind, n_records;
    uint64_t first_key, last_key; /* the least and the greatest */
    uint32_t codec;
    struct store_hash hash; /* of the stored bytes */
};

struct store_writer {
    const struct base_files *files;
    char folder[STORE_PATH_BYTES];
    uint32_t part;
    int descriptor;
    bool has_temporary;   /* its .tmp is there, and ours */
    troupe_status status; /* the first failure, kept */
    int error;            /* and its errno */
    struct store_block block;
    uint64_t last_key, n_records, n_blocks;
    unsigned char *raw;
    struct store_packer *packer; /* NULL: blocks are written as they are */
    int64_t disk_ns;             /* spent in writing and syncing */
    struct base_bytes index;
    struct store_hash header_hash;
};

struct store_place {
    uint64_t epoch;
    uint32_t attempt;
    uint32_t part, n_parts;
    uint64_t schema_hash;
};

/* Claims an epoch, once, by one. EXISTS: somebody has it. IO and errno. */
TROUPE_MUST_USE troupe_status store_epoch_begin(const struct store *store,
                                                uint64_t epoch,
                                                uint32_t attempt);
/*
 * A part of it, by whoever knows that the epoch has begun. Any thread may write a part,
 * one at a time. Every writer that was opened is finished or abandoned.
 */
TROUPE_MUST_USE troupe_status store_writer_open(struct store_writer *writer,
                                                const struct store *store,
                                                const struct store_place *place);
/* A record of a kind, with a key that need not be unique. The data is copied. */
TROUPE_MUST_USE troupe_status store_writer_put(struct store_writer *writer,
                                               uint32_t kind,
                                               uint64_t key,
                                               const void *data,
                                               size_t size_bytes);
/* All of it on disk under its name, or gone. *part is for the manifest. */
TROUPE_MUST_USE troupe_status store_writer_finish(struct store_writer *writer,
                                                  struct store_part *part);
void store_writer_abandon(struct store_writer *writer);

struct store_manifest {
    uint64_t epoch;
    uint32_t attempt;
    uint32_t n_parts;
    uint64_t schema_hash;
    int64_t created_s; /* since 1970 */
    char program[STORE_NAME_BYTES], library[STORE_NAME_BYTES], reason[STORE_NAME_BYTES];
    struct store_part *parts;
};

/*
 * Makes the checkpoint be there, when all parts are finished. After TROUPE_OK it
 * outlives the machine; otherwise it may or may not be there, whole. IO: a part is not
 * there with its size, or errno.
 */
TROUPE_MUST_USE troupe_status store_publish(const struct store *store,
                                            const struct store_manifest *manifest);
/* Takes away what was written of an epoch that will not be published. */
void store_epoch_abandon(const struct store *store, uint64_t epoch, uint32_t attempt);

/* ---- reading
 * ------------------------------------------------------------------------- */

/* Frees with store_manifest_fini() what it has read. The status is the problem's. */
TROUPE_MUST_USE troupe_status store_manifest_read(const struct store *store,
                                                  const struct store_entry *entry,
                                                  struct store_manifest *manifest,
                                                  struct store_problem *problem);
void store_manifest_fini(struct store_manifest *manifest);

/* Which records are wanted: of all kinds, or one, with keys in a range. */
struct store_filter {
    bool has_kind;
    uint32_t kind;
    uint64_t first_key, last_key;
};

/* A record, or one piece of a record larger than a block; the pieces come in order. */
struct store_record {
    uint32_t kind;
    uint64_t key;
    const unsigned char *data; /* until the next call */
    size_t size_bytes;
    uint64_t offset_bytes; /* of the piece in its record */
    bool is_last;          /* piece of its record */
};

struct store_reader {
    const struct base_files *files;
    int descriptor;
    struct store_filter filter;
    struct base_bytes index;
    uint64_t n_blocks, n_next;
    struct store_block block;
    unsigned char *raw;
    unsigned char *packed;     /* as it stands in the file, where blocks are packed */
    struct base_cursor cursor; /* in raw, over the records that are left */
    uint32_t n_left;
    uint64_t last_key;
    struct store_problem problem;
};

/*
 * Any number of readers may read any parts: who restarts on other ranks opens all of
 * them with the keys it is to have. Only blocks that may have such keys are read, each
 * checked by its hash. On failure reader->problem says what and where; it is closed.
 */
TROUPE_MUST_USE troupe_status store_reader_open(struct store_reader *reader,
                                                const struct store *store,
                                                const struct store_manifest *manifest,
                                                uint32_t part,
                                                const struct store_filter *filter);
/* NOT_FOUND: that was all. */
TROUPE_MUST_USE troupe_status store_reader_next(struct store_reader *reader,
                                                struct store_record *record);
void store_reader_close(struct store_reader *reader);

/* ---- verifying and choosing
 * ---------------------------------------------------------- */

enum store_depth {
    STORE_QUICK, /* sizes, headers, indexes: what a crash could have spoiled */
    STORE_DEEP   /* and every byte of every block: what a disk could have */
};

TROUPE_MUST_USE troupe_status store_verify_part(const struct store *store,
                                                const struct store_manifest *manifest,
                                                uint32_t part,
                                                enum store_depth depth,
                                                struct store_problem *problem);
/* Manifest and all parts. */
TROUPE_MUST_USE troupe_status store_verify(const struct store *store,
                                           const struct store_entry *entry,
                                           enum store_depth depth,
                                           struct store_problem *problem);

struct store_identity {
    const char *program;  /* NULL: whatever it is */
    uint64_t schema_hash; /* 0: whatever it is */
};
TROUPE_MUST_USE troupe_status
store_identity_check(const struct store *store,
                     const struct store_identity *mine,
                     const struct store_manifest *manifest,
                     struct store_problem *problem);

/* Told of each newer one that is passed over. */
typedef void store_skipped_fn(void *context,
                              const struct store_entry *entry,
                              const struct store_problem *problem);

/*
 * The newest that verifies, one by one towards the older. What is damaged is passed
 * over; what is of another program, schema or a newer format, or cannot be read, ends
 * the search, since to go on from something older would silently throw work away.
 * NOT_FOUND: none verifies.
 */
TROUPE_MUST_USE troupe_status store_choose(const struct store *store,
                                           const struct store_identity *mine,
                                           enum store_depth depth,
                                           struct store_manifest *manifest,
                                           struct store_problem *problem,
                                           store_skipped_fn *skipped,
                                           void *context);

/* ---- keeping
 * ------------------------------------------------------------------------- */

/* After TROUPE_OK no prune removes it, also none that is under way. NOT_FOUND: one has.
 */
TROUPE_MUST_USE troupe_status store_pin(const struct store *store,
                                        const struct store_entry *entry,
                                        bool is_pinned);

/* Told of each that goes. */
typedef void store_pruned_fn(void *context, const struct store_entry *entry);

/*
 * Keeps the newest `n_keep` (at least 1) that verify to `depth`, and all that are
 * pinned or newer or cannot be judged; removes older ones, fenced ones, and unfinished
 * ones that a later one has overtaken. Removes nothing if fewer than n_keep verify.
 * With `is_trial` it only tells. What somebody else removes meanwhile is not told of.
 */
TROUPE_MUST_USE troupe_status store_prune(const struct store *store,
                                          size_t n_keep,
                                          enum store_depth depth,
                                          bool is_trial,
                                          store_pruned_fn *pruned,
                                          void *context);

/* At the start of an attempt, before its fence: what older attempts left unfinished or
 * half removed. What does not go stays, and harms nobody. IO, NO_MEMORY: as for a list.
 */
TROUPE_MUST_USE troupe_status store_clean(const struct store *store, uint32_t attempt);

#endif
