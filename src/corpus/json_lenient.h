/* SPDX-License-Identifier: MIT */
/* json_lenient.h - JSON with invalid text in strings, and with numbers that JSON does not have */

#ifndef PATINA_CORPUS_JSON_LENIENT_H
#define PATINA_CORPUS_JSON_LENIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define PT_JSON_INVALID "\xEF\xB7\x90" /* U+FDD0, a noncharacter: in place of an invalid byte */

/** Values of a text that is parsed. One with more is treated as invalid: a value of two bytes takes
 * about 100 in memory. */
#define PT_JSON_VALUES_MAX (1 << 18)

/**
 * Parses JSON whose strings may contain bytes that are not UTF-8, unpaired surrogates and NUL
 * characters. Each invalid byte or surrogate becomes PT_JSON_INVALID and *repaired is set;
 * pt_json_is_valid_text finds such strings. NaN, Infinity and -Infinity, which Python's json module
 * writes, become null. NULL for other syntax errors; error gives the position.
 */
json_t *pt_json_parse_lenient(const char *text, size_t n, bool *repaired, json_error_t *error);

bool pt_json_has_too_many_values(const char *text, size_t n);

/** Whether a string was written as UTF-8 and has no NUL. */
bool pt_json_is_valid_text(const json_t *string, bool repaired);

#endif /* PATINA_CORPUS_JSON_LENIENT_H */
