/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_array_file.h"
#include "array/market.h"
#include "support/check_main.h"
#include "troupe/troupe.h"
#include <errno.h>

/*
 * Files of arrays on many simulated ranks, so that lines fall on the members in every
 * way; bad files and the words they are refused with; a disk that fails.
 */

/* ---- good tables -------------------------------------------------------------- */

static struct table table;

static void begin_table(void)
{
    make_table(&table);
}

static bool is_same(double a, double b)
{
    return isnan(b) ? isnan(a) : memcmp(&a, &b, sizeof a) == 0;
}

static troupe_status table_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_csv_options options = {.column = table.column,
                                  .has_header = table.has_head,
                                  .empty_is_nan = true,
                                  .text_is_nan = true,
                                  .element = TROUPE_DOUBLE,
                                  .block_length = 16};
    troupe_file_fault fault;
    troupe_array_part mine;
    troupe_array array;

    for (int round = 0; round < 1 + table.has_head; round++) {
        if (round == 1)
            options.name = "the \"column\"";
        SCENE_STATUS(troupe_array_load_csv(self, team, path, &options, &array, &fault),
                     TROUPE_OK, fault.text);
        mine = troupe_array_mine(self, array);
        EXPECT_INT(troupe_array_describe(self, array).length, table.n_values);
        for (int64_t i = 0; i < mine.n_elements; i++)
            EXPECT(is_same(((double *)mine.data)[i], table.values[mine.first + i]));
        troupe_array_destroy(self, &array);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(table_process, table_body);

START_TEST(random_tables)
{
    static const int n_ranks[] = {1, 2, 3, 5, 16};

    make_path();
    for (size_t i = 0; i < sizeof n_ranks / sizeof n_ranks[0]; i++)
        scene_play(&(struct scene){
            .main = &table_process, .n_ranks = n_ranks[i], .begin = begin_table});
    unlink(path);
}
END_TEST

/* ---- bad files ---------------------------------------------------------------- */

enum format { CSV, CSV_NAME, CSV_INT, CSV_NAN, MARKET, ENTRIES, BINARY };

struct bad {
    enum format format;
    const char *text;
    troupe_status status;
    int64_t line;
    const char *words;
};

static const struct bad *bad;

static const struct bad bad_files[] = {
    {CSV, "1,2\n3,4\n5\n", TROUPE_FAILED, 3, "there is no column 2, only 1 of them"},
    {CSV, "1,2\n\n\"a\nb\"\n", TROUPE_FAILED, 3, "there is no column 2"},
    {CSV, "1,2\n3,abc\n", TROUPE_FAILED, 2, "column 2: \"abc\" is no double"},
    {CSV, "1,2\n\"\n\",1\n3,\n4,5", TROUPE_FAILED, 4, "column 2 is empty"},
    {CSV, "1,1e999\n", TROUPE_FAILED, 1,
     "column 2: \"1e999\" does not fit into double"},
    {CSV, "1,2\na\"b,3\n", TROUPE_FAILED, 2,
     "a quote that does not surround a whole field"},
    {CSV, "1,2\na\"b\",3\n", TROUPE_FAILED, 2,
     "a quote that does not surround a whole field"},
    {CSV, "1,2\n\"b\"a,3\n", TROUPE_FAILED, 2,
     "a quote that does not surround a whole field"},
    {CSV, "1,2\n3,\"4\n", TROUPE_FAILED, 2,
     "a quote that does not surround a whole field"},
    {CSV_NAME, "", TROUPE_FAILED, 1, "there is no first line"},
    {CSV_NAME, "a,b\n1,2\n", TROUPE_FAILED, 1, "there is no column \"x\""},
    {CSV_INT, "1,128\n", TROUPE_FAILED, 1, "column 2: \"128\" does not fit into int8"},
    {CSV_INT, "1,1.5\n", TROUPE_FAILED, 1, "column 2: \"1.5\" is no int8"},
    {CSV_NAN, "1,1\n", TROUPE_INVALID, 0, "options that are not possible"},
    {MARKET, "", TROUPE_FAILED, 1, "it is empty"},
    {MARKET, "hello\n", TROUPE_FAILED, 1, "it does not begin with %%MatrixMarket"},
    {MARKET, "%%MatrixMarket matrix array real\n", TROUPE_FAILED, 1,
     "the first line must say \"matrix\" and three words more"},
    {MARKET, "%%MatrixMarket matrix list real general\n", TROUPE_FAILED, 1,
     "the format is neither \"coordinate\" nor \"array\""},
    {MARKET, "%%MatrixMarket matrix array complex general\n", TROUPE_FAILED, 1,
     "the values are neither real nor integer nor a pattern"},
    {MARKET, "%%MatrixMarket matrix array real hermitian\n", TROUPE_FAILED, 1,
     "neither general nor symmetric nor skew-symmetric"},
    {MARKET, "%%MatrixMarket matrix array real general\n% none\n", TROUPE_FAILED, 3,
     "it ends before the sizes"},
    {MARKET, "%%MatrixMarket matrix array real general\n\n2\n", TROUPE_FAILED, 3,
     "not two sizes: rows and columns"},
    {MARKET, "%%MatrixMarket matrix array real general\n1 2\n1\n2\n", TROUPE_FAILED, 2,
     "a vector has one column, not 2"},
    {MARKET, "%%MatrixMarket matrix array real symmetric\n1 1\n1\n", TROUPE_FAILED, 1,
     "a vector is general, not symmetric"},
    {MARKET, "%%MatrixMarket matrix array pattern general\n1 1\n1\n", TROUPE_FAILED, 1,
     "it is no vector of values (array)"},
    {MARKET, "%%MatrixMarket matrix array real general\n2 1\n1\nx\n", TROUPE_FAILED, 4,
     "\"x\" is no double"},
    {MARKET, "%%MatrixMarket matrix array real general\n2 1\n1\n2 3\n", TROUPE_FAILED,
     4, "there is something behind the value"},
    {MARKET, "%%MatrixMarket matrix array real general\n2 1\n1\n", TROUPE_FAILED, 2,
     "entries said to be there: 2, found: 1"},
    {ENTRIES, "%%MatrixMarket matrix array real general\n1 1\n1\n", TROUPE_FAILED, 1,
     "it is no sparse matrix (coordinate)"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n1 1\n", TROUPE_FAILED, 2,
     "not three sizes: rows, columns and entries"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real symmetric\n1 2 0\n", TROUPE_FAILED,
     2, "symmetric, but not square"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 5\n",
     TROUPE_FAILED, 3, "there is no such row"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\n2 0 5\n",
     TROUPE_FAILED, 3, "there is no such column"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\nx 1 5\n",
     TROUPE_FAILED, 3, "it does not begin with a row and a column"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1\n",
     TROUPE_FAILED, 3, "there is no value"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 5 6\n",
     TROUPE_FAILED, 3, "there is something behind the entry"},
    {ENTRIES, "%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 5.5\n",
     TROUPE_FAILED, 3, "\"5.5\" is no whole number"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 y\n",
     TROUPE_FAILED, 3, "\"y\" is no real number"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 5\n",
     TROUPE_FAILED, 3, "symmetric, but an entry stands above the diagonal"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 5\n",
     TROUPE_FAILED, 3, "skew-symmetric, but an entry stands on the diagonal"},
    {ENTRIES, "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 5\n",
     TROUPE_FAILED, 2, "entries said to be there: 3, found: 1"},
    {BINARY, "123456789", TROUPE_FAILED, 0,
     "its 9 bytes are no multiple of an element's 8"},
};

static troupe_status load_entries(troupe_actor *self,
                                  troupe_team *team,
                                  struct market_facts *facts,
                                  troupe_file_fault *fault)
{
    struct array_file *file = array_file_open(self, team, path);
    troupe_status status = market_read_entries(file, facts);

    *fault = file->fault;
    array_file_close(file);
    return status;
}

static troupe_status load_bad(troupe_actor *self, troupe_file_fault *fault)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_csv_options csv = {.column = 1, .element = TROUPE_DOUBLE};
    const troupe_array_options options = {.element = TROUPE_DOUBLE};
    struct market_facts facts;
    troupe_array array;

    csv.name = bad->format == CSV_NAME ? "x" : NULL;
    csv.element = bad->format >= CSV_INT ? TROUPE_INT8 : TROUPE_DOUBLE;
    csv.empty_is_nan = bad->format == CSV_NAN;
    switch (bad->format) {
    case MARKET:
        return troupe_array_load_market(self, team, path, &options, &array, fault);
    case ENTRIES:
        return load_entries(self, team, &facts, fault);
    case BINARY:
        return troupe_array_load(self, team, path, &options, &array, fault);
    default:
        return troupe_array_load_csv(self, team, path, &csv, &array, fault);
    }
}

