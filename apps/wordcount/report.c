/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"
#include "common/json.h"
#include <inttypes.h>

/* Writes a number's digits; returns how many. */
static size_t put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < n; i++)
        to[i] = digits[n - 1 - i];
    return n;
}

void report_begin(struct report *report, const struct totals *totals)
{
    if (report->json)
        fprintf(report->out,
                "{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"words\":%" PRIu64
                ",\"distinct\":%" PRIu64 ",\"top\":[",
                totals->n_files, totals->n_bytes, totals->n_words, totals->n_distinct);
}

static void write_json_word(FILE *out, const struct word *word)
{
    fputs("\n{\"word\":", out);
    json_write_string(out, word->text, word->length);
    if (!json_is_utf8(word->text, word->length)) {
        fputs(",\"hex\":\"", out);
        for (size_t i = 0; i < word->length; i++)
            fprintf(out, "%02x", word->text[i]);
        putc('"', out);
    }
    fprintf(out, ",\"count\":%" PRIu64 "}", word->count);
}

/* There may be millions: one call of stdio for each, if it is of usual length. */
static void write_line(FILE *out, const struct word *word)
{
    char line[128];
    size_t n = put_number(line, word->count);
    line[n++] = ' ';
    if (word->length < sizeof line - n) {
        memcpy(line + n, word->text, word->length);
        n += word->length;
        line[n++] = '\n';
        fwrite(line, 1, n, out);
        return;
    }
    fwrite(line, 1, n, out);
    fwrite(word->text, 1, word->length, out);
    putc('\n', out);
}

void report_word(struct report *report, const struct word *word)
{
    FILE *out = report->out;
    if (report->json) {
        if (report->n_lines > 0)
            putc(',', out);
        write_json_word(out, word);
    } else {
        write_line(out, word);
    }
    report->n_lines++;
}

void report_end(struct report *report, double seconds)
{
    if (report->json)
        fprintf(report->out, "],\"seconds\":%.6f}\n", seconds);
}
