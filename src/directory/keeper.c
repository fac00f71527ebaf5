/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/* The keeper's side of global names, and the holder's answer to it. */

void directory_post(struct directory *directory,
                    int rank,
                    uint8_t kind,
                    uint16_t status,
                    const struct directory_question *question)
{
    struct comm_header header = {.kind = kind, .type = status};
    struct comm *comm = directory->home->comm;

    comm_post_must(comm, rank, &header, question, sizeof *question);
    comm_flush_rank(comm, rank, COMM_FLUSH_URGENT);
}

int directory_keeper_of(const struct actor_rank *home, const char *text)
{
    uint64_t slot = base_hash_bytes(text, strlen(text), 0) & (home->n_slots - 1);

    return (int)(slot * (uint64_t)home->n_ranks / home->n_slots);
}

void directory_ask(struct directory *directory,
                   const struct directory_question *question)
{
    int keeper = directory_keeper_of(directory->home, question->name);

    if (keeper == directory->home->me)
        directory_keeper_take(directory, question);
    else
        directory_post(directory, keeper, DIRECTORY_KIND_ASK, 0, question);
}

void directory_answer(struct directory *directory,
                      const struct directory_question *question,
                      troupe_status status)
{
    if (question->reference == 0)
        return;
    if (question->asker == directory->home->me)
        directory_answer_arrived(directory, question, status);
    else
        directory_post(directory, question->asker, DIRECTORY_KIND_ANSWER,
                       (uint16_t)status, question);
}

/* Who waited for the name now asks again: the holder's rank answers each. */
static void wake_waiters(struct directory *directory, struct directory_name *name)
{
    struct base_list waiting;

    base_list_init(&waiting);
    while (!base_list_is_empty(&name->waiting)) {
        struct base_list *node = name->waiting.next;

        base_list_remove(node);
        base_list_append(&waiting, node);
    }
    BASE_LIST_EACH(node, &waiting)
    {
        struct directory_waiter *waiter =
            CONTAINER_OF(node, struct directory_waiter, node);
        struct directory_question question = waiter->question;

        base_list_remove(node);
        base_free(waiter);
        directory_keeper_take(directory, &question);
    }
}

static void grant(struct directory *directory,
                  struct directory_name *name,
                  const struct directory_question *question)
{
    struct directory_question answer = *question;

    name->who = question->who;
    name->registration = question->reference;
    answer.registration = name->registration;
    directory_answer(directory, &answer, TROUPE_OK);
    /* The holder may have been here, and have given it back at once. */
    name = directory_table_find(&directory->kept, question->name);
    if (name)
        wake_waiters(directory, name);
}

static void confirm(struct directory *directory,
                    const struct directory_name *name,
                    const struct directory_question *question)
{
    int rank = actor_rank_of(directory->home, name->who);
    struct directory_question passed_on = *question;

    passed_on.registration = name->registration;
    if (question->operation != DIRECTORY_REGISTER)
        passed_on.who = name->who;
    if (rank == directory->home->me)
        directory_holder_confirm(directory, &passed_on);
    else
        directory_post(directory, rank, DIRECTORY_KIND_CONFIRM, 0, &passed_on);
}

static void take_register(struct directory *directory,
                          struct directory_name *name,
                          const struct directory_question *question)
{
    if (!name)
        name = directory_table_add(&directory->kept, question->name);
    if (!name)
        directory_answer(directory, question, TROUPE_NO_MEMORY);
    else if (name->who == 0 || name->who == question->who)
        grant(directory, name, question);
    else
        confirm(directory, name, question);
}

/* Forgotten when nobody has it and nobody waits for it. */
static void forget(struct directory_name *name)
{
    name->who = 0;
    name->registration = 0;
    if (base_list_is_empty(&name->waiting))
        directory_name_free(name);
}

static void take_unregister(struct directory *directory,
                            struct directory_name *name,
                            const struct directory_question *question)
{
    bool is_holder = name && name->who == question->who;

    if (is_holder)
        forget(name);
    directory_answer(directory, question, is_holder ? TROUPE_OK : TROUPE_NOT_FOUND);
}

static void wait_for(struct directory *directory,
                     struct directory_name *name,
                     const struct directory_question *question)
{
    struct directory_waiter *waiter = base_try_alloc(sizeof *waiter);

    if (!name && waiter)
        name = directory_table_add(&directory->kept, question->name);
    if (!name || !waiter) {
        base_free(waiter);
        directory_answer(directory, question, TROUPE_NO_MEMORY);
        return;
    }
    waiter->question = *question;
    base_list_append(&name->waiting, &waiter->node);
}

static void cancel_wait(struct directory_name *name,
                        const struct directory_question *question)
{
    if (!name)
        return;
    BASE_LIST_EACH(node, &name->waiting)
    {
        struct directory_waiter *waiter =
            CONTAINER_OF(node, struct directory_waiter, node);

        if (waiter->question.reference != question->reference)
            continue;
        base_list_remove(node);
        base_free(waiter);
    }
    if (name->who == 0)
        forget(name);
}

void directory_keeper_take(struct directory *directory,
                           const struct directory_question *question)
{
    struct directory_name *name =
        directory_table_find(&directory->kept, question->name);

    switch ((enum directory_operation)question->operation) {
    case DIRECTORY_REGISTER:
        take_register(directory, name, question);
        return;
    case DIRECTORY_UNREGISTER:
        take_unregister(directory, name, question);
        return;
    case DIRECTORY_WHEREIS:
    case DIRECTORY_WAIT:
        if (name && name->who != 0)
            confirm(directory, name, question);
        else if (question->operation == DIRECTORY_WAIT)
            wait_for(directory, name, question);
        else
            directory_answer(directory, question, TROUPE_NOT_FOUND);
        return;
    case DIRECTORY_CANCEL_WAIT:
        cancel_wait(name, question);
        return;
    }
}

/* The holder's rank says that this registration is no more: asked anew without it. */
void directory_keeper_gone(struct directory *directory,
                           const struct directory_question *question)
{
    struct directory_name *name =
        directory_table_find(&directory->kept, question->name);

    if (name && name->who != 0 && name->registration == question->registration)
        forget(name);
    directory_keeper_take(directory, question);
}

/* Only this rank knows whether its actor still lives and has the name. */
void directory_holder_confirm(struct directory *directory,
                              const struct directory_question *question)
{
    struct directory_name *held =
        directory_table_find(&directory->held, question->name);
    int keeper = directory_keeper_of(directory->home, question->name);

    if (held && held->registration == question->registration) {
        struct directory_question answer = *question;

        answer.who = held->who;
        directory_answer(directory, &answer,
                         question->operation == DIRECTORY_REGISTER ? TROUPE_EXISTS
                                                                   : TROUPE_OK);
        return;
    }
    if (keeper == directory->home->me)
        directory_keeper_gone(directory, question);
    else
        directory_post(directory, keeper, DIRECTORY_KIND_GONE, 0, question);
}
