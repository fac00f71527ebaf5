/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_SAVED_H
#define WORDCOUNT_SAVED_H

/* What checkpoints have of tables and lists of files. */

#include "files.h"
#include "table.h"
#include <troupe/troupe.h>

troupe_status saved_table_put(troupe_writer *writer, const struct table *table);
/* Into an empty table, which does not pause meanwhile. */
troupe_status saved_table_get(troupe_reader *reader, struct table *table);

troupe_status saved_list_put(troupe_writer *writer, const struct file_list *list);
/* The list is the actor's memory and goes with it. */
troupe_status
saved_list_get(troupe_actor *self, troupe_reader *reader, struct file_list *list);

#endif
