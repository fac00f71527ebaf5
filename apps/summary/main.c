/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * summary: what the numbers of a column of a table are like, the same to the last bit
 * on any number of ranks and threads; --help says more.
 */

#include "common/output.h"
#include "common/progress.h"
#include "options.h"
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <troupe/troupe.h>

static int exit_code = EXIT_SUMMED;

struct summary {
    troupe_actor *self;
    const struct options *options;
    struct progress progress;
    int n_steps_done;
    troupe_array numbers;
    int64_t n_missing;
    const char *no_bins; /* why there are none; NULL: there are */
    troupe_moments moments;
    troupe_extreme least, greatest;
    double sum, quantiles[MOST_QUANTILES];
    uint64_t counts[MOST_BINS + TROUPE_BINS_EXTRA];
};

/* ---- what is being done -----------------------------------------------------------
 */

/* How many lines step() says in all. */
static int count_steps(const struct options *options)
{
    return 4 + options->may_miss + options->n_quantiles + (options->n_bins > 0);
}

/* Each at once: a step of a large file takes long, and cannot be seen into. */
static void step(struct summary *summary, const char *what)
{
    char text[200];

    snprintf(text, sizeof text, "summary: step %d of %d: %s", ++summary->n_steps_done,
             count_steps(summary->options), what);
    progress_hurry(&summary->progress);
    progress_say(&summary->progress, text, troupe_now_ns(summary->self));
}

/* ---- reading --------------------------------------------------------------------- */

static void
mark_numbers(const troupe_block *block, unsigned char *keep, const void *argument)
{
    const double *x = block->in[0];

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = x[i] == x[i];
}
TROUPE_FILTER(numbers_filter, mark_numbers);

static troupe_status leave_out_missing(struct summary *summary)
{
    troupe_array all = summary->numbers;
    int64_t n_all = troupe_array_describe(summary->self, all).length;

    step(summary, "leaving out what is missing");
    TROUPE_TRY(troupe_filter(summary->self, &numbers_filter,
                             &(troupe_arrays){.in = {all}}, NULL, TROUPE_TREE,
                             &summary->numbers));
    summary->n_missing =
        n_all - troupe_array_describe(summary->self, summary->numbers).length;
    troupe_array_destroy(summary->self, &all);
    return TROUPE_OK;
}

static troupe_status complain(struct summary *summary, const troupe_file_fault *fault)
{
    exit_code = EXIT_NO_RESULT;
    progress_hide(&summary->progress);
    if (troupe_rank(summary->self) != 0)
        return TROUPE_OK;
    if (fault->line > 0)
        fprintf(stderr, "summary: %s:%" PRId64 ": ", summary->options->path,
                fault->line);
    else
        fprintf(stderr, "summary: %s: ", summary->options->path);
    output_put_printable(stderr, fault->text);
    fputc('\n', stderr);
    return TROUPE_OK;
}

/* ---- reckoning ------------------------------------------------------------------- */

/* Numbers far apart have a difference that overflows. */
static double interpolate(double low, double high, double rest)
{
    if (isfinite(low) && isfinite(high) && !isfinite(high - low))
        return (1 - rest) * low + rest * high;
    return low + rest * (high - low);
}

/* Between the two elements that it falls between (definition 7 of Hyndman and Fan, The
 * American Statistician 50, 1996). */
static troupe_status
find_quantile(struct summary *summary, double part, double *quantile)
{
    double place = part * (double)(summary->moments.n_items - 1);
    int64_t k = (int64_t)floor(place);
    double rest = place - (double)k;
    troupe_number low, high;
    char what[40];

    snprintf(what, sizeof what, "quantile %g", part);
    step(summary, what);
    TROUPE_TRY(troupe_kth(summary->self, summary->numbers, k, TROUPE_TREE, &low));
    *quantile = low.real;
    if (rest == 0)
        return TROUPE_OK;
    TROUPE_TRY(troupe_kth(summary->self, summary->numbers, k + 1, TROUPE_TREE, &high));
    *quantile = interpolate(low.real, high.real, rest);
    return TROUPE_OK;
}

