/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/require.h"
#include "placement/read.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * hwloc's reader trusts its file: of some thousand XMLs with a few bytes changed, some
 * end the process that reads them. So a child reads, within limits, and sends the
 * machine as plain bytes, which are checked here.
 */

enum { MOST_FILE_BYTES = 64 << 20, MOST_SECONDS = 20 };

/* What the child writes before the machine, or instead of it. */
enum { LOADED = 'L', MACHINE = 'M', REFUSED = 'R' };

static void write_all(int descriptor, const void *data, size_t size_bytes)
{
    const char *at = data;

    while (size_bytes > 0) {
        ssize_t n = write(descriptor, at, size_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1);
        at += n;
        size_bytes -= (size_t)n;
    }
}

/* hwloc and libxml complain in words of their own, several lines for each fault. */
static void silence(void)
{
    int nowhere = open("/dev/null", O_WRONLY);

    if (nowhere >= 0)
        (void)dup2(nowhere, STDERR_FILENO);
}

static TROUPE_NORETURN void
child(enum placement_source source, const char *text, int descriptor)
{
    /* At the second limit, KILL instead of XCPU. */
    const struct rlimit seconds = {MOST_SECONDS, MOST_SECONDS + 1};
    const struct rlimit no_core = {0, 0};
    struct placement_machine *machine;
    struct base_bytes bytes;
    char why[200] = "", kind = MACHINE;

    (void)setrlimit(RLIMIT_CPU, &seconds);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    silence();
    /* hwloc loads them before it is told to leave them out, and those take longer than
     * the file. */
    (void)setenv("HWLOC_PLUGINS_BLACKLIST", "hwloc_gl,hwloc_opencl", 0);
    base_bytes_init(&bytes);
    if (placement_read_telling(source, text, true, descriptor, &machine, why,
                               sizeof why) == TROUPE_OK) {
        placement_machine_pack(machine, &bytes);
    } else {
        kind = REFUSED;
        base_bytes_append(&bytes, why, strlen(why));
    }
    write_all(descriptor, &kind, 1);
    write_all(descriptor, bytes.data, bytes.size);
    _exit(0);
}

static void read_to_end(int descriptor, struct base_bytes *bytes)
{
    char piece[4096];
    ssize_t n;

    while ((n = read(descriptor, piece, sizeof piece)) != 0) {
        if (n > 0)
            base_bytes_append(bytes, piece, (size_t)n);
        else if (errno != EINTR)
            break;
    }
}

/* What came from the child, and how it ended. */
static troupe_status judge(const struct base_bytes *bytes,
                           int end,
                           struct placement_machine **machine,
                           char *why,
                           size_t why_capacity)
{
    const unsigned char *at = bytes->data;
    size_t n = bytes->size;
    bool is_loaded = n > 0 && at[0] == LOADED;

    if (is_loaded) {
        at++;
        n--;
    }
    if (WIFEXITED(end) && WEXITSTATUS(end) == 0 && n > 0 && !bytes->failed) {
        if (at[0] == MACHINE)
            *machine = placement_machine_unpack(at + 1, n - 1);
        snprintf(why, why_capacity, "%.*s", (int)(n - 1 < 200 ? n - 1 : 200),
                 at[0] == REFUSED ? (const char *)at + 1 : "its machine is damaged");
        return *machine ? TROUPE_OK : TROUPE_INVALID;
    }
    if (WIFSIGNALED(end) && WTERMSIG(end) == SIGXCPU)
        snprintf(why, why_capacity, "hwloc reads it for more than %d s", MOST_SECONDS);
    else if (is_loaded)
        snprintf(why, why_capacity, "our own fault: what hwloc read of it ended us");
    else
        snprintf(why, why_capacity, "hwloc crashes on it");
    return TROUPE_INVALID;
}

static bool is_too_large(const char *path, char *why, size_t why_capacity)
{
    struct stat facts;

    if (stat(path, &facts) != 0) {
        snprintf(why, why_capacity, "%s", strerror(errno));
        return true;
    }
    if (S_ISREG(facts.st_mode) && facts.st_size <= MOST_FILE_BYTES)
        return false;
    snprintf(why, why_capacity, "not a file of at most 64 MiB");
    return true;
}

troupe_status placement_read_apart(enum placement_source source,
                                   const char *text,
                                   struct placement_machine **machine,
                                   char *why,
                                   size_t why_capacity)
{
    struct base_bytes bytes;
    int ends[2], end = 0;
    pid_t pid;

    *machine = NULL;
    if (!placement_can_read())
        return placement_read(source, text, true, machine, why, why_capacity);
    if (source == PLACEMENT_XML && is_too_large(text, why, why_capacity))
        return TROUPE_INVALID;
    base_require(pipe(ends) == 0, "no pipe: %s", strerror(errno));
    pid = fork();
    base_require(pid >= 0, "no process to read a topology in: %s", strerror(errno));
    if (pid == 0)
        child(source, text, ends[1]);
    close(ends[1]);
    base_bytes_init(&bytes);
    read_to_end(ends[0], &bytes);
    close(ends[0]);
    while (waitpid(pid, &end, 0) < 0 && errno == EINTR)
        continue;
    troupe_status status = judge(&bytes, end, machine, why, why_capacity);
    base_bytes_fini(&bytes);
    return status;
}
