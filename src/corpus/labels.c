/* SPDX-License-Identifier: MIT */
/* labels.c - a CSV with a file name and a label a row, as ESC-50 has it
 *
 * The file is named in the first of the columns `filename`, `file_name` and `file`. Its caption is
 * what stands in the column that options name, or else in a column `caption`; where there is
 * neither, it is made of the label, in the first of the columns `category`, `label` and `class`:
 *
 *     The sound of <label>         with a space for each '_'
 *
 * A label that is only a number would make a caption that says nothing, and is a bad one. A row is
 * an entry, whose id is the file's name as it stands in the table. Audio lies in the audio root,
 * beside the table or in folders there; where there is none at all, in audio/ beside the table's
 * own folder (ESC-50's meta/esc50.csv and audio/).
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/corpus_reader.h"
#include "corpus/csv_manifest.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

#define TEMPLATE "The sound of "

static const char *const file_names[] = {"filename", "file_name", "file", NULL};
static const char *const label_names[] = {"category", "label", "class", NULL};

typedef struct labels_state {
    pt_csv_manifest table;
    int column;
    bool is_label; /* and not a whole caption */
} labels_state;

/** Whether a header is one of this kind; where its columns are. */
static bool find_columns(const pt_csv_record *header, const pt_corpus_options *options, int *file,
                         int *column, bool *is_label) {
    const char *caption = options->caption_column ? options->caption_column : "caption";
    *file = pt_csv_find_first_column(header, file_names);
    *column = pt_csv_find_column(header, caption);
    *is_label = *column < 0;
    if (*is_label && !options->caption_column)
        *column = pt_csv_find_first_column(header, label_names);
    return *file >= 0 && *column >= 0;
}

static bool labels_matches(const pt_corpus_probe *probe) {
    int file, column;
    bool is_label;
    pt_csv_record *header = pt_csv_probe_header(probe);
    const bool matches = header && find_columns(header, probe->options, &file, &column, &is_label);
    pt_csv_record_free(header);
    return matches;
}

static void labels_close(void *state) {
    labels_state *s = state;
    pt_csv_manifest_close(&s->table);
    free(s);
}

/** Goes to audio/ beside the table's folder, where that exists. */
static patina_status find_sibling_audio(labels_state *s, patina_error *err) {
    char *root = pt_path_join(s->table.root, "../audio");
    struct stat info;

    if (!root) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (stat(root, &info) == 0 && S_ISDIR(info.st_mode))
        return pt_csv_manifest_set_root(&s->table, root, err);
    free(root);
    return PATINA_OK;
}

static patina_status labels_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    const char *caption = options->caption_column;
    labels_state *s = calloc(1, sizeof *s);

    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_csv_manifest_open(&s->table, path, options, err);
    if (status == PATINA_OK && !find_columns(pt_csv_header(s->table.csv), options,
                                             &s->table.file_column, &s->column, &s->is_label))
        status = pt_fail(err, PATINA_EFORMAT,
                         "its first line has not the columns 'filename' (or 'file_name', 'file') "
                         "and '%s'%s",
                         caption ? caption : "category",
                         caption ? "" : " (or 'label', 'class', 'caption')");
    if (status == PATINA_OK && !options->audio_root && s->table.files.n_names == 0)
        status = find_sibling_audio(s, err);
    if (status != PATINA_OK) {
        labels_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status add_label(pt_entry *entry, const char *label, size_t n, patina_error *err) {
    pt_strbuf caption = {0};

    if (n > 0 && strspn(label, "0123456789") >= n)
        return pt_entry_add_bad_caption(entry, "made of a label that is only a number", err);
    if (n == 0 || !pt_utf8_is_valid(label, n) || memchr(label, '\0', n) ||
        pt_utf8_is_blank(label, n))
        return pt_entry_add_caption(entry, label, n, err); /* which says what is wrong with it */
    pt_strbuf_append(&caption, TEMPLATE);
    pt_strbuf_append_bytes(&caption, label, n);
    for (size_t i = 0; !caption.failed && i < caption.length; i++)
        if (caption.text[i] == '_') caption.text[i] = ' ';
    const patina_status status =
        caption.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                       : pt_entry_add_caption(entry, caption.text, caption.length, err);
    pt_strbuf_release(&caption);
    return status;
}

static patina_status labels_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    labels_state *s = state;
    const pt_csv_record *record = NULL;
    size_t n;
    (void)with_audio;

    PT_TRY(pt_csv_manifest_next(&s->table, entry, &record, err));
    *end = !record;
    if (!record || record->fault[0]) return PATINA_OK;
    if (s->is_label) {
        const char *label = pt_csv_field_trimmed(record, s->column, &n);
        return add_label(entry, label, n, err);
    }
    const char *caption = pt_csv_field(record, s->column, &n);
    return pt_entry_add_caption(entry, caption, n, err);
}

const pt_corpus_reader pt_corpus_reader_labels = {
    .name = "labels",
    .summary = "a CSV with the columns filename,category (or label, class; or caption)",
    .matches = labels_matches,
    .open = labels_open,
    .close = labels_close,
    .next = labels_next,
};
