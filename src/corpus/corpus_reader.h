/* SPDX-License-Identifier: MIT */
/* corpus_reader.h - what one kind of corpus is to corpus_iterator.c
 *
 * A kind is one file that ends in a const pt_corpus_reader, named once in corpus_iterator.c's table. Readers judge
 * what they alone can see (a broken line, a clip that is not there, a caption that is none); order
 * of judgement, repeated ids and the audio itself are the pipeline's.
 */

#ifndef PATINA_CORPUS_CORPUS_READER_H
#define PATINA_CORPUS_CORPUS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "corpus/corpus_iterator.h"

#define PT_CORPUS_PROBE_BYTES 65536

/** What is known of a path before a kind is chosen. */
typedef struct pt_corpus_probe {
    const char *path;
    bool is_folder;
    bool is_pattern;  /* there is no such file, and braces (brace_expand.h) may name others */
    const char *head; /* the file's first bytes, NUL-terminated, a byte order mark left out */
    size_t n_head;    /* up to PT_CORPUS_PROBE_BYTES */
    const pt_corpus_options *options;
} pt_corpus_probe;

typedef struct pt_corpus_reader {
    const char *name;
    const char *summary; /* what a user has to have, for messages and help */
    bool (*matches)(const pt_corpus_probe *probe);
    patina_status (*open)(const char *path, const pt_corpus_options *options, void **state,
                          patina_error *err);
    void (*close)(void *state);

    /**
     * entry is zeroed before, and released by the caller on failure too. with_audio matters only to
     * kinds that hold the audio themselves.
     */
    patina_status (*next)(void *state, bool with_audio, pt_entry *entry, bool *end,
                          patina_error *err);
} pt_corpus_reader;

extern const pt_corpus_reader pt_corpus_reader_webdataset;
extern const pt_corpus_reader pt_corpus_reader_parquet;
extern const pt_corpus_reader pt_corpus_reader_folder;
extern const pt_corpus_reader pt_corpus_reader_audiocaps;
extern const pt_corpus_reader pt_corpus_reader_clotho;
extern const pt_corpus_reader pt_corpus_reader_labels;
extern const pt_corpus_reader pt_corpus_reader_jsonl;
extern const pt_corpus_reader pt_corpus_reader_wavcaps;

#endif /* PATINA_CORPUS_CORPUS_READER_H */
