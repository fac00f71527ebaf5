/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

/*
 * Every TROUPE_* environment variable stands in one table; to look one up that is not
 * there, or as another kind, ends the rank. A variable that is unset or empty has its
 * default. A bad value is logged as an error that names the variable, the value and
 * what is allowed; the call then gives TROUPE_INVALID and leaves *value alone.
 */

#include "base/log.h"
#include "troupe/base.h"

enum base_env_kind { BASE_ENV_INT, BASE_ENV_WORD, BASE_ENV_BOOL, BASE_ENV_TEXT };

struct base_env_variable {
    const char *name;
    enum base_env_kind kind;
    const char *choices;      /* what is allowed, for people; words parted by '|' */
    const char *default_text; /* what holds when it is not set, for people */
    const char *meaning;
};

/* The table, ended by a row without a name. */
extern const struct base_env_variable base_env_table[];

/* A whole number in decimal from min to max. */
TROUPE_MUST_USE troupe_status base_env_int(const struct base_log *log,
                                           const char *name,
                                           int64_t min,
                                           int64_t max,
                                           int64_t default_value,
                                           int64_t *value);
/* 0 or 1. */
TROUPE_MUST_USE troupe_status base_env_bool(const struct base_log *log,
                                            const char *name,
                                            bool default_value,
                                            bool *value);
/* One of the words of the table. Good until the environment is changed. */
TROUPE_MUST_USE troupe_status base_env_word(const struct base_log *log,
                                            const char *name,
                                            const char *default_value,
                                            const char **value);
/* Any text but the empty one. Good until the environment is changed. */
const char *base_env_text(const char *name, const char *default_value);

/* Logs that the present value is bad, for rules which the calls above do not know. */
void base_env_report(const struct base_log *log, const char *name, const char *allowed);

struct base_env_stranger {
    char name[64];       /* cut when longer */
    const char *nearest; /* the known name it looks like, or NULL */
};

/*
 * The variables in the environment that start with TROUPE_ and are not in the table,
 * most often misspelt. Start with *position = 0; false at the end.
 */
bool base_env_unknown(size_t *position, struct base_env_stranger *stranger);

#endif
