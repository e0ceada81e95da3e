/* SPDX-License-Identifier: MIT */
/* clip_index.c - a sorted list of file stems; YouTube ids may contain '-' and '_' */

#include "corpus/clip_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/error.h"
#include "base/fault_notes.h"
#include "base/utf8.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

#define YOUTUBE_ID_BYTES 11
#define NUMBER_DIGITS    12
#define PATH_BYTES_MAX   (4 * 4096) /* of a path that can be opened, in any normal form */

struct pt_clip_stem {
    const char *stem; /* in path; n bytes */
    uint32_t n;
    bool is_deep;
    const char *path;
};

struct pt_clip_id {
    const char *id; /* YOUTUBE_ID_BYTES in path */
    const char *path;
};

typedef struct pt_clip_stem clip_stem;
typedef struct pt_clip_id clip_id;

/** As strcmp, of bytes with a length. */
static int compare_stems(const char *a, size_t n_a, const char *b, size_t n_b) {
    const int order = memcmp(a, b, n_a < n_b ? n_a : n_b);
    if (order != 0) return order;
    return n_a < n_b ? -1 : n_a > n_b;
}

static int compare_clips(const void *a, const void *b) {
    const clip_stem *x = a, *y = b;
    const int order = compare_stems(x->stem, x->n, y->stem, y->n);
    if (order != 0) return order;
    if (x->is_deep != y->is_deep) return x->is_deep ? 1 : -1;
    return strcmp(x->path, y->path);
}

static int compare_ids(const void *a, const void *b) {
    const clip_id *x = a, *y = b;
    const int order = memcmp(x->id, y->id, YOUTUBE_ID_BYTES);
    return order != 0 ? order : strcmp(x->path, y->path);
}

/** The bytes of the folders of a path, with the last '/'. */
static size_t folders_length(const char *path) {
    return (size_t)(pt_path_basename(path) - path);
}

/** Compares folders from their last byte on; '/' comes first, so that "x/a/" is before "xa/". */
static int compare_folders(const char *a, size_t n_a, const char *b, size_t n_b) {
    while (n_a > 0 && n_b > 0) {
        const unsigned char x = (unsigned char)a[--n_a], y = (unsigned char)b[--n_b];
        if (x != y) return x == '/' ? -1 : y == '/' ? 1 : x < y ? -1 : 1;
    }
    return n_a == 0 ? -(n_b > 0) : 1;
}

static int compare_shared(const void *a, const void *b) {
    const clip_stem *x = *(const clip_stem *const *)a, *y = *(const clip_stem *const *)b;
    const int stems = compare_stems(x->stem, x->n, y->stem, y->n);
    if (stems != 0) return stems;
    const int folders =
        compare_folders(x->path, folders_length(x->path), y->path, folders_length(y->path));
    return folders != 0 ? folders : (x > y) - (x < y);
}

/** The id in a stem: "Title [<id>]", "Title-<id>" or "[<id>]-[30-40]"; NULL: none. */
static const char *id_in_title(const clip_stem *c) {
    const char *end = c->stem + c->n;
    if (c->n > YOUTUBE_ID_BYTES + 2 && c->stem[0] == '[' && c->stem[YOUTUBE_ID_BYTES + 1] == ']')
        return c->stem + 1;
    if (c->n > YOUTUBE_ID_BYTES + 2 && end[-1] == ']' && end[-YOUTUBE_ID_BYTES - 2] == '[')
        return end - YOUTUBE_ID_BYTES - 1;
    if (c->n > YOUTUBE_ID_BYTES + 1 && end[-YOUTUBE_ID_BYTES - 1] == '-')
        return end - YOUTUBE_ID_BYTES;
    return NULL;
}

