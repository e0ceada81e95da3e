/* SPDX-License-Identifier: MIT */
/* brace_expand.c - expands brace groups: each is a digit of the mixed-radix number of a path */

#include "corpus/brace_expand.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define DIGITS_MAX 18         /* of a number, so that it fits into 64 bits */
#define BYTES_MAX  (64 << 20) /* of all paths */

typedef struct group {
    const char *start, *end; /* from its opening brace to one past its closing brace */
    uint64_t count;
    bool is_range;
    uint64_t first, last; /* of a range */
    int width;            /* zero padding of its numbers; 0: none */
} group;

/** Reads a number of a range; returns its number of digits, 0 where there is none. */
static size_t read_number(const char *text, uint64_t *number) {
    size_t n = 0;
    for (*number = 0; text[n] >= '0' && text[n] <= '9'; n++) {
        if (n == DIGITS_MAX) return 0;
        *number = 10 * *number + (uint64_t)(text[n] - '0');
    }
    return n;
}

static bool read_range(group *g) {
    const char *text = g->start + 1;
    const size_t n_first = read_number(text, &g->first);
    if (n_first == 0 || strncmp(text + n_first, "..", 2) != 0) return false;
    const char *second = text + n_first + 2;
    const size_t n_last = read_number(second, &g->last);
    if (n_last == 0 || second + n_last + 1 != g->end) return false;
    const bool is_padded = (n_first > 1 && text[0] == '0') || (n_last > 1 && second[0] == '0');
    g->width = is_padded ? (int)(n_first > n_last ? n_first : n_last) : 0;
    g->count = (g->first < g->last ? g->last - g->first : g->first - g->last) + 1;
    g->is_range = true;
    return true;
}

static bool read_list(group *g) {
    g->count = 1;
    for (const char *c = g->start; c < g->end; c++)
        if (*c == ',') g->count++;
    return g->count > 1;
}

/** Finds the next group at or after text. */
static bool find_group(const char *text, group *g) {
    for (; (text = strchr(text, '{')); text++) {
        const size_t n = strcspn(text + 1, "{}");
        if (text[1 + n] != '}') continue;
        *g = (group){.start = text, .end = text + n + 2};
        if (read_range(g) || read_list(g)) return true;
    }
    return false;
}

const char *pt_brace_find(const char *pattern) {
    group g;
    return find_group(pattern, &g) ? g.start : NULL;
}

/** Appends alternative number `choice` of a group. */
static void append_alternative(pt_strbuf *path, const group *g, uint64_t choice) {
    if (g->is_range) {
        pt_strbuf_printf(path, "%0*" PRIu64, g->width,
                         g->first <= g->last ? g->first + choice : g->first - choice);
        return;
    }
    const char *item = g->start + 1;
    for (; choice > 0; choice--)
        item = strchr(item, ',') + 1;
    pt_strbuf_append_bytes(path, item, strcspn(item, ",}"));
}

static void append_path(pt_strbuf *paths, const char *pattern, const group *groups, size_t n_groups,
                        uint64_t number) {
    uint64_t choices[PT_BRACE_GROUPS_MAX];
    for (size_t i = n_groups; i-- > 0; number /= groups[i].count)
        choices[i] = number % groups[i].count;
    for (size_t i = 0; i < n_groups; i++) {
        pt_strbuf_append_bytes(paths, pattern, (size_t)(groups[i].start - pattern));
        append_alternative(paths, &groups[i], choices[i]);
        pattern = groups[i].end;
    }
    pt_strbuf_append_bytes(paths, pattern, strlen(pattern) + 1);
}

patina_status pt_brace_expand(const char *pattern, pt_strbuf *paths, size_t *n_paths,
                              patina_error *err) {
    group groups[PT_BRACE_GROUPS_MAX], g;
    size_t n_groups = 0;
    uint64_t count = 1;

    for (const char *text = pattern; find_group(text, &g); text = g.end) {
        if (n_groups == PT_BRACE_GROUPS_MAX)
            return pt_fail(err, PATINA_EFORMAT, "has more than %d groups of braces",
                           PT_BRACE_GROUPS_MAX);
        if (g.count > PT_BRACE_PATHS_MAX / count)
            return pt_fail(err, PATINA_EFORMAT, "expands to more than %d files",
                           PT_BRACE_PATHS_MAX);
        count *= g.count;
        groups[n_groups++] = g;
    }
    for (uint64_t i = 0; i < count; i++) {
        append_path(paths, pattern, groups, n_groups, i);
        if (paths->length > BYTES_MAX)
            return pt_fail(err, PATINA_EFORMAT, "expands to paths of more than %d bytes",
                           BYTES_MAX);
    }
    *n_paths = (size_t)count;
    return paths->failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}
