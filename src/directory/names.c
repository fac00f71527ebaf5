/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/* Names as actors use them: local ones at once, global ones by a question to the
 * keeper. */

/* ---- an actor's names ---------------------------------------------------------------
 */

bool directory_actor_names_add(struct directory *directory, struct directory_name *name)
{
    struct base_list *head = base_map_get(&directory->names_of, name->who);

    if (!head) {
        head = base_try_alloc(sizeof *head);
        if (!head || !base_map_put(&directory->names_of, name->who, head)) {
            base_free(head);
            return false;
        }
        base_list_init(head);
    }
    base_list_append(head, &name->by_actor);
    return true;
}

static bool is_held(struct directory *directory, const struct directory_name *name)
{
    return directory_table_find(&directory->held, name->text) == name;
}

static void tell_keeper(struct directory *directory, const struct directory_name *name)
{
    struct directory_question question = {.who = name->who,
                                          .asker = directory->home->me,
                                          .operation = DIRECTORY_UNREGISTER};

    memcpy(question.name, name->text, sizeof question.name);
    directory_ask(directory, &question);
}

/* Before the actor's troupe_down goes out, so that nobody finds it by name afterwards.
 */
void directory_actor_ended(struct directory *directory, uint64_t address)
{
    struct base_list *head = base_map_remove(&directory->names_of, address);

    if (!head)
        return;
    while (!base_list_is_empty(head)) {
        struct directory_name *name =
            CONTAINER_OF(head->next, struct directory_name, by_actor);

        if (is_held(directory, name) && !directory->home->is_ending)
            tell_keeper(directory, name);
        directory_name_free(name);
    }
    base_free(head);
}

/* ---- answers ---- */

static void tell_by_mail(struct directory *directory,
                         const struct directory_pending *pending,
                         troupe_status status,
                         uint64_t who)
{
    struct actor_rank *home = directory->home;
    struct troupe_name_result result = {
        .reference = {pending->reference}, .who = {who}, .status = status};
    struct message_envelope *envelope = message_take(home->pool, sizeof result);

    base_require_memory(envelope != NULL, "no memory for the answer about a name");
    memcpy(envelope->inline_payload, &result, sizeof result);
    envelope->type = message_table_id(home->table, TROUPE_TYPE_OF(troupe_name_result));
    envelope->reference = pending->reference;
    actor_send_exempt(home, pending->actor, envelope);
}

/* Granted: the name is held here now, unless its actor has ended meanwhile. */
static troupe_status hold(struct directory *directory,
                          const struct directory_question *question)
{
    troupe_actor *actor = actor_find(directory->home, question->who);
    struct directory_name *name =
        directory_table_find(&directory->held, question->name);
    struct directory_name gone = {.who = question->who};

    if (name && name->who == question->who) {
        name->registration = question->registration;
        return TROUPE_OK;
    }
    memcpy(gone.text, question->name, sizeof gone.text);
    if (!actor) {
        tell_keeper(directory, &gone);
        return TROUPE_DOWN;
    }
    name = directory_table_add(&directory->held, question->name);
    if (!name) {
        tell_keeper(directory, &gone);
        return TROUPE_NO_MEMORY;
    }
    name->who = question->who;
    name->registration = question->registration;
    if (directory_actor_names_add(directory, name))
        return TROUPE_OK;
    tell_keeper(directory, name);
    directory_name_free(name);
    return TROUPE_NO_MEMORY;
}

void directory_answer_arrived(struct directory *directory,
                              const struct directory_question *question,
                              troupe_status status)
{
    struct directory_pending *pending;

    if (status == TROUPE_OK && question->operation == DIRECTORY_REGISTER)
        status = hold(directory, question);
    pending = base_map_remove(&directory->waiting, question->reference);
    if (pending) {
        pending->who = question->who;
        pending->wait->status = status;
        actor_wake(pending->process);
        return;
    }
    pending = base_map_remove(&directory->asked, question->reference);
    if (pending)
        tell_by_mail(directory, pending, status, question->who);
    base_free(pending);
}

/* ---- asking ---- */

static struct directory *directory_for(const troupe_actor *self)
{
    return directory_of(self->home->rank);
}

struct name_wait {
    struct actor_wait wait;
    struct directory_pending pending;
    struct directory *directory;
};

