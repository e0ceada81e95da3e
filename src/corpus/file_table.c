/* SPDX-License-Identifier: MIT */
/* file_table.c - rows of a CSV, and the files that they name */

#include "corpus/file_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "corpus/entry.h"

static pt_status no_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

pt_status pt_file_table_open(pt_file_table *t, const char *path, const pt_corpus_options *options,
                             pt_error *err) {
    char *root = pt_corpus_root(path, options);
    t->name = pt_corpus_name(path, "table");
    const pt_status status = t->name ? pt_csv_open(path, &t->csv, err) : no_memory(err);
    if (status != PT_OK) {
        free(root);
        return status;
    }
    return pt_file_table_move(t, root, err);
}

void pt_file_table_close(pt_file_table *t) {
    pt_csv_close(&t->csv);
    pt_clips_close(&t->files);
    free(t->name);
    free(t->root);
    *t = (pt_file_table){0};
}

pt_status pt_file_table_move(pt_file_table *t, char *root, pt_error *err) {
    free(t->root);
    t->root = root;
    pt_clips_close(&t->files);
    return root ? pt_clips_open(&t->files, root, err) : no_memory(err);
}

/** The file by its name as it stands, or without white space around it. */
static pt_status find_file(const pt_file_table *t, const pt_csv_record *r, pt_entry *entry,
                           pt_error *err) {
    size_t n;
    const char *path = pt_clips_named(&t->files, entry->id, t->name);

    if (!path) {
        const char *text = pt_csv_trimmed(r, t->file_column, &n);
        char *trimmed = pt_text_copy(text, n);
        if (!trimmed) return no_memory(err);
        path = pt_clips_named(&t->files, trimmed, t->name);
        free(trimmed);
    }
    if (!path || !pt_utf8_valid(path, strlen(path)))
        return pt_entry_reject(entry, err, PT_REJECT_MISSING,
                               "line %llu: no audio file is named '%s', nor so with another "
                               "extension",
                               r->line, entry->id);
    free(entry->source);
    entry->source = pt_text_copy(path, strlen(path));
    entry->path = pt_path_join(t->root, path);
    return entry->source && entry->path ? PT_OK : no_memory(err);
}

pt_status pt_file_table_next(pt_file_table *t, pt_entry *entry, const pt_csv_record **record,
                             pt_error *err) {
    pt_str source = {0};
    size_t n;

    PT_TRY(pt_csv_next(t->csv, record, err));
    const pt_csv_record *r = *record;
    if (!r) return PT_OK;
    pt_str_printf(&source, "%s:%llu", t->name, r->line);
    if (!(entry->source = pt_str_steal(&source))) return no_memory(err);
    if (r->fault[0])
        return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE, "line %llu: %s", r->line,
                               r->fault);
    const char *name = pt_csv_field(r, t->file_column, &n);
    if (memchr(name, '\0', n) || !pt_utf8_valid(name, n) || pt_utf8_blank(name, n))
        return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE,
                               "line %llu: its file name is empty, not UTF-8, or holds a NUL",
                               r->line);
    if (!(entry->id = pt_text_copy(name, n))) return no_memory(err);
    return find_file(t, r, entry, err);
}
