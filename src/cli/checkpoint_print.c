/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/checkpoint.h"
#include "cli/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void checkpoint_look(const struct store *store,
                     const struct store_entry *entry,
                     enum store_depth depth,
                     struct checkpoint_found *found)
{
    *found = (struct checkpoint_found){.entry = *entry};
    if (store_manifest_read(store, entry, &found->manifest, &found->problem) !=
        TROUPE_OK)
        return;
    for (uint32_t i = 0; i < found->manifest.n_parts; i++)
        if (store_verify_part(store, &found->manifest, i, depth, &found->problem) !=
            TROUPE_OK)
            return;
    found->problem.verdict = entry->is_fenced ? STORE_FENCED : STORE_GOOD;
}

/* ---- numbers
 * --------------------------------------------------------------------------- */

static uint64_t total_bytes(const struct store_manifest *manifest)
{
    uint64_t n = 0;
    for (uint32_t i = 0; manifest->parts && i < manifest->n_parts; i++)
        n += manifest->parts[i].size_bytes;
    return n;
}

static uint64_t total_records(const struct store_manifest *manifest)
{
    uint64_t n = 0;
    for (uint32_t i = 0; manifest->parts && i < manifest->n_parts; i++)
        n += manifest->parts[i].n_records;
    return n;
}