static void withdraw(struct actor_wait *wait)
{
    struct name_wait *name_wait = CONTAINER_OF(wait, struct name_wait, wait);

    (void)base_map_remove(&name_wait->directory->waiting, name_wait->pending.reference);
}

static void cancel(struct directory *directory,
                   const struct directory_question *question)
{
    struct directory_question cancelling = *question;

    if (question->operation != DIRECTORY_WAIT)
        return;
    cancelling.operation = DIRECTORY_CANCEL_WAIT;
    directory_ask(directory, &cancelling);
}

/* Asks and waits; *who is what the answer says. */
static troupe_status ask_and_wait(troupe_actor *self,
                                  struct directory_question *question,
                                  troupe_deadline deadline,
                                  uint64_t *who)
{
    struct name_wait waiting = {
        .wait = {.kind = ACTOR_WAIT_NAME, .what = "a name", .withdraw = withdraw},
        .pending = {.process = self},
        .directory = directory_for(self)};

    question->asker = self->home->me;
    question->reference = actor_reference_make(self->home);
    waiting.pending.reference = question->reference;
    waiting.pending.wait = &waiting.wait;
    waiting.wait.status = TROUPE_PENDING;
    if (!base_map_put(&waiting.directory->waiting, question->reference,
                      &waiting.pending))
        return TROUPE_NO_MEMORY;
    directory_ask(waiting.directory, question);
    if (waiting.wait.status == TROUPE_PENDING)
        actor_park(self, &waiting.wait, deadline);
    if (waiting.wait.status == TROUPE_PENDING) {
        withdraw(&waiting.wait);
        cancel(waiting.directory, question);
        return TROUPE_TIMEOUT;
    }
    if (who && waiting.wait.status == TROUPE_OK)
        *who = waiting.pending.who;
    return waiting.wait.status;
}

static troupe_status ask_async(troupe_actor *self,
                               struct directory_question *question,
                               troupe_reference *reference)
{
    struct directory *directory = directory_for(self);
    uint16_t type =
        message_table_id(self->home->table, TROUPE_TYPE_OF(troupe_name_result));
    struct directory_pending *pending;

    actor_require(
        self, type && actor_accepts(self, type),
        "who asks about a name without waiting must accept troupe_name_result");
    pending = base_try_alloc(sizeof *pending);
    if (!pending)
        return TROUPE_NO_MEMORY;
    *pending = (struct directory_pending){.reference = actor_reference_make(self->home),
                                          .actor = self->address};
    if (!base_map_put(&directory->asked, pending->reference, pending)) {
        base_free(pending);
        return TROUPE_NO_MEMORY;
    }
    question->asker = self->home->me;
    question->reference = pending->reference;
    if (reference)
        reference->bits = pending->reference;
    directory_ask(directory, question);
    return TROUPE_OK;
}

/* ---- registering ---- */

static troupe_status
check_own(const troupe_actor *self, const char *name, troupe_address who)
{
    if (!directory_name_is_good(name) ||
        actor_rank_of(self->home, who.bits) != self->home->me)
        return TROUPE_INVALID;
    return actor_find_or_embryo(self->home, who.bits) ? TROUPE_OK : TROUPE_DOWN;
}

static troupe_status
register_local(struct directory *directory, const char *text, uint64_t who)
{
    struct directory_name *name = directory_table_find(&directory->local, text);

    if (name)
        return name->who == who ? TROUPE_OK : TROUPE_EXISTS;
    name = directory_table_add(&directory->local, text);
    if (!name)
        return TROUPE_NO_MEMORY;
    name->who = who;
    if (directory_actor_names_add(directory, name))
        return TROUPE_OK;
    directory_name_free(name);
    return TROUPE_NO_MEMORY;
}

static void set_name(struct directory_question *question, const char *name)
{
    memcpy(question->name, name, strlen(name) + 1);
}

static void wake_local_waiters(struct directory *directory, const char *text);

troupe_status troupe_register(troupe_actor *self,
                              enum troupe_scope scope,
                              const char *name,
                              troupe_address who)
{
    struct directory_question question = {.operation = DIRECTORY_REGISTER,
                                          .who = who.bits};
    troupe_status status;

    TROUPE_TRY(check_own(self, name, who));
    if (scope == TROUPE_LOCAL) {
        status = register_local(directory_for(self), name, who.bits);
        if (status == TROUPE_OK)
            wake_local_waiters(directory_for(self), name);
        return status;
    }
    actor_require_process(self, "troupe_register of a global name");
    set_name(&question, name);
    return ask_and_wait(self, &question, TROUPE_FOREVER, NULL);
}

