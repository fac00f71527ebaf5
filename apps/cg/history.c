/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "history.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

bool history_append(struct history *history, double norm)
{
    if (history->n == history->capacity) {
        size_t capacity = history->capacity ? 2 * history->capacity : 256;
        double *norms = realloc(history->norms, capacity * sizeof *norms);
        if (!norms)
            return false;
        history->norms = norms;
        history->capacity = capacity;
    }
    history->norms[history->n++] = norm;
    return true;
}

void history_fini(struct history *history)
{
    free(history->norms);
    *history = (struct history){0};
}

static bool complain(const char *path)
{
    fprintf(stderr, "cg: %s: %s\n", path, strerror(errno));
    return false;
}

bool history_write(const struct history *history, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return complain(path);
    fputs("iteration,residual\n", file);
    for (size_t i = 0; i < history->n; i++)
        fprintf(file, "%zu,%a\n", i, history->norms[i]);
    bool is_good = !ferror(file);
    if (fclose(file) != 0)
        is_good = false;
    return is_good || complain(path);
}

/* ---- the picture -------------------------------------------------------------- */

/* In single quotes gnuplot takes all as it stands, but quotes themselves twice. */
static void put_quoted(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            putc('\'', out);
        putc(*text, out);
    }
    putc('\'', out);
}

static void put_script(FILE *out, const struct history *history, const char *path)
{
    fputs("set terminal svg size 720,440 background rgb 'white'\nset output ", out);
    put_quoted(out, path);
    fputs("\nset logscale y\nset format y '10^{%L}'\nset grid\nset xlabel 'iteration'\n"
          "set ylabel 'norm of the residual'\nunset key\n"
          "plot '-' with lines linewidth 2\n",
          out);
    for (size_t i = 0; i < history->n; i++)
        fprintf(out, "%zu %.17g\n", i, history->norms[i]);
    fputs("e\n", out);
}

bool history_plot(const struct history *history, const char *path)
{
    enum { SHELL_FOUND_NONE = 127 };
    FILE *gnuplot = popen("gnuplot", "w");
    int status;
    if (!gnuplot) {
        fprintf(stderr, "cg: gnuplot does not start: %s\n", strerror(errno));
        return false;
    }
    put_script(gnuplot, history, path);
    status = pclose(gnuplot);
    if (status == 0)
        return true;
    if (status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SHELL_FOUND_NONE)
        fprintf(stderr, "cg: --plot needs gnuplot, which is not there\n");
    else
        fprintf(stderr, "cg: gnuplot could not draw %s\n", path);
    return false;
}
