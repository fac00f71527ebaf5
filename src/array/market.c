/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/market.h"
#include "array/reader.h"
#include "team/team.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct market {
    struct array_reader reader;
    struct market_facts facts;
    int64_t size_line; /* where the sizes stand */
};

/* ---- words -------------------------------------------------------------------- */

struct word {
    const char *text;
    size_t n_bytes;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* False: there is none. */
static bool next_word(const char **at, const char *end, struct word *word)
{
    while (*at < end && is_blank(**at))
        ++*at;
    word->text = *at;
    while (*at < end && !is_blank(**at))
        ++*at;
    word->n_bytes = (size_t)(*at - word->text);
    return word->n_bytes > 0;
}

static bool is_word(const struct word *word, const char *wanted)
{
    return word->n_bytes == strlen(wanted) &&
           strncasecmp(word->text, wanted, word->n_bytes) == 0;
}

static void fail(struct market *market, const struct array_line *line, const char *what)
{
    array_file_fail(market->reader.file, TROUPE_FAILED, line->number, "%s", what);
}

static bool is_empty(const struct array_line *line)
{
    const char *at = line->text;
    struct word word;

    return !next_word(&at, at + line->n_bytes, &word);
}

/* ---- the head ----------------------------------------------------------------- */

/* The banner: %%MatrixMarket matrix FORMAT FIELD SYMMETRY. */
static void read_banner(struct market *market, const struct array_line *line)
{
    const char *at = line->text, *end = at + line->n_bytes;
    struct word word[5];
    bool is_whole = true;

    for (int i = 0; i < 5; i++)
        is_whole &= next_word(&at, end, &word[i]);
    if (!is_word(&word[0], "%%MatrixMarket")) {
        fail(market, line, "it does not begin with %%MatrixMarket");
        return;
    }
    if (!is_whole || !is_word(&word[1], "matrix")) {
        fail(market, line, "the first line must say \"matrix\" and three words more");
        return;
    }
    market->facts.is_coordinate = is_word(&word[2], "coordinate");
    if (!market->facts.is_coordinate && !is_word(&word[2], "array"))
        fail(market, line, "the format is neither \"coordinate\" nor \"array\"");
    market->facts.is_pattern = is_word(&word[3], "pattern");
    market->facts.is_integer = is_word(&word[3], "integer");
    if (!market->facts.is_pattern && !market->facts.is_integer &&
        !is_word(&word[3], "real"))
        fail(market, line, "the values are neither real nor integer nor a pattern");
    if (is_word(&word[4], "symmetric"))
        market->facts.symmetry = MARKET_SYMMETRIC;
    else if (is_word(&word[4], "skew-symmetric"))
        market->facts.symmetry = MARKET_SKEW;
    else if (!is_word(&word[4], "general"))
        fail(market, line, "neither general nor symmetric nor skew-symmetric");
}

/* A whole number from 0 on. */
static bool read_count(const char **at, const char *end, int64_t *count)
{
    struct word word;
    bool is_negative;
    uint64_t magnitude;

    if (!next_word(at, end, &word) ||
        number_read_integer(word.text, word.n_bytes, &is_negative, &magnitude) !=
            NUMBER_GOOD ||
        is_negative || magnitude > INT64_MAX)
        return false;
    *count = (int64_t)magnitude;
    return true;
}

static void read_sizes(struct market *market, const struct array_line *line)
{
    struct market_facts *facts = &market->facts;
    const char *at = line->text, *end = at + line->n_bytes;
    struct word word;
    bool is_good = read_count(&at, end, &facts->n_rows) &&
                   read_count(&at, end, &facts->n_columns) &&
                   (!facts->is_coordinate || read_count(&at, end, &facts->n_entries));

    if (!is_good || next_word(&at, end, &word))
        fail(market, line,
             facts->is_coordinate ? "not three sizes: rows, columns and entries"
                                  : "not two sizes: rows and columns");
    else if (facts->symmetry != MARKET_GENERAL && facts->n_rows != facts->n_columns)
        fail(market, line, "symmetric, but not square");
    market->size_line = line->number;
}

/* Each member for itself. */
static void read_head(struct market *market)
{
    struct array_file *file = market->reader.file;
    struct array_line line;
    bool has_sizes = false;

    if (!array_reader_next(&market->reader, &line)) {
        array_file_fail(file, TROUPE_FAILED, 1, "it is empty");
        return;
    }
    read_banner(market, &line);
    while (!has_sizes && array_reader_next(&market->reader, &line)) {
        if (line.text[0] == '%' || is_empty(&line))
            continue;
        read_sizes(market, &line);
        has_sizes = true;
    }
    if (!has_sizes)
        array_file_fail(file, TROUPE_FAILED, market->reader.line,
                        "it ends before the sizes");
}

/* ---- entries ------------------------------------------------------------------ */

static void check_place(struct market *market,
                        const struct array_line *line,
                        const struct market_entry *entry)
{
    const struct market_facts *facts = &market->facts;

    if (entry->row < 1 || entry->row > facts->n_rows)
        fail(market, line, "there is no such row");
    else if (entry->column < 1 || entry->column > facts->n_columns)
        fail(market, line, "there is no such column");
    else if (facts->symmetry != MARKET_GENERAL && entry->row < entry->column)
        fail(market, line, "symmetric, but an entry stands above the diagonal");
    else if (facts->symmetry == MARKET_SKEW && entry->row == entry->column)
        fail(market, line, "skew-symmetric, but an entry stands on the diagonal");
}

static void read_number(struct market *market,
                        const struct array_line *line,
                        const struct word *word,
                        double *value)
{
    locale_t c_locale = market->reader.file->c_locale;
    enum number_result result;
    int64_t whole;

    if (market->facts.is_integer) {
        result = number_read(c_locale, TROUPE_INT64, word->text, word->n_bytes, &whole);
        *value = (double)whole;
    } else {
        result = number_read_double(c_locale, word->text, word->n_bytes, value);
    }
    if (result != NUMBER_GOOD)
        array_file_fail(market->reader.file, TROUPE_FAILED, line->number,
                        "\"%.*s\" is no %s number",
                        word->n_bytes < 40 ? (int)word->n_bytes : 40, word->text,
                        market->facts.is_integer ? "whole" : "real");
}

static void read_entry(struct market *market, const struct array_line *line)
{
    const char *at = line->text, *end = at + line->n_bytes;
    struct market_entry entry = {.value = 1};
    struct word word;

    if (!read_count(&at, end, &entry.row) || !read_count(&at, end, &entry.column)) {
        fail(market, line, "it does not begin with a row and a column");
        return;
    }
    check_place(market, line, &entry);
    if (!market->facts.is_pattern) {
        if (next_word(&at, end, &word))
            read_number(market, line, &word, &entry.value);
        else
            fail(market, line, "there is no value");
    }
    if (next_word(&at, end, &word))
        fail(market, line, "there is something behind the entry");
    entry.row--;
    entry.column--;
    base_bytes_append(&market->reader.file->values, &entry, sizeof entry);
}

/* Did the members together get as many as the head says? */
static void check_number(struct market *market, int64_t n_mine, int64_t n_wanted)
{
    struct array_file *file = market->reader.file;
    int64_t n_all = 0;
    troupe_status status =
        array_gather(file->member, file->team, &n_mine, sizeof n_mine, file->words);

    for (int i = 0; status == TROUPE_OK && i < file->n_members; i++)
        n_all += file->words[i];
    if (status != TROUPE_OK)
        array_file_fail(file, status, 0, "%s", troupe_status_text(status));
    else if (n_all != n_wanted)
        array_file_fail(file, TROUPE_FAILED, market->size_line,
                        "entries said to be there: %lld, found: %lld",
                        (long long)n_wanted, (long long)n_all);
}

/* All members go through the same calls, whatever one of them has met. */
static troupe_status read_body(struct market *market,
                               void (*read)(struct market *market,
                                            const struct array_line *line))
{
    struct array_file *file = market->reader.file;
    int64_t body = array_reader_at(&market->reader);
    struct array_line line;

    TROUPE_TRY(array_file_agree(file, (uint64_t)body));
    array_reader_share(&market->reader, body, market->reader.line);
    while (array_reader_next(&market->reader, &line))
        if (!is_empty(&line))
            read(market, &line);
    if (file->values.failed)
        array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d",
                        file->index);
    return array_file_agree(file, 0);
}

