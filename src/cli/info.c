/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/environment.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `troupe info`: build, libraries, machine, environment; for people or as JSON. */

/* ---- for people
 * ------------------------------------------------------------------------ */

enum { WIDTH = 80, LABEL = 22 };

/* "memory_mib" has the unit MiB, which people want behind the number. */
static const char *unit_of(const char *key, size_t *n_key)
{
    static const char *const units[][2] = {{"_mib", " MiB"}, {"_bytes", " bytes"}};
    size_t n = strlen(key);

    *n_key = n;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n_unit = strlen(units[i][0]);

        if (n > n_unit && strcmp(key + n - n_unit, units[i][0]) == 0) {
            *n_key = n - n_unit;
            return units[i][1];
        }
    }
    return "";
}

static void print_label(const char *key, size_t n_key)
{
    printf("  ");
    for (size_t i = 0; i < n_key; i++)
        putchar(key[i] == '_' ? ' ' : key[i]);
    printf("%*s", n_key + 2 < LABEL ? LABEL - 2 - (int)n_key : 1, "");
}

/* Breaks at blanks; what has none goes over the edge. */
static void print_wrapped(const char *text, int indent)
{
    size_t room = (size_t)(WIDTH - indent);

    while (strlen(text) > room) {
        size_t cut = room;

        while (cut > 0 && text[cut] != ' ')
            cut--;
        if (cut == 0)
            cut = strcspn(text, " ");
        if (!text[cut])
            break;
        printf("%.*s\n%*s", (int)cut, text, indent, "");
        text += cut + 1;
    }
    printf("%s\n", text);
}

static void print_fact(const struct fact *fact)
{
    char line[sizeof fact->value + 16];
    size_t n_key;
    const char *unit = unit_of(fact->key, &n_key);

    print_label(fact->key, n_key);
    snprintf(line, sizeof line, "%s%s", fact->value, unit);
    print_wrapped(line, LABEL);
}

static void print_facts(const struct facts *facts)
{
    const char *section = "";

    for (size_t i = 0; i < facts->n_items; i++) {
        const struct fact *fact = &facts->items[i];

        if (strcmp(section, fact->section) != 0)
            printf("%s%s\n", i ? "\n" : "", fact->section);
        section = fact->section;
        print_fact(fact);
    }
}

static void print_variable(const struct base_env_variable *variable)
{
    const char *value = getenv(variable->name);
    char line[400];

    if (value && value[0])
        printf("* %s=%s\n", variable->name, value);
    else
        printf("  %s\n", variable->name);
    printf("      ");
    snprintf(line, sizeof line, "%s; %s, default %s", variable->meaning,
             variable->choices, variable->default_text);
    print_wrapped(line, 6);
}

static void print_environment(void)
{
    struct base_env_stranger stranger;
    size_t position = 0;

    printf("\nenvironment (* is set)\n");
    for (const struct base_env_variable *row = base_env_table; row->name; row++)
        print_variable(row);
    while (base_env_unknown(&position, &stranger))
        printf("! %s: unknown%s%s%s\n", stranger.name,
               stranger.nearest ? ", did you mean " : "",
               stranger.nearest ? stranger.nearest : "", stranger.nearest ? "?" : "");
}

/* ---- as JSON
 * --------------------------------------------------------------------------- */

static void print_facts_json(const struct facts *facts)
{
    const char *section = "";

    for (size_t i = 0; i < facts->n_items; i++) {
        const struct fact *fact = &facts->items[i];
        bool is_first = strcmp(section, fact->section) != 0;

        if (is_first) {
            printf("%s", i ? "},\n" : "");
            cli_json_string(fact->section);
            printf(":{");
        }
        section = fact->section;
        printf("%s", is_first ? "" : ",");
        if (fact->is_number)
            printf("\"%s\":%s", fact->key, fact->value);
        else
            cli_json_member(fact->key, fact->value);
    }
    printf("},\n");
}

static void print_variable_json(const struct base_env_variable *variable)
{
    const char *value = getenv(variable->name);

    printf("{");
    cli_json_member("name", variable->name);
    printf(",");
    cli_json_member("value", value && value[0] ? value : NULL);
    printf(",");
    cli_json_member("default", variable->default_text);
    printf(",");
    cli_json_member("allowed", variable->choices);
    printf(",");
    cli_json_member("meaning", variable->meaning);
    printf("}");
}

static void print_environment_json(void)
{
    struct base_env_stranger stranger;
    size_t position = 0;
    const char *separator = "";

    printf("\"environment\":[");
    for (const struct base_env_variable *row = base_env_table; row->name; row++) {
        printf("%s", separator);
        print_variable_json(row);
        separator = ",\n";
    }
    printf("],\n\"unknown\":[");
    for (separator = ""; base_env_unknown(&position, &stranger); separator = ",") {
        printf("%s", separator);
        cli_json_string(stranger.name);
    }
    printf("]");
}

/* ---- the command
 * ----------------------------------------------------------------------- */

static int run(int argc, char **argv)
{
    static struct facts facts;
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !is_json)
        return cli_usage("info", "info does not take '%s'", argv[argc > 2 ? 2 : 1]);
    facts_collect(&facts);
    if (is_json) {
        printf("{");
        print_facts_json(&facts);
        print_environment_json();
        printf("}\n");
        return CLI_OK;
    }
    print_facts(&facts);
    print_environment();
    return CLI_OK;
}

const struct cli_command cli_info = {
    .name = "info",
    .summary = "what this build, this MPI and this machine can do",
    .help =
        "usage: troupe info [--json]\n\n"
        "Prints versions, the MPI built with and the one that is loaded, abilities of\n"
        "the machine, and every TROUPE_* environment variable with its value, what is\n"
        "allowed and what it means. Does not start MPI: run it anywhere, also on the\n"
        "nodes of a job (srun troupe info). --json prints the same as one object.\n",
    .run = run,
};
