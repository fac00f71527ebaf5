/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "history.h"
#include "common/output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* As many as fill a block. */
enum { CHUNK = 4096 };

static troupe_status make_chunk(struct history *history, int64_t chunk)
{
    char name[64];
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .length = CHUNK,
                                          .block_length = CHUNK,
                                          .saved_as = name};
    size_t n_bytes = (size_t)(chunk + 1) * sizeof *history->chunks;
    troupe_array *chunks = realloc(history->chunks, n_bytes);
    if (!chunks)
        return TROUPE_NO_MEMORY;
    history->chunks = chunks;
    snprintf(name, sizeof name, "cg history %lld", (long long)chunk);
    return troupe_array_create(history->self, troupe_rank_team(history->self), &options,
                               &history->chunks[chunk]);
}

troupe_status history_init(struct history *history, troupe_actor *self, int64_t n)
{
    *history = (struct history){.self = self, .n = n};
    for (int64_t chunk = 0; chunk * CHUNK < n; chunk++)
        TROUPE_TRY(make_chunk(history, chunk));
    return TROUPE_OK;
}

troupe_status history_append(struct history *history, double norm)
{
    int64_t chunk = history->n / CHUNK, place = history->n % CHUNK;
    if (place == 0)
        TROUPE_TRY(make_chunk(history, chunk));
    troupe_array_part mine = troupe_array_mine(history->self, history->chunks[chunk]);
    if (place >= mine.first && place < mine.first + mine.n_elements)
        ((double *)mine.data)[place - mine.first] = norm;
    history->n++;
    return TROUPE_OK;
}

bool history_make_room(struct history *history)
{
    history->norms = malloc((size_t)history->n * sizeof *history->norms);
    if (!history->norms)
        fputs("cg: no memory for the history\n", stderr);
    return history->norms != NULL;
}

troupe_status history_gather(struct history *history)
{
    for (int64_t first = 0; first < history->n; first += CHUNK) {
        int64_t left = history->n - first;
        troupe_array_range range = {.n_elements = left < CHUNK ? left : CHUNK};
        TROUPE_TRY(troupe_array_gather(history->self, history->chunks[first / CHUNK], 0,
                                       range,
                                       history->norms ? history->norms + first : NULL));
    }
    return TROUPE_OK;
}

void history_fini(struct history *history)
{
    free(history->chunks);
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
    for (int64_t i = 0; i < history->n; i++)
        fprintf(file, "%lld,%a\n", (long long)i, history->norms[i]);
    bool is_good = fflush(file) == 0 && !ferror(file);
    if (fclose(file) == 0 && is_good)
        return true;
    output_discard(path);
    return complain(path);
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
    for (int64_t i = 0; i < history->n; i++)
        fprintf(out, "%lld %.17g\n", (long long)i, history->norms[i]);
    fputs("e\n", out);
}

/* gnuplot does not notice a full disk. What is no regular file cannot be told. */
static bool is_whole(const char *path)
{
    char end[16] = "";
    struct stat facts;
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
        return true;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (fseek(file, 1 - (long)sizeof end, SEEK_END) == 0)
        (void)!fread(end, 1, sizeof end - 1, file);
    fclose(file);
    return strstr(end, "</svg>") != NULL;
}

bool history_plot(const struct history *history, const char *path)
{
    enum { SHELL_FOUND_NONE = 127 };
    FILE *picture = fopen(path, "w"), *gnuplot;
    /* gnuplot would draw on standard output. */
    if (!picture || fclose(picture) != 0)
        return complain(path);
    /* It warns of what cannot be drawn, such as a residual of 0. */
    gnuplot = popen("gnuplot 2> /dev/null", "w");
    if (!gnuplot) {
        fprintf(stderr, "cg: gnuplot does not start: %s\n", strerror(errno));
        return false;
    }
    put_script(gnuplot, history, path);
    int status = pclose(gnuplot);
    if (status == 0 && is_whole(path))
        return true;
    output_discard(path);
    if (status == 0)
        fprintf(stderr, "cg: %s: not all of it could be written\n", path);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_FOUND_NONE)
        fprintf(stderr, "cg: --plot needs gnuplot, which is not there\n");
    else
        fprintf(stderr, "cg: gnuplot could not draw %s\n", path);
    return false;
}