/* Three digits and a unit. */
static const char *words_of_bytes(uint64_t n_bytes, char text[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double n = (double)n_bytes;
    size_t unit = 0;

    while (n >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1024;
        unit++;
    }
    snprintf(text, 24, "%.*f %s", unit == 0 || n >= 100 ? 0 : 1, n, units[unit]);
    return text;
}

static const char *words_of_age(int64_t created_s, char text[40])
{
    static const struct {
        int64_t below_s, unit_s;
        const char *unit;
    } units[] = {
        {120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INT64_MAX, 86400, "d"}};
    int64_t age_s = (int64_t)time(NULL) - created_s;
    size_t i = 0;

    while (age_s >= units[i].below_s)
        i++;
    snprintf(text, 40, "%" PRId64 " %s", age_s / units[i].unit_s, units[i].unit);
    return text;
}

static const char *name_of(const struct store_entry *entry, char text[40])
{
    snprintf(text, 40, "%" PRIu64 ".%" PRIu32, entry->epoch, entry->attempt);
    return text;
}

static const char *words_of_time(int64_t seconds, char text[40])
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (!gmtime_r(&when, &parts) ||
        strftime(text, 40, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(text, 40, "?");
    return text;
}

/* ---- for people
 * -------------------------------------------------------------------------- */

void checkpoint_print_heading(void)
{
    printf("%-12s %-13s %6s %12s %10s %9s  %s\n", "checkpoint", "state", "parts",
           "records", "size", "age", "reason");
}

void checkpoint_print_line(const struct checkpoint_found *found)
{
    const struct store_manifest *manifest = &found->manifest;
    char name[40], size[24], age[40];

    printf("%-12s %-13s", name_of(&found->entry, name),
           store_verdict_text(found->problem.verdict));
    if (manifest->parts)
        printf(" %6" PRIu32 " %12" PRIu64 " %10s %9s  %s", manifest->n_parts,
               total_records(manifest), words_of_bytes(total_bytes(manifest), size),
               words_of_age(manifest->created_s, age), manifest->reason);
    printf("%s\n", found->entry.is_pinned ? " (pinned)" : "");
}

static void print_problem(const struct store_problem *problem)
{
    printf("%s", problem->path);
    if (problem->offset_bytes >= 0)
        printf(", byte %" PRId64, problem->offset_bytes);
    printf(": %s", problem->text);
}

/* Of a good or fenced one there is nothing to say but that. */
static bool has_words(const struct store_problem *problem)
{
    return problem->verdict != STORE_GOOD && problem->verdict != STORE_FENCED;
}

void checkpoint_print_verdict(const struct checkpoint_found *found)
{
    char name[40];

    printf("%-12s %s", name_of(&found->entry, name),
           store_verdict_text(found->problem.verdict));
    if (has_words(&found->problem)) {
        printf(": ");
        print_problem(&found->problem);
    } else if (found->problem.verdict == STORE_FENCED) {
        printf(": whole, but void: a later attempt went on from an older one");
    }
    printf("\n");
}

static void print_part(uint32_t i, const struct store_part *part)
{
    char size[24];

    printf("  part-%06" PRIu32 " %10s %12" PRIu64 " records %8" PRIu64 " blocks  ", i,
           words_of_bytes(part->size_bytes, size), part->n_records, part->n_blocks);
    for (size_t j = 0; j < sizeof(part->hash.bytes); j++)
        printf("%02x", part->hash.bytes[j]);
    printf("\n");
}

void checkpoint_print_details(const struct checkpoint_found *found)
{
    const struct store_manifest *manifest = &found->manifest;
    char text[40];

    printf("checkpoint   %s%s\n", name_of(&found->entry, text),
           found->entry.is_pinned ? " (pinned)" : "");
    printf("state        %s\n", store_verdict_text(found->problem.verdict));
    if (has_words(&found->problem)) {
        printf("problem      ");
        print_problem(&found->problem);
        printf("\n");
    }
    if (!manifest->parts)
        return;
    printf("program      %s\n", manifest->program);
    printf("library      %s\n", manifest->library);
    printf("schema       %016" PRIx64 "\n", manifest->schema_hash);
    printf("reason       %s\n", manifest->reason);
    printf("created      %s\n", words_of_time(manifest->created_s, text));
    printf("size         %" PRIu64 " bytes\n", total_bytes(manifest));
    printf("records      %" PRIu64 "\n", total_records(manifest));
    printf("parts        %" PRIu32 "\n", manifest->n_parts);
    for (uint32_t i = 0; i < manifest->n_parts; i++)
        print_part(i, &manifest->parts[i]);
}

/* ---- as JSON
 * ------------------------------------------------------------------------------- */

static void print_problem_json(const struct store_problem *problem)
{
    printf(",\"problem\":{");
    cli_json_member("file", problem->path);
    if (problem->offset_bytes >= 0)
        printf(",\"offset_bytes\":%" PRId64, problem->offset_bytes);
    printf(",");
    cli_json_member("text", problem->text);
    if (problem->error) {
        printf(",");
        cli_json_member("error", strerror(problem->error));
    }
    printf("}");
}

static void print_manifest_json(const struct store_manifest *manifest)
{
    printf(",\"created_s\":%" PRId64 ",\"size_bytes\":%" PRIu64 ",\"records\":%" PRIu64
           ",\"parts\":%" PRIu32 ",\"schema\":\"%016" PRIx64 "\",",
           manifest->created_s, total_bytes(manifest), total_records(manifest),
           manifest->n_parts, manifest->schema_hash);
    cli_json_member("program", manifest->program);
    printf(",");
    cli_json_member("library", manifest->library);
    printf(",");
    cli_json_member("reason", manifest->reason);
}

static void print_parts_json(const struct store_manifest *manifest)
{
    printf(",\"part_list\":[");
    for (uint32_t i = 0; i < manifest->n_parts; i++) {
        const struct store_part *part = &manifest->parts[i];

        printf("%s{\"size_bytes\":%" PRIu64 ",\"records\":%" PRIu64
               ",\"blocks\":%" PRIu64 "}",
               i ? "," : "", part->size_bytes, part->n_records, part->n_blocks);
    }
    printf("]");
}

void checkpoint_print_json(const struct checkpoint_found *found, bool with_parts)
{
    printf("{\"epoch\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"pinned\":%s,",
           found->entry.epoch, found->entry.attempt,
           found->entry.is_pinned ? "true" : "false");
    cli_json_member("state", store_verdict_text(found->problem.verdict));
    if (has_words(&found->problem))
        print_problem_json(&found->problem);
    if (found->manifest.parts) {
        print_manifest_json(&found->manifest);
        if (with_parts)
            print_parts_json(&found->manifest);
    }
    printf("}");
}