/* NULL: there can be some. */
static const char *why_no_bins(const troupe_bins *bins)
{
    double range = bins->high - bins->low;

    if (bins->n_bins == 0)
        return "none is asked for";
    if (!isfinite(bins->low) || !isfinite(bins->high))
        return "not all numbers are finite";
    if (range == 0)
        return "all numbers are equal";
    if (!isfinite(range))
        return "the numbers are too far apart";
    return isfinite((double)bins->n_bins / range) ? NULL
                                                  : "the numbers are too near together";
}

static troupe_status count(struct summary *summary)
{
    double low = summary->least.value.real, high = summary->greatest.value.real;
    const troupe_bins bins = {low, high, summary->options->n_bins};

    summary->no_bins = why_no_bins(&bins);
    if (summary->no_bins)
        return TROUPE_OK;
    step(summary, "histogram");
    return troupe_histogram(summary->self, summary->numbers, bins, TROUPE_TREE,
                            summary->counts);
}

static troupe_status reckon(struct summary *summary)
{
    const struct options *options = summary->options;
    troupe_actor *self = summary->self;
    troupe_how how = {.level = options->level};

    step(summary, "mean and variance");
    TROUPE_TRY(troupe_moments_of(self, summary->numbers, how, &summary->moments));
    step(summary, "sum");
    TROUPE_TRY(troupe_sum(self, summary->numbers, how, &summary->sum));
    if (summary->moments.n_items == 0)
        return TROUPE_OK;
    step(summary, "least and greatest");
    TROUPE_TRY(troupe_min(self, summary->numbers, TROUPE_TREE, &summary->least));
    TROUPE_TRY(troupe_max(self, summary->numbers, TROUPE_TREE, &summary->greatest));
    for (int i = 0; i < options->n_quantiles; i++)
        TROUPE_TRY(
            find_quantile(summary, options->quantiles[i], &summary->quantiles[i]));
    return count(summary);
}

/* ---- printing -------------------------------------------------------------------- */

static double variance(const struct summary *summary)
{
    int64_t n = summary->moments.n_items;

    return n > 1 ? summary->moments.squares / (double)(n - 1) : NAN;
}

static void print_bins(const struct summary *summary)
{
    enum { WIDTH = 40 };
    double low = summary->least.value.real, high = summary->greatest.value.real;
    int n_bins = summary->options->n_bins;
    uint64_t most = 1;

    for (int i = 0; i < n_bins; i++)
        most = summary->counts[i] > most ? summary->counts[i] : most;
    for (int i = 0; i < n_bins; i++) {
        int filled = (int)((double)summary->counts[i] / (double)most * WIDTH + 0.5);

        double edge = low + (high - low) * i / n_bins;

        if (!isfinite(edge))
            edge = low + (high - low) / n_bins * i;
        printf("%14.6g ", edge);
        for (int k = 0; k < filled; k++)
            putchar('#');
        printf("%s%" PRIu64 "\n", filled ? " " : "", summary->counts[i]);
    }
}

static void print_text(const struct summary *summary)
{
    const struct options *options = summary->options;
    const char *from = summary->n_missing > 0 ? " of those that are there" : "";

    printf("count     %" PRId64 "\n", summary->moments.n_items);
    if (summary->n_missing > 0)
        printf("missing   %" PRId64 "\n", summary->n_missing);
    printf("sum       %.17g\n", summary->sum);
    if (summary->moments.n_items == 0)
        return;
    printf("mean      %.17g\n", summary->moments.mean);
    if (summary->moments.n_items > 1)
        printf("variance  %.17g\ndeviation %.17g\n", variance(summary),
               sqrt(variance(summary)));
    printf("least     %.17g, element %" PRId64 "%s (from 0)\n",
           summary->least.value.real, summary->least.index, from);
    for (int i = 0; i < options->n_quantiles; i++)
        printf("%-9g %.17g\n", options->quantiles[i], summary->quantiles[i]);
    printf("greatest  %.17g, element %" PRId64 "%s (from 0)\n",
           summary->greatest.value.real, summary->greatest.index, from);
    if (!summary->no_bins)
        print_bins(summary);
    else if (options->n_bins > 0)
        printf("no histogram: %s\n", summary->no_bins);
}