static troupe_status bad_body(troupe_actor *self)
{
    troupe_file_fault fault;

    SCENE_STATUS(load_bad(self, &fault), bad->status, bad->text);
    if (fault.line != bad->line || strcmp(fault.text, bad->words) != 0)
        scene_fail(__FILE__, __LINE__, "line %lld: %s, not line %lld: %s; of:\n%s",
                   (long long)fault.line, fault.text, (long long)bad->line, bad->words,
                   bad->text);
    return troupe_barrier(self, troupe_rank_team(self));
}
TROUPE_PROCESS(bad_process, bad_body);

START_TEST(each_fault_has_its_words)
{
    make_path();
    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++)
        for (int n_ranks = 1; n_ranks <= 5; n_ranks += 2) {
            bad = &bad_files[i];
            write_file(bad->text, strlen(bad->text));
            scene_play(&(struct scene){.main = &bad_process, .n_ranks = n_ranks});
        }
    unlink(path);
}
END_TEST

/* ---- sparse matrices ---------------------------------------------------------- */

enum { N_ROWS = 40, N_COLUMNS = 30 };

static void begin_matrix(void)
{
    struct base_random random = {scene_seed()};
    int n_entries = (int)base_random_below(&random, 300);

    memset(&table, 0, sizeof table);
    add(&table, "%%%%matrixmarket Matrix Coordinate Real General\n%% of a test\n%%\n");
    add(&table, " %d  %d\t%d\r\n", N_ROWS, N_COLUMNS, n_entries);
    for (int i = 0; i < n_entries; i++) {
        double value = (double)base_random_next(&random) * 1e-5;

        add(&table, "%d %d %.17g%s", 1 + i % N_ROWS, 1 + i * 7 % N_COLUMNS, value,
            i % 10 ? "\n" : "\r\n\n");
        table.values[table.n_values++] = value;
    }
    write_file(table.text, table.n_bytes);
}

