/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "troupe/base.h"
#include "troupe/version.h"

struct words {
    const char *name, *text;
};

static const struct words all_words[] = {
    [TROUPE_OK] = {"TROUPE_OK", "all went well"},
    [TROUPE_TIMEOUT] = {"TROUPE_TIMEOUT", "the deadline passed"},
    [TROUPE_FULL] = {"TROUPE_FULL", "there is no room"},
    [TROUPE_NOT_FOUND] = {"TROUPE_NOT_FOUND", "there is nothing of that name"},
    [TROUPE_EXISTS] = {"TROUPE_EXISTS", "the name is taken"},
    [TROUPE_INVALID] = {"TROUPE_INVALID", "an argument is out of range"},
    [TROUPE_NO_MEMORY] = {"TROUPE_NO_MEMORY", "out of memory"},
    [TROUPE_REFUSED] = {"TROUPE_REFUSED", "the receiver does not accept this type"},
    [TROUPE_PENDING] = {"TROUPE_PENDING", "started and not done yet"},
    [TROUPE_DOWN] = {"TROUPE_DOWN", "the actor has ended"},
    [TROUPE_PEER_GONE] = {"TROUPE_PEER_GONE", "a member of the team ended or failed"},
    [TROUPE_MISMATCH] = {"TROUPE_MISMATCH",
                         "members of a team disagree on operation or shape"},
    [TROUPE_CLOSED] = {"TROUPE_CLOSED", "it is closed"},
    [TROUPE_FAILED] = {"TROUPE_FAILED", "it failed for a reason of its own"},
    [TROUPE_IO] = {"TROUPE_IO", "a file or device failed"},
    [TROUPE_SCHEMA] = {"TROUPE_SCHEMA", "ranks disagree on a message type"},
    [TROUPE_DEADLOCK] = {"TROUPE_DEADLOCK",
                         "somebody is blocked and nothing is on its way"},
};
_Static_assert(ARRAY_LENGTH(all_words) == TROUPE_N_STATUS, "a status has no words");

static const struct words *words_of(troupe_status status)
{
    static const struct words unknown = {"TROUPE_?", "unknown status"};
    if ((unsigned)status >= ARRAY_LENGTH(all_words))
        return &unknown;
    return &all_words[status];
}

const char *troupe_status_text(troupe_status status)
{
    return words_of(status)->text;
}

const char *troupe_status_name(troupe_status status)
{
    return words_of(status)->name;
}

#define TEXT_OF(number)    #number
#define VALUE_TEXT(number) TEXT_OF(number)

const char *troupe_version(void)
{
    return VALUE_TEXT(TROUPE_VERSION_MAJOR) "." VALUE_TEXT(
        TROUPE_VERSION_MINOR) "." VALUE_TEXT(TROUPE_VERSION_PATCH);
}
