/* SPDX-License-Identifier: BSD-3-Clause */
#include "npb_job.h"
#include "arguments.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool npb_parse(int argc, char **argv, struct npb_options *options)
{
    bool has_class = false;

    *options = (struct npb_options){.class = 0};
    for (int i = 1; i < argc; i++) {
        const char *class =
            argv[i][0] && !argv[i][1] ? strchr(NPB_CLASSES, argv[i][0]) : NULL;

        options->has_two |= class && has_class;
        if (class && !has_class)
            options->class = (int)(class - NPB_CLASSES);
        else if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (arguments_is_help(argv[i]))
            options->help = true;
        else
            options->wrong = argv[i];
        has_class |= class != NULL;
    }
    return !options->wrong;
}

troupe_status npb_body(troupe_actor *self,
                       int argc,
                       char **argv,
                       const struct npb_job *job,
                       int *exit_code)
{
    struct npb_options options;

    if (!npb_parse(argc, argv, &options)) {
        *exit_code = NPB_USAGE;
        if (troupe_rank(self) == 0)
            fprintf(stderr, "%s: %s %s\n%s", job->name,
                    options.has_two ? "more than one class:"
                                    : "there is no class or option",
                    options.wrong, job->usage);
        return TROUPE_OK;
    }
    if (!options.help)
        return job->run(self, &options, exit_code);
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    fputs(job->usage, stdout);
    if (!output_finish(job->name))
        *exit_code = NPB_NO_RESULT;
    return TROUPE_OK;
}

bool npb_has_speed(void)
{
    const char *backend = getenv("TROUPE_BACKEND");

    return !backend || strcmp(backend, "sim") != 0;
}