troupe_status troupe_register_async(troupe_actor *self,
                                    const char *name,
                                    troupe_address who,
                                    troupe_reference *reference)
{
    struct directory_question question = {.operation = DIRECTORY_REGISTER,
                                          .who = who.bits};

    TROUPE_TRY(check_own(self, name, who));
    set_name(&question, name);
    return ask_async(self, &question, reference);
}

troupe_status
troupe_unregister(troupe_actor *self, enum troupe_scope scope, const char *text)
{
    struct directory *directory = directory_for(self);
    struct directory_question question = {.operation = DIRECTORY_UNREGISTER};
    struct directory_name *name;

    if (!directory_name_is_good(text))
        return TROUPE_NOT_FOUND;
    if (scope == TROUPE_GLOBAL)
        actor_require_process(self, "troupe_unregister of a global name");
    name = directory_table_find(
        scope == TROUPE_LOCAL ? &directory->local : &directory->held, text);
    if (!name || name->who == 0)
        return TROUPE_NOT_FOUND;
    question.who = name->who;
    directory_name_free(name);
    if (scope == TROUPE_LOCAL)
        return TROUPE_OK;
    set_name(&question, text);
    return ask_and_wait(self, &question, TROUPE_FOREVER, NULL);
}

/* ---- looking up ---- */

/* Local names: who waits is woken when somebody takes the name, and looks again. */
struct local_wait {
    struct base_list node;
    struct actor_wait wait;
    troupe_actor *process;
    const char *text;
};

static void local_withdraw(struct actor_wait *wait)
{
    base_list_remove(&CONTAINER_OF(wait, struct local_wait, wait)->node);
}

static void wake_local_waiters(struct directory *directory, const char *text)
{
    BASE_LIST_EACH(node, &directory->local_waiters)
    {
        struct local_wait *waiting = CONTAINER_OF(node, struct local_wait, node);

        if (strcmp(waiting->text, text) == 0)
            actor_wake(waiting->process);
    }
}

static troupe_status whereis_local(troupe_actor *self,
                                   const char *text,
                                   troupe_deadline deadline,
                                   troupe_address *who)
{
    struct directory *directory = directory_for(self);
    struct local_wait waiting = {.wait = {.kind = ACTOR_WAIT_NAME,
                                          .what = "a local name",
                                          .withdraw = local_withdraw},
                                 .process = self,
                                 .text = text};

    for (;;) {
        struct directory_name *name = directory_table_find(&directory->local, text);

        if (name) {
            who->bits = name->who;
            return TROUPE_OK;
        }
        if (deadline.at_ns == 0)
            return TROUPE_NOT_FOUND;
        if (waiting.wait.is_timed_out)
            return TROUPE_TIMEOUT;
        actor_require_process(self, "troupe_whereis with a deadline");
        waiting.wait.is_done = false;
        base_list_append(&directory->local_waiters, &waiting.node);
        actor_park(self, &waiting.wait, deadline);
        base_list_remove(&waiting.node);
    }
}

troupe_status troupe_whereis(troupe_actor *self,
                             enum troupe_scope scope,
                             const char *name,
                             troupe_deadline deadline,
                             troupe_address *who)
{
    struct directory_question question = {.operation = DIRECTORY_WHEREIS};

    actor_require(self, who, "no place for the address");
    if (!directory_name_is_good(name))
        return TROUPE_INVALID;
    if (scope == TROUPE_LOCAL)
        return whereis_local(self, name, deadline, who);
    actor_require_process(self, "troupe_whereis of a global name");
    set_name(&question, name);
    if (deadline.at_ns == 0)
        return ask_and_wait(self, &question, TROUPE_FOREVER, &who->bits);
    question.operation = DIRECTORY_WAIT;
    return ask_and_wait(self, &question, deadline, &who->bits);
}

troupe_status
troupe_whereis_async(troupe_actor *self, const char *name, troupe_reference *reference)
{
    struct directory_question question = {.operation = DIRECTORY_WHEREIS};

    if (!directory_name_is_good(name))
        return TROUPE_INVALID;
    set_name(&question, name);
    return ask_async(self, &question, reference);
}
