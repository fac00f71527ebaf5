/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: wordcount [--top N] [--json] [--output FILE] [--help] PATH...\n";

static const char help[] =
    "Counts the words of files, and of all files in folders, on all ranks together:\n"
    "  mpirun -n 4 wordcount --top 20 /usr/include\n"
    "\n"
    "  --top N        print only the N most frequent words\n"
    "  --json         print one JSON object: files, bytes, words, distinct, top, "
    "seconds\n"
    "  --output FILE  print into FILE, from its beginning\n"
    "  --help         print this\n"
    "  --             what follows are paths\n"
    "\n"
    "A word is a longest run of ASCII letters, digits, underscores and bytes from 0x80 "
    "on.\n"
    "The result is one line \"count word\" for each, by count downwards, then by word\n"
    "bytewise; it does not depend on the number of ranks. Binary files count like "
    "text.\n"
    "\n"
    "Links are followed where they are named on the command line, and passed over "
    "inside\n"
    "folders, as are pipes, sockets and devices. All ranks must see the same files. A "
    "file\n"
    "counts as long as it was when the list of files was made.\n"
    "\n"
    "These are warned of and left out, and the rest is counted: files and folders "
    "that\n"
    "cannot be read, and words of more than 1 MiB. Each rank has room for 232 MiB of\n"
    "different words with their counts, that is for 100 MiB of text in words of 8 "
    "bytes;\n"
    "when that is not enough there is no result: use more ranks.\n"
    "\n"
    "In JSON, bytes of a word that are no UTF-8 appear as U+FFFD; such a word also has "
    "a\n"
    "member \"hex\" with its true bytes.\n"
    "\n"
    "Takes part in checkpoints (man troupe-run) while it reads; a job that dies when "
    "it\n"
    "prints prints again. Into FILE it does so from the beginning; on standard output\n"
    "some of the result may stand before the whole.\n"
    "\n"
    "On a terminal a progress bar is shown, elsewhere a line on standard error each "
    "half\n"
    "minute; TROUPE_PROGRESS=0 turns both off, 1 forces the bar.\n"
    "\n"
    "Exit codes: 0 all counted; 1 counted with warnings; 2 no result: a path does not\n"
    "exist, too many different words, or the output cannot be written; 64 wrong "
    "arguments.\n";

static bool complain(const char *what, const char *argument)
{
    fprintf(stderr, "wordcount: %s%s\n%s", what, argument, usage);
    return false;
}

static bool parse_top(const char *text, uint64_t *n_top)
{
    /* strtoull would take blanks and signs. */
    size_t n_digits = strspn(text, "0123456789");
    errno = 0;
    *n_top = strtoull(text, NULL, 10);
    return n_digits > 0 && text[n_digits] == '\0' && errno == 0 && *n_top > 0;
}

/* The value of "NAME VALUE" or "NAME=VALUE"; NULL if `argv[*i]` is not that option. */
static const char *value_of(const char *name, char **argv, int argc, int *i)
{
    size_t n = strlen(name);
    /* There is one at *i. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    if (strncmp(argv[*i], name, n) != 0)
        return NULL;
    if (argv[*i][n] == '=')
        return argv[*i] + n + 1;
    if (argv[*i][n] != '\0')
        return NULL;
    return *i + 1 < argc ? argv[++*i] : "";
}

/* Takes the option at `argv[*i]`. */
static bool parse_option(char **argv, int argc, int *i, struct options *options)
{
    const char *value;
    if (strcmp(argv[*i], "--json") == 0) {
        options->json = true;
    } else if (strcmp(argv[*i], "--help") == 0) {
        options->help = true;
    } else if ((value = value_of("--top", argv, argc, i)) != NULL) {
        if (!parse_top(value, &options->n_top))
            return complain("--top needs a number from 1 on, not ",
                            value[0] ? value : "nothing");
    } else if ((value = value_of("--output", argv, argc, i)) != NULL) {
        options->output = value;
        return value[0] || complain("--output needs a file", "");
    } else {
        return complain("unknown option ", argv[*i]);
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.n_top = UINT64_MAX};
    options->paths = calloc((size_t)argc + 1, sizeof *options->paths);
    if (!options->paths)
        return complain("no memory", "");
    bool only_paths = false;
    for (int i = 1; i < argc; i++) {
        if (only_paths || argv[i][0] != '-' || argv[i][1] == '\0')
            options->paths[options->n_paths++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            only_paths = true;
        else if (!parse_option(argv, argc, &i, options))
            return false;
    }
    if (!options->help && options->n_paths == 0)
        return complain("no PATH is given", "");
    return true;
}

void options_fini(struct options *options)
{
    free(options->paths);
    options->paths = NULL;
}

void options_print_help(FILE *out)
{
    fprintf(out, "%s\n%s", usage, help);
}
