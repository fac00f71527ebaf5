/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/file.h"
#include "array/reader.h"
#include "base/alloc.h"
#include "team/team.h"
#include <math.h>
#include <string.h>

/* Tables of comma separated values, as RFC 4180 has them. */

struct table {
    struct array_reader reader;
    const troupe_csv_options *options;
    char separator;
    int64_t column;
};

/* A field as it stands in its line. */
struct field {
    const char *text;
    size_t n_bytes;
    bool is_quoted; /* without the quotes; doubled ones stand in it */
};

/* ---- fields ------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(struct field *field)
{
    while (field->n_bytes > 0 && is_blank(field->text[0])) {
        field->text++;
        field->n_bytes--;
    }
    while (field->n_bytes > 0 && is_blank(field->text[field->n_bytes - 1]))
        field->n_bytes--;
}

/* The quote that ends a field; NULL: none does. */
static const char *closing_quote(const char *at, const char *end)
{
    while ((at = memchr(at, '"', (size_t)(end - at)))) {
        if (at + 1 == end || at[1] != '"')
            return at;
        at += 2;
    }
    return NULL;
}

/* Takes the field in quotes at *next, which ends up at a separator or the end. */
static const char *take_quoted(const struct table *table,
                               const char *at,
                               const char *end,
                               struct field *field)
{
    const char *closing = closing_quote(at + 1, end);

    if (!closing)
        return NULL;
    *field = (struct field){at + 1, (size_t)(closing - at - 1), true};
    for (closing++; closing < end && is_blank(*closing) && *closing != table->separator;
         closing++)
        ;
    return closing == end || *closing == table->separator ? closing : NULL;
}

static const char *take_plain(const struct table *table,
                              const char *at,
                              const char *end,
                              struct field *field)
{
    const char *stop = memchr(at, table->separator, (size_t)(end - at));

    if (!stop)
        stop = end;
    *field = (struct field){at, (size_t)(stop - at), false};
    trim(field);
    return memchr(at, '"', (size_t)(stop - at)) ? NULL : stop;
}

/* Behind the field that begins at `at`; NULL: quotes are not as they should be. */
static const char *take_field(const struct table *table,
                              const char *at,
                              const char *end,
                              struct field *field)
{
    const char *first = at;

    while (first < end && is_blank(*first) && *first != table->separator)
        first++;
    return first < end && *first == '"' ? take_quoted(table, first, end, field)
                                        : take_plain(table, at, end, field);
}

/* Without quotes there is nothing to look at in the fields before. */
static bool find_plainly(const struct table *table,
                         const struct array_line *line,
                         struct field *field)
{
    const char *at = line->text, *end = at + line->n_bytes, *stop;

    for (int64_t i = 0; i < table->column; i++) {
        at = memchr(at, table->separator, (size_t)(end - at));
        if (!at)
            return false;
        at++;
    }
    stop = memchr(at, table->separator, (size_t)(end - at));
    *field = (struct field){at, (size_t)((stop ? stop : end) - at), false};
    trim(field);
    return true;
}

static void fail_quotes(const struct table *table, const struct array_line *line)
{
    array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                    "a quote that does not surround a whole field");
}

/* All fields of a line with quotes; false: the wanted one is not there. */
static bool find_among_quotes(const struct table *table,
                              const struct array_line *line,
                              struct field *field)
{
    const char *at = line->text, *end = at + line->n_bytes;
    struct field one;
    int64_t n = 0;

    while (at <= end) {
        at = take_field(table, at, end, &one);
        if (!at) {
            fail_quotes(table, line);
            return true;
        }
        if (n++ == table->column)
            *field = one;
        at++;
    }
    return n > table->column;
}

static int64_t count_fields(const struct table *table, const struct array_line *line)
{
    int64_t n = 1;

    for (size_t i = 0; i < line->n_bytes; i++)
        n += line->text[i] == table->separator;
    return n;
}

static bool find_field(const struct table *table,
                       const struct array_line *line,
                       struct field *field)
{
    bool is_there = line->is_quoted ? find_among_quotes(table, line, field)
                                    : find_plainly(table, line, field);

    if (!is_there && line->is_quoted)
        array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                        "there is no column %lld", (long long)table->column + 1);
    else if (!is_there)
        array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                        "there is no column %lld, only %lld of them",
                        (long long)table->column + 1,
                        (long long)count_fields(table, line));
    return table->reader.file->status == TROUPE_OK;
}

/* ---- values ------------------------------------------------------------------- */

enum { SHOWN = 40 }; /* characters of what is wrong */

static void fail_field(const struct table *table,
                       const struct array_line *line,
                       const struct field *field,
                       enum number_result result)
{
    int n = field->n_bytes < SHOWN ? (int)field->n_bytes : SHOWN;
    const char *type = troupe_element_name(table->options->element);

    if (field->n_bytes == 0)
        array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                        "column %lld is empty", (long long)table->column + 1);
    else
        array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                        "column %lld: \"%.*s\" %s %s", (long long)table->column + 1, n,
                        field->text,
                        result == NUMBER_BEYOND ? "does not fit into" : "is no", type);
}