troupe_status market_read_entries(struct array_file *file, struct market_facts *facts)
{
    struct market market = {0};

    array_reader_begin(&market.reader, file);
    read_head(&market);
    if (file->status == TROUPE_OK && !market.facts.is_coordinate)
        array_file_fail(file, TROUPE_FAILED, 1, "it is no sparse matrix (coordinate)");
    TROUPE_TRY(read_body(&market, read_entry));
    check_number(&market, (int64_t)(file->values.size / sizeof(struct market_entry)),
                 market.facts.n_entries);
    *facts = market.facts;
    return array_file_agree(file, 0);
}

/* ---- vectors ------------------------------------------------------------------ */

struct vector {
    struct market market; /* first */
    enum troupe_element element;
};

static void read_value(struct market *market, const struct array_line *line)
{
    enum troupe_element element = ((struct vector *)(void *)market)->element;
    struct array_file *file = market->reader.file;
    const char *at = line->text, *end = at + line->n_bytes;
    unsigned char value[sizeof(uint64_t)] = {0};
    struct word word, other;
    enum number_result result;

    (void)next_word(&at, end, &word);
    result = number_read(file->c_locale, element, word.text, word.n_bytes, value);
    if (result != NUMBER_GOOD)
        array_file_fail(file, TROUPE_FAILED, line->number, "\"%.*s\" %s %s",
                        word.n_bytes < 40 ? (int)word.n_bytes : 40, word.text,
                        result == NUMBER_BEYOND ? "does not fit into" : "is no",
                        troupe_element_name(element));
    else if (next_word(&at, end, &other))
        fail(market, line, "there is something behind the value");
    base_bytes_append(&file->values, value, troupe_element_bytes(element));
}

