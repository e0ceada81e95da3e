/* SPDX-License-Identifier: MIT */
/* clip_index.c - stems in a sorted list; ids may begin with '-' or '_' and hold both anywhere */

#include "corpus/clip_index.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

struct pt_clip_stem {
    const char *stem; /* in path; n bytes */
    size_t n;
    const char *path;
};

typedef struct pt_clip_stem clip_stem;

/** memcmp, and the shorter one first where one begins like the other. */
static int compare_stems(const char *a, size_t n_a, const char *b, size_t n_b) {
    const int order = memcmp(a, b, n_a < n_b ? n_a : n_b);
    if (order != 0) return order;
    return n_a < n_b ? -1 : n_a > n_b;
}

static int compare_clips(const void *a, const void *b) {
    const clip_stem *x = a, *y = b;
    const int order = compare_stems(x->stem, x->n, y->stem, y->n);
    return order != 0 ? order : strcmp(x->path, y->path);
}

patina_status pt_clip_index_open(pt_clip_index *clips, const char *root, patina_error *err) {
    PT_TRY(pt_dir_walk_list_audio(&clips->walk, root, PT_CLIP_INDEX_DEPTH, err));
    const size_t n = clips->walk.n_paths;
    clips->names = malloc((n ? n : 1) * sizeof *clips->names);
    if (!clips->names) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *path = clips->walk.paths[i], *stem = pt_path_basename(path);
        clips->names[i] =
            (clip_stem){stem, pt_path_stem_length(path) - (size_t)(stem - path), path};
    }
    clips->n_names = n;
    qsort(clips->names, n, sizeof *clips->names, compare_clips);
    return PATINA_OK;
}

void pt_clip_index_close(pt_clip_index *clips) {
    free(clips->names);
    pt_dir_walk_release(&clips->walk);
    *clips = (pt_clip_index){0};
}

