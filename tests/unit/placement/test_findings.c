/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "machines.h"
#include "placement/report.h"
#include "support/check_main.h"

/*
 * Each finding where it is, and none where nothing is wrong: a warning that cries wolf
 * is turned off for good.
 */

enum { MOST_RANKS = 40 };

struct case_of {
    const char *what, *machine;
    int n_ranks;
    const char *masks; /* parted by ';', the last for all that follow */
    int n_workers;     /* of each */
    const char *codes; /* of the warnings and, in brackets, of the notes */
};

#define DUAL "pack:2 numa:2 core:4 pu:2" /* 4 domains, 16 cores, 32 PUs */

static const struct case_of cases[] = {
    {"one rank, anywhere", DUAL, 1, "0-31", 1, ""},
    {"one rank, all cores", DUAL, 1, "0-31", 16, ""},
    {"--bind-to none", DUAL, 4, "0-31", 1, ""},
    {"--bind-to none, workers", DUAL, 4, "0-31", 4, ""},
    {"as planned", DUAL, 4, "0,2,4,6;8,10,12,14;16,18,20,22;24,26,28,30", 4, ""},
    {"--bind-to core", DUAL, 3, "0-1;2-3;4-5", 1, ""},
    {"oversubscribed", DUAL, 40, "0-31", 1, "[3]"},
    {"two ranks on two cores", "core:2 pu:1", 2, "0;1", 1, ""},
    {"four ranks on two cores", "core:2 pu:1", 4, "0-1", 1, "[3]"},
    {"a third for each half", DUAL, 3, "0-15;16-31;0-31", 1, ""},
    {"both on core 0", DUAL, 2, "0-1", 1, "1"},
    {"five ranks on four cores", DUAL, 5, "0-7", 1, "1"},
    {"two on one core of two", "core:2 pu:1", 2, "0", 1, "1"},
    {"one core, four workers", DUAL, 2, "0-1;2-3", 4, "2"},
    {"too many workers", DUAL, 4, "0-31", 9, "3"},
    {"across domains", DUAL, 2, "0-15;0-15", 1, "4"},
    {"twins of one core", DUAL, 2, "0;1", 1, "5"},
    {"workers on twins", DUAL, 1, "0-7", 8, "5"},
};

static void fill(struct placement_fact *facts, const struct case_of *c)
{
    const char *at = c->masks;

    memset(facts, 0, sizeof *facts * (size_t)c->n_ranks);
    for (int i = 0; i < c->n_ranks; i++) {
        size_t n = strcspn(at, ";");

        facts[i].rank = i;
        facts[i].n_workers = c->n_workers;
        facts[i].n_switches = -1;
        ck_assert(placement_set_parse(&facts[i].mask, at, n));
        at += at[n] ? n + 1 : 0;
    }
}

static char *join_codes(const struct placement_findings *findings, char text[200])
{
    text[0] = '\0';
    for (int i = 0; i < findings->n_items; i++)
        snprintf(text + strlen(text), 200 - strlen(text),
                 findings->items[i].is_warning ? "%s%d" : "%s[%d]", i ? " " : "",
                 findings->items[i].code);
    return text;
}

START_TEST(masks_are_judged)
{
    static struct placement_fact facts[MOST_RANKS];
    const struct placement_host host = {.quota_cores = 0};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct placement_machine *machine =
            machine_read(PLACEMENT_SYNTHETIC, cases[i].machine);
        struct placement_findings findings;
        char codes[200];

        fill(facts, &cases[i]);
        placement_find(machine, facts, cases[i].n_ranks, &host, NULL, &findings);
        ck_assert_msg(strcmp(join_codes(&findings, codes), cases[i].codes) == 0,
                      "%s: found \"%s\"", cases[i].what, codes);
        placement_machine_destroy(machine);
    }
}
END_TEST

/* ---- what masks do not show ---- */

static const struct case_of fine = {
    "", DUAL, 4, "0,2,4,6;8,10,12,14;16,18,20,22;24,26,28,30", 4, ""};

static void expect(const struct placement_fact *facts,
                   const struct placement_host *host,
                   const char *expected)
{
    struct placement_machine *machine = machine_read(PLACEMENT_SYNTHETIC, fine.machine);
    struct placement_findings findings;
    char codes[200];

    placement_find(machine, facts, fine.n_ranks, host, NULL, &findings);
    ck_assert_str_eq(join_codes(&findings, codes), expected);
    for (int i = 0; i < findings.n_items; i++)
        ck_assert(findings.items[i].text[0] && findings.items[i].advice[0]);
    placement_machine_destroy(machine);
}

START_TEST(memory_is_judged)
{
    static struct placement_fact facts[MOST_RANKS];
    const struct placement_host host = {.quota_cores = 0};

    fill(facts, &fine);
    for (int i = 0; i < fine.n_ranks; i++) {
        facts[i].has_memory_policy = true;
        placement_set_add(&facts[i].memory_nodes, i);
        facts[i].n_pages = 100;
        facts[i].n_remote_pages = 10;
    }
    expect(facts, &host, "");
    facts[2].n_remote_pages = 11;
    expect(facts, &host, "6");
    facts[2].n_remote_pages = 0;
    memset(&facts[3].memory_nodes, 0, sizeof facts[3].memory_nodes);
    placement_set_add(&facts[3].memory_nodes, 0); /* numactl --membind=0 for all */
    expect(facts, &host, "7");
}
END_TEST

/* What the job was given is less than the machine: other advice than to do with less.
 */
