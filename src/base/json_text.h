/* SPDX-License-Identifier: MIT */
/* json_text.h - JSON written piece by piece into a growing text
 *
 * jansson reads JSON here; what is written goes through these few functions instead, since rows
 * need numbers of nine digits, and provenance hands on the text of `chain` as it came.
 */

#ifndef PATINA_BASE_JSON_TEXT_H
#define PATINA_BASE_JSON_TEXT_H

#include "base/str.h"

#define PT_DIGITS_FLOAT  9  /* significant digits that tell every float from its neighbours */
#define PT_DIGITS_DOUBLE 17 /* likewise for double */

/** A quoted string; UTF-8 is kept, and a byte that is none becomes U+FFFD. NULL gives null. */
void pt_json_add_string(pt_str *out, const char *text);

/**
 * A real with so many significant digits and a '.' in every locale. What would look like an
 * integer gets ".0", so that no reader infers an integer column; NaN and Inf give null.
 */
void pt_json_add_real(pt_str *out, double value, int digits);

/** The fewest digits that read back to the same value; integers without a point. Finite. */
void pt_json_add_shortest(pt_str *out, double value);

/**
 * A JSON value laid out for people: a member a line, two blanks a level. Arrays stay on one line
 * unless they hold objects, and numbers stay as they are spelt.
 *
 * json   valid JSON, not checked here
 * depth  levels that already surround it; the first line is not indented
 */
void pt_json_add_indented(pt_str *out, const char *json, unsigned depth);

#endif /* PATINA_BASE_JSON_TEXT_H */