/* JSON knows no infinities and no NaN. */
static void print_number(const char *name, double value)
{
    if (isfinite(value))
        printf(", \"%s\": %.17g", name, value);
    else
        printf(", \"%s\": null", name);
}

static void print_json(const struct summary *summary)
{
    static const char *const levels[] = {"tree", "tree_dd", "exact"};
    const struct options *options = summary->options;

    printf("{\"app\": \"summary\", \"level\": \"%s\", \"count\": %" PRId64
           ", \"missing\": %" PRId64,
           levels[options->level], summary->moments.n_items, summary->n_missing);
    print_number("sum", summary->sum);
    if (summary->moments.n_items > 0) {
        print_number("mean", summary->moments.mean);
        print_number("variance", variance(summary));
        print_number("least", summary->least.value.real);
        print_number("greatest", summary->greatest.value.real);
        for (int i = 0; i < options->n_quantiles; i++) {
            char name[32];

            snprintf(name, sizeof name, "q%g", options->quantiles[i]);
            print_number(name, summary->quantiles[i]);
        }
        printf(", \"bins\": [");
        for (int i = 0; i < options->n_bins && !summary->no_bins; i++)
            printf("%s%" PRIu64, i ? ", " : "", summary->counts[i]);
        printf("]");
    }
    printf("}\n");
}

static void print(const struct summary *summary)
{
    if (summary->options->json)
        print_json(summary);
    else
        print_text(summary);
    if (!output_finish("summary"))
        exit_code = EXIT_NO_RESULT;
}

/* ---- the job --------------------------------------------------------------------- */

static troupe_status perform(struct summary *summary)
{
    const struct options *options = summary->options;
    troupe_actor *self = summary->self;
    const troupe_csv_options csv = {.name = options->name,
                                    .column = options->column,
                                    .has_header = options->has_header,
                                    .empty_is_nan = options->may_miss,
                                    .text_is_nan = options->may_miss,
                                    .separator = options->separator,
                                    .element = TROUPE_DOUBLE};
    troupe_file_fault fault = {0, ""};

    step(summary, "reading");
    if (troupe_array_load_csv(self, troupe_rank_team(self), options->path, &csv,
                              &summary->numbers, &fault) != TROUPE_OK)
        return complain(summary, &fault);
    if (options->may_miss)
        TROUPE_TRY(leave_out_missing(summary));
    /* A library linked with -ffast-math takes subnormals for zeros where we reckon
     * ourselves: between two elements, and the variance. */
    fesetenv(FE_DFL_ENV);
    TROUPE_TRY(reckon(summary));
    progress_hide(&summary->progress);
    if (troupe_rank(self) == 0)
        print(summary);
    return TROUPE_OK;
}

static troupe_status run(troupe_actor *self, const struct options *options)
{
    struct summary *summary = troupe_alloc(self, sizeof *summary);
    troupe_status status;

    if (!summary)
        return TROUPE_NO_MEMORY;
    *summary = (struct summary){.self = self, .options = options};
    progress_start(&summary->progress, "summary", 1, troupe_now_ns(self));
    summary->progress.on = summary->progress.on && troupe_rank(self) == 0;
    status = perform(summary);
    progress_hide(&summary->progress);
    return status;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct options options;
    bool is_first = troupe_rank(self) == 0;

    if (!options_parse(argc, argv, is_first, &options)) {
        exit_code = EXIT_USAGE;
        return TROUPE_OK;
    }
    if (!options.help)
        return run(self, &options);
    if (is_first) {
        options_print_help();
        exit_code = output_finish("summary") ? EXIT_SUMMED : EXIT_NO_RESULT;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(summary_process, body);

int main(int argc, char **argv)
{
    output_begin();
    int code = troupe_main(argc, argv, &(troupe_program){.main = &summary_process});

    return code == TROUPE_CODE_OK ? exit_code : code;
}
