/* SPDX-License-Identifier: MIT */
/* memory_limit.c - control groups: /proc/self/cgroup has a line "0::/a/b" (version 2) and lines
 * "4:memory:/a/b" (version 1); /a/b, /a and / can each have a limit. In a container the path may
 * be that of the host; then only the limit at the root of the mount is found. */

#include "fs/memory_limit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* Lowers *limit to the number in a file. "max" and a missing file mean no limit. */
static void lower_to_file(const char *path, uint64_t *limit) {
    char text[32] = "", *end;
    FILE *file = fopen(path, "re");
    if (!file) return;
    const bool has_line = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    const unsigned long long value = has_line ? strtoull(text, &end, 10) : 0;
    if (has_line && end != text && value > 0 && value < *limit) *limit = value;
}

/* Reads the limits of a group and of all groups above it. */
static void lower_to_groups(const char *root, const char *mount, char *group, const char *name,
                            uint64_t *limit) {
    char path[PATH_BYTES + 64];
    for (;;) {
        if (snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, mount, group, name) <
            (int)sizeof path)
            lower_to_file(path, limit);
        char *last = strrchr(group, '/');
        if (!last) return;
        *last = '\0';
    }
}

/* Whether a comma-separated list of controllers has "memory". */
static bool has_memory(const char *controllers) {
    const char *at = strstr(controllers, "memory");
    return at && (at == controllers || at[-1] == ',') && (at[6] == '\0' || at[6] == ',');
}

static void lower_to_control_groups(const char *root, uint64_t *limit) {
    char path[PATH_BYTES], line[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path) return;
    FILE *file = fopen(path, "re");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        if (controllers[1] == '\0')
            lower_to_groups(root, "", group, "memory.max", limit);
        else if (has_memory(controllers + 1))
            lower_to_groups(root, "/memory", group, "memory.limit_in_bytes", limit);
    }
    fclose(file);
}

uint64_t pt_memory_limit(const char *root) {
    struct rlimit space;
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t limit =
        pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : (uint64_t)4 << 30;

    lower_to_control_groups(root, &limit);
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY &&
        space.rlim_cur < limit)
        limit = space.rlim_cur;
    return limit;
}
