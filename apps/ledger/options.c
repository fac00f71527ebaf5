/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: ledger [options]\n";

static const char help[] =
    "Moves money between accounts on all ranks, some transfers of every teller at the\n"
    "same time, and prints the sum and a hash of all balances at the end:\n"
    "  troupe run -n 4 --checkpoint /tmp/ck --every 1 -- ledger --transfers 1000000\n"
    "\n"
    "  --accounts N   accounts, of 1000 each at first (1000)\n"
    "  --transfers N  transfers, of 1 to 1000 each (100000)\n"
    "  --tellers N    that have them done, each four at a time (16)\n"
    "  --pause S      seconds from the end of one to the next, in the mean (0)\n"
    "  --seed N       what the transfers depend on (1)\n"
    "  --stamps FILE  adds to FILE, for each rank that starts, the time when it is "
    "told\n"
    "                 of its first transfer's arrival: seconds since 1970\n"
    "  --json         print one JSON object\n"
    "  --help         print this\n"
    "\n"
    "Accounts may be overdrawn. The result depends on accounts, transfers and seed "
    "alone:\n"
    "on any number of ranks, and however often the job has died and gone on from a\n"
    "checkpoint.\n"
    "\n"
    "Exit codes: 0 done; 1 the sum is not what it was at first; 2 no result; 64 wrong\n"
    "arguments.\n";

enum {
    MOST_ACCOUNTS = 10000000,
    MOST_TELLERS = 1000000,
    MOST_PAUSE_S = 3600,
    MOST_PATH = 256
};

static bool
parse_count(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    /* strtoull would take blanks and signs. */
    size_t n_digits = strspn(text, "0123456789");
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return n_digits > 0 && text[n_digits] == '\0' && errno == 0 && *number >= least &&
           *number <= most;
}

static bool parse_pause(const char *text, double *pause_s)
{
    char *end;
    *pause_s = strtod(text, &end);
    return end != text && *end == '\0' && *pause_s >= 0 && *pause_s <= MOST_PAUSE_S;
}

static bool parse_path(const char *text, const char **path)
{
    *path = text;
    return *text && strlen(text) < MOST_PATH;
}

/* What the value of an option has to be; NULL: it is no option with a value. */
static const char *wants(const char *name)
{
    if (strcmp(name, "--accounts") == 0)
        return "a whole number from 2 to 10000000";
    if (strcmp(name, "--tellers") == 0)
        return "a whole number from 1 to 1000000";
    if (strcmp(name, "--transfers") == 0)
        return "a whole number from 1";
    if (strcmp(name, "--pause") == 0)
        return "seconds, up to 3600";
    if (strcmp(name, "--stamps") == 0)
        return "a path of at most 255 bytes";
    return strcmp(name, "--seed") == 0 ? "a whole number" : NULL;
}

/* The option is one that wants() knows. */
static bool parse_value(const char *name, const char *text, struct options *options)
{
    if (strcmp(name, "--accounts") == 0)
        return parse_count(text, 2, MOST_ACCOUNTS, &options->n_accounts);
    if (strcmp(name, "--tellers") == 0)
        return parse_count(text, 1, MOST_TELLERS, &options->n_tellers);
    if (strcmp(name, "--transfers") == 0)
        return parse_count(text, 1, INT64_MAX, &options->n_transfers);
    if (strcmp(name, "--pause") == 0)
        return parse_pause(text, &options->pause_s);
    if (strcmp(name, "--stamps") == 0)
        return parse_path(text, &options->stamps);
    return parse_count(text, 0, UINT64_MAX, &options->seed);
}

/* "--name V" or "--name=V". */
static bool take_value(int argc, char **argv, int *i, struct options *options)
{
    const char *argument = argv[*i], *end = strchr(argument, '='), *value;
    char name[16] = "";
    size_t length = end ? (size_t)(end - argument) : strlen(argument);
    if (length < sizeof name)
        memcpy(name, argument, length);
    if (!wants(name)) {
        fprintf(stderr, "ledger: unknown option %s\n%s", argument, usage);
        return false;
    }
    value = end ? end + 1 : *i + 1 < argc ? argv[++*i] : "";
    if (parse_value(name, value, options))
        return true;
    fprintf(stderr, "ledger: %s wants %s, not '%s'\n%s", name, wants(name), value,
            usage);
    return false;
}

bool options_parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){
        .n_accounts = 1000, .n_transfers = 100000, .n_tellers = 16, .seed = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (strcmp(argv[i], "--help") == 0)
            options->help = true;
        else if (!take_value(argc, argv, &i, options))
            return false;
    }
    return true;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
