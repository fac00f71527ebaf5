/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include <stddef.h>
#include <string.h>

enum { MAX_WORD = 31 };

static size_t smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

/* Levenshtein's distance; `right` is at most MAX_WORD long. */
static size_t distance(const char *left, const char *right)
{
    size_t row[MAX_WORD + 1], n = strlen(right);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (; *left; left++) {
        size_t diagonal = row[0]++;

        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];

            row[j] = smaller(smaller(above, row[j - 1]) + 1,
                             diagonal + (*left != right[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

const char *cli_nearest(const char *word, const char *const *words)
{
    size_t least = strlen(word) / 2 + 1;
    const char *nearest = NULL;

    for (; *words; words++) {
        size_t n = strlen(*words) <= MAX_WORD ? distance(word, *words) : least;

        if (n < least) {
            least = n;
            nearest = *words;
        }
    }
    return nearest;
}
