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

/** Parses a .json with pt_json_parse_lenient, without its byte order mark; NULL where it is not JSON:
 * error says where and why. */
json_t *pt_sidecar_parse(const char *text, size_t n, bool *repaired, json_error_t *error);

/**
 * Adds the value of the first of these members that is present; one bad caption where json is not
 * an object, or NULL.
 *
 * error    of pt_sidecar_parse, for the sentence where json is NULL
 * members  ended by NULL
 */
patina_status pt_sidecar_add_json(pt_entry *entry, const json_t *json, const json_error_t *error,
                                  bool repaired, const char *const *members, patina_error *err);

#endif /* PATINA_CORPUS_SIDECAR_H */