static patina_status index_ids(pt_clip_index *clips, patina_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < clips->n_names; i++)
        n += id_in_title(&clips->names[i]) != NULL;
    if (n == 0) return PATINA_OK;
    clips->ids = malloc(n * sizeof *clips->ids);
    if (!clips->ids) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < clips->n_names; i++) {
        const char *id = id_in_title(&clips->names[i]);
        if (id) clips->ids[clips->n_ids++] = (clip_id){id, clips->names[i].path};
    }
    qsort(clips->ids, n, sizeof *clips->ids, compare_ids);
    return PATINA_OK;
}

static bool is_same_stem(const clip_stem *a, const clip_stem *b) {
    return compare_stems(a->stem, a->n, b->stem, b->n) == 0;
}

static patina_status index_shared(pt_clip_index *clips, patina_error *err) {
    const clip_stem *names = clips->names;
    const size_t n = clips->n_names;
    clips->shared = malloc((n ? n : 1) * sizeof *clips->shared);
    if (!clips->shared) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        if ((i > 0 && is_same_stem(&names[i - 1], &names[i])) ||
            (i + 1 < n && is_same_stem(&names[i], &names[i + 1])))
            clips->shared[clips->n_shared++] = &names[i];
    qsort(clips->shared, clips->n_shared, sizeof *clips->shared, compare_shared);
    return PATINA_OK;
}

static bool is_deep(const char *path) {
    unsigned depth = 0;
    for (; (path = strchr(path, '/')); path++)
        depth++;
    return depth > PT_CLIP_INDEX_SHALLOW;
}

patina_status pt_clip_index_open(pt_clip_index *clips, const char *root, patina_error *err) {
    PT_TRY(pt_dir_walk_list_audio(&clips->walk, root, PT_DIR_WALK_DEPTH_MAX, err));
    const size_t n = clips->walk.n_paths;
    clips->names = malloc((n ? n : 1) * sizeof *clips->names);
    if (!clips->names) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *path = clips->walk.paths[i], *stem = pt_path_basename(path);
        clips->names[i] =
            (clip_stem){stem, (uint32_t)(pt_path_stem_length(path) - (size_t)(stem - path)),
                        is_deep(path), path};
    }
    clips->n_names = n;
    qsort(clips->names, n, sizeof *clips->names, compare_clips);
    PT_TRY(index_shared(clips, err));
    return index_ids(clips, err);
}

