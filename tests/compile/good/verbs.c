/* SPDX-License-Identifier: BSD-3-Clause */
/* Every verb, as a program would write it. */
#include "troupe/verbs.h"
#include <string.h>

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);
struct work {
    double low, high;
    struct point where;
};
TROUPE_TYPE(work, low, high, TROUPE_NESTED(where, point));
struct area {
    double value;
};
TROUPE_TYPE(area, value);
struct chunk {
    int64_t index;
    uint32_t n_text;
    char text[];
};
TROUPE_TYPE(chunk, index, n_text, TROUPE_TAIL(text, n_text));
struct cloud {
    uint64_t n;
    struct point points[];
};
TROUPE_TYPE(cloud, n, TROUPE_TAIL(points, n, point));
struct grid {
    int32_t cell[128];
};
TROUPE_TYPE(grid, cell);
TROUPE_SIGNAL(stop);

troupe_status sending(troupe_actor *self, troupe_address to);
troupe_status receiving(troupe_actor *self, troupe_address to);
troupe_status answering(troupe_actor *self, const struct work *work);
troupe_status later(troupe_actor *self, troupe_address to);
troupe_status owning(troupe_actor *self, troupe_address to);
bool reading(troupe_actor *self, const troupe_mail *mail);
troupe_spawn_options spawning(troupe_actor *self, const troupe_behavior *behavior);

troupe_status sending(troupe_actor *self, troupe_address to)
{
    const char *line = "a line";
    struct point points[3] = {{0, 0}};
    struct work work = {.low = 1};

    TROUPE_TRY(troupe_send(self, to, work, .low = 0, .high = 1));
    TROUPE_TRY(troupe_send(self, to, work, .where = {1, 2}, .high = work.low));
    TROUPE_TRY(troupe_send(self, to, work, 0));
    TROUPE_TRY(troupe_send(self, to, work, 0, 1, {2, 3}));
    TROUPE_TRY(
        troupe_send(self, to, grid,
                    .cell = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                             1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                             1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                             1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
    TROUPE_TRY(troupe_send(self, to, stop));
    TROUPE_TRY(troupe_send_tail(self, to, chunk, text, line, strlen(line), .index = 0));
    TROUPE_TRY(troupe_send_tail(self, to, chunk, text, line, strlen(line)));
    TROUPE_TRY(troupe_send_tail(self, to, cloud, points, points, 3));
    TROUPE_TRY(troupe_send_value(self, to, work, &work));
    return troupe_group_send(self, "workers", work, .low = 2);
}

troupe_status receiving(troupe_actor *self, troupe_address to)
{
    const struct area *area;
    const struct stop *stop;
    const struct chunk *chunk;
    troupe_deadline deadline = troupe_after_s(self, 5);

    TROUPE_TRY(troupe_call(self, to, area, &area, deadline, work, .low = 0, .high = 1));
    TROUPE_TRY(troupe_call(self, to, area, &area, TROUPE_FOREVER, stop));
    TROUPE_TRY(troupe_call(self, to, stop, NULL, deadline, stop));
    TROUPE_TRY(troupe_receive(self, area, TROUPE_NOW, &area));
    TROUPE_TRY(troupe_receive(self, stop, deadline, &stop));
    TROUPE_TRY(troupe_receive(self, stop, TROUPE_FOREVER, NULL));
    TROUPE_TRY(troupe_receive(self, chunk, deadline, &chunk));
    return troupe_send_value(self, to, chunk, chunk);
}

troupe_status answering(troupe_actor *self, const struct work *work)
{
    TROUPE_TRY(troupe_reply(self, work, stop));
    TROUPE_TRY(troupe_reply(self, stop, stop));
    TROUPE_TRY(
        troupe_reply_to(self, &(troupe_caller){.address = {1}}, area, .value = 2));
    TROUPE_TRY(troupe_reply_tail(self, work, chunk, text, "abc", 3, .index = 1));
    return troupe_reply(self, work, area, .value = (work->high - work->low) / 2);
}

troupe_status later(troupe_actor *self, troupe_address to)
{
    troupe_reference reference;
    troupe_deadline deadline = troupe_after_s(self, 5);

    TROUPE_TRY(troupe_call_async(self, to, deadline, &reference, work, .low = 2));
    TROUPE_TRY(troupe_call_async(self, to, deadline, &reference, stop));
    TROUPE_TRY(troupe_send_after(self, to, 0.5, &reference, stop));
    TROUPE_TRY(troupe_send_every_holding(self, to, 1, &reference, stop));
    return troupe_send_every(self, to, 1, NULL, work, .low = 2);
}

troupe_status owning(troupe_actor *self, troupe_address to)
{
    troupe_message *message;
    struct chunk *chunk;

    TROUPE_TRY(troupe_new_message(self, chunk, 1 << 20, &message, &chunk));
    chunk->text[0] = 'a';
    return troupe_send_message(self, to, &message);
}

bool reading(troupe_actor *self, const troupe_mail *mail)
{
    const struct work *work = troupe_as(mail, work);

    if (troupe_as(mail, stop))
        return false;
    if (!work)
        work = troupe_arguments(self, work);
    return work && work->low < work->high;
}

troupe_spawn_options spawning(troupe_actor *self, const troupe_behavior *behavior)
{
    troupe_address address;

    if (troupe_spawn(self, behavior,
                     &(troupe_spawn_options){TROUPE_WITH(work, .low = 1, .high = 2),
                                             .place = TROUPE_ANYWHERE},
                     &address) != TROUPE_OK)
        return (troupe_spawn_options){0};
    return (troupe_spawn_options){TROUPE_WITH(area, .value = 1)};
}
