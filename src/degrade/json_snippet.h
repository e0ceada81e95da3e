/* SPDX-License-Identifier: MIT */
/* json_snippet.h - shortened JSON for error messages */

#ifndef PATINA_DEGRADE_JSON_SNIPPET_H
#define PATINA_DEGRADE_JSON_SNIPPET_H

#include <jansson.h>

#define PT_JSON_SNIPPET_BYTES 48

/** The value on one line, truncated with "..."; "nothing" for NULL. */
const char *pt_json_snippet(const json_t *json, char text[PT_JSON_SNIPPET_BYTES]);

#endif /* PATINA_DEGRADE_JSON_SNIPPET_H */
