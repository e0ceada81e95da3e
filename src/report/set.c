/* SPDX-License-Identifier: MIT */
/* set.c - the folder of a finished set: what is there, and whether it is whole */

#include "report/set.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "corpus/entry.h"
#include "dataset/workplace.h"

static pt_status out_of_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- the account */

static pt_status no_account(const char *out, pt_error *err) {
    struct stat info;
    char *work = pt_path_join(out, ".patina");
    const bool running = work && stat(work, &info) == 0;
    free(work);
    if (stat(out, &info) != 0)
        return pt_fail(err, PT_EIO, "there is no folder '%s': %s", out, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return pt_fail(err, PT_EFORMAT,
                       "'%s' is a file; name the folder that 'patina generate "
                       "--out' wrote",
                       out);
    if (running)
        return pt_fail(err, PT_EFORMAT,
                       "'%s' is not finished; the 'patina generate' command that began it, given "
                       "again, completes it",
                       out);
    return pt_fail(err, PT_EFORMAT,
                   "'%s' holds no data set: there is no dataset.json in it; name the folder that "
                   "'patina generate --out' wrote",
                   out);
}

static pt_status read_account(pt_set *set, pt_error *err) {
    json_error_t where;
    size_t n;
    char *path = pt_path_join(set->out, PT_FINISHED);
    if (!path) return out_of_memory(err);
    pt_status status = PT_OK;
    if (access(path, F_OK) != 0)
        status = no_account(set->out, err);
    else
        status = pt_file_read_all(path, PT_FINISHED_BYTES, &set->account_text, &n, err);
    if (status == PT_OK) {
        set->account = json_loads(set->account_text, JSON_REJECT_DUPLICATES, &where);
        if (!set->account)
            status =
                pt_fail(err, PT_EFORMAT, "file '%s': line %d: %s", path, where.line, where.text);
        else if (!json_is_object(set->account))
            status = pt_fail(err, PT_EFORMAT, "file '%s': is not one JSON object", path);
    }
    free(path);
    return status;
}

/* ---------------------------------------------------------------- the parts */

/* Length of "train" in "train-00000-of-00002.parquet"; 0 where a name is none of a part. */
static size_t split_length(const char *name) {
    const char *dot = strrchr(name, '.');
    unsigned part, parts;
    int used = 0;
    if (!dot || (strcmp(dot, ".parquet") != 0 && strcmp(dot, ".jsonl") != 0)) return 0;
    for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-'))
        if (sscanf(dash, "-%9u-of-%9u%n", &part, &parts, &used) == 2 && dash + used == dot)
            return (size_t)(dash - name);
    return 0;
}

static pt_status fill_part(const pt_set *set, const char *name, size_t n_split, pt_set_part *part,
                           pt_error *err) {
    struct stat info;
    char *data = pt_path_join(set->out, "data"), *provenance = pt_path_join(set->out, "provenance");
    char *twin = NULL; /* the same name in .jsonl */
    const size_t n_stem = (size_t)(strrchr(name, '.') - name);

    part->name = strdup(name);
    part->split = strndup(name, n_split);
    if (data) part->data = pt_path_join(data, name);
    if (asprintf(&twin, "%.*s.jsonl", (int)n_stem, name) < 0) twin = NULL;
    if (provenance && twin) part->provenance = pt_path_join(provenance, twin);
    free(data);
    free(provenance);
    free(twin);
    if (!part->name || !part->split || !part->data || !part->provenance) return out_of_memory(err);
    if (stat(part->data, &info) == 0) part->n_bytes = (uint64_t)info.st_size;
    return PT_OK;
}

static pt_status add_part(pt_set *set, const char *name, size_t n_split, pt_error *err) {
    pt_set_part *grown = realloc(set->part, (set->n_parts + 1) * sizeof *grown);
    if (!grown) return out_of_memory(err);
    set->part = grown;
    grown[set->n_parts] = (pt_set_part){0};
    return fill_part(set, name, n_split, &grown[set->n_parts++], err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const pt_set_part *)a)->name, ((const pt_set_part *)b)->name);
}

static pt_status list_parts(pt_set *set, pt_error *err) {
    char *folder = pt_path_join(set->out, "data");
    if (!folder) return out_of_memory(err);
    pt_status status = PT_OK;
    DIR *dir = opendir(folder);
    const struct dirent *item;
    const int why = errno;
    while (dir && status == PT_OK && (item = readdir(dir))) {
        const size_t n_split = split_length(item->d_name);
        if (n_split > 0 && item->d_name[0] != '.')
            status = add_part(set, item->d_name, n_split, err);
    }
    if (!dir && why != ENOENT) /* a set without a row has none */
        status = pt_fail(err, PT_EIO, "folder '%s': cannot be read: %s", folder, strerror(why));
    if (dir) closedir(dir);
    if (set->n_parts > 0) qsort(set->part, set->n_parts, sizeof *set->part, by_name);
    free(folder);

    const json_t *parts = json_object_get(set->account, "parts");
    if (status == PT_OK && json_is_integer(parts) &&
        (uint64_t)json_integer_value(parts) != set->n_parts)
        return pt_fail(err, PT_EFORMAT,
                       "'%s' is damaged: dataset.json speaks of %" PRIu64
                       " files of rows, and data/ holds %zu",
                       set->out, (uint64_t)json_integer_value(parts), set->n_parts);
    return status;
}

