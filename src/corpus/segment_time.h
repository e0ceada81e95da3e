/* SPDX-License-Identifier: MIT */
/* segment_time.h - start and end of the segment that a list names, as text and as JSON */

#ifndef PATINA_CORPUS_SEGMENT_TIME_H
#define PATINA_CORPUS_SEGMENT_TIME_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "corpus/corpus_iterator.h"

/**
 * Sets the start of the segment, or its end, from n bytes of text: seconds, "mm:ss.s" or
 * "hh:mm:ss.s". An empty text leaves the entry as it is. The end is set after the start.
 *
 * decimal_comma  "12,5" is 12.5
 * location       of the sentence with which another value rejects the entry, "line 2"
 */
patina_status pt_entry_set_start(pt_entry *entry, const char *text, size_t n, bool decimal_comma,
                                 const char *location, patina_error *err);
patina_status pt_entry_set_end(pt_entry *entry, const char *text, size_t n, bool decimal_comma,
                               const char *location, patina_error *err);

/** The same from numbers, or strings as above; NULL: no such member. */
patina_status pt_entry_set_json_segment(pt_entry *entry, const json_t *start, const json_t *end,
                                        const char *location, patina_error *err);

#endif /* PATINA_CORPUS_SEGMENT_TIME_H */
