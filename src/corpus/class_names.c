/* SPDX-License-Identifier: MIT */
/* class_names.c - a sorted array of ids and names */

#include "corpus/class_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/column_names.h"
#include "corpus/csv_table.h"
#include "corpus/text_source.h"
#include "fs/path.h"
#include "fs/path_glob.h"

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const pt_class_name *)a)->id, ((const pt_class_name *)b)->id);
}

static patina_status add_name(pt_class_names *names, const pt_csv_record *r, int id, int name,
                              patina_error *err) {
    size_t n_id, n_name;
    pt_class_name *of = realloc(names->of, (names->n + 1) * sizeof *of);
    if (!of) return no_memory(err);
    names->of = of;
    const char *i = pt_csv_field_trimmed(r, id, &n_id);
    const char *d = pt_csv_field_trimmed(r, name, &n_name);
    of[names->n++] = (pt_class_name){pt_text_dup(i, n_id), pt_text_dup(d, n_name)};
    const pt_class_name *last = &of[names->n - 1];
    return last->id && last->name ? PATINA_OK : no_memory(err);
}

static patina_status read_file(pt_class_names *names, const char *path, patina_error *err) {
    const pt_csv_format tsv = {.delimiter = '\t', .header = "mid,display_name"};
    const pt_csv_record *r = NULL;
    pt_csv_table *table = NULL;

    PT_TRY(pt_csv_open(path, pt_path_has_ext(path, ".tsv") ? &tsv : NULL, &table, err));
    const int id = pt_csv_find_column(pt_csv_header(table), "mid");
    const int name = pt_csv_find_column(pt_csv_header(table), "display_name");
    patina_status status = PATINA_OK;
    while (id >= 0 && name >= 0 && (status = pt_csv_next(table, &r, err)) == PATINA_OK && r)
        if (!r->fault[0] && (status = add_name(names, r, id, name, err)) != PATINA_OK) break;
    pt_csv_close(&table);
    if (status == PATINA_OK && names->n > 0)
        qsort(names->of, names->n, sizeof *names->of, compare_names);
    return status;
}

/** The same; an error of the data names the file, which is not the corpus. */
static patina_status read_named(pt_class_names *names, const char *path, patina_error *err) {
    const patina_status status = read_file(names, path, err);
    if (status == PATINA_EFORMAT) pt_error_add_context(err, "file '%s'", path);
    return status;
}

/** Reads the first file of a pattern. */
static patina_status read_pattern(pt_class_names *names, const char *pattern, patina_error *err) {
    glob_t found = {0};
    bool exists = false;
    patina_status status = PATINA_OK;
    if (!strchr(pattern, '*')) {
        PT_TRY(pt_path_find(pattern, &exists, NULL, err));
        exists = exists && pt_text_source_may_exist(pattern);
        return exists ? read_named(names, pattern, err) : PATINA_OK;
    }
    status = pt_path_glob(pattern, 0, &found, err);
    for (size_t i = 0; status == PATINA_OK && i < found.gl_pathc && !exists; i++) {
        exists = pt_text_source_may_exist(found.gl_pathv[i]);
        if (exists) status = read_named(names, found.gl_pathv[i], err);
    }
    globfree(&found);
    return status;
}

patina_status pt_class_names_read(pt_class_names *names, const char *folder, const char *files,
                                  patina_error *err) {
    static const char *const folders[] = {"", "../"};
    char name[64];

    while (names->n == 0 && pt_column_next_name(&files, name, sizeof name)) {
        for (size_t i = 0; i < 2 && names->n == 0; i++) {
            pt_strbuf path = {0};
            pt_strbuf_printf(&path, "%s/%s%s", folder, folders[i], name);
            const patina_status status =
                path.failed ? no_memory(err) : read_pattern(names, path.text, err);
            pt_strbuf_release(&path);
            PT_TRY(status);
        }
    }
    return PATINA_OK;
}

void pt_class_names_release(pt_class_names *names) {
    for (size_t i = 0; i < names->n; i++) {
        free(names->of[i].id);
        free(names->of[i].name);
    }
    free(names->of);
    *names = (pt_class_names){0};
}

bool pt_class_names_is_id(const char *text, size_t n) {
    return n > 3 && text[0] == '/' && strchr("mgt", text[1]) && text[2] == '/';
}

static const char *find_name(const pt_class_names *names, const char *id, size_t n) {
    char text[64];
    const pt_class_name wanted = {.id = text};
    if (n >= sizeof text || names->n == 0) return NULL;
    memcpy(text, id, n);
    text[n] = '\0';
    const pt_class_name *found =
        bsearch(&wanted, names->of, names->n, sizeof *names->of, compare_names);
    return found ? found->name : NULL;
}

void pt_class_names_append(const pt_class_names *names, const char *text, size_t n, char separator,
                           pt_strbuf *out) {
    for (size_t i = 0; i < n;) {
        const char *stop = memchr(text + i, separator, n - i);
        size_t length = stop ? (size_t)(stop - text) - i : n - i;
        const char *label = text + i;
        i += length + 1;
        while (length > 0 && label[0] == ' ')
            label++, length--;
        const char *name = find_name(names, label, length);
        if (out->length > 0) pt_strbuf_append(out, "\n");
        pt_strbuf_append_bytes(out, name ? name : label, name ? strlen(name) : length);
    }
}
