/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_ARRAY_FILE_H
#define SIM_TEST_ARRAY_FILE_H

/* A file of the test's own, and random tables of comma separated values. */

#include "base/random.h"
#include "support/scene.h"
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[200]; /* of this process; each run writes it anew */

static inline void make_path(void)
{
    const char *folder = getenv("TMPDIR");

    snprintf(path, sizeof path, "%s/troupe_array_%ld", folder ? folder : "/tmp",
             (long)getpid());
}

static inline void write_file(const void *text, size_t n_bytes)
{
    FILE *file = fopen(path, "w");

    ck_assert(file && fwrite(text, 1, n_bytes, file) == n_bytes && fclose(file) == 0);
}

static inline size_t read_file(char *text, size_t most)
{
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, most, file) : 0;

    if (file)
        fclose(file);
    return n;
}

/* A table, and what its column has. */
struct table {
    char text[200000];
    size_t n_bytes;
    double values[1000];
    int n_values, column, n_columns;
    bool has_head, has_crlf;
};

TROUPE_PRINTF(2, 3)
static inline void add(struct table *table, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    table->n_bytes +=
        (size_t)vsnprintf(table->text + table->n_bytes,
                          sizeof table->text - table->n_bytes, format, arguments);
    va_end(arguments);
}

static inline void add_other(struct table *table, struct base_random *random)
{
    static const char *const fields[] = {
        "",        "7",        "text",     "\"a,b\"",           "\"two\nlines\"",
        " blank ", "\"\"\"\"", "\"\r\n\"", "\"a \"\"q\"\" b\"", "1e5"};

    add(table, "%s", fields[base_random_below(random, 10)]);
}

static inline void
add_value(struct table *table, struct base_random *random, double value)
{
    uint32_t choice = base_random_below(random, 20);

    if (choice == 0) { /* a line with nothing at all is none */
        add(table, "%s",
            base_random_below(random, 2) || table->n_columns == 1 ? "\"\"" : "");
        value = NAN;
    } else if (choice == 1) {
        add(table, "n/a");
        value = NAN;
    } else if (choice < 5) {
        add(table, " %.17g\t", value);
    } else if (choice < 8) {
        add(table, "  \" %+.17e \" ", value);
    } else {
        add(table, "%.17g", value);
    }
    table->values[table->n_values++] = value;
}

static inline void end_line(struct table *table, struct base_random *random)
{
    add(table, "%s", table->has_crlf ? "\r\n" : "\n");
    if (base_random_below(random, 30) == 0)
        add(table, "\n");
}

static inline void make_table(struct table *table)
{
    struct base_random random = {scene_seed()};
    int n_lines = (int)base_random_below(&random, 4) * 200;

    memset(table, 0, sizeof *table);
    table->n_columns = 1 + (int)base_random_below(&random, 5);
    table->column = (int)base_random_below(&random, (uint32_t)table->n_columns);
    table->has_head = base_random_below(&random, 2);
    table->has_crlf = base_random_below(&random, 2);
    add(table, "%s", base_random_below(&random, 4) ? "" : "\xef\xbb\xbf");
    for (int i = 0; table->has_head && i < table->n_columns; i++)
        add(table, "%s%s", i ? "," : "",
            i == table->column ? "\"the \"\"column\"\"\"" : "\"two\nlines\"");
    if (table->has_head)
        end_line(table, &random);
    for (int line = 0; line < n_lines; line++) {
        for (int i = 0; i < table->n_columns; i++) {
            add(table, "%s", i ? "," : "");
            if (i == table->column)
                add_value(table, &random,
                          (double)(int64_t)base_random_next(&random) * 1e-9);
            else
                add_other(table, &random);
        }
        if (line + 1 < n_lines || base_random_below(&random, 2))
            end_line(table, &random);
    }
    write_file(table->text, table->n_bytes);
}

#endif
