/* SPDX-License-Identifier: MIT */
/* json_snippet.h - a piece of JSON for a message */

#ifndef PATINA_DEGRADE_JSON_SNIPPET_H
#define PATINA_DEGRADE_JSON_SNIPPET_H

#include <jansson.h>

#define PT_JSON_SNIPPET_BYTES 48

/** What stands in a JSON value, cut to one short line for a message; "nothing" for NULL. */
const char *pt_json_snippet(const json_t *json, char text[PT_JSON_SNIPPET_BYTES]);

#endif /* PATINA_DEGRADE_JSON_SNIPPET_H */
