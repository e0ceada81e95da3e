/* SPDX-License-Identifier: MIT */
/* json_writer.h - appends JSON to a string buffer
 *
 * Output does not use jansson: rows need numbers with nine digits, and provenance copies the text
 * of `chain` unchanged.
 */

#ifndef PATINA_BASE_JSON_WRITER_H
#define PATINA_BASE_JSON_WRITER_H

#include <float.h>

#include "base/strbuf.h"

/** Writes a quoted string. Bytes that are not UTF-8 become U+FFFD. NULL gives null. */
void pt_json_write_string(pt_strbuf *out, const char *text);

/**
 * Writes a real with the given number of significant digits and a '.' in every locale. Integers get
 * ".0", so that readers infer a column of reals. NaN and Inf give null.
 */
void pt_json_write_real(pt_strbuf *out, double value, int digits);

/** Writes a finite number with the fewest digits that read back to the same value. */
void pt_json_write_shortest(pt_strbuf *out, double value);

/**
 * Writes a JSON value indented: one member a line, two spaces for each level. Arrays stay on one
 * line unless they contain objects. Numbers are copied unchanged.
 *
 * json   valid JSON; not checked
 * depth  level of the value; the first line is not indented
 */
void pt_json_write_pretty(pt_strbuf *out, const char *json, unsigned depth);

#endif /* PATINA_BASE_JSON_WRITER_H */
