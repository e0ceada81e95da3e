/* SPDX-License-Identifier: MIT */
/* corpus_spec.h - corpora of a run, each with its own options
 *
 * A corpus is given as one text, "audiocaps/train.csv,audio-root=clips,prefix=ac,weight=2", or as a
 * mapping of a YAML or JSON file:
 *
 *     - corpus: audiocaps/train.csv
 *       audio-root: clips
 *       prefix: ac
 *
 * In a text, options begin at the first comma outside braces that a known key and '=' follow; a
 * value ends at the next such comma, and "\," is a comma of the path or value. A text that exists
 * as a path is taken whole.
 */

#ifndef PATINA_CORPUS_CORPUS_SPEC_H
#define PATINA_CORPUS_CORPUS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "corpus/corpus_iterator.h"

#define PT_CORPUS_KEYS 16

typedef struct pt_corpus_spec {
    char *path;
    char *name; /* in provenance and the card; NULL: there is one corpus, without a name */
    double weight;
    uint64_t limit;              /* use only the first entries; 0: all */
    char *value[PT_CORPUS_KEYS]; /* as given, by key; NULL: not given */
    pt_corpus_options options;   /* the values, else the defaults, which are borrowed */
} pt_corpus_spec;

/** Zero it to start. */
typedef struct pt_corpus_specs {
    pt_corpus_spec *spec; /* [n] */
    size_t n;
} pt_corpus_specs;

/** Adds a corpus of the command line. Errors  PATINA_EUSAGE, PATINA_ENOMEM */
patina_status pt_corpus_specs_add(pt_corpus_specs *specs, const char *text, patina_error *err);

/**
 * Adds the corpora of a file: a list of mappings, also as member `corpora` of a mapping. Relative
 * paths are relative to the folder of the file, or, where they are not found there, to the working
 * directory.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT, PATINA_ENOMEM
 */
patina_status pt_corpus_specs_read(pt_corpus_specs *specs, const char *path, patina_error *err);

/**
 * Fills in options and names once all corpora are added. Strings of defaults are borrowed.
 *
 * Errors  PATINA_EUSAGE  a number or delimiter that is not valid, or two equal prefixes
 */
patina_status pt_corpus_specs_finish(pt_corpus_specs *specs, const pt_corpus_options *defaults,
                                     patina_error *err);

/**
 * Returns the settings that differ from the defaults as a JSON array, without paths; *text is NULL
 * where there is one corpus without options. Released with free().
 */
patina_status pt_corpus_specs_to_json(const pt_corpus_specs *specs, char **text, patina_error *err);

/** The prefix of ids; NULL: none. */
const char *pt_corpus_spec_prefix(const pt_corpus_spec *spec);

/** "tab" or one character; 0 for NULL. Errors  PATINA_EUSAGE */
patina_status pt_delimiter_parse(const char *text, char *delimiter, patina_error *err);

void pt_corpus_specs_release(pt_corpus_specs *specs);

#endif /* PATINA_CORPUS_CORPUS_SPEC_H */
