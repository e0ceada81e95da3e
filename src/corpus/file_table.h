/* SPDX-License-Identifier: MIT */
/* file_table.h - a CSV whose rows name an audio file each, as Clotho's and ESC-50's do */

#ifndef PATINA_CORPUS_FILE_TABLE_H
#define PATINA_CORPUS_FILE_TABLE_H

#include <patina/status.h>

#include "corpus/clips.h"
#include "corpus/corpus.h"
#include "corpus/csv_table.h"

/** Zero it to start. */
typedef struct pt_file_table {
    char *name; /* of the CSV, without folders */
    char *root; /* of the audio files */
    pt_clips files;
    pt_csv_table *csv;
    int file_column; /* the caller's to fill in, once the header can be asked */
} pt_file_table;

/** Opens the table and lists the files of the audio root, or of the table's own folder. */
pt_status pt_file_table_open(pt_file_table *table, const char *path,
                             const pt_corpus_options *options, pt_error *err);
void pt_file_table_close(pt_file_table *table);

/** Takes another root (taken over, also on failure) for the files. */
pt_status pt_file_table_move(pt_file_table *table, char *root, pt_error *err);

/**
 * The next row: its file's name is the entry's id, and source and path are those of the file
 * (pt_clips_named); what is wrong makes it a reject. The captions are the caller's to add, unless
 * *record has a fault. *record is NULL after the last row.
 */
pt_status pt_file_table_next(pt_file_table *table, pt_entry *entry, const pt_csv_record **record,
                             pt_error *err);

#endif /* PATINA_CORPUS_FILE_TABLE_H */
