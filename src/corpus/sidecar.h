/* SPDX-License-Identifier: MIT */
/* sidecar.h - captions in a .txt or .json file beside an audio file */

#ifndef PATINA_CORPUS_SIDECAR_H
#define PATINA_CORPUS_SIDECAR_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <patina/status.h>

#include "corpus/corpus_iterator.h"

/** A .txt: each non-blank line is a caption; invalid lines are bad captions. */
patina_status pt_sidecar_add_lines(pt_entry *entry, const char *text, size_t n, patina_error *err);

/** Parses a .json with pt_json_parse_lenient, without its byte order mark; NULL where it is not
 * JSON: error says where and why. */
json_t *pt_sidecar_parse(const char *text, size_t n, bool *repaired, json_error_t *error);

/** A sidecar file. */
typedef struct pt_sidecar {
    const char *text; /* [n] bytes; NULL: there is no such file */
    size_t n;
    const char *fault; /* why it cannot be read; NULL: it can */
} pt_sidecar;

/**
 * Adds the captions of a .json, in its member `text`, `caption` or `captions`; where there is none,
 * or it has no valid one, those of a .txt. Where neither has, the fault of the .json is added.
 *
 * json   the parsed file, or NULL
 * error  of pt_sidecar_parse, where json is NULL
 */
patina_status pt_sidecar_add_captions(pt_entry *entry, const pt_sidecar *json_file,
                                      const json_t *json, const json_error_t *error, bool repaired,
                                      const pt_sidecar *txt, patina_error *err);

#endif /* PATINA_CORPUS_SIDECAR_H */
