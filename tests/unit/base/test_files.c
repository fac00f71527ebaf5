/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/compiler.h"
#include "base/files.h"
#include "base/random.h"
#include "support/check_main.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A stand-in: interrupts, moves fewer bytes than asked, fails after so many bytes. */
struct trouble {
    struct base_random random;
    size_t n_left; /* bytes until it fails */
    int error;     /* with this; 0: nothing is moved any more */
};

struct troubled {
    struct base_files files;
    struct trouble *trouble;
};

static struct trouble *trouble_of(const struct base_files *files)
{
    return CONTAINER_OF_CONST(files, struct troubled, files)->trouble;
}

/* How much to move now; 0 with errno set: fail. */
static size_t allow(struct trouble *trouble, size_t size_bytes)
{
    errno = EINTR;
    if (base_random_below(&trouble->random, 3) == 0)
        return 0;
    errno = trouble->error;
    size_t n = 1 + base_random_below(&trouble->random, (uint32_t)size_bytes);
    n = n < trouble->n_left ? n : trouble->n_left;
    trouble->n_left -= n;
    return n;
}

static ssize_t troubled_pread(const struct base_files *files,
                              int descriptor,
                              void *data,
                              size_t size_bytes,
                              off_t offset_bytes)
{
    size_t n = allow(trouble_of(files), size_bytes);
    if (n == 0)
        return errno ? -1 : 0;
    return base_files_real.pread(&base_files_real, descriptor, data, n, offset_bytes);
}

static ssize_t troubled_write(const struct base_files *files,
                              int descriptor,
                              const void *data,
                              size_t size_bytes)
{
    size_t n = allow(trouble_of(files), size_bytes);
    if (n == 0)
        return errno ? -1 : 0;
    return base_files_real.write(&base_files_real, descriptor, data, n);
}

static struct troubled between(struct trouble *trouble)
{
    struct troubled troubled = {base_files_real, trouble};
    troubled.files.pread = troubled_pread;
    troubled.files.write = troubled_write;
    return troubled;
}

static int open_scratch(void)
{
    char path[] = "/tmp/troupe_test_files_XXXXXX";
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    unlink(path);
    return descriptor;
}

enum { N_BYTES = 2000 };

static void fill(unsigned char *data, struct base_random *random)
{
    for (int i = 0; i < N_BYTES; i++)
        data[i] = (unsigned char)base_random_next(random);
}

START_TEST(all_of_it_through_all_trouble)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct trouble trouble = {{seed}, SIZE_MAX, EIO};
        struct troubled troubled = between(&trouble);
        unsigned char written[N_BYTES], back[N_BYTES + 10];
        fill(written, &trouble.random);
        int descriptor = open_scratch();
        ck_assert_int_eq(
            base_file_write_all(&troubled.files, descriptor, written, N_BYTES),
            TROUPE_OK);
        size_t offset = seed * 7, n_read = 0;
        ck_assert_int_eq(base_file_read_all(&troubled.files, descriptor,
                                            (int64_t)offset, back, sizeof(back),
                                            &n_read),
                         TROUPE_OK);
        ck_assert_uint_eq(n_read, N_BYTES - offset);
        ck_assert_mem_eq(back, written + offset, n_read);
        close(descriptor);
    }
}
END_TEST

START_TEST(errors_come_back)
{
    unsigned char data[N_BYTES] = {0};
    int descriptor = open_scratch();
    static const int errors[] = {ENOSPC, EIO, 0};
    for (size_t i = 0; i < ARRAY_LENGTH(errors); i++) {
        struct trouble trouble = {{i}, N_BYTES - 1, errors[i]};
        struct troubled troubled = between(&trouble);
        ck_assert_int_eq(
            base_file_write_all(&troubled.files, descriptor, data, N_BYTES), TROUPE_IO);
        ck_assert_int_eq(errno, errors[i] ? errors[i] : ENOSPC);
    }
    struct trouble trouble = {{1}, 10, EIO};
    struct troubled troubled = between(&trouble);
    size_t n_read = 77;
    ck_assert_int_eq(
        base_file_read_all(&troubled.files, descriptor, 0, data, N_BYTES, &n_read),
        TROUPE_IO);
    ck_assert_int_eq(errno, EIO);
    ck_assert_uint_eq(n_read, 77);
    close(descriptor);
}
END_TEST

START_TEST(the_real_ones)
{
    const struct base_files *files = &base_files_real;
    char folder[] = "/tmp/troupe_test_files_XXXXXX";
    char first[100], second[100], data[10] = "";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(first, sizeof(first), "%s/deeper/first", folder);
    snprintf(second, sizeof(second), "%s/second", folder);
    char *deeper = strdup(first);
    *strrchr(deeper, '/') = '\0';
    ck_assert_int_eq(files->mkdir(files, deeper, 0700), 0);
    int descriptor = files->open(files, first, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_ne(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(files->write(files, descriptor, "content", 7), 7);
    ck_assert_int_eq(files->fsync(files, descriptor), 0);
    ck_assert_int_eq(files->pread(files, descriptor, data, 9, 3), 4);
    ck_assert_str_eq(data, "tent");
    ck_assert_int_eq(files->read(files, descriptor, data, 9), 0);
    ck_assert_int_eq(files->close(files, descriptor), 0);
    ck_assert_int_eq(files->rename(files, first, second), 0);
    struct stat status;
    ck_assert_int_eq(files->stat(files, first, &status), -1);
    ck_assert_int_eq(files->stat(files, second, &status), 0);
    ck_assert_int_eq(status.st_size, 7);
    ck_assert_int_eq(files->unlink(files, second), 0);
    rmdir(deeper);
    ck_assert_int_eq(rmdir(folder), 0);
    free(deeper);
}
END_TEST

CHECK_MAIN("files", all_of_it_through_all_trouble, errors_come_back, the_real_ones)