pt_status pt_set_open(const char *out, pt_set *set, pt_error *err) {
    set->out = strdup(out);
    if (!set->out) return out_of_memory(err);
    PT_TRY(read_account(set, err));
    return list_parts(set, err);
}

static void close_part(pt_set *set) {
    pt_part_close(&set->rows);
    pt_lines_close(&set->lines);
    set->lines = (pt_lines){0};
}

void pt_set_release(pt_set *set) {
    close_part(set);
    for (size_t i = 0; i < set->n_parts; i++) {
        free(set->part[i].name);
        free(set->part[i].split);
        free(set->part[i].data);
        free(set->part[i].provenance);
    }
    free(set->part);
    free(set->out);
    free(set->account_text);
    json_decref(set->account);
    *set = (pt_set){0};
}

/* ---------------------------------------------------------------- rows */

static pt_status next_line(pt_set *set, bool *end, pt_error *err) {
    bool too_long = false;
    PT_TRY(pt_lines_next(&set->lines, &too_long, end, err));
    if (too_long)
        return pt_fail(err, PT_EFORMAT, "file '%s': line %" PRIu64 " is longer than %u bytes",
                       set->part[set->at].provenance, set->lines.number, PT_TEXT_MAX);
    return PT_OK;
}

static pt_status uneven(const pt_set *set, const char *more, const char *less, pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "file '%s': row %" PRIu64 " stands in %s and not in %s",
                   set->part[set->at].data, set->in_part + 1, more, less);
}

/* *end: of this part. */
static pt_status next_of_part(pt_set *set, pt_row *row, bool *end, pt_error *err) {
    bool no_line = false;
    const pt_set_part *part = &set->part[set->at];
    if (!set->rows) {
        PT_TRY(pt_part_open(part->data, &set->rows, err));
        PT_TRY(pt_lines_open(&set->lines, part->provenance, err));
        set->in_part = 0;
    }
    PT_TRY(pt_part_next(set->rows, row, end, err));
    PT_TRY(next_line(set, &no_line, err));
    if (*end && !no_line) return uneven(set, "provenance/", "data/", err);
    if (!*end && no_line) return uneven(set, "data/", "provenance/", err);
    if (*end) return PT_OK;
    set->in_part++;
    set->n_read++;
    return PT_OK;
}

pt_status pt_set_next(pt_set *set, pt_row *row, const char **line, bool *end, pt_error *err) {
    *end = false;
    while (set->at < set->n_parts) {
        PT_TRY(next_of_part(set, row, end, err));
        if (!*end) {
            *line = set->lines.line.text;
            return PT_OK;
        }
        close_part(set);
        set->at++;
    }
    *end = true;
    const json_t *rows = json_object_get(set->account, "rows");
    if (json_is_integer(rows) && (uint64_t)json_integer_value(rows) != set->n_read)
        return pt_fail(err, PT_EFORMAT,
                       "'%s' is damaged: dataset.json speaks of %" PRIu64
                       " rows, and its files hold %" PRIu64,
                       set->out, (uint64_t)json_integer_value(rows), set->n_read);
    return PT_OK;
}

/* Lines of the provenance of part set->at. */
static pt_status count_lines(pt_set *set, uint64_t *n, pt_error *err) {
    bool end = false;
    PT_TRY(pt_lines_open(&set->lines, set->part[set->at].provenance, err));
    for (*n = 0; !end; *n += !end)
        PT_TRY(next_line(set, &end, err));
    close_part(set);
    return PT_OK;
}

pt_status pt_set_find(pt_set *set, uint64_t n, pt_row *row, const char **line, pt_error *err) {
    uint64_t before = 0, here = 0;
    bool end = false;
    for (set->at = 0; set->at < set->n_parts; set->at++) {
        PT_TRY(count_lines(set, &here, err));
        if (n < before + here) break;
        before += here;
    }
    if (set->at == set->n_parts)
        return pt_fail(err, PT_ERANGE,
                       "'%s' has %" PRIu64 " rows, counted from 0; there is no %" PRIu64, set->out,
                       before, n);
    for (uint64_t i = before; i <= n && !end; i++)
        PT_TRY(next_of_part(set, row, &end, err));
    if (end) return uneven(set, "provenance/", "data/", err);
    *line = set->lines.line.text;
    return PT_OK;
}

pt_status pt_set_lines(pt_set *set, const uint64_t *rows, size_t n_rows, char **lines,
                       pt_error *err) {
    uint64_t at = 0;
    size_t found = 0;
    for (set->at = 0; set->at < set->n_parts && found < n_rows; set->at++) {
        bool end = false;
        PT_TRY(pt_lines_open(&set->lines, set->part[set->at].provenance, err));
        while (found < n_rows) {
            PT_TRY(next_line(set, &end, err));
            if (end) break;
            if (at++ != rows[found]) continue;
            lines[found] = strdup(set->lines.line.text);
            if (!lines[found++]) return out_of_memory(err);
        }
        close_part(set);
    }
    return found == n_rows ? PT_OK
                           : pt_fail(err, PT_EFORMAT, "'%s' changes while it is read", set->out);
}
