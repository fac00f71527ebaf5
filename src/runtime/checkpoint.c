/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/environment.h"
#include "runtime/internal.h"
#include "runtime/memory.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What environment and signals say about checkpoints. */

/* ---- variables ----------------------------------------------------------------- */

static troupe_status read_every(const struct base_log *log, int64_t *every_ns)
{
    const int64_t second_ns = 1000 * 1000 * 1000;
    const char *text = base_env_text("TROUPE_CHECKPOINT_EVERY", "auto");
    char *end;
    double seconds = strtod(text, &end);

    *every_ns = 0;
    if (strcmp(text, "auto") == 0)
        return TROUPE_OK;
    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= 1e9)) {
        base_env_report(log, "TROUPE_CHECKPOINT_EVERY", "auto, or seconds up to 1e9");
        return TROUPE_INVALID;
    }
    *every_ns = (int64_t)(seconds * (double)second_ns);
    return TROUPE_OK;
}

/* "newest", "none", "12" or "12.3". */
static troupe_status read_from(const struct base_log *log, const char **from)
{
    static const char digits[] = "0123456789";
    const char *text = base_env_text("TROUPE_RESTART_FROM", NULL);
    const char *rest = text ? text + strspn(text, digits) : NULL;
    bool is_number = rest != text;

    *from = text;
    if (!text || strcmp(text, "newest") == 0 || strcmp(text, "none") == 0)
        return TROUPE_OK;
    if (is_number && *rest == '.' && rest[1] != '\0')
        rest += 1 + strspn(rest + 1, digits);
    if (is_number && *rest == '\0')
        return TROUPE_OK;
    base_env_report(log, "TROUPE_RESTART_FROM", "newest, none, EPOCH or EPOCH.ATTEMPT");
    return TROUPE_INVALID;
}

static const char *name_of_program(const troupe_options *options)
{
    const char *path = options->argc > 0 && options->argv ? options->argv[0] : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path;

    return name && *name ? name : "program";
}

static troupe_status read_packing(const struct base_log *log,
                                  enum store_packing *packing)
{
    const char *word = "auto";
    troupe_status status = base_env_word(log, "TROUPE_CHECKPOINT_PACK", word, &word);

    *packing = strcmp(word, "always") == 0  ? STORE_PACK_ALWAYS
               : strcmp(word, "never") == 0 ? STORE_PACK_NEVER
                                            : STORE_PACK_AUTO;
    return status;
}

troupe_status runtime_checkpoint_read(const struct base_log *log,
                                      const troupe_options *options,
                                      struct checkpoint_options *checkpoint)
{
    int64_t n_keep = 2, attempt = 0;
    troupe_status keep, every, from, attempts, open, pack;

    keep = base_env_int(log, "TROUPE_CHECKPOINT_KEEP", 1, 1000000, n_keep, &n_keep);
    attempts = base_env_int(log, "TROUPE_ATTEMPT", 1, UINT32_MAX, attempt, &attempt);
    open = base_env_bool(log, "TROUPE_CHECKPOINT_WORLD_WRITABLE", false,
                         &checkpoint->may_be_world_writable);
    pack = read_packing(log, &checkpoint->packing);
    every = read_every(log, &checkpoint->every_ns);
    from = read_from(log, &checkpoint->from);
    checkpoint->directory = base_env_text("TROUPE_CHECKPOINT", NULL);
    if (checkpoint->directory && !ACTOR_HAS_CUTS) {
        log_error(log,
                  "TROUPE_CHECKPOINT is set, but this Troupe was built without "
                  "checkpoints (TROUPE_CHECKPOINTS=OFF): unset it, or build with them");
        return TROUPE_INVALID;
    }
    checkpoint->program = name_of_program(options);
    checkpoint->job = base_env_text("TROUPE_CHECKPOINT_JOB", checkpoint->program);
    checkpoint->n_keep = (uint32_t)n_keep;
    checkpoint->free_bytes = runtime_free_bytes;
    checkpoint->attempt = (uint32_t)attempt;
    return keep != TROUPE_OK    ? keep
           : every != TROUPE_OK ? every
           : from != TROUPE_OK  ? from
           : open != TROUPE_OK  ? open
           : pack != TROUPE_OK  ? pack
                                : attempts;
}

/* ---- the signal ---------------------------------------------------------------- */

/* A handler knows nothing but what is the process's. */
static volatile sig_atomic_t has_signal;

static void note(int number)
{
    (void)number;
    has_signal = 1;
}

static bool take_signal(void)
{
    bool was_sent = has_signal;

    if (was_sent)
        has_signal = 0;
    return was_sent;
}

void runtime_checkpoint_listen(struct checkpoint_options *checkpoint)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};

    if (!checkpoint->directory)
        return;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == 0)
        checkpoint->take_request = take_signal;
}
