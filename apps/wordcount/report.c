/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"
#include "common/json.h"
#include <inttypes.h>

/* printf would take most of the time of printing a million words. */
static void write_number(FILE *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    fwrite(digits + at, 1, sizeof digits - at, out);
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
    fputs(",\"count\":", out);
    write_number(out, word->count);
    putc('}', out);
}

void report_word(struct report *report, const struct word *word)
{
    FILE *out = report->out;
    if (report->json) {
        if (report->n_lines > 0)
            putc(',', out);
        write_json_word(out, word);
    } else {
        write_number(out, word->count);
        putc(' ', out);
        fwrite(word->text, 1, word->length, out);
        putc('\n', out);
    }
    report->n_lines++;
}

void report_end(struct report *report, double seconds)
{
    if (report->json)
        fprintf(report->out, "],\"seconds\":%.6f}\n", seconds);
}