static void check_vector(const struct market *market)
{
    struct array_file *file = market->reader.file;

    if (file->status != TROUPE_OK)
        return;
    if (market->facts.is_coordinate || market->facts.is_pattern)
        array_file_fail(file, TROUPE_FAILED, 1, "it is no vector of values (array)");
    else if (market->facts.symmetry != MARKET_GENERAL)
        array_file_fail(file, TROUPE_FAILED, 1, "a vector is general, not symmetric");
    else if (market->facts.n_columns != 1)
        array_file_fail(file, TROUPE_FAILED, market->size_line,
                        "a vector has one column, not %lld",
                        (long long)market->facts.n_columns);
}

troupe_status troupe_array_load_market(troupe_actor *self,
                                       troupe_team *team,
                                       const char *path,
                                       const troupe_array_options *options,
                                       troupe_array *array,
                                       troupe_file_fault *fault)
{
    size_t element_bytes =
        troupe_element_bytes(options ? options->element : TROUPE_BYTES);
    struct vector vector = {.element = options ? options->element : TROUPE_BYTES};
    struct array_file *file;

    array_load_check(self, team, path, options, array);
    file = array_file_open(self, team, path);
    if (element_bytes == 0)
        array_file_fail(file, TROUPE_INVALID, 0, "elements that have no text");
    array_reader_begin(&vector.market.reader, file);
    read_head(&vector.market);
    check_vector(&vector.market);
    if (read_body(&vector.market, read_value) == TROUPE_OK && element_bytes > 0)
        check_number(&vector.market, (int64_t)(file->values.size / element_bytes),
                     vector.market.facts.n_rows);
    return array_file_deliver(file, options, array, fault);
}

static void append_row(const void *context, int64_t element, struct base_bytes *row)
{
    const struct array *array = context;
    size_t offset = (size_t)element * array->element_bytes;
    char text[NUMBER_TEXT_BYTES + 1];
    size_t n = number_write(array->element, array->memory.bytes + offset, text);

    text[n] = '\n';
    base_bytes_append(row, text, n + 1);
}

troupe_status array_save_market(troupe_actor *self,
                                troupe_team *team,
                                const struct array *array,
                                const char *path,
                                troupe_file_fault *fault)
{
    const char *refusal =
        array->element == TROUPE_BYTES ? "elements that have no text" : NULL;
    bool is_real = array->element == TROUPE_DOUBLE || array->element == TROUPE_FLOAT;
    char head[100];
    int n = snprintf(head, sizeof head,
                     "%%%%MatrixMarket matrix array %s general\n%lld 1\n",
                     is_real ? "real" : "integer", (long long)array->length);

    return array_file_write_rows(array_file_create(self, team, path, refusal), head,
                                 (size_t)n, array_mine_length(array), append_row, array,
                                 fault);
}

troupe_status troupe_array_save_market(troupe_actor *self,
                                       troupe_array id,
                                       const char *path,
                                       troupe_file_fault *fault)
{
    const struct array *array = array_find(self, id, "troupe_array_save_market");

    actor_require_process(self, "troupe_array_save_market");
    actor_require(self, path != NULL, "troupe_array_save_market: no path");
    return array_save_market(self, array->team, array, path, fault);
}