static troupe_status matrix_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    struct array_file *file = array_file_open(self, team, path);
    const struct market_entry *entries;
    struct market_facts facts;
    int64_t n, before = 0;
    troupe_reduction sum = {.mine = &n, .result = &before, .n_items = 1};

    EXPECT_OK(market_read_entries(file, &facts));
    EXPECT_INT(facts.n_rows, N_ROWS);
    EXPECT_INT(facts.n_columns, N_COLUMNS);
    EXPECT_INT(facts.n_entries, table.n_values);
    EXPECT(facts.is_coordinate && facts.symmetry == MARKET_GENERAL &&
           !facts.is_pattern);
    n = (int64_t)(file->values.size / sizeof *entries);
    EXPECT_OK(troupe_exscan(self, team, &sum));
    entries = (const void *)file->values.data;
    for (int64_t i = 0; i < n; i++) {
        EXPECT_INT(entries[i].row, (before + i) % N_ROWS);
        EXPECT_INT(entries[i].column, (before + i) * 7 % N_COLUMNS);
        EXPECT(entries[i].value == table.values[before + i]);
    }
    array_file_close(file);
    return TROUPE_OK;
}
TROUPE_PROCESS(matrix, matrix_body);

START_TEST(entries_of_matrices)
{
    make_path();
    for (int n_ranks = 1; n_ranks <= 7; n_ranks += 3)
        scene_play(&(struct scene){
            .main = &matrix, .n_ranks = n_ranks, .begin = begin_matrix});
    unlink(path);
}
END_TEST

