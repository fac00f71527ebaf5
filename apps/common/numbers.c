/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "numbers.h"
#include "output.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(struct numbers *numbers, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct numbers *numbers, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(numbers->fault, sizeof numbers->fault, format, arguments);
    va_end(arguments);
    return false;
}

/* Values so far, and room for more: doubled when it is used up. */
struct growing {
    int64_t n, capacity;
};

static bool append(struct numbers *numbers, struct growing *growing, double value)
{
    if (growing->n == growing->capacity) {
        int64_t capacity = growing->capacity ? 2 * growing->capacity : 1024;
        double *values =
            realloc(numbers->values, (size_t)capacity * sizeof *numbers->values);
        if (!values)
            return fail(numbers, "no memory");
        numbers->values = values;
        growing->capacity = capacity;
    }
    numbers->values[growing->n++] = value;
    return true;
}

static bool read_line(struct numbers *numbers, struct growing *growing, char *text)
{
    int64_t n_before = growing->n;
    for (char *next = text, *end;; next = end + 1) {
        double value = strtod(next, &end);
        if (end == next)
            return fail(numbers, "\"%.40s\" is no number", next);
        if (!isfinite(value))
            return fail(numbers, "\"%.40s\" is no finite number", next);
        if (!append(numbers, growing, value))
            return false;
        end += strspn(end, " \t");
        if (*end == '\0')
            break;
        if (*end != ',')
            return fail(numbers, "\"%.40s\" where a comma should be", end);
    }
    if (numbers->n_rows++ == 0)
        numbers->n_columns = growing->n;
    int64_t n = growing->n - n_before;
    if (n != numbers->n_columns)
        return fail(numbers, "%lld %s, where the lines before have %lld", (long long)n,
                    output_plural(n, "number", "numbers"),
                    (long long)numbers->n_columns);
    return true;
}

static bool read_lines(struct numbers *numbers, FILE *file)
{
    struct growing growing = {0};
    char *text = NULL;
    size_t n_bytes = 0;
    bool is_good = true;
    while (is_good && getline(&text, &n_bytes, file) >= 0) {
        text[strcspn(text, "\r\n")] = '\0';
        numbers->line++;
        if (text[strspn(text, " \t")] != '\0')
            is_good = read_line(numbers, &growing, text);
    }
    free(text);
    if (!is_good)
        return false;
    numbers->line = 0;
    if (ferror(file))
        return fail(numbers, "%s", strerror(errno));
    return numbers->n_rows > 0 || fail(numbers, "there are no numbers in it");
}

bool numbers_read(const char *path, struct numbers *numbers)
{
    *numbers = (struct numbers){0};
    FILE *file = fopen(path, "r");
    if (!file)
        return fail(numbers, "%s", strerror(errno));
    bool is_good = read_lines(numbers, file);
    fclose(file);
    return is_good;
}

void numbers_fini(struct numbers *numbers)
{
    free(numbers->values);
    numbers->values = NULL;
}
