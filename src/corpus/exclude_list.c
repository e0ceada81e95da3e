/* SPDX-License-Identifier: MIT */
/* exclude_list.c - a sorted array of hashes of names */

#include "corpus/exclude_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/hash.h"
#include "corpus/csv_table.h"
#include "corpus/json_lenient.h"
#include "corpus/line_reader.h"
#include "corpus/text_source.h"
#include "fs/path.h"

#define FILE_MAX         (1U << 30) /* bytes of a JSON file */
#define YOUTUBE_ID_BYTES 11

typedef struct name_hash {
    uint64_t low, high;
} name_hash;

struct pt_exclude_list {
    name_hash *hashes; /* [n], sorted */
    size_t n, capacity;
};

/* Names ------------------------------------------------------------------------------------- */

static bool is_id_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool is_id(const char *text, const char *end) {
    if (end - text < YOUTUBE_ID_BYTES) return false;
    for (int i = 0; i < YOUTUBE_ID_BYTES; i++)
        if (!is_id_byte(text[i])) return false;
    return true;
}

const char *pt_youtube_id_find(const char *name) {
    const char *base = pt_path_basename(name);
    const char *end = name + (pt_path_is_audio(name) ? pt_path_stem_length(name) : strlen(name));
    /* "Title [<id>]" */
    if (end - base > YOUTUBE_ID_BYTES + 2 && end[-1] == ']' && end[-YOUTUBE_ID_BYTES - 2] == '[')
        return end - YOUTUBE_ID_BYTES - 1;
    /* ".../watch?v=<id>" */
    const char *value = strstr(base, "v=");
    if (value && value > base && (value[-1] == '?' || value[-1] == '&')) base = value + 2;
    /* "<id>", "Y<id>", each also with "_<start>", or the rest of an address, behind it */
    for (int y = 0; y < 2; y++) {
        const char *at = base + y;
        if (y == 1 && base[0] != 'Y') break;
        if (is_id(at, end) && (at + YOUTUBE_ID_BYTES == end || strchr("_?&", at[YOUTUBE_ID_BYTES])))
            return at;
    }
    return NULL;
}

static name_hash hash_name(const char *name, size_t n) {
    pt_sha256 hash;
    name_hash h;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, name, n);
    pt_sha256_finish_128(&hash, &h.low, &h.high);
    return h;
}

static int compare_hashes(const void *a, const void *b) {
    const name_hash *x = a, *y = b;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    return x->low < y->low ? -1 : x->low > y->low;
}

static patina_status add_hash(pt_exclude_list *l, const char *name, size_t n, patina_error *err) {
    if (l->n == l->capacity) {
        const size_t capacity = 2 * l->capacity + 1024;
        name_hash *hashes = realloc(l->hashes, capacity * sizeof *hashes);
        if (!hashes) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        l->hashes = hashes;
        l->capacity = capacity;
    }
    l->hashes[l->n++] = hash_name(name, n);
    return PATINA_OK;
}

/** Adds a name, and its YouTube id. */
static patina_status add_name(pt_exclude_list *l, const char *name, size_t n, patina_error *err) {
    if (n == 0 || memchr(name, '\0', n)) return PATINA_OK;
    const char *base = pt_path_basename(name), *youtube = pt_youtube_id_find(name);
    const size_t n_stem = pt_path_is_audio(name) ? pt_path_stem_length(name) : n;
    PT_TRY(add_hash(l, name, n, err));
    PT_TRY(add_hash(l, base, n - (size_t)(base - name), err));
    PT_TRY(add_hash(l, base, n_stem - (size_t)(base - name), err));
    return youtube ? add_hash(l, youtube, YOUTUBE_ID_BYTES, err) : PATINA_OK;
}

static bool has_name(const pt_exclude_list *l, const char *name, size_t n) {
    const name_hash h = hash_name(name, n);
    return bsearch(&h, l->hashes, l->n, sizeof *l->hashes, compare_hashes) != NULL;
}

static bool has_any(const pt_exclude_list *l, const char *name) {
    const char *base = pt_path_basename(name), *youtube = pt_youtube_id_find(name);
    const size_t n = strlen(name);
    const size_t n_stem = pt_path_is_audio(name) ? pt_path_stem_length(name) : n;
    return has_name(l, name, n) || has_name(l, base, n - (size_t)(base - name)) ||
           has_name(l, base, n_stem - (size_t)(base - name)) ||
           (youtube && has_name(l, youtube, YOUTUBE_ID_BYTES));
}

bool pt_exclude_list_has(const pt_exclude_list *list, const char *id, const char *source) {
    return (id && has_any(list, id)) || (source && has_any(list, source));
}

