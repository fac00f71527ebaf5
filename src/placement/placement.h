/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_PLACEMENT_H
#define PLACEMENT_PLACEMENT_H

/*
 * Where ranks, their threads and their memory belong on a machine.
 *
 *   read   hwloc's view of this machine, an XML file or a synthetic string becomes a
 *          struct placement_machine: plain data, sent from the rank that read it to the
 *          others of its node. Only read.c knows hwloc.
 *   plan   machine and request in, plan out; nothing else is looked at, so that all
 *          ranks come to the same plan, and so that a plan can be made for a machine
 *          that is elsewhere.
 *   find   what is wrong, from masks and pages as they are (findings.h).
 *   print  table, JSON, pictures, launchers' options (report.h).
 *   bind   through a table of functions (backend.h), for which tests have a false one.
 */

#include "base/bytes.h"
#include "placement/set.h"
#include "troupe/base.h"

/* ---- a machine ---------------------------------------------------------------- */

/* Everything in hwloc's logical order: what is near on the machine is near here. */
struct placement_pu {
    int os_index;
    int core;
};

struct placement_core {
    int package, l3; /* -1: in none */
    int capacity;    /* of 1000 that the fastest has; kinds within 10 % are one */
};

enum placement_memory {
    PLACEMENT_MEMORY_USUAL,
    PLACEMENT_MEMORY_HBM,     /* marked so, beside DRAM: not unless asked for */
    PLACEMENT_MEMORY_SPECIAL, /* NVM and the like: only where there is no other */
    PLACEMENT_MEMORY_GPU      /* of a device: never */
};

struct placement_node {
    int os_index;
    enum placement_memory memory;
    uint64_t size_bytes;
    struct placement_set cpus;
};

enum placement_device_kind { PLACEMENT_DEVICE_GPU, PLACEMENT_DEVICE_NIC };

struct placement_device {
    enum placement_device_kind kind;
    char name[24]; /* address on the bus, or what the system calls it */
    struct placement_set cpus;
};

struct placement_machine {
    int n_pus, n_cores, n_nodes, n_devices;
    int n_all_pus; /* with those that we may not use */
    struct placement_pu *pus;
    struct placement_core *cores;
    struct placement_node *nodes;
    struct placement_device *devices;
    struct placement_set usable;
};

void placement_machine_destroy(struct placement_machine *machine); /* tolerates NULL */
void placement_machine_pack(const struct placement_machine *machine,
                            struct base_bytes *bytes);
/* NULL: the bytes are not those of a machine. */
struct placement_machine *placement_machine_unpack(const void *data, size_t size_bytes);
/* The same for machines of the same shape: what is usable and the devices' names do not
 * count. */
uint64_t placement_machine_shape(const struct placement_machine *machine);
/* Cores that a set touches; a PU is its own core where the machine has none. */
int placement_machine_count_cores(const struct placement_machine *machine,
                                  const struct placement_set *cpus);
/* The core of a PU, -1: there is no such PU. */
int placement_machine_core_of(const struct placement_machine *machine, int os_index);

/* ---- reading ------------------------------------------------------------------ */

/* Whether this build has hwloc; without, reading gives TROUPE_NOT_FOUND. */
bool placement_can_read(void);

enum placement_source {
    PLACEMENT_THIS_MACHINE,
    PLACEMENT_XML,      /* a file's name */
    PLACEMENT_SYNTHETIC /* hwloc's description of a machine in one line */
};

/*
 * In this process. hwloc 2.9 crashes on some files that are no topology: what comes
 * from outside goes through placement_read_apart. TROUPE_INVALID: `why` says what is
 * wrong.
 */
TROUPE_MUST_USE troupe_status placement_read(enum placement_source source,
                                             const char *text,
                                             bool with_devices,
                                             struct placement_machine **machine,
                                             char *why,
                                             size_t why_capacity);
/* In a child, whose end is only an error message here. Not once MPI is open. */
TROUPE_MUST_USE troupe_status placement_read_apart(enum placement_source source,
                                                   const char *text,
                                                   struct placement_machine **machine,
                                                   char *why,
                                                   size_t why_capacity);

/* ---- a plan ------------------------------------------------------------------- */

enum placement_policy {
    PLACEMENT_AUTO, /* numa, or core where that is uneven with fewer ranks than nodes */
    PLACEMENT_NONE, /* every rank everywhere */
    PLACEMENT_INHERIT, /* what the launcher gave */
    PLACEMENT_PACK,    /* as many cores as workers, one rank after the other */
    PLACEMENT_SPREAD,  /* as far apart as can be */
    PLACEMENT_NUMA,    /* no rank in more domains than it must */
    PLACEMENT_L3,
    PLACEMENT_SOCKET,
    PLACEMENT_CORE, /* the same number of cores for each, give or take one */
    PLACEMENT_GPU,
    PLACEMENT_NIC,
    PLACEMENT_LIST, /* the request says it */
    PLACEMENT_N_POLICIES
};

/* "auto", ... ; false: no such policy. */
const char *placement_policy_name(enum placement_policy policy);
bool placement_policy_parse(const char *name, enum placement_policy *policy);

/* What pages come from that a rank is the first to touch. */
enum placement_use {
    PLACEMENT_NEAR,       /* its nodes, that near the toucher first; others when full */
    PLACEMENT_TOUCH,      /* nothing is bound: the system's way */
    PLACEMENT_STRICT,     /* its nodes, and no others, even if that ends the rank */
    PLACEMENT_INTERLEAVE, /* its nodes in turn */
    PLACEMENT_HBM, /* as near, of its domains' high-bandwidth nodes where they have any
                    */
    PLACEMENT_N_USES
};

/* "near", ... ; false: no such use. */
const char *placement_use_name(enum placement_use use);
bool placement_use_parse(const char *name, enum placement_use *use);

enum { PLACEMENT_MOST_RANKS = 4096, PLACEMENT_MOST_WORKERS = 256 };

struct placement_request {
    int n_ranks;   /* on this machine, 1 and up */
    int n_workers; /* of each rank; 0: as many as it gets PUs */
    int smt;       /* PUs of a core that are used; 0: all */
    enum placement_policy policy;
    enum placement_use use;
    const struct placement_set *usable; /* NULL: the machine's */
    const struct placement_set *masks;  /* inherit: of each rank */
    const char *list;                   /* list: "0-3;4-7", a set for each rank */
};

struct placement_rank {
    struct placement_set cpus, nodes;
    int n_cores;
    int n_workers; /* 0: they are not bound */
    int *workers;  /* PU of each, by the system's number */
    int n_gpus;
    int *gpus; /* among the machine's devices */
    int nic;   /* -1: none near */
};

struct placement_plan {
    enum placement_policy policy; /* never auto */
    enum placement_use use;       /* of each rank's nodes */
    bool is_switched;             /* auto took another than numa */
    int n_ranks, n_domains;
    struct placement_rank *ranks;
    double imbalance;          /* most cores of a rank by fewest */
    int even_fewer, even_more; /* numbers of ranks that would be even; 0: none */
    int *memory;               /* what the ranks' lists stand in */
    const struct placement_machine *machine; /* of which it is; must stay */
};

/* TROUPE_INVALID: the request cannot be met, `why` says so. */
TROUPE_MUST_USE troupe_status
placement_plan_make(const struct placement_machine *machine,
                    const struct placement_request *request,
                    struct placement_plan **plan,
                    char *why,
                    size_t why_capacity);
void placement_plan_destroy(struct placement_plan *plan); /* tolerates NULL */

#endif
