/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "cli/facts.h"
#include "array/work.h"
#include "base/require.h"
#include "comm/mpi_facts.h"
#include "fiber/guard.h"
#include "numeric/isa.h"
#include "placement/placement.h"
#include "store/format.h"
#include "store/pack.h"
#include "troupe/troupe.h"
#include <link.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct fact *next_fact(struct facts *facts, const char *section, const char *key)
{
    struct fact *fact = &facts->items[facts->n_items++];

    base_require(facts->n_items <= MAX_FACTS, "more facts than there is room for");
    *fact = (struct fact){.section = section, .key = key};
    return fact;
}

static void
add(struct facts *facts, const char *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void
add(struct facts *facts, const char *section, const char *key, const char *format, ...)
{
    struct fact *fact = next_fact(facts, section, key);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fact->value, sizeof fact->value, format, arguments);
    va_end(arguments);
}

static void
add_number(struct facts *facts, const char *section, const char *key, long long value)
{
    struct fact *fact = next_fact(facts, section, key);

    snprintf(fact->value, sizeof fact->value, "%lld", value);
    fact->is_number = true;
}

/* ---- build
 * ---------------------------------------------------------------------------- */

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZERS "address"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZERS "thread"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZERS "address"
#elif __has_feature(thread_sanitizer)
#define SANITIZERS "thread"
#endif
#endif
#ifndef SANITIZERS
#define SANITIZERS "none"
#endif

#ifdef TROUPE_ASSERT
#define ASSERTIONS "on"
#else
#define ASSERTIONS "off"
#endif

#ifdef TROUPE_HOSTILE
#define LIMITS "tiny, for tests"
#else
#define LIMITS "usual"
#endif

#ifdef __OPTIMIZE__
#define OPTIMISED "yes"
#else
#define OPTIMISED "no"
#endif

static void add_build(struct facts *facts)
{
    add(facts, "build", "version", "%s", troupe_version());
    add(facts, "build", "compiler", "%s", COMPILER);
    add(facts, "build", "standard", "C%ld", __STDC_VERSION__ / 100 % 100);
    add(facts, "build", "optimised", "%s", OPTIMISED);
    add(facts, "build", "sanitizers", "%s", SANITIZERS);
    add(facts, "build", "assertions", "%s", ASSERTIONS);
    add(facts, "build", "limits", "%s", LIMITS);
    add(facts, "build", "openmp", "%s", array_has_threads() ? "yes" : "no");
    add(facts, "build", "hwloc", "%s", placement_can_read() ? "yes" : "no");
    add(facts, "build", "zstd", "%s",
        store_can_unpack(STORE_CODEC_ZSTD) ? "yes" : "no");
}

/* ---- libraries
 * ------------------------------------------------------------------------ */

struct search {
    const char *name;
    char path[300];
};

static int match(struct dl_phdr_info *library, size_t size, void *context)
{
    struct search *search = context;

    (void)size;
    if (!strstr(library->dlpi_name, search->name))
        return 0;
    snprintf(search->path, sizeof search->path, "%s", library->dlpi_name);
    return 1;
}

/* The file that a library was loaded from: modules and LD_LIBRARY_PATH decide. */
static void add_library(struct facts *facts, const char *key, const char *name)
{
    struct search search = {.name = name};
    char real[4096];

    (void)dl_iterate_phdr(match, &search);
    if (!search.path[0])
        add(facts, "libraries", key, "linked in");
    else
        add(facts, "libraries", key, "%.300s",
            realpath(search.path, real) ? real : search.path);
}

static void add_libraries(struct facts *facts)
{
    struct comm_mpi_facts mpi;

    comm_mpi_describe(&mpi);
    add(facts, "libraries", "mpi_built_with", "%s", mpi.built);
    add(facts, "libraries", "mpi_running", "%s", mpi.running);
    add(facts, "libraries", "mpi_fits", "%s%s", mpi.mismatch[0] ? "no: " : "yes",
        mpi.mismatch);
    add(facts, "libraries", "mpi_standard", "%s", mpi.standard);
    add_number(facts, "libraries", "mpi_eager_bytes", mpi.eager_bytes);
    add_library(facts, "mpi_file", "libmpi.so");
    add_library(facts, "xxhash_file", "libxxhash");
    add_library(facts, "boost_context_file", "libboost_context");
}

/* ---- machine
 * -------------------------------------------------------------------------- */

static const char *guard_text(enum fiber_guard_kind kind)
{
    static const char *const texts[] = {
        [FIBER_GUARD_NONE] = "none: canaries only",
        [FIBER_GUARD_MPROTECT] = "mprotect: two mappings a stack, then canaries",
        [FIBER_GUARD_MADVISE] = "madvise: no mappings needed",
    };

    return texts[kind];
}

/* Tries on a page of its own what stacks are guarded with. */
static void add_guards(struct facts *facts)
{
    struct fiber_guards guards;
    enum fiber_guard_kind kind = FIBER_GUARD_NONE;
    void *page;

    fiber_guards_init(&guards, FIBER_GUARD_MADVISE, 0);
    page = mmap(NULL, 2 * guards.page_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
        kind = fiber_guard_install(&guards, page);
        munmap(page, 2 * guards.page_bytes);
    }
    add(facts, "machine", "stack_guards", "%s", guard_text(kind));
    add_number(facts, "machine", "max_mappings", (long long)guards.max_mappings);
    if (kind == FIBER_GUARD_MPROTECT)
        add_number(facts, "machine", "guarded_stacks",
                   (long long)guards.max_mappings / 2);
}

/* A line "name: 1234 kB" of /proc/meminfo in MiB; -1: none. */
static long long memory_mib(const char *name)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    long long kib = -1024;

    if (!file)
        return -1;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            (void)sscanf(line + strlen(name), ": %lld", &kib);
    fclose(file);
    return kib / 1024;
}

/* What the kernels' loops may be run with here, the best last, and what is chosen. */
static void add_kernels(struct facts *facts)
{
    const struct numeric_isa *list[4];
    int n = numeric_isa_list(list);
    const struct numeric_isa *chosen = numeric_isa_choose(getenv("TROUPE_ISA"));
    char text[100];
    size_t length = 0;

    for (int i = 0; i < n; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                   i ? " " : "", list[i]->name);
    add(facts, "machine", "kernels_can_use", "%s", text);
    add(facts, "machine", "kernels_use", "%s",
        chosen ? chosen->name : "nothing: TROUPE_ISA names none of these");
}

static void add_machine(struct facts *facts)
{
    struct utsname system;
    cpu_set_t mine;

    if (uname(&system) == 0) {
        add(facts, "machine", "host", "%s", system.nodename);
        add(facts, "machine", "system", "%.60s %.100s, %.60s", system.sysname,
            system.release, system.machine);
    }
    add_number(facts, "machine", "cores_online", sysconf(_SC_NPROCESSORS_ONLN));
    if (sched_getaffinity(0, sizeof mine, &mine) == 0)
        add_number(facts, "machine", "cores_usable", CPU_COUNT(&mine));
    add_number(facts, "machine", "memory_mib", memory_mib("MemTotal"));
    add_number(facts, "machine", "memory_free_mib", memory_mib("MemAvailable"));
    add_number(facts, "machine", "page_bytes", sysconf(_SC_PAGESIZE));
    add_kernels(facts);
    add_guards(facts);
}

void facts_collect(struct facts *facts)
{
    facts->n_items = 0;
    add_build(facts);
    add_libraries(facts);
    add_machine(facts);
}
