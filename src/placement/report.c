/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/report.h"
#include <string.h>

/* ---- for people ---- */

static void print_workers(FILE *file, const struct placement_rank *rank)
{
    struct placement_set cpus = {{0}};
    char list[PLACEMENT_LIST_BYTES];

    if (rank->n_workers == 0) {
        fprintf(file, "  anywhere");
        return;
    }
    for (int i = 0; i < rank->n_workers; i++)
        placement_set_add(&cpus, rank->workers[i]);
    snprintf(list + 1024, 1024, "%d", rank->n_workers);
    if (placement_set_is_equal(&cpus, &rank->cpus) &&
        placement_set_count(&cpus) == rank->n_workers)
        fprintf(file, "  %s", list + 1024);
    else
        fprintf(file, "  %s on %s", list + 1024,
                placement_set_format(&cpus, list, 1000));
}

static void print_devices(FILE *file,
                          const struct placement_machine *machine,
                          const struct placement_rank *rank)
{
    for (int i = 0; i < rank->n_gpus; i++)
        fprintf(file, "%s%s", i ? "," : "  gpu ", machine->devices[rank->gpus[i]].name);
    if (rank->nic >= 0)
        fprintf(file, "  nic %s", machine->devices[rank->nic].name);
}

void placement_print_findings(FILE *file, const struct placement_findings *findings)
{
    for (int i = 0; i < findings->n_items; i++) {
        const struct placement_finding *finding = &findings->items[i];

        fprintf(file, "PL%02d %s: %s\n     %s\n", finding->code,
                finding->is_warning ? "warning" : "note", finding->text,
                finding->advice);
    }
}

void placement_print_table(FILE *file,
                           const struct placement_plan *plan,
                           const struct placement_findings *findings)
{
    char list[PLACEMENT_LIST_BYTES];

    fprintf(file, "rank  cores  PUs               numa   workers\n");
    for (int i = 0; i < plan->n_ranks; i++) {
        const struct placement_rank *rank = &plan->ranks[i];

        fprintf(file, "%4d  %5d  %-16s", i, rank->n_cores,
                placement_set_format(&rank->cpus, list, sizeof list));
        fprintf(file, "  %-5s", placement_set_format(&rank->nodes, list, sizeof list));
        print_workers(file, rank);
        print_devices(file, plan->machine, rank);
        fputc('\n', file);
    }
    fprintf(file, "%d rank%s by %s%s on %d cores in %d NUMA domain%s, imbalance %.2f\n",
            plan->n_ranks, plan->n_ranks == 1 ? "" : "s",
            placement_policy_name(plan->policy),
            plan->is_switched ? " (auto: whole domains would be uneven)" : "",
            placement_machine_count_cores(plan->machine, &plan->machine->usable),
            plan->n_domains, plan->n_domains == 1 ? "" : "s", plan->imbalance);
    if (plan->even_fewer)
        fprintf(file, "whole domains are even with %d ranks\n", plan->even_fewer);
    if (plan->even_more)
        fprintf(file, "whole domains are even with %d ranks\n", plan->even_more);
    placement_print_findings(file, findings);
}

/* ---- for programs ---- */

static void print_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(file, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, file);
    fputc('"', file);
}

void placement_print_findings_json(FILE *file,
                                   const struct placement_findings *findings)
{
    fputc('[', file);
    for (int i = 0; i < findings->n_items; i++) {
        const struct placement_finding *finding = &findings->items[i];

        fprintf(file, "%s{\"code\":\"PL%02d\",\"warning\":%s,\"text\":", i ? "," : "",
                finding->code, finding->is_warning ? "true" : "false");
        print_text(file, finding->text);
        fprintf(file, ",\"advice\":");
        print_text(file, finding->advice);
        fputc('}', file);
    }
    fputc(']', file);
}

static void print_rank_json(FILE *file,
                            const struct placement_machine *machine,
                            const struct placement_rank *rank,
                            int number)
{
    char list[PLACEMENT_MOST_PUS * 5];
    int n = 0;

    fprintf(file, "{\"rank\":%d,\"cpuset\":\"%s\",\"numa\":[", number,
            placement_set_format(&rank->cpus, list, sizeof list));
    for (int node = placement_set_next(&rank->nodes, 0); node >= 0;
         node = placement_set_next(&rank->nodes, node + 1))
        fprintf(file, "%s%d", n++ ? "," : "", node);
    fprintf(file, "],\"workers\":[");
    for (int i = 0; i < rank->n_workers; i++)
        fprintf(file, "%s\"%d\"", i ? "," : "", rank->workers[i]);
    fprintf(file, "],\"gpus\":[");
    for (int i = 0; i < rank->n_gpus; i++) {
        if (i)
            fputc(',', file);
        print_text(file, machine->devices[rank->gpus[i]].name);
    }
    fprintf(file, "]}");
}

void placement_print_json(FILE *file,
                          const struct placement_plan *plan,
                          const struct placement_findings *findings)
{
    fprintf(file, "{\"ranks\":[");
    for (int i = 0; i < plan->n_ranks; i++) {
        fprintf(file, "%s", i ? ",\n" : "");
        print_rank_json(file, plan->machine, &plan->ranks[i], i);
    }
    fprintf(file, "],\n\"imbalance\":%.4f,\n\"findings\":", plan->imbalance);
    placement_print_findings_json(file, findings);
    fprintf(file, "}\n");
}
