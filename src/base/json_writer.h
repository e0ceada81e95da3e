/* SPDX-License-Identifier: MIT */
/* json_writer.h - JSON written piece by piece into a growing text
 *
 * jansson reads JSON here; what is written goes through these few functions instead, since rows
 * need numbers of nine digits, and provenance hands on the text of `chain` as it came.
 */

#ifndef PATINA_BASE_JSON_WRITER_H
#define PATINA_BASE_JSON_WRITER_H

#include <float.h>

#include "base/strbuf.h"

/** A quoted string; UTF-8 is kept, and a byte that is none becomes U+FFFD. NULL gives null. */
void pt_json_write_string(pt_strbuf *out, const char *text);

/**
 * A real with so many significant digits and a '.' in every locale. What would look like an
 * integer gets ".0", so that no reader infers an integer column; NaN and Inf give null.
 */
void pt_json_write_real(pt_strbuf *out, double value, int digits);

/** The fewest digits that read back to the same value; integers without a point. Finite. */
void pt_json_write_shortest(pt_strbuf *out, double value);

/**
 * A JSON value laid out for people: a member a line, two blanks a level. Arrays stay on one line
 * unless they hold objects, and numbers stay as they are spelt.
 *
 * json   valid JSON, not checked here
 * depth  levels that already surround it; the first line is not indented
 */
void pt_json_write_pretty(pt_strbuf *out, const char *json, unsigned depth);

#endif /* PATINA_BASE_JSON_WRITER_H */