/** Index of the first name whose stem is not before this one. */
static size_t lower_bound(const pt_clip_index *clips, const char *stem, size_t n) {
    size_t low = 0, high = clips->n_names;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const clip_stem *name = &clips->names[middle];
        if (compare_stems(name->stem, name->n, stem, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/** The file with exactly this stem that comes first. */
static const char *find_stem(const pt_clip_index *clips, const char *stem, size_t n) {
    const size_t i = lower_bound(clips, stem, n);
    if (i == clips->n_names) return NULL;
    const clip_stem *name = &clips->names[i];
    return compare_stems(name->stem, name->n, stem, n) == 0 ? name->path : NULL;
}

static const char *find_youtube_stem(const pt_clip_index *clips, const char *before, const char *id,
                                     size_t n_id, const char *start) {
    char stem[512];
    if (n_id >= sizeof stem) return NULL;
    const int n = snprintf(stem, sizeof stem, "%s%.*s%s%s", before, (int)n_id, id, start ? "_" : "",
                           start ? start : "");
    return n > 0 && (size_t)n < sizeof stem ? find_stem(clips, stem, (size_t)n) : NULL;
}

/** A decimal number without what does not change it: zeros before, and behind the point. */
typedef struct decimal {
    const char *whole, *fraction;
    size_t n_whole, n_fraction;
} decimal;

static bool parse_decimal(const char *text, size_t n, decimal *d) {
    size_t i = 0;
    *d = (decimal){text, text, 0, 0};
    while (i < n && text[i] >= '0' && text[i] <= '9')
        i++;
    d->n_whole = i;
    if (i == 0) return false;
    if (i < n && text[i] == '.') {
        d->fraction = text + ++i;
        while (i < n && text[i] >= '0' && text[i] <= '9')
            i++;
        d->n_fraction = (size_t)(text + i - d->fraction);
        if (d->n_fraction == 0) return false;
    }
    if (i != n) return false;
    while (d->n_whole > 0 && *d->whole == '0')
        d->whole++, d->n_whole--;
    while (d->n_fraction > 0 && d->fraction[d->n_fraction - 1] == '0')
        d->n_fraction--;
    return true;
}

static bool same_number(const decimal *a, const decimal *b) {
    return a->n_whole == b->n_whole && a->n_fraction == b->n_fraction &&
           memcmp(a->whole, b->whole, a->n_whole) == 0 &&
           memcmp(a->fraction, b->fraction, a->n_fraction) == 0;
}

/** <id>_<start>_<end>: the names that begin with "<id>_" stand together. */
static const char *find_span_stem(const pt_clip_index *clips, const char *id, size_t n_id,
                                  const char *start) {
    const char *best = NULL;
    decimal wanted, from, to;

    if (!parse_decimal(start, strlen(start), &wanted)) return NULL;
    for (size_t i = lower_bound(clips, id, n_id); i < clips->n_names; i++) {
        const clip_stem *name = &clips->names[i];
        if (name->n < n_id || memcmp(name->stem, id, n_id) != 0) break;
        if (name->n == n_id || name->stem[n_id] != '_') continue;
        const char *rest = name->stem + n_id + 1;
        const size_t n_rest = name->n - n_id - 1;
        const char *bar = memchr(rest, '_', n_rest);
        if (!bar || !parse_decimal(rest, (size_t)(bar - rest), &from) ||
            !parse_decimal(bar + 1, n_rest - (size_t)(bar + 1 - rest), &to))
            continue;
        if (same_number(&from, &wanted) && (!best || strcmp(name->path, best) < 0))
            best = name->path;
    }
    return best;
}

const char *pt_clip_index_find_youtube(const pt_clip_index *clips, const char *id, size_t n_id,
                                       const char *start, const char *rows) {
    const char *path = find_youtube_stem(clips, "", id, n_id, start);
    if (!path) path = find_youtube_stem(clips, "", id, n_id, NULL);
    if (!path) path = find_youtube_stem(clips, "Y", id, n_id, NULL);
    if (!path) path = find_youtube_stem(clips, "Y", id, n_id, start);
    for (; !path && *rows; rows += strlen(rows) + 1)
        path = find_stem(clips, rows, strlen(rows));
    return path ? path : find_span_stem(clips, id, n_id, start);
}

/* Names of a table ------------------------------------------------------------------------- */

/** Whether the folders of a path end with the n bytes of folders ("a/b/" of "x/a/b/c.wav"). */
static bool path_ends_with_dirs(const char *path, const char *folders, size_t n) {
    const size_t n_own = (size_t)(pt_path_basename(path) - path);
    if (n > n_own || memcmp(path + n_own - n, folders, n) != 0) return false;
    return n == 0 || n == n_own || path[n_own - n - 1] == '/';
}

/** Whether a folder of the path has a name that stands in the table's. */
static bool matches_table_name(const char *path, const char *table) {
    for (const char *slash; (slash = strchr(path, '/')); path = slash + 1)
        if (slash > path && memmem(table, strlen(table), path, (size_t)(slash - path))) return true;
    return false;
}

/** Of the files with this stem the one that suits the name best: name and table, each if it can. */
static const char *find_best_match(const pt_clip_index *clips, const char *name, size_t n_stem,
                                   const char *table) {
    const char *base = pt_path_basename(name), *best = NULL;
    int best_rank = -1;

    for (size_t i = lower_bound(clips, base, n_stem); i < clips->n_names; i++) {
        const clip_stem *c = &clips->names[i];
        if (compare_stems(c->stem, c->n, base, n_stem) != 0) break;
        if (!path_ends_with_dirs(c->path, name, (size_t)(base - name))) continue;
        const int rank = 2 * (strcmp(c->stem, base) == 0) + matches_table_name(c->path, table);
        if (rank > best_rank) best = c->path, best_rank = rank; /* the first of its rank stays */
    }
    return best;
}

const char *pt_clip_index_find_file(const pt_clip_index *clips, const char *name,
                                    const char *table) {
    const size_t n = strlen(pt_path_basename(name));
    const char *path = NULL;

    if (pt_path_is_audio(name))
        path = find_best_match(clips, name, pt_path_stem_length(name) - (strlen(name) - n), table);
    return path ? path : find_best_match(clips, name, n, table);
}
