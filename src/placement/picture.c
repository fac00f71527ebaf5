/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "placement/report.h"
#include <stdio.h>

/*
 * hwloc's own drawing of a machine, with the plan in colours. Its library cannot draw,
 * only its program lstopo can, which takes colours from a topology's file. So a child
 * writes such a file (hwloc may crash on what it is given, see apart.c), and the
 * program draws it.
 */

#ifdef TROUPE_HAVE_HWLOC
#include "base/bytes.h"
#include "placement/topology.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_INSTALLED = 127, STYLE_BYTES = 60 };

/* ---- colours ---- */

/* One of red, green, blue (0, 8, 4) of a colour of that hue, as CSS Color 3 has it,
 * with lightness 0.75 and saturation 0.65. */
static int part_of(double hue, int which)
{
    double at = which + hue / 30;
    double k = at - 12 * (int)(at / 12);
    double least = k - 3 < 9 - k ? k - 3 : 9 - k;

    least = least < -1 ? -1 : least > 1 ? 1 : least;
    return (int)(255 * (0.75 - 0.65 * 0.25 * least) + 0.5);
}

/* Neighbours differ most: 137.5 degrees is the golden angle. */
static void format_style(char style[STYLE_BYTES], int rank)
{
    double hue = rank * 137.5;

    hue -= 360 * (int)(hue / 360);
    snprintf(style, STYLE_BYTES, "Background=#%02x%02x%02x", part_of(hue, 0),
             part_of(hue, 8), part_of(hue, 4));
}

/* The first rank that has the PU, -1: none. */
static int rank_of(const struct placement_plan *plan, int os_index)
{
    for (int i = 0; i < plan->n_ranks; i++)
        if (placement_set_has(&plan->ranks[i].cpus, os_index))
            return i;
    return -1;
}

/* What no rank uses is grey, so that it is not taken for somebody's. */
static void colour_pus(hwloc_topology_t topology, const struct placement_plan *plan)
{
    hwloc_obj_t pu = NULL;

    while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu))) {
        int rank = rank_of(plan, (int)pu->os_index);
        char style[STYLE_BYTES] = "Background=#eeeeee";

        if (rank >= 0)
            format_style(style, rank);
        hwloc_obj_add_info(pu, "lstopoStyle", style);
    }
}

/* At the first core of each rank, and wherever another group of cores begins. */
static void name_ranks(hwloc_topology_t topology, const struct placement_plan *plan)
{
    hwloc_obj_t core = NULL, parent = NULL;
    int last = -1;

    while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
        int rank =
            core->first_child ? rank_of(plan, (int)core->first_child->os_index) : -1;
        char name[20], style[STYLE_BYTES];
        hwloc_obj_t misc;

        if (rank >= 0 && (rank != last || core->parent != parent)) {
            snprintf(name, sizeof name, "rank %d", rank);
            format_style(style, rank);
            misc = hwloc_topology_insert_misc_object(topology, core, name);
            if (misc)
                hwloc_obj_add_info(misc, "lstopoStyle", style);
        }
        last = rank;
        parent = core->parent;
    }
}

/* ---- the file ---- */

static TROUPE_NORETURN void write_coloured(enum placement_source source,
                                           const char *text,
                                           const struct placement_plan *plan,
                                           const char *path)
{
    hwloc_topology_t topology;

    if (hwloc_topology_init(&topology) != 0)
        _exit(1);
    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_MISC,
                                   HWLOC_TYPE_FILTER_KEEP_ALL);
    if (placement_topology_load(topology, source, text, true) != 0)
        _exit(1);
    colour_pus(topology, plan);
    name_ranks(topology, plan);
    _exit(hwloc_topology_export_xml(topology, path, 0) == 0 ? 0 : 1);
}

/* ---- the program ---- */

static TROUPE_NORETURN void
draw(const char *xml, int output, const struct placement_plan *plan)
{
    static const char *const programs[] = {"lstopo-no-graphics", "lstopo"};
    char legend[200];

    snprintf(legend, sizeof legend, "%d rank%s by %s, imbalance %.2f", plan->n_ranks,
             plan->n_ranks == 1 ? "" : "s", placement_policy_name(plan->policy),
             plan->imbalance);
    if (dup2(output, STDOUT_FILENO) < 0)
        _exit(1);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        (void)execlp(programs[i], programs[i], "--input-format", "xml", "-i", xml,
                     "--no-factorize", "--append-legend", legend, "--of", "svg", "-",
                     (char *)NULL);
    _exit(NOT_INSTALLED);
}

