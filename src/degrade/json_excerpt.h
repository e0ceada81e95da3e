/* SPDX-License-Identifier: MIT */
/* json_excerpt.h - a piece of JSON for a message */

#ifndef PATINA_DEGRADE_JSON_EXCERPT_H
#define PATINA_DEGRADE_JSON_EXCERPT_H

#include <jansson.h>

#define PT_JSON_EXCERPT 48

/** What stands in a JSON value, cut to one short line for a message; "nothing" for NULL. */
const char *pt_json_excerpt(const json_t *json, char text[PT_JSON_EXCERPT]);

#endif /* PATINA_DEGRADE_JSON_EXCERPT_H */