START_TEST(groups_that_are_too_small_are_told)
{
    static struct placement_fact facts[MOST_RANKS];
    const struct placement_host host = {.quota_cores = 0};
    static const struct {
        int n_ranks, n_workers;
        const char *codes;
    } rows[] = {{2, 1, ""}, {1, 3, "9"}, {3, 1, "[9]"}, {2, 2, "9"}, {2, 9, "3"}};

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct case_of c = {"",    "core:16 pu:1",    rows[i].n_ranks,
                                  "0-1", rows[i].n_workers, ""};
        struct placement_machine *machine =
            machine_read(PLACEMENT_SYNTHETIC, c.machine);
        struct placement_findings findings;
        char codes[200];

        fill(facts, &c);
        ck_assert(placement_set_parse(&machine->usable, "0-1", 3));
        placement_find(machine, facts, c.n_ranks, &host, NULL, &findings);
        ck_assert_msg(strcmp(join_codes(&findings, codes), rows[i].codes) == 0,
                      "row %zu: found \"%s\"", i, codes);
        placement_machine_destroy(machine);
    }
}
END_TEST

START_TEST(hosts_are_judged)
{
    static struct placement_fact facts[MOST_RANKS];
    struct placement_host host = {.quota_cores = 16};

    fill(facts, &fine);
    expect(facts, &host, "");
    host.quota_cores = 12.5;
    expect(facts, &host, "9");
    host.quota_cores = 0;
    host.is_unequal = true;
    expect(facts, &host, "[10]");
    host.is_unequal = false;
    host.is_balancing = true; /* harmless where every core is in use */
    expect(facts, &host, "");
    facts[0].mask = facts[1].mask = facts[2].mask = facts[3].mask;
    facts[0].n_workers = facts[1].n_workers = facts[2].n_workers = 1;
    facts[3].n_workers = 1;
    expect(facts, &host, "[11]");
    host.is_balancing = false;
    facts[1].n_switches = 1000;
    expect(facts, &host, "[12]");
}
END_TEST

START_TEST(plans_are_judged)
{
    static const struct {
        const char *name;
        int n_ranks, n_workers;
        enum placement_policy policy;
        const char *codes;
    } rows[] = {
        {"pack:2 numa:4 core:16 pu:2", 8, 0, PLACEMENT_AUTO, ""},
        {"pack:2 numa:4 core:16 pu:2", 5, 0, PLACEMENT_AUTO, ""},
        {"pack:2 numa:4 core:16 pu:2", 5, 0, PLACEMENT_NUMA, "13"},
        {"pack:2 numa:4 core:16 pu:2", 9, 0, PLACEMENT_AUTO, "13"},
        {"hybrid_kinds", 1, 0, PLACEMENT_AUTO, "[8]"},
        {"hybrid_kinds", 4, 0, PLACEMENT_AUTO, ""},
        {"service_vga", 2, 0, PLACEMENT_NUMA, ""},
        {"service_vga", 2, 2, PLACEMENT_PACK, "[14]"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char folder[1000], path[1300], codes[200], why[200];
        const struct placement_request request = {.n_ranks = rows[i].n_ranks,
                                                  .n_workers = rows[i].n_workers,
                                                  .smt = 1,
                                                  .policy = rows[i].policy};
        bool is_file = !strchr(rows[i].name, ':');
        struct placement_findings findings;
        struct placement_machine *machine;
        struct placement_plan *plan;

        snprintf(path, sizeof path, "%s/%s.xml", own_folder(folder), rows[i].name);
        machine = is_file ? machine_read(PLACEMENT_XML, path)
                          : machine_read(PLACEMENT_SYNTHETIC, rows[i].name);
        ck_assert(placement_plan_make(machine, &request, &plan, why, sizeof why) ==
                  TROUPE_OK);
        placement_find_in_plan(plan, &findings);
        ck_assert_msg(strcmp(join_codes(&findings, codes), rows[i].codes) == 0,
                      "row %zu: found \"%s\"", i, codes);
        placement_plan_destroy(plan);
        placement_machine_destroy(machine);
    }
}
END_TEST

/* Each code, in words and for programs, with its advice. */
START_TEST(every_code_is_printed_with_its_advice)
{
    struct placement_findings findings = {0};
    char *text = NULL, *json = NULL, line[400];
    size_t size = 0;
    FILE *file;

    for (int code = 1; code < PLACEMENT_END_CODES; code++) {
        struct placement_finding *finding = &findings.items[findings.n_items++];

        finding->code = (enum placement_code)code;
        finding->is_warning = code % 2 == 0;
        finding->advice = placement_advice(finding->code);
        ck_assert(finding->advice && finding->advice[0]);
        snprintf(finding->text, sizeof finding->text, "\"%d\"", code);
    }
    file = open_memstream(&text, &size);
    placement_print_findings(file, &findings);
    fclose(file);
    file = open_memstream(&json, &size);
    placement_print_findings_json(file, &findings);
    fclose(file);
    for (int code = 1; code < PLACEMENT_END_CODES; code++) {
        const char *advice = placement_advice((enum placement_code)code);

        snprintf(line, sizeof line, "PL%02d %s: \"%d\"\n     %s\n", code,
                 code % 2 ? "note" : "warning", code, advice);
        ck_assert_msg(strstr(text, line) != NULL, "%s", text);
        snprintf(
            line, sizeof line,
            "{\"code\":\"PL%02d\",\"warning\":%s,\"text\":\"\\\"%d\\\"\",\"advice\":"
            "\"%s\"}",
            code, code % 2 ? "false" : "true", code, advice);
        ck_assert_msg(strstr(json, line) != NULL, "%s", json);
    }
    free(text);
    free(json);
}
END_TEST

MACHINES_MAIN("findings",
              masks_are_judged,
              memory_is_judged,
              groups_that_are_too_small_are_told,
              hosts_are_judged,
              plans_are_judged,
              every_code_is_printed_with_its_advice)