static int wait_for(pid_t child)
{
    int end = 0;

    if (child < 0)
        return 1;
    while (waitpid(child, &end, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(end) ? WEXITSTATUS(end) : 1;
}

/*
 * hwloc 2.9 gives the view box units, which it must not have: browsers then ignore it,
 * other programs draw nothing. Returns the size without them.
 */
static size_t drop_units(char *text, size_t size_bytes)
{
    static const char begin[] = "viewBox='";
    char *box = memmem(text, size_bytes, begin, sizeof begin - 1);
    char *end = box ? memchr(box + sizeof begin, '\'',
                             size_bytes - (size_t)(box - text) - sizeof begin)
                    : NULL;

    for (char *at = box; at && at + 1 < end;)
        if (at[0] == 'p' && at[1] == 'x') {
            memmove(at, at + 2, size_bytes - (size_t)(at + 2 - text));
            size_bytes -= 2;
            end -= 2;
        } else {
            at++;
        }
    return size_bytes;
}

static int
draw_into(struct base_bytes *svg, const char *xml, const struct placement_plan *plan)
{
    char piece[4096];
    pid_t child;
    ssize_t n;
    int ends[2];

    if (pipe(ends) != 0)
        return 1;
    child = fork();
    if (child == 0)
        draw(xml, ends[1], plan);
    close(ends[1]);
    while ((n = read(ends[0], piece, sizeof piece)) != 0) {
        if (n > 0)
            base_bytes_append(svg, piece, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    close(ends[0]);
    return wait_for(child);
}

static troupe_status draw_from(const struct placement_plan *plan,
                               const char *xml,
                               struct base_bytes *svg,
                               char *why,
                               size_t why_capacity)
{
    int code = draw_into(svg, xml, plan);

    if (code == NOT_INSTALLED) {
        snprintf(why, why_capacity,
                 "hwloc's program lstopo-no-graphics draws it, and is not installed "
                 "(Debian: hwloc-nox); --ascii does without");
        return TROUPE_NOT_FOUND;
    }
    if (code != 0 || svg->size == 0 || svg->failed) {
        snprintf(why, why_capacity, "hwloc's program cannot draw it");
        return TROUPE_IO;
    }
    svg->size = drop_units((char *)svg->data, svg->size);
    return TROUPE_OK;
}

/* An empty one, for the topology in colours. */
static troupe_status make_file(char path[PATH_MAX], char *why, size_t why_capacity)
{
    const char *folder = getenv("TMPDIR");
    int file = -1;

    if (!folder || !folder[0])
        folder = "/tmp";
    errno = ENAMETOOLONG;
    if (snprintf(path, PATH_MAX, "%s/troupe-place-XXXXXX", folder) < PATH_MAX)
        file = mkstemp(path);
    if (file < 0) {
        snprintf(why, why_capacity, "no file in %s: %s", folder, strerror(errno));
        return TROUPE_IO;
    }
    close(file);
    return TROUPE_OK;
}

troupe_status placement_draw_svg(enum placement_source source,
                                 const char *text,
                                 const struct placement_plan *plan,
                                 struct base_bytes *svg,
                                 char *why,
                                 size_t why_capacity)
{
    char xml[PATH_MAX];
    troupe_status status = make_file(xml, why, why_capacity);
    pid_t child;

    if (status != TROUPE_OK)
        return status;
    status = TROUPE_IO;
    child = fork();
    if (child == 0)
        write_coloured(source, text, plan, xml);
    if (wait_for(child) == 0)
        status = draw_from(plan, xml, svg, why, why_capacity);
    else
        snprintf(why, why_capacity, "hwloc cannot write what is to be drawn");
    unlink(xml);
    return status;
}

#else

troupe_status placement_draw_svg(enum placement_source source,
                                 const char *text,
                                 const struct placement_plan *plan,
                                 struct base_bytes *svg,
                                 char *why,
                                 size_t why_capacity)
{
    (void)source;
    (void)text;
    (void)plan;
    (void)svg;
    snprintf(why, why_capacity, "this build of Troupe is without hwloc");
    return TROUPE_NOT_FOUND;
}

#endif
