/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/* The directory as one of the rank's modules. */

static bool read_question(const struct comm_record *record,
                          struct directory_question *question)
{
    if (record->size_bytes != sizeof *question)
        return false;
    memcpy(question, record->payload, sizeof *question);
    question->name[sizeof question->name - 1] = '\0';
    return true;
}

static void ask_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;

    if (read_question(record, &question))
        directory_keeper_take(directory_of(rank), &question);
}

static void confirm_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;

    if (read_question(record, &question))
        directory_holder_confirm(directory_of(rank), &question);
}

static void gone_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;

    if (read_question(record, &question))
        directory_keeper_gone(directory_of(rank), &question);
}

static void answer_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;

    if (read_question(record, &question))
        directory_answer_arrived(directory_of(rank), &question,
                                 (troupe_status)record->header.type);
}

static bool read_group(const struct comm_record *record, char *text)
{
    if (record->size_bytes == 0 || record->size_bytes > DIRECTORY_NAME_BYTES)
        return false;
    memcpy(text, record->payload, record->size_bytes);
    text[record->size_bytes - 1] = '\0';
    return true;
}

static void join_arrived(struct troupe *rank, struct comm_record *record)
{
    char text[DIRECTORY_NAME_BYTES];

    if (read_group(record, text))
        directory_group_joined(directory_of(rank), text, record->header.from);
}

static void leave_arrived(struct troupe *rank, struct comm_record *record)
{
    char text[DIRECTORY_NAME_BYTES];

    if (read_group(record, text))
        directory_group_left(directory_of(rank), text, record->header.from);
}

static void group_mail_arrived(struct troupe *rank, struct comm_record *record)
{
    directory_group_mail(directory_of(rank), record);
}

static const struct base_frame_kind kinds[] = {
    {DIRECTORY_KIND_ASK, true, "name ask", ask_arrived},
    {DIRECTORY_KIND_CONFIRM, true, "name confirm", confirm_arrived},
    {DIRECTORY_KIND_GONE, true, "name gone", gone_arrived},
    {DIRECTORY_KIND_ANSWER, true, "name answer", answer_arrived},
    {DIRECTORY_KIND_JOIN, true, "group join", join_arrived},
    {DIRECTORY_KIND_LEAVE, true, "group leave", leave_arrived},
    {DIRECTORY_KIND_GROUP_MAIL, true, "group mail", group_mail_arrived},
};

static troupe_status init(struct troupe *rank, const void *options)
{
    struct directory *directory = base_new(struct directory);

    (void)options;
    rank->slot[BASE_SLOT_DIRECTORY] = directory;
    directory->home = actor_of(rank);
    directory_table_init(&directory->local);
    directory_table_init(&directory->held);
    directory_table_init(&directory->kept);
    directory_groups_init(directory);
    base_list_init(&directory->local_waiters);
    base_map_init(&directory->waiting);
    base_map_init(&directory->asked);
    base_map_init(&directory->names_of);
    return TROUPE_OK;
}

/* By now every actor has ended, so only questions told by mail may still stand. */
static void fini(struct troupe *rank)
{
    struct directory *directory = directory_of(rank);
    uint32_t position = 0;
    uint64_t key;
    void *value;

    if (!directory)
        return;
    base_map_fini(&directory->waiting); /* in a job left in the middle: not empty */
    while (base_map_next(&directory->asked, &position, &key, &value))
        base_free(value);
    base_map_fini(&directory->asked);
    directory_table_fini(&directory->local); /* names leave the lists of actors */
    directory_table_fini(&directory->held);
    directory_table_fini(&directory->kept);
    position = 0;
    while (base_map_next(&directory->names_of, &position, &key, &value))
        base_free(value);
    base_map_fini(&directory->names_of);
    directory_groups_fini(directory);
    base_free(directory);
    rank->slot[BASE_SLOT_DIRECTORY] = NULL;
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    (void)actor;
    directory_actor_ended(directory_of(rank), address.bits);
    directory_groups_actor_ended(directory_of(rank), address.bits);
}

static const struct base_saved_kind saved_kinds[] = {
    {DIRECTORY_SAVED_HELD, BASE_SAVED_ADDRESS, "names of actors"},
    {DIRECTORY_SAVED_KEPT, BASE_SAVED_ADDRESS, "names kept"},
    {DIRECTORY_SAVED_MEMBERS, BASE_SAVED_ALL, "members of a group"},
};

static const troupe_type *const types[] = {TROUPE_TYPE_OF(troupe_name_result), NULL};

const struct base_module directory_module = {
    .name = "directory",
    .slot = BASE_SLOT_DIRECTORY,
    .kinds = kinds,
    .n_kinds = ARRAY_LENGTH(kinds),
    .types = types,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
    .saved = saved_kinds,
    .n_saved = ARRAY_LENGTH(saved_kinds),
    .save = directory_save,
    .load = directory_load,
};