/* ---- there and back ----------------------------------------------------------- */

static troupe_array make_array(troupe_actor *self, enum troupe_element element)
{
    troupe_team *team = troupe_rank_team(self);
    const troupe_array_options options = {.element = element,
                                          .length = (int64_t)(scene_seed() * 37 % 200),
                                          .block_length = 16};
    troupe_array array;
    troupe_array_part mine;
    size_t size_bytes = troupe_element_bytes(element);

    EXPECT_OK(troupe_array_create(self, team, &options, &array));
    mine = troupe_array_mine(self, array);
    for (int64_t i = 0; i < mine.n_elements; i++) {
        double wide = sin((double)(mine.first + i)) * 1e3;
        float narrow = (float)wide;
        int64_t whole = (int64_t)wide;
        const void *value = element == TROUPE_DOUBLE  ? (void *)&wide
                            : element == TROUPE_FLOAT ? (void *)&narrow
                                                      : (void *)&whole;

        memcpy((char *)mine.data + (size_t)i * size_bytes, value, size_bytes);
    }
    return array;
}

static void expect_same(troupe_actor *self, troupe_array array, troupe_array *loaded)
{
    troupe_array_part a = troupe_array_mine(self, array);
    troupe_array_part b = troupe_array_mine(self, *loaded);
    size_t size_bytes = troupe_array_describe(self, array).element_bytes;

    EXPECT_INT(troupe_array_describe(self, *loaded).length,
               troupe_array_describe(self, array).length);
    EXPECT_INT(b.n_elements, a.n_elements);
    EXPECT(a.n_elements == 0 ||
           memcmp(a.data, b.data, (size_t)a.n_elements * size_bytes) == 0);
    troupe_array_destroy(self, loaded);
}

