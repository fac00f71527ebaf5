/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_FILE_H
#define ARRAY_FILE_H

/*
 * A file that the members of a team read or write together. What it needs hangs on the
 * rank, so that it is given back if the process is stopped in between. Functions that
 * fail note why, once; array_file_agree() makes of the members' notes one for all: that
 * of the first member, whose lines come first.
 */

#include "array/array.h"
#include "array/number.h"
#include "troupe/array_file.h"

struct array_file {
    struct base_list node; /* in the rank's list */
    struct array_rank *here;
    const struct base_files *files;
    troupe_actor *member;
    troupe_team *team;
    int n_members, index;
    char *path, *part_path; /* the second: while it is written */
    int descriptor;         /* -1: none */
    int64_t size_bytes;
    bool has_part; /* this member is to remove what was written */
    locale_t c_locale;
    struct base_bytes values; /* elements, as they are read */
    int64_t *words;           /* room for some of each member, and one more */
    unsigned char *buffer;
    size_t buffer_bytes;
    struct base_bytes head; /* of what is written */
    struct base_bytes row;  /* text being put together */

    troupe_status status; /* this member's so far */
    troupe_file_fault fault;
};

enum { ARRAY_FILE_WORDS = 4, ARRAY_FILE_BUFFER_BYTES = 256 * 1024 };

/* Never NULL; what went wrong stands in its status. */
struct array_file *
array_file_open(troupe_actor *self, troupe_team *team, const char *path);
/* The same for one to be written; collective. `refusal`: why there is nothing to write
 * for the members, who get TROUPE_INVALID; else NULL. */
struct array_file *array_file_create(troupe_actor *self,
                                     troupe_team *team,
                                     const char *path,
                                     const char *refusal);
void array_file_close(struct array_file *file);

/* The first failure counts. */
void array_file_fail(struct array_file *file,
                     troupe_status status,
                     int64_t line,
                     const char *format,
                     ...) TROUPE_PRINTF(4, 5);
/* From errno. */
void array_file_fail_io(struct array_file *file, const char *what);
/* One status and fault for all members. Collective. */
troupe_status array_file_agree(struct array_file *file, uint64_t fingerprint);

/* Writes at a place, unless something has failed. */
void array_file_write(struct array_file *file,
                      int64_t offset_bytes,
                      const void *data,
                      size_t size_bytes);
/* All have written: puts the file in its place if all is well. Collective; closes. */
troupe_status array_file_publish(struct array_file *file, troupe_file_fault *fault);

/* ---- saving ------------------------------------------------------------------- */

/* As the public calls, whose arguments are checked, by any process on the array's team
 * or a shadow of it. Collective. */
troupe_status array_save_binary(troupe_actor *self,
                                troupe_team *team,
                                const struct array *array,
                                const char *path,
                                troupe_file_fault *fault);
troupe_status array_save_market(troupe_actor *self,
                                troupe_team *team,
                                const struct array *array,
                                const char *path,
                                troupe_file_fault *fault);
troupe_status array_save_csv(troupe_actor *self,
                             troupe_team *team,
                             const troupe_csv_column *columns,
                             int n_columns,
                             const char *path,
                             troupe_file_fault *fault);
/* Ends the caller unless all is given and the arrays are its own. */
void array_save_csv_check(troupe_actor *self,
                          const troupe_csv_column *columns,
                          int n_columns,
                          const char *path,
                          const char *call);

/* ---- text.c ------------------------------------------------------------------- */

/*
 * The values that the members have read, one after the other in `values`, become an
 * array. Collective; closes the file.
 */
troupe_status array_file_deliver(struct array_file *file,
                                 const troupe_array_options *options,
                                 troupe_array *array,
                                 troupe_file_fault *fault);

/* Appends the row of an element of the caller's part to `row`. */
typedef void array_row_fn(const void *context, int64_t element, struct base_bytes *row);

/*
 * Writes a head and then a row for each of the caller's elements, behind those of the
 * members before it. Collective; closes the file.
 */
troupe_status array_file_write_rows(struct array_file *file,
                                    const char *head,
                                    size_t head_bytes,
                                    int64_t n_rows,
                                    array_row_fn *write,
                                    const void *context,
                                    troupe_file_fault *fault);

#endif