void pt_clip_index_close(pt_clip_index *clips) {
    free(clips->names);
    free(clips->shared);
    free(clips->ids);
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

/** Whether a stem begins with these bytes. */
static bool has_prefix(const pt_clip_index *clips, const char *prefix, size_t n) {
    const size_t i = lower_bound(clips, prefix, n);
    return i < clips->n_names && clips->names[i].n >= n &&
           memcmp(clips->names[i].stem, prefix, n) == 0;
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

/** A decimal number without leading zeros and without trailing zeros of the fraction. */
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

/** How the rest of a stem after "<id>_" agrees with a start, the best first; 0: not at all. */
enum { NO_MATCH, SECONDS_SPAN, OTHER_SPAN, SECONDS, MILLISECONDS };

static int match_span(const char *rest, size_t n, const decimal *start) {
    decimal from, to, scaled;
    const char *bar = memchr(rest, '_', n);
    const bool is_underscore = bar != NULL;
    if (!bar) bar = memchr(rest, '-', n);
    if (!parse_decimal(rest, bar ? (size_t)(bar - rest) : n, &from)) return NO_MATCH;
    if (!bar) return !start || same_number(&from, start) ? SECONDS : NO_MATCH;
    if (!parse_decimal(bar + 1, n - (size_t)(bar + 1 - rest), &to)) return NO_MATCH;
    if (!start || same_number(&from, start)) return is_underscore ? SECONDS_SPAN : OTHER_SPAN;
    /* Milliseconds: the digits of the start and three zeros. */
    char text[32];
    if (start->n_fraction > 0 || start->n_whole + 4 > sizeof text) return NO_MATCH;
    memcpy(text, start->whole, start->n_whole);
    memcpy(text + start->n_whole, "000", 3);
    return parse_decimal(text, start->n_whole + 3, &scaled) && same_number(&from, &scaled)
               ? MILLISECONDS
               : NO_MATCH;
}

/** The names that begin with "<id>_" are adjacent. */
static const char *find_span_stem(const pt_clip_index *clips, const char *id, size_t n_id,
                                  const char *start) {
    const char *best = NULL;
    int best_match = NO_MATCH;
    decimal wanted;

    if (start && !parse_decimal(start, strlen(start), &wanted)) return NULL;
    for (size_t i = lower_bound(clips, id, n_id); i < clips->n_names; i++) {
        const clip_stem *name = &clips->names[i];
        if (name->n < n_id || memcmp(name->stem, id, n_id) != 0) break;
        if (name->n == n_id || name->stem[n_id] != '_') continue;
        const int match =
            match_span(name->stem + n_id + 1, name->n - n_id - 1, start ? &wanted : NULL);
        if (match == NO_MATCH || (best && match > best_match)) continue;
        if (best && match == best_match && strcmp(name->path, best) >= 0) continue;
        best = name->path;
        best_match = match;
    }
    return best;
}

static const char *find_title(const pt_clip_index *clips, const char *id, size_t n_id) {
    size_t low = 0, high = clips->n_ids;
    if (n_id != YOUTUBE_ID_BYTES) return NULL;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(clips->ids[middle].id, id, n_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < clips->n_ids && memcmp(clips->ids[low].id, id, n_id) == 0 ? clips->ids[low].path
                                                                           : NULL;
}

const char *pt_clip_index_find_youtube(const pt_clip_index *clips, const char *id, size_t n_id,
                                       const char *start, const char *rows) {
    char with_y[64] = "Y";
    const char *path = NULL;
    if (n_id + 1 >= sizeof with_y) return NULL;
    memcpy(with_y + 1, id, n_id);
    const bool is_plain = has_prefix(clips, id, n_id), is_y = has_prefix(clips, with_y, n_id + 1);
    if (is_plain && start) path = find_youtube_stem(clips, "", id, n_id, start);
    if (is_plain && !path) path = find_youtube_stem(clips, "", id, n_id, NULL);
    if (is_y && !path) path = find_youtube_stem(clips, "Y", id, n_id, NULL);
    if (is_y && !path && start) path = find_youtube_stem(clips, "Y", id, n_id, start);
    for (; !path && *rows; rows += strlen(rows) + 1)
        path = find_stem(clips, rows, strlen(rows));
    if (is_plain && !path) path = find_span_stem(clips, id, n_id, start);
    if (is_y && !path) path = find_span_stem(clips, with_y, n_id + 1, start);
    return path ? path : find_title(clips, id, n_id);
}

/* Names of a table ------------------------------------------------------------------------- */

/** Whether the folders of a path end with n bytes of folders ("a/b/" of "x/a/b/c.wav"). */
static bool path_ends_with_folders(const char *path, const char *folders, size_t n) {
    const size_t n_own = folders_length(path);
    if (n > n_own || memcmp(path + n_own - n, folders, n) != 0) return false;
    return n == 0 || n == n_own || path[n_own - n - 1] == '/';
}

/** Index of the first shared stem that is not before this one in these folders. */
static size_t lower_bound_shared(const pt_clip_index *clips, const char *stem, size_t n,
                                 const char *folders, size_t n_folders) {
    size_t low = 0, high = clips->n_shared;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const clip_stem *c = clips->shared[middle];
        int order = compare_stems(c->stem, c->n, stem, n);
        if (order == 0)
            order = compare_folders(c->path, folders_length(c->path), folders, n_folders);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/** Whether the name of the table contains the name of a folder of the path. */
static bool matches_table_name(const char *path, const char *table) {
    for (const char *slash; (slash = strchr(path, '/')); path = slash + 1)
        if (slash > path && memmem(table, strlen(table), path, (size_t)(slash - path))) return true;
    return false;
}

/** The best match of the files with this stem in these folders: they are adjacent in shared. */
static const char *find_best_match(const pt_clip_index *clips, const char *name, size_t n_stem,
                                   const char *table) {
    const char *base = pt_path_basename(name);
    const size_t n_folders = (size_t)(base - name), first = lower_bound(clips, base, n_stem);
    const clip_stem *best = NULL;
    int best_rank = -1;

    if (first == clips->n_names) return NULL;
    const clip_stem *c = &clips->names[first];
    if (compare_stems(c->stem, c->n, base, n_stem) != 0) return NULL;
    if (first + 1 == clips->n_names || !is_same_stem(c, c + 1))
        return path_ends_with_folders(c->path, name, n_folders) ? c->path : NULL;
    for (size_t i = lower_bound_shared(clips, base, n_stem, name, n_folders); i < clips->n_shared;
         i++) {
        c = clips->shared[i];
        if (compare_stems(c->stem, c->n, base, n_stem) != 0 ||
            !path_ends_with_folders(c->path, name, n_folders))
            break;
        const int rank = 16 * (strcmp(c->path, name) == 0) + 8 * !c->is_deep +
                         4 * (strcmp(c->stem, base) == 0) +
                         2 * (folders_length(c->path) == n_folders && n_folders > 0) +
                         matches_table_name(c->path, table);
        if (rank > best_rank || (rank == best_rank && c < best)) best = c, best_rank = rank;
    }
    return best ? best->path : NULL;
}

static const char *find_exact(const pt_clip_index *clips, const char *name, const char *table) {
    const size_t n = strlen(pt_path_basename(name));
    const char *path = NULL;

    if (pt_path_is_audio(name))
        path = find_best_match(clips, name, pt_path_stem_length(name) - (strlen(name) - n), table);
    return path ? path : find_best_match(clips, name, n, table);
}

static bool is_ascii(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80) return false;
    return true;
}

/** The file of a name in NFC or NFD. */
static const char *find_normal(const pt_clip_index *clips, const char *name, const char *table) {
    static const utf8proc_option_t forms[] = {UTF8PROC_COMPOSE, UTF8PROC_DECOMPOSE};
    if (strnlen(name, PATH_BYTES_MAX) == PATH_BYTES_MAX) return NULL;
    const char *path = find_exact(clips, name, table);
    if (path || is_ascii(name)) return path;
    for (size_t i = 0; i < 2 && !path; i++) {
        utf8proc_uint8_t *normal = NULL;
        const utf8proc_option_t options = UTF8PROC_NULLTERM | UTF8PROC_STABLE | forms[i];
        const utf8proc_ssize_t n =
            utf8proc_map((const utf8proc_uint8_t *)name, 0, &normal, options);
        if (n == UTF8PROC_ERROR_NOMEM) pt_fault_note(ENOMEM);
        if (n < 0) return NULL;
        path = find_exact(clips, (const char *)normal, table);
        free(normal);
    }
    return path;
}

/** A number, with any number of zeros in front: 2, 2.0, 000002. */
static const char *find_number(const pt_clip_index *clips, const char *name) {
    const char *path = NULL;
    char text[NUMBER_DIGITS + 1];
    size_t n = strspn(name, "0123456789");

    if (n == 0 || (name[n] && strcmp(name + n, ".0") != 0 &&
                   !(pt_path_is_audio(name) && pt_path_stem_length(name) == n)))
        return NULL;
    while (n > 1 && *name == '0')
        name++, n--;
    for (size_t width = n; width <= NUMBER_DIGITS && !path; width++) {
        memset(text, '0', width - n);
        memcpy(text + width - n, name, n);
        path = find_stem(clips, text, width);
    }
    return path;
}

static const char *find_other_case(const pt_clip_index *clips, const char *name, char *copy,
                                   const char *table) {
    const char *path = NULL;
    for (int upper = 0; upper < 2 && !path; upper++) {
        for (size_t i = 0; name[i]; i++) {
            const char c = name[i];
            const bool is_letter = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
            copy[i] = is_letter ? (char)(c ^ 0x20) : c;
        }
        path = find_exact(clips, copy, table);
    }
    return path;
}

/** A path of another machine, or an address: the longest end of it that is below the root. The base
 * name alone does for a relative path only where the file is in the root: another folder may have
 * a file of the same name. */
static const char *find_moved(const pt_clip_index *clips, char *name, const char *table) {
    const char *path = NULL, *scheme = strstr(name, "://");
    size_t n_folders = 0;
    bool is_absolute = name[0] == '/' || scheme || strncmp(name, "../", 3) == 0;

    if (scheme) name[strcspn(name, "?#")] = '\0';
    for (char *c = name; *c; c++) {
        if (*c == '\\') *c = '/';
        n_folders += *c == '/';
    }
    is_absolute = is_absolute || (name[0] && name[1] == ':' && name[2] == '/');
    for (const char *at = name; at && !path; at = strchr(at, '/')) {
        at += *at == '/';
        if (n_folders-- > PT_DIR_WALK_DEPTH_MAX + 1) continue; /* no file is as deep */
        path = find_normal(clips, at, table);
        const bool is_base = !strchr(at, '/');
        if (path && is_base && at > name && !is_absolute && strchr(path, '/')) path = NULL;
    }
    return path;
}

/** "<id>__<user>__<name>", as Freesound names its downloads, of a number. */
static const char *find_freesound(const pt_clip_index *clips, const char *name) {
    char stem[24];
    const size_t n = strspn(name, "0123456789");
    if (n == 0 || name[n] || n + 3 > sizeof stem) return NULL;
    snprintf(stem, sizeof stem, "%s__", name);
    const size_t i = lower_bound(clips, stem, n + 2);
    const bool is_one = i < clips->n_names && clips->names[i].n > n + 2 &&
                        memcmp(clips->names[i].stem, stem, n + 2) == 0;
    return is_one ? clips->names[i].path : NULL;
}

static const char *find_written(const pt_clip_index *clips, const char *name, const char *table) {
    while (name[0] == '.' && name[1] == '/')
        name += 2;
    const char *path = find_normal(clips, name, table);
    if (path) return path;
    path = find_number(clips, name);
    if (!path) path = find_freesound(clips, name);
    char *copy = path ? NULL : pt_text_dup(name, strlen(name));
    if (!copy) return path;
    if (strpbrk(name, "/\\")) path = find_moved(clips, copy, table);
    if (!path) path = find_other_case(clips, name, copy, table);
    free(copy);
    return path;
}

static int hex_digit(char c) {
    const char lower = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** Decodes the percent escapes of a text; false where it has none. */
static bool decode_percent(char *text) {
    char *out = text;
    bool some = false;
    for (; *text; text++) {
        const int high = *text == '%' ? hex_digit(text[1]) : -1;
        const int low = high >= 0 ? hex_digit(text[2]) : -1;
        const bool is_escape = low >= 0 && high + low > 0;
        *out++ = is_escape ? (char)(high << 4 | low) : *text;
        text += is_escape ? 2 : 0;
        some = some || is_escape;
    }
    *out = '\0';
    return some;
}

const char *pt_clip_index_find_file(const pt_clip_index *clips, const char *name,
                                    const char *table) {
    if (clips->n_names == 0) return NULL;
    const char *path = find_written(clips, name, table);
    if (path || !strchr(name, '%')) return path;
    const char *scheme = strstr(name, "://");
    if (scheme) name = scheme + 2; /* an absolute path, without query and fragment */
    char *copy = pt_text_dup(name, scheme ? strcspn(name, "?#") : strlen(name));
    if (copy && decode_percent(copy)) path = find_written(clips, copy, table);
    free(copy);
    return path;
}
