/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/hosts.h"
#include "base/alloc.h"
#include "base/require.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SLOTS = 100000 };

/* "name" or "name:slots", up to the comma. */
static bool parse_one(struct job_host *host, const char *text, size_t length)
{
    size_t n_name = strcspn(text, ":,");
    const char *digits = text + n_name + 1;
    size_t n_digits = length > n_name ? length - n_name - 1 : 0;

    memset(host, 0, sizeof(*host));
    host->n_slots = 1;
    if (n_name == 0 || n_name >= JOB_HOST_BYTES || text[0] == '-')
        return false;
    memcpy(host->name, text, n_name);
    if (n_name == length)
        return true;
    if (n_digits == 0 || n_digits > 6 || strspn(digits, "0123456789") < n_digits)
        return false;
    host->n_slots = (uint32_t)strtoul(digits, NULL, 10);
    return host->n_slots >= 1 && host->n_slots <= MAX_SLOTS;
}

static struct job_host *add(struct job_hosts *hosts)
{
    hosts->items =
        base_try_realloc(hosts->items, (hosts->n_items + 1) * sizeof(struct job_host));
    base_require(hosts->items, "no memory for the names of hosts");
    return &hosts->items[hosts->n_items++];
}

bool job_hosts_parse(struct job_hosts *hosts, const char *text)
{
    *hosts = (struct job_hosts){NULL, 0};
    for (;;) {
        size_t length = strcspn(text, ",");

        if (!parse_one(add(hosts), text, length)) {
            job_hosts_fini(hosts);
            return false;
        }
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

void job_hosts_fini(struct job_hosts *hosts)
{
    base_free(hosts->items);
    *hosts = (struct job_hosts){NULL, 0};
}

uint32_t job_hosts_planned(const struct job_hosts *hosts, uint32_t n_spare)
{
    uint32_t n_slots = 0;

    for (size_t i = 0; i + n_spare < hosts->n_items; i++)
        n_slots += hosts->items[i].n_slots;
    return n_slots;
}

uint32_t job_hosts_room(const struct job_hosts *hosts)
{
    uint32_t n_slots = 0;

    for (size_t i = 0; i < hosts->n_items; i++)
        n_slots += job_host_is_in(&hosts->items[i]) ? hosts->items[i].n_slots : 0;
    return n_slots;
}

void job_hosts_print(const struct job_hosts *hosts,
                     uint32_t n_ranks,
                     char *text,
                     size_t capacity)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < hosts->n_items && n_ranks > 0; i++) {
        const struct job_host *host = &hosts->items[i];
        uint32_t n_here = host->n_slots < n_ranks ? host->n_slots : n_ranks;

        if (!job_host_is_in(host) || n + JOB_HOST_BYTES + 16 > capacity)
            continue;
        n += (size_t)snprintf(text + n, capacity - n, "%s%s:%u", n ? "," : "",
                              host->name, (unsigned)host->n_slots);
        n_ranks -= n_here;
    }
}

bool job_host_is_called(const struct job_host *host, const char *name)
{
    size_t n = strcspn(host->name, "."), n_other = strcspn(name, ".");

    return strcmp(host->name, name) == 0 ||
           (n == n_other && strncmp(host->name, name, n) == 0 &&
            (host->name[n] == '\0' || name[n] == '\0'));
}

bool job_hosts_blame(struct job_hosts *hosts, const char *name)
{
    for (size_t i = 0; i < hosts->n_items; i++) {
        struct job_host *host = &hosts->items[i];

        if (!job_host_is_called(host, name) || host->n_blames >= JOB_MAX_BLAMES)
            continue;
        return ++host->n_blames >= JOB_MAX_BLAMES;
    }
    return false;
}
