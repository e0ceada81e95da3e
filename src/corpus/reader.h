/* SPDX-License-Identifier: MIT */
/* reader.h - what one kind of corpus is to corpus.c
 *
 * A kind is one file that ends in a const pt_reader, named once in corpus.c's table. Readers judge
 * what they alone can see (a broken line, a clip that is not there, a caption that is none); order
 * of judgement, repeated ids and the audio itself are the pipeline's.
 */

#ifndef PATINA_CORPUS_READER_H
#define PATINA_CORPUS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "corpus/corpus.h"

#define PT_LOOK_BYTES 65536

/** What is known of a path before a kind is chosen. */
typedef struct pt_look {
    const char *path;
    bool is_folder;
    bool is_pattern;  /* there is no such file, and braces (braces.h) may name others */
    const char *head; /* the file's first bytes, NUL-terminated, a byte order mark left out */
    size_t n_head;    /* up to PT_LOOK_BYTES */
    const pt_corpus_options *options;
} pt_look;

typedef struct pt_reader {
    const char *name;
    const char *summary; /* what a user has to have, for messages and help */
    bool (*matches)(const pt_look *look);
    pt_status (*open)(const char *path, const pt_corpus_options *options, void **state,
                      pt_error *err);
    void (*close)(void *state);

    /**
     * entry is zeroed before, and released by the caller on failure too. with_audio matters only to
     * kinds that hold the audio themselves.
     */
    pt_status (*next)(void *state, bool with_audio, pt_entry *entry, bool *end, pt_error *err);
} pt_reader;

extern const pt_reader pt_reader_webdataset;
extern const pt_reader pt_reader_parquet;
extern const pt_reader pt_reader_folder;
extern const pt_reader pt_reader_audiocaps;
extern const pt_reader pt_reader_clotho;
extern const pt_reader pt_reader_labels;
extern const pt_reader pt_reader_jsonl;
extern const pt_reader pt_reader_wavcaps;

#endif /* PATINA_CORPUS_READER_H */
