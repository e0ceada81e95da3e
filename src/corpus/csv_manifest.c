/* SPDX-License-Identifier: MIT */
/* csv_manifest.c - rows of a CSV, and the files that they name */

#include "corpus/csv_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status pt_csv_manifest_open(pt_csv_manifest *t, const char *path,
                                   const pt_corpus_options *options, patina_error *err) {
    char *root = pt_corpus_audio_root(path, options);
    t->name = pt_corpus_base_name(path, "table");
    const patina_status status = t->name ? pt_csv_open(path, &t->csv, err) : no_memory(err);
    if (status != PATINA_OK) {
        free(root);
        return status;
    }
    return pt_csv_manifest_set_root(t, root, err);
}

void pt_csv_manifest_close(pt_csv_manifest *t) {
    pt_csv_close(&t->csv);
    pt_clip_index_close(&t->files);
    free(t->name);
    free(t->root);
    *t = (pt_csv_manifest){0};
}

patina_status pt_csv_manifest_set_root(pt_csv_manifest *t, char *root, patina_error *err) {
    free(t->root);
    t->root = root;
    pt_clip_index_close(&t->files);
    return root ? pt_clip_index_open(&t->files, root, err) : no_memory(err);
}

/** The file by its name as it stands, or without white space around it. */
static patina_status find_file(const pt_csv_manifest *t, const pt_csv_record *r, pt_entry *entry,
                               patina_error *err) {
    size_t n;
    const char *path = pt_clip_index_find_file(&t->files, entry->id, t->name);

    if (!path) {
        const char *text = pt_csv_field_trimmed(r, t->file_column, &n);
        char *trimmed = pt_text_dup(text, n);
        if (!trimmed) return no_memory(err);
        path = pt_clip_index_find_file(&t->files, trimmed, t->name);
        free(trimmed);
    }
    if (!path || !pt_utf8_is_valid(path, strlen(path)))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "line %llu: no audio file is named '%s', nor so with another "
                               "extension",
                               r->line, entry->id);
    free(entry->source);
    entry->source = pt_text_dup(path, strlen(path));
    entry->path = pt_path_join(t->root, path);
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

patina_status pt_csv_manifest_next(pt_csv_manifest *t, pt_entry *entry,
                                   const pt_csv_record **record, patina_error *err) {
    pt_strbuf source = {0};
    size_t n;

    PT_TRY(pt_csv_next(t->csv, record, err));
    const pt_csv_record *r = *record;
    if (!r) return PATINA_OK;
    pt_strbuf_printf(&source, "%s:%llu", t->name, r->line);
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    if (r->fault[0])
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "line %llu: %s", r->line,
                               r->fault);
    const char *name = pt_csv_field(r, t->file_column, &n);
    if (memchr(name, '\0', n) || !pt_utf8_is_valid(name, n) || pt_utf8_is_blank(name, n))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "line %llu: its file name is empty, not UTF-8, or holds a NUL",
                               r->line);
    if (!(entry->id = pt_text_dup(name, n))) return no_memory(err);
    return find_file(t, r, entry, err);
}