static troupe_status back_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);

    for (int i = 0; i < TROUPE_BYTES; i++) {
        enum troupe_element element = (enum troupe_element)i;
        troupe_array array = make_array(self, element), loaded;
        troupe_array_options options = {.element = element, .block_length = 16};
        troupe_csv_options csv = {.element = element, .block_length = 16, .name = "b"};
        troupe_csv_column columns[] = {{"a,\"", array}, {"b", array}};

        EXPECT_OK(troupe_array_save(self, array, path, NULL));
        EXPECT_OK(troupe_array_load(self, team, path, &options, &loaded, NULL));
        expect_same(self, array, &loaded);
        EXPECT_OK(troupe_array_save_csv(self, columns, 2, path, NULL));
        EXPECT_OK(troupe_array_load_csv(self, team, path, &csv, &loaded, NULL));
        expect_same(self, array, &loaded);
        csv.name = "a,\"";
        EXPECT_OK(troupe_array_load_csv(self, team, path, &csv, &loaded, NULL));
        expect_same(self, array, &loaded);
        EXPECT_OK(troupe_array_save_market(self, array, path, NULL));
        EXPECT_OK(troupe_array_load_market(self, team, path, &options, &loaded, NULL));
        expect_same(self, array, &loaded);
        troupe_array_destroy(self, &array);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(back, back_body);

START_TEST(there_and_back)
{
    make_path();
    for (int n_ranks = 1; n_ranks <= 4; n_ranks++)
        scene_play(&(struct scene){.main = &back, .n_ranks = n_ranks});
    unlink(path);
}
END_TEST

/* ---- a disk that fails -------------------------------------------------------- */

/* The n-th call from now fails on all ranks together. */
static struct {
    struct base_files files;
    int n_calls, fails_at, error;
} disk;

static bool fails(void)
{
    errno = disk.error;
    return disk.n_calls++ == disk.fails_at;
}

#define CALL(call) (fails() ? -1 : base_files_real.call)

static int
disk_open(const struct base_files *files, const char *name, int flags, mode_t mode)
{
    return CALL(open(files, name, flags, mode));
}

static ssize_t
disk_pread(const struct base_files *files, int fd, void *data, size_t n, off_t offset)
{
    return CALL(pread(files, fd, data, n > 100 ? 100 : n, offset));
}

static ssize_t disk_pwrite(
    const struct base_files *files, int fd, const void *data, size_t n, off_t offset)
{
    return CALL(pwrite(files, fd, data, n > 100 ? 100 : n, offset));
}

static int disk_fsync(const struct base_files *files, int fd)
{
    return CALL(fsync(files, fd));
}

static int
disk_stat(const struct base_files *files, const char *name, struct stat *status)
{
    return CALL(stat(files, name, status));
}

static int disk_rename(const struct base_files *files, const char *from, const char *to)
{
    return CALL(rename(files, from, to));
}

static troupe_status disk_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    const troupe_array_options options = {.element = TROUPE_DOUBLE, .block_length = 16};
    troupe_array array = make_array(self, TROUPE_DOUBLE), loaded;
    troupe_csv_column column = {"a", array};
    troupe_csv_options csv = {.name = "a", .element = TROUPE_DOUBLE};
    char before[8] = "before", after[100];
    troupe_file_fault fault;
    troupe_status status;

    array_of(self->home->rank)->files = &disk.files;
    status = troupe_array_save_csv(self, &column, 1, path, &fault);
    EXPECT(status == TROUPE_OK || status == TROUPE_IO);
    EXPECT(status == TROUPE_OK || strstr(fault.text, strerror(disk.error)) != NULL);
    if (status == TROUPE_IO) { /* what was there still is, and nothing else */
        EXPECT_INT(read_file(after, sizeof after), 6);
        EXPECT(memcmp(before, after, 6) == 0);
    } else {
        status = troupe_array_load_csv(self, team, path, &csv, &loaded, &fault);
        EXPECT(status == TROUPE_OK || status == TROUPE_IO);
    }
    if (status == TROUPE_OK) {
        status = troupe_array_save(self, array, path, &fault);
        EXPECT(status == TROUPE_OK || status == TROUPE_IO);
    }
    if (status == TROUPE_OK) {
        status = troupe_array_load(self, team, path, &options, &loaded, &fault);
        EXPECT(status == TROUPE_OK || status == TROUPE_IO);
    }
    return troupe_barrier(self, team); /* all are still together */
}
TROUPE_PROCESS(disk_process, disk_body);

static void begin_disk(void)
{
    disk.n_calls = 0;
    write_file("before", 6);
}

static void check_disk(void)
{
    char part[220];

    snprintf(part, sizeof part, "%s.part", path);
    EXPECT(access(part, F_OK) != 0);
}

START_TEST(a_disk_that_fails)
{
    make_path();
    disk.files = base_files_real;
    disk.files.open = disk_open;
    disk.files.pread = disk_pread;
    disk.files.pwrite = disk_pwrite;
    disk.files.fsync = disk_fsync;
    disk.files.stat = disk_stat;
    disk.files.rename = disk_rename;
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        for (disk.fails_at = 0; disk.fails_at < 60; disk.fails_at++) {
            disk.error = disk.fails_at % 2 ? ENOSPC : EIO;
            scene_play(&(struct scene){.main = &disk_process,
                                       .n_ranks = n_ranks,
                                       .begin = begin_disk,
                                       .check = check_disk});
        }
    unlink(path);
}
END_TEST

CHECK_MAIN("array_file",
           random_tables,
           each_fault_has_its_words,
           entries_of_matrices,
           there_and_back,
           a_disk_that_fails)
