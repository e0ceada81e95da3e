/* SPDX-License-Identifier: MIT */
/* corpus_reader.h - interface of the corpus readers, and the list of them
 *
 * A new reader is one file that defines pt_corpus_reader_<name>, and one line in PT_CORPUS_READERS.
 * Readers detect faults of their own input (a malformed line, a missing clip, an invalid caption);
 * the pipeline handles repeated ids, faults of the audio and the order in which faults are reported.
 */

#ifndef PATINA_CORPUS_CORPUS_READER_H
#define PATINA_CORPUS_CORPUS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "corpus/corpus_iterator.h"

#define PT_CORPUS_PROBE_BYTES 65536

/** A corpus path before its kind is detected. */
typedef struct pt_corpus_probe {
    const char *path;
    bool is_folder;
    bool is_pattern;  /* no such file exists, but the path has braces (brace_expand.h) */
    const char *head; /* first bytes of the file, NUL-terminated, without byte order mark */
    size_t n_head;    /* up to PT_CORPUS_PROBE_BYTES */
    const pt_corpus_options *options;
} pt_corpus_probe;

typedef struct pt_corpus_reader {
    const char *name;
    const char *summary; /* the input that it reads, for messages and help */
    bool (*matches)(const pt_corpus_probe *probe);
    patina_status (*open)(const char *path, const pt_corpus_options *options, void **state,
                          patina_error *err);
    void (*close)(void *state);

    /**
     * entry is zeroed before; the caller releases it on failure too. with_audio concerns only
     * corpora that contain the audio itself.
     */
    patina_status (*next)(void *state, bool with_audio, pt_entry *entry, bool *end,
                          patina_error *err);
} pt_corpus_reader;

/** All readers, in the order in which they probe a path: CSV readers with more required columns come
 * first. */
#define PT_CORPUS_READERS(READER)                                                                  \
    READER(webdataset)                                                                             \
    READER(parquet)                                                                                \
    READER(folder)                                                                                 \
    READER(audiocaps)                                                                              \
    READER(clotho)                                                                                 \
    READER(labels)                                                                                 \
    READER(jsonl)                                                                                  \
    READER(wavcaps)

#define PT_CORPUS_READER_DECLARE(name) extern const pt_corpus_reader pt_corpus_reader_##name;
PT_CORPUS_READERS(PT_CORPUS_READER_DECLARE)

#endif /* PATINA_CORPUS_CORPUS_READER_H */
