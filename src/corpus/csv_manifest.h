/* SPDX-License-Identifier: MIT */
/* csv_manifest.h - a CSV whose rows name an audio file each, as Clotho's and ESC-50's do */

#ifndef PATINA_CORPUS_CSV_MANIFEST_H
#define PATINA_CORPUS_CSV_MANIFEST_H

#include <patina/status.h>

#include "corpus/clip_index.h"
#include "corpus/corpus_iterator.h"
#include "corpus/csv_table.h"

/** Zero it to start. */
typedef struct pt_csv_manifest {
    char *name; /* of the CSV, without folders */
    char *root; /* of the audio files */
    pt_clip_index files;
    pt_csv_table *csv;
    int file_column; /* the caller's to fill in, once the header can be asked */
} pt_csv_manifest;

/** Opens the table and lists the files of the audio root, or of the table's own folder. */
patina_status pt_csv_manifest_open(pt_csv_manifest *table, const char *path,
                                   const pt_corpus_options *options, patina_error *err);
void pt_csv_manifest_close(pt_csv_manifest *table);

/** Takes another root (taken over, also on failure) for the files. */
patina_status pt_csv_manifest_set_root(pt_csv_manifest *table, char *root, patina_error *err);

/**
 * The next row: its file's name is the entry's id, and source and path are those of the file
 * (pt_clip_index_find_file); what is wrong makes it a reject. The captions are the caller's to add, unless
 * *record has a fault. *record is NULL after the last row.
 */
patina_status pt_csv_manifest_next(pt_csv_manifest *table, pt_entry *entry,
                                   const pt_csv_record **record, patina_error *err);

#endif /* PATINA_CORPUS_CSV_MANIFEST_H */
