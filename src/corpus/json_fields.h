/* SPDX-License-Identifier: MIT */
/* json_fields.h - members of a JSON object as fields of a caption template, or as split key */

#ifndef PATINA_CORPUS_JSON_FIELDS_H
#define PATINA_CORPUS_JSON_FIELDS_H

#include <jansson.h>

#include "base/strbuf.h"
#include "corpus/corpus_iterator.h"

/**
 * Adds a caption that is made of members: strings, numbers and lists of these, joined as "a, b and
 * c". `label` is also the first of `labels`, `category`, `class` and `tags`; `stem` and `parent`
 * are those of the entry's source. A field that the object lacks makes a bad caption.
 */
patina_status pt_entry_add_json_template(pt_entry *entry, const char *template, json_t *object,
                                         patina_error *err);

/** Appends the names of the members of an object, "'a', 'b'". */
void pt_json_describe_members(json_t *object, pt_strbuf *text);

/** Sets split_value to a member that is a string or a number; member NULL: nothing. */
patina_status pt_entry_set_json_split(pt_entry *entry, const char *member, const json_t *object,
                                      patina_error *err);

#endif /* PATINA_CORPUS_JSON_FIELDS_H */
