/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "common/output.h"
#include "common/json.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void output_begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}

bool output_finish(const char *program)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "%s: cannot write the result: %s\n", program,
            errno ? strerror(errno) : "standard output failed");
    return false;
}

bool output_is_possible(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) == 0) {
        if (!S_ISDIR(facts.st_mode))
            return access(path, W_OK) == 0;
        errno = EISDIR;
        return false;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno == EEXIST; /* a link to what is not there yet */
    close(fd);
    return unlink(path) == 0;
}

void output_discard(const char *path)
{
    int error = errno;
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode))
        (void)remove(path);
    errno = error;
}

void output_put_printable(FILE *out, const char *text)
{
    bool is_utf8 = json_is_utf8((const unsigned char *)text, strlen(text));
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_utf8))
            fprintf(out, "\\x%02x", byte);
        else
            putc(byte, out);
    }
}

const char *output_plural(int64_t n, const char *one, const char *several)
{
    return n == 1 ? one : several;
}
