/* SPDX-License-Identifier: MIT */
/* clotho.c - Clotho: a CSV with a file name and up to 20 captions a row
 *
 * The columns are `file_name` and `caption_1`, `caption_2` ...; others are not used. Where options
 * name a column, only that one's captions are taken. A row is an entry, whose id is the file's name
 * as it stands in the table. Audio lies in the audio root or beside the table, or in folders there
 * (development/, validation/, evaluation/), as csv_manifest.h and clip_index.h say.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "corpus/corpus_reader.h"
#include "corpus/csv_manifest.h"
#include "corpus/entry_builder.h"

#define CAPTIONS_MAX 20

typedef struct clotho_state {
    pt_csv_manifest table;
    int caption[CAPTIONS_MAX]; /* columns, in the order of their numbers */
    size_t n_captions;
} clotho_state;

/** Columns of captions; 0 where the header has none. */
static size_t find_captions(const pt_csv_record *header, const pt_corpus_options *options,
                            int caption[CAPTIONS_MAX]) {
    size_t n = 0;
    if (options->caption_column) {
        caption[0] = pt_csv_find_column(header, options->caption_column);
        return caption[0] >= 0;
    }
    for (int i = 1; i <= CAPTIONS_MAX; i++) {
        char name[24];
        snprintf(name, sizeof name, "caption_%d", i);
        caption[n] = pt_csv_find_column(header, name);
        n += caption[n] >= 0;
    }
    return n;
}

static bool clotho_matches(const pt_corpus_probe *probe) {
    pt_csv_record *header = pt_csv_probe_header(probe);
    const bool matches = header && pt_csv_find_column(header, "file_name") >= 0 &&
                         pt_csv_find_column(header, "caption_1") >= 0;
    pt_csv_record_free(header);
    return matches;
}

static void clotho_close(void *state) {
    clotho_state *s = state;
    pt_csv_manifest_close(&s->table);
    free(s);
}

static patina_status find_columns(clotho_state *s, const pt_corpus_options *options,
                                  patina_error *err) {
    const char *column = options->caption_column;
    const pt_csv_record *header = pt_csv_header(s->table.csv);
    char beyond[24];

    s->table.file_column = pt_csv_find_column(header, "file_name");
    s->n_captions = find_captions(header, options, s->caption);
    if (s->table.file_column < 0 || s->n_captions == 0)
        return pt_fail(err, PATINA_EFORMAT,
                       "its first line has not the columns 'file_name' and '%s'",
                       column ? column : "caption_1");
    snprintf(beyond, sizeof beyond, "caption_%d", CAPTIONS_MAX + 1);
    if (!column && pt_csv_find_column(header, beyond) >= 0)
        return pt_fail(err, PATINA_EFORMAT, "over %d columns of captions", CAPTIONS_MAX);
    return PATINA_OK;
}

static patina_status clotho_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    clotho_state *s = calloc(1, sizeof *s);

    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_csv_manifest_open(&s->table, path, options, err);
    if (status == PATINA_OK) status = find_columns(s, options, err);
    if (status != PATINA_OK) {
        clotho_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status clotho_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    clotho_state *s = state;
    const pt_csv_record *record = NULL;
    (void)with_audio;

    PT_TRY(pt_csv_manifest_next(&s->table, entry, &record, err));
    *end = !record;
    for (size_t i = 0; record && !record->fault[0] && i < s->n_captions; i++) {
        size_t n;
        const char *caption = pt_csv_field(record, s->caption[i], &n);
        PT_TRY(pt_entry_add_caption(entry, caption, n, err));
    }
    return PATINA_OK;
}

const pt_corpus_reader pt_corpus_reader_clotho = {
    .name = "clotho",
    .summary = "a CSV with the columns file_name,caption_1 and up to caption_20",
    .matches = clotho_matches,
    .open = clotho_open,
    .close = clotho_close,
    .next = clotho_next,
};
