/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/* The directory as one of the rank's modules. */

/*
 * Whose name it is lives on the rank that asks, and so on the rank that is answered:
 * nobody registers a name for an actor elsewhere.
 */
static bool is_of_asker(const struct actor_rank *home,
                        const struct directory_question *question)
{
    return question->operation > DIRECTORY_UNREGISTER ||
           actor_rank_of(home, question->who) == question->asker;
}

static struct directory *read_question(struct troupe *rank,
                                       const struct comm_record *record,
                                       struct directory_question *question)
{
    const struct actor_rank *home = actor_of(rank);

    comm_require(home->comm, record, record->size_bytes == sizeof *question,
                 "its size");
    memcpy(question, record->payload, sizeof *question);
    comm_require(home->comm, record, directory_name_is_good(question->name),
                 "the name is empty, or has no end");
    comm_require(home->comm, record,
                 question->operation <= DIRECTORY_CANCEL_WAIT && question->asker >= 0 &&
                     question->asker < home->n_ranks,
                 "there is no such question, or nobody who asks it");
    return directory_of(rank);
}

/* To the keeper of the name: asked by who wants to know, or given back. */
static struct directory *read_for_keeper(struct troupe *rank,
                                         const struct comm_record *record,
                                         struct directory_question *question)
{
    struct directory *directory = read_question(rank, record, question);
    const struct actor_rank *home = directory->home;

    comm_require(home->comm, record,
                 directory_keeper_of(home, question->name) == home->me,
                 "another rank keeps this name");
    comm_require(home->comm, record, is_of_asker(home, question),
                 "the name's actor is elsewhere");
    return directory;
}

static void ask_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;
    struct directory *directory = read_for_keeper(rank, record, &question);

    comm_require(actor_of(rank)->comm, record, question.asker == record->source,
                 "another rank asks it");
    directory_keeper_take(directory, &question);
}

static void gone_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;
    struct directory *directory = read_for_keeper(rank, record, &question);

    directory_keeper_gone(directory, &question);
}

static void confirm_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;
    struct directory *directory = read_question(rank, record, &question);

    comm_require(directory->home->comm, record,
                 directory_keeper_of(directory->home, question.name) == record->source,
                 "another rank keeps this name");
    directory_holder_confirm(directory, &question);
}

static void answer_arrived(struct troupe *rank, struct comm_record *record)
{
    struct directory_question question;
    struct directory *directory = read_question(rank, record, &question);
    struct actor_rank *home = directory->home;
    uint16_t status = record->header.type;

    comm_require(home->comm, record,
                 question.asker == home->me &&
                     (status != TROUPE_OK || is_of_asker(home, &question)) &&
                     status < TROUPE_N_STATUS && status != TROUPE_PENDING,
                 "this rank has not asked, or is not told how it went");
    directory_answer_arrived(directory, &question, (troupe_status)status);
}

/* A member, which lives on the rank that tells of it, and the name of its group. */
static struct directory *
read_member(struct troupe *rank, const struct comm_record *record, char *text)
{
    const struct actor_rank *home = actor_of(rank);
    size_t size_bytes = (size_t)record->size_bytes;

    comm_require(home->comm, record,
                 size_bytes >= 2 && size_bytes <= DIRECTORY_NAME_BYTES, "its size");
    memcpy(text, record->payload, size_bytes);
    comm_require(home->comm, record, strnlen(text, size_bytes) == size_bytes - 1,
                 "the name is not as long as the record");
    comm_require(home->comm, record,
                 actor_is_of_source(home, record->header.from, record),
                 "the member is elsewhere");
    return directory_of(rank);
}

static void join_arrived(struct troupe *rank, struct comm_record *record)
{
    char text[DIRECTORY_NAME_BYTES];
    struct directory *directory = read_member(rank, record, text);

    directory_group_joined(directory, text, record->header.from);
}

static void leave_arrived(struct troupe *rank, struct comm_record *record)
{
    char text[DIRECTORY_NAME_BYTES];
    struct directory *directory = read_member(rank, record, text);

    directory_group_left(directory, text, record->header.from);
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
