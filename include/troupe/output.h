/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_OUTPUT_H
#define TROUPE_OUTPUT_H

/*
 * Files that an actor writes at their end. A job that goes on from a checkpoint does
 * what came after it again, and would write it again: so each of these files goes back
 * to the length that it had there. On as many ranks as you like: the folder must be one
 * that all of them see.
 *
 * An output is named by a reference, which may stand in a state. A handler actor goes
 * on writing to it after a restart; a process, which begins at the top, opens the same
 * path again and gets the same output, with what was in it at the checkpoint.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Opens an output, empty, whatever the file had in it. If the caller has it open
 * already, as after a restart, it is that one, with what it has.
 *
 * \call     local
 * \blocks   until the file system has done it
 * \threads  the runtime's thread
 * \owns     the actor: it is closed when the actor ends
 *
 * \param      self   the caller
 * \param      path   from the folder that the program was started in, or from the root;
 *                    at most 4000 bytes. No two actors may have the same open
 * \param[out] output its name
 *
 * \errors   TROUPE_INVALID  no such path can be; TROUPE_NO_MEMORY
 *           TROUPE_IO       it cannot be opened or emptied; the log says why
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_output_open(troupe_actor *self,
                                                            const char *path,
                                                            troupe_reference *output);

/**
 * Writes at the end of an output: all of the bytes, or none.
 *
 * \call     local
 * \blocks   until the file system has done it
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND  the caller has no such output
 *           TROUPE_IO         they cannot be written; the log says why
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_output_write(troupe_actor *self,
                                                             troupe_reference output,
                                                             const void *bytes,
                                                             size_t size_bytes);

/**
 * How long an output is: where the next bytes go.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   -1: the caller has no such output
 */
TROUPE_API int64_t troupe_output_length(troupe_actor *self, troupe_reference output);

/**
 * Closes an output, which stays as it is; its reference becomes zero. From the next
 * checkpoint on it goes back to no other length, so a path is opened only once in a
 * job's life.
 *
 * \call     local
 * \blocks   until the file system has done it
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND  the caller has no such output
 *           TROUPE_IO         what was written may not be on disk
 */
TROUPE_API troupe_status troupe_output_close(troupe_actor *self,
                                             troupe_reference *output);

#ifdef __cplusplus
}
#endif
#endif
