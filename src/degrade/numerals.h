/* SPDX-License-Identifier: MIT */
/* numerals.h - numbers as JSON text, with a '.' in every locale */

#ifndef PATINA_DEGRADE_NUMERALS_H
#define PATINA_DEGRADE_NUMERALS_H

#include <jansson.h>

#include "base/str.h"

/** 17 significant digits, and ".0" on what would look like an integer; value is finite. */
void pt_numeral_exact(pt_str *out, double value);

/** The fewest digits that read back to the same value; integers without a point. Finite. */
void pt_numeral_short(pt_str *out, double value);

#define PT_JSON_EXCERPT 48

/** What stands in a JSON value, cut to one short line for a message; "nothing" for NULL. */
const char *pt_json_excerpt(const json_t *json, char text[PT_JSON_EXCERPT]);

#endif /* PATINA_DEGRADE_NUMERALS_H */