static bool may_be_nan(const struct table *table, const struct field *field)
{
    return field->n_bytes == 0 ? table->options->empty_is_nan
                               : table->options->text_is_nan;
}

static void
read_value(struct table *table, const struct array_line *line, struct field *field)
{
    struct array_file *file = table->reader.file;
    enum troupe_element element = table->options->element;
    unsigned char value[sizeof(uint64_t)];
    double wide = NAN;
    float narrow = NAN;
    enum number_result result;

    trim(field);
    result = number_read(file->c_locale, element, field->text, field->n_bytes, value);
    if (result == NUMBER_NONE && may_be_nan(table, field))
        memcpy(value, element == TROUPE_DOUBLE ? (void *)&wide : (void *)&narrow,
               troupe_element_bytes(element));
    else if (result != NUMBER_GOOD)
        fail_field(table, line, field, result);
    base_bytes_append(&file->values, value, troupe_element_bytes(element));
}

static void read_values(struct table *table)
{
    struct array_line line;
    struct field field = {"", 0, false};

    while (array_reader_next(&table->reader, &line))
        if (line.n_bytes > 0 && find_field(table, &line, &field))
            read_value(table, &line, &field);
}

/* ---- the first line ----------------------------------------------------------- */

static bool is_named(const struct field *field, const char *name)
{
    size_t at = 0, n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if (at >= field->n_bytes || field->text[at] != name[i])
            return false;
        at += field->is_quoted && name[i] == '"' ? 2 : 1;
    }
    return at == field->n_bytes;
}

static void find_name(struct table *table, const struct array_line *line)
{
    const char *at = line->text, *end = at + line->n_bytes;
    struct field field;

    for (table->column = 0; at <= end; at++, table->column++) {
        at = take_field(table, at, end, &field);
        if (!at) {
            fail_quotes(table, line);
            return;
        }
        if (is_named(&field, table->options->name))
            return;
    }
    array_file_fail(table->reader.file, TROUPE_FAILED, line->number,
                    "there is no column \"%.100s\"", table->options->name);
}

/* The mark of UTF-8, which some put before everything. */
static void skip_mark(struct array_line *line)
{
    if (line->n_bytes >= 3 && memcmp(line->text, "\xef\xbb\xbf", 3) == 0) {
        line->text += 3;
        line->n_bytes -= 3;
    }
}

/* Each member for itself. */
static void read_head(struct table *table)
{
    struct array_line line;

    if (!array_reader_next(&table->reader, &line)) {
        array_file_fail(table->reader.file, TROUPE_FAILED, 1, "there is no first line");
        return;
    }
    skip_mark(&line);
    if (table->options->name)
        find_name(table, &line);
}