/* Files ------------------------------------------------------------------------------------- */

static patina_status add_json(pt_exclude_list *l, json_t *json, patina_error *err) {
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(json))
        return add_name(l, json_string_value(json), json_string_length(json), err);
    json_array_foreach(json, i, value) PT_TRY(add_json(l, value, err));
    json_object_foreach(json, key, value) PT_TRY(add_json(l, value, err));
    return PATINA_OK;
}

static patina_status read_json(pt_exclude_list *l, const char *path, patina_error *err) {
    char *text = NULL;
    size_t n = 0;
    bool repaired;
    json_error_t error = {0};
    PT_TRY(pt_text_source_status(pt_file_read_all(path, FILE_MAX, &text, &n, err), err));
    const patina_status converted = pt_text_to_utf8(&text, &n, err);
    json_t *json =
        converted == PATINA_OK ? pt_json_parse_lenient(text, n, &repaired, &error) : NULL;
    free(text);
    PT_TRY(converted);
    if (!json && json_error_code(&error) == json_error_out_of_memory)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!json)
        return pt_fail(err, PATINA_EFORMAT, "not valid JSON, line %d: %s", error.line, error.text);
    const patina_status status = add_json(l, json, err);
    json_decref(json);
    return status;
}

static patina_status refuse_binary(const char *text, size_t n, patina_error *err) {
    return memchr(text, '\0', n)
               ? pt_fail(err, PATINA_EFORMAT, "is not text: it contains a NUL byte")
               : PATINA_OK;
}

/** Reads the id columns of a CSV; *is_table is false where it has none. */
static patina_status read_table(pt_exclude_list *l, const char *path, bool *is_table,
                                patina_error *err) {
    pt_csv_table *table = NULL;
    const pt_csv_record *r = NULL;

    *is_table = false;
    const patina_status opened = pt_csv_open(path, NULL, &table, err);
    if (opened == PATINA_EFORMAT) return PATINA_OK; /* not a table */
    PT_TRY(opened);
    const int column = pt_csv_find_first_column(
        pt_csv_header(table), "id|youtube_id|ytid|file_name|filename|fname|audio|path");
    patina_status status = PATINA_OK;
    *is_table = column >= 0;
    while (*is_table && (status = pt_csv_next(table, &r, err)) == PATINA_OK && r) {
        size_t n;
        if (r->fault[0]) continue;
        const char *text = pt_csv_field_trimmed(r, column, &n);
        char name[1024];
        if ((status = refuse_binary(text, n, err)) != PATINA_OK) break;
        if (n >= sizeof name) continue;
        memcpy(name, text, n);
        name[n] = '\0';
        if ((status = add_name(l, name, n, err)) != PATINA_OK) break;
    }
    pt_csv_close(&table);
    return status;
}

static patina_status read_lines(pt_exclude_list *l, const char *path, patina_error *err) {
    pt_line_reader lines = {0};
    bool too_long = false, end = false;
    patina_status status = pt_line_reader_open(&lines, path, err);
    while (status == PATINA_OK && !end) {
        status = pt_line_reader_next(&lines, &too_long, &end, err);
        if (status != PATINA_OK || end || lines.line.length == 0) continue;
        status = refuse_binary(lines.line.text, lines.line.length, err);
        if (status == PATINA_OK) status = add_name(l, lines.line.text, lines.line.length, err);
    }
    pt_line_reader_close(&lines);
    return status;
}

static patina_status read_file(pt_exclude_list *l, const char *path, patina_error *err) {
    bool is_table = false;
    if (pt_path_has_ext(path, ".json")) return read_json(l, path, err);
    PT_TRY(read_table(l, path, &is_table, err));
    return is_table ? PATINA_OK : read_lines(l, path, err);
}

patina_status pt_exclude_list_open(const char *path, pt_exclude_list **list, patina_error *err) {
    pt_exclude_list *l = calloc(1, sizeof *l);
    if (!l) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = read_file(l, path, err);
    if (status == PATINA_OK && l->n == 0)
        status = pt_fail(err, PATINA_EFORMAT, "it contains no ids");
    if (status != PATINA_OK) {
        pt_error_add_context(err, "exclude list '%s'", path);
        pt_exclude_list_close(&l);
        return status;
    }
    qsort(l->hashes, l->n, sizeof *l->hashes, compare_hashes);
    *list = l;
    return PATINA_OK;
}

void pt_exclude_list_close(pt_exclude_list **list) {
    if (!*list) return;
    free((*list)->hashes);
    free(*list);
    *list = NULL;
}
