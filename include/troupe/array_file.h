/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ARRAY_FILE_H
#define TROUPE_ARRAY_FILE_H

/*
 * Arrays from files and to files, all members at once: each reads or writes a range of
 * its own of a file that all can reach. A file is written beside its place under the
 * same name and ".part", and renamed when all of it is there.
 *
 * Numbers in text are read correctly rounded and written so that they read back equal,
 * whatever the locale. What is wrong is told to all members alike. The calls of
 * array_later.h start the same and go on; the ones here wait for nothing that was
 * started, so wait for a kernel that still writes what you save.
 */

#include "troupe/array.h"
#include "troupe/system.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is wrong with a file. */
typedef struct troupe_file_fault {
    int64_t line; /**< from 1; 0: it is not about a line */
    char text[TROUPE_TEXT_BYTES];
} troupe_file_fault;

/**
 * Loads a file of nothing but elements, as they stand in memory. Its size says how
 * many; the length in the options is not read.
 *
 * \call     collective over the team
 * \blocks   until all members have read
 * \threads  the runtime's thread
 *
 * \param      self    the caller
 * \param      team    whom the array is for
 * \param      path    the file
 * \param      options as for troupe_array_create(), which see; what a checkpoint has
 *                     under saved_as is not read from the file
 * \param[out] array   the array
 * \param[out] fault   what is wrong, if something is; may be NULL
 *
 * \errors   TROUPE_IO the file cannot be read; TROUPE_FAILED its size is no multiple of
 *           the element's; and as troupe_array_create
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load(troupe_actor *self,
                  troupe_team *team,
                  const char *path,
                  const troupe_array_options *options,
                  troupe_array *array,
                  troupe_file_fault *fault);

/**
 * Saves what troupe_array_load() loads.
 *
 * \call     collective over the array's team
 * \blocks   until all members have written
 * \threads  the runtime's thread
 * \errors   TROUPE_IO the file cannot be written, and is as it was before
 *           TROUPE_PEER_GONE, TROUPE_MISMATCH
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_array_save(troupe_actor *self,
                                                           troupe_array array,
                                                           const char *path,
                                                           troupe_file_fault *fault);

/** What to load of a table of comma separated values. */
typedef struct troupe_csv_options {
    const char *name;  /**< of the column, in the first line; NULL: by number */
    int64_t column;    /**< from 0, without a name; messages count from 1 */
    bool has_header;   /**< the first line is none of the values; so with a name */
    bool empty_is_nan; /**< else an empty field is wrong */
    bool text_is_nan;  /**< else a field that is no number is wrong */
    char separator;    /**< 0: a comma */
    enum troupe_element element;
    int64_t block_length; /**< as in troupe_array_options */
} troupe_csv_options;

/**
 * Loads a column of a table. Lines end in LF or CR LF; fields may be quoted, and then
 * hold separators, doubled quotes and line ends; blanks around a field and blank lines
 * are left out.
 *
 * \call     collective over the team
 * \blocks   until all members have read
 * \threads  the runtime's thread
 * \errors   TROUPE_IO the file cannot be read; TROUPE_FAILED it is not as it should be;
 *           TROUPE_INVALID the options; TROUPE_NO_MEMORY, TROUPE_MISMATCH,
 *           TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load_csv(troupe_actor *self,
                      troupe_team *team,
                      const char *path,
                      const troupe_csv_options *options,
                      troupe_array *array,
                      troupe_file_fault *fault);

/** A column to be saved. */
typedef struct troupe_csv_column {
    const char *name;
    troupe_array array;
} troupe_csv_column;

/**
 * Saves arrays as the columns of a table, with a first line of names.
 *
 * \call     collective over the arrays' team
 * \blocks   until all members have written
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID no columns, or arrays that are not of the same length and
 *           cuts, or of opaque elements; and as troupe_array_save
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_save_csv(troupe_actor *self,
                      const troupe_csv_column *columns,
                      int n_columns,
                      const char *path,
                      troupe_file_fault *fault);

/**
 * Loads a vector in the Matrix Market format "array", real or integer: see
 * math.nist.gov/MatrixMarket/formats.html. The length in the options is not read.
 *
 * \call     collective over the team
 * \blocks   until all members have read
 * \threads  the runtime's thread
 * \errors   as troupe_array_load_csv
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load_market(troupe_actor *self,
                         troupe_team *team,
                         const char *path,
                         const troupe_array_options *options,
                         troupe_array *array,
                         troupe_file_fault *fault);

/**
 * Saves what troupe_array_load_market() loads.
 *
 * \call     collective over the array's team
 * \blocks   until all members have written
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the elements are opaque; and as troupe_array_save
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_array_save_market(
    troupe_actor *self, troupe_array array, const char *path, troupe_file_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
