/* SPDX-License-Identifier: MIT */
/* corpus_reader.h - interface of the corpus readers, and the list of them
 *
 * A new reader is one file that defines pt_corpus_reader_<name>, and one line in PT_CORPUS_READERS.
 * A corpus whose list is delimited text needs no reader but a layout (table_layout.h).
 * Readers detect faults of their own input (a malformed line, a missing clip, an invalid caption);
 * the pipeline handles repeated ids, faults of the audio and the order in which faults are
 * reported.
 */

#ifndef PATINA_CORPUS_CORPUS_READER_H
#define PATINA_CORPUS_CORPUS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"
#include "corpus/corpus_iterator.h"
#include "corpus/file_list.h"
#include "corpus/table_layout.h"

#define PT_CORPUS_PROBE_BYTES 65536

/** A corpus path before its kind is detected. */
typedef struct pt_corpus_probe {
    const char *path;
    bool is_folder;
    bool is_pattern;  /* path had braces or wildcards; the rest is of its first file */
    const char *head; /* first bytes of the file, NUL-terminated, without byte order mark */
    size_t n_head;    /* up to PT_CORPUS_PROBE_BYTES */
    const pt_corpus_options *options;
    char list_path[4096]; /* list that was found in a folder; "": none */
} pt_corpus_probe;

typedef struct pt_corpus_reader {
    const char *name;    /* NULL: the reader has the kinds of pt_table_layouts */
    const char *summary; /* the input that it reads, for messages and help */
    bool (*matches)(const pt_corpus_probe *probe);
    patina_status (*open)(const char *path, const pt_corpus_options *options, void **state,
                          patina_error *err);

    /* In place of matches and open, of a reader without name. */
    const pt_table_layout *(*find_layout)(const pt_corpus_probe *probe);
    patina_status (*open_layout)(const char *path, const pt_corpus_options *options,
                                 const pt_table_layout *layout, void **state, patina_error *err);
    void (*close)(void *state);

    /**
     * entry is zeroed before; the caller releases it on failure too. with_audio concerns only
     * corpora that contain the audio itself. entry is NULL where the row is to be skipped; only
     * readers with merges_rows are asked to.
     */
    patina_status (*next)(void *state, bool with_audio, pt_entry *entry, bool *end,
                          patina_error *err);

    /**
     * For a file of no known kind: appends what it lacks to be of this one, and returns how near it
     * is, 0: not at all. May be NULL.
     */
    int (*lacks)(const pt_corpus_probe *probe, pt_strbuf *sentence);

    /** For a file of no known kind: an error where an option is the cause. May be NULL. */
    patina_status (*check_options)(const pt_corpus_probe *probe, patina_error *err);

    /** Appends the names of columns that look like times of segments and are not used. May be
     * NULL. */
    void (*describe_unused_times)(const void *state, pt_strbuf *text);

    /** Appends the names of the columns of a list, "'a', 'b'". May be NULL. */
    void (*describe_columns)(void *state, pt_strbuf *text);

    /** The files of an open corpus, those of the split that is wanted. NULL: it is one list. */
    const pt_file_list *(*files)(const void *state);

    /** The splits of the rows that were read. May be NULL. */
    const pt_split_filter *(*splits)(const void *state);

    bool reads_patterns; /* braces and wildcards in the path */
    bool uses_template;  /* caption_template of the options */
    bool has_columns;    /* filters on columns and split_column of the options */
    bool merges_rows;    /* rows of one id are one entry */

    /**
     * Fills in the audio, path or fault of the row at entry->position. NULL: rows have a path, or
     * rows are not merged.
     */
    patina_status (*load_audio)(void *state, pt_entry *entry, patina_error *err);
} pt_corpus_reader;

/** All readers, in the order in which they probe a path. */
#define PT_CORPUS_READERS(READER)                                                                  \
    READER(webdataset)                                                                             \
    READER(parquet)                                                                                \
    READER(kaldi)                                                                                  \
    READER(folder)                                                                                 \
    READER(table)                                                                                  \
    READER(nsynth)                                                                                 \
    READER(macs)                                                                                   \
    READER(jsonl)                                                                                  \
    READER(wavcaps)                                                                                \
    READER(json)

#define PT_CORPUS_READER_DECLARE(name) extern const pt_corpus_reader pt_corpus_reader_##name;
PT_CORPUS_READERS(PT_CORPUS_READER_DECLARE)

#endif /* PATINA_CORPUS_CORPUS_READER_H */