/* A file without a head may begin with the mark, too. */
static int64_t length_of_mark(struct table *table)
{
    struct array_file *file = table->reader.file;
    size_t n_read = 0;

    if (file->status == TROUPE_OK &&
        base_file_read_all(file->files, file->descriptor, 0, file->buffer, 3,
                           &n_read) != TROUPE_OK)
        array_file_fail_io(file, "read");
    return n_read == 3 && memcmp(file->buffer, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* ---- loading ------------------------------------------------------------------ */

static bool are_options(const troupe_csv_options *options)
{
    bool is_nan = options->element == TROUPE_DOUBLE || options->element == TROUPE_FLOAT;
    char separator = options->separator;

    return troupe_element_bytes(options->element) > 0 &&
           (options->name || options->column >= 0) &&
           (is_nan || (!options->empty_is_nan && !options->text_is_nan)) &&
           separator != '"' && separator != '\n' && separator != '\r';
}

static uint64_t fingerprint(const troupe_csv_options *options)
{
    const uint64_t words[] = {(uint64_t)options->column,
                              (uint64_t)options->element,
                              (uint64_t)options->block_length,
                              (unsigned char)options->separator,
                              options->has_header,
                              options->empty_is_nan,
                              options->text_is_nan};
    uint64_t seed =
        options->name ? base_hash_bytes(options->name, strlen(options->name), 1) : 0;

    return base_hash_bytes(words, sizeof words, seed);
}

/* All members go through the same calls, whatever one of them has met. */
static void read_table(struct table *table)
{
    bool has_head = table->options->has_header || table->options->name;
    int64_t body;

    if (has_head)
        read_head(table);
    body = has_head ? array_reader_at(&table->reader) : length_of_mark(table);
    if (array_file_agree(table->reader.file, (uint64_t)body) != TROUPE_OK)
        return;
    array_reader_share(&table->reader, body, table->reader.line);
    read_values(table);
}

troupe_status troupe_array_load_csv(troupe_actor *self,
                                    troupe_team *team,
                                    const char *path,
                                    const troupe_csv_options *options,
                                    troupe_array *array,
                                    troupe_file_fault *fault)
{
    struct table table = {.options = options};
    troupe_array_options shape = {0};
    struct array_file *file;

    array_load_check(self, team, path, options, array);
    shape.element = options->element;
    shape.block_length = options->block_length;
    table.separator = options->separator;
    if (!table.separator)
        table.separator = ',';
    table.column = options->column;
    file = array_file_open(self, team, path);
    if (!are_options(options))
        array_file_fail(file, TROUPE_INVALID, 0, "options that are not possible");
    array_reader_begin(&table.reader, file);
    table.reader.has_quotes = true;
    if (array_file_agree(file, fingerprint(options)) == TROUPE_OK)
        read_table(&table);
    return array_file_deliver(file, &shape, array, fault);
}

/* ---- saving ------------------------------------------------------------------- */

struct columns {
    const struct array *const *arrays;
    int n;
};

static void append_name(struct base_bytes *text, const char *name)
{
    bool needs_quotes = strpbrk(name, ",\"\r\n") != NULL || is_blank(name[0]);

    if (!needs_quotes) {
        base_bytes_append(text, name, strlen(name));
        return;
    }
    base_bytes_append(text, "\"", 1);
    for (; *name; name++) {
        if (*name == '"')
            base_bytes_append(text, "\"", 1);
        base_bytes_append(text, name, 1);
    }
    base_bytes_append(text, "\"", 1);
}

static void append_row(const void *context, int64_t element, struct base_bytes *row)
{
    const struct columns *columns = context;
    char text[NUMBER_TEXT_BYTES + 1];

    for (int i = 0; i < columns->n; i++) {
        const struct array *array = columns->arrays[i];
        size_t offset = (size_t)element * array->element_bytes;
        size_t n = number_write(array->element, array->memory.bytes + offset, text);

        text[n] = i + 1 < columns->n ? ',' : '\n';
        base_bytes_append(row, text, n + 1);
    }
}

static bool is_alike(const struct array *first, const struct array *array)
{
    if (array->team != first->team || array->length != first->length ||
        array->element == TROUPE_BYTES)
        return false;
    for (int i = 0; i < first->n_members; i++)
        if (array_member_first(first, i) != array_member_first(array, i))
            return false;
    return true;
}

static const struct array *array_of_column(const troupe_actor *self,
                                           const troupe_csv_column *column)
{
    return base_map_get(&array_of(self->home->rank)->arrays, column->array.bits);
}

/* Each element stands in one row: parts have to be the same. */
static bool
are_alike(const troupe_actor *self, const troupe_csv_column *columns, int n_columns)
{
    const struct array *first = array_of_column(self, &columns[0]);

    for (int i = 0; i < n_columns; i++)
        if (!is_alike(first, array_of_column(self, &columns[i])))
            return false;
    return true;
}

/* What is needed hangs on the file, for the process may be stopped. */
static void
note_columns(struct array_file *file, const troupe_csv_column *columns, int n_columns)
{
    for (int i = 0; i < n_columns; i++) {
        const struct array *array = array_of_column(file->member, &columns[i]);

        base_bytes_append(&file->values, &array, sizeof array);
        append_name(&file->head, columns[i].name);
        base_bytes_append(&file->head, i + 1 < n_columns ? "," : "\n", 1);
    }
    if (file->values.failed || file->head.failed)
        array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d",
                        file->index);
}

troupe_status array_save_csv(troupe_actor *self,
                             troupe_team *team,
                             const troupe_csv_column *columns,
                             int n_columns,
                             const char *path,
                             troupe_file_fault *fault)
{
    const struct array *first = array_of_column(self, &columns[0]);
    const char *refusal = are_alike(self, columns, n_columns)
                              ? NULL
                              : "columns that differ in length or cut, or have no text";
    struct array_file *file = array_file_create(self, team, path, refusal);
    struct columns known = {.n = n_columns};

    note_columns(file, columns, n_columns);
    known.arrays = (const struct array *const *)(const void *)file->values.data;
    return array_file_write_rows(file, (const char *)file->head.data, file->head.size,
                                 array_mine_length(first), append_row, &known, fault);
}

void array_save_csv_check(troupe_actor *self,
                          const troupe_csv_column *columns,
                          int n_columns,
                          const char *path,
                          const char *call)
{
    actor_require_process(self, call);
    actor_require(self, columns && path, "%s: no columns, or no path", call);
    for (int i = 0; i < n_columns; i++) {
        actor_require(self, columns[i].name != NULL, "%s: a column without a name",
                      call);
        (void)array_find(self, columns[i].array, call);
    }
}

troupe_status troupe_array_save_csv(troupe_actor *self,
                                    const troupe_csv_column *columns,
                                    int n_columns,
                                    const char *path,
                                    troupe_file_fault *fault)
{
    array_save_csv_check(self, columns, n_columns, path, "troupe_array_save_csv");
    if (n_columns < 1)
        return TROUPE_INVALID; /* and no team, so nobody waits */
    return array_save_csv(self, array_of_column(self, &columns[0])->team, columns,
                          n_columns, path, fault);
}
