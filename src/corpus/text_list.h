/* SPDX-License-Identifier: MIT */
/* text_list.h - a list that is written in one field of a table */

#ifndef PATINA_CORPUS_TEXT_LIST_H
#define PATINA_CORPUS_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/**
 * Reads a list of quoted strings as JSON, Python or NumPy write it: ["a", "b"], ['a', "b's"],
 * ('a', 'b'), {'a'}, ['a' 'b'].
 *
 * items    appended, each ended by a NUL
 * n_items  their number
 *
 * Returns  false where the text is anything else, or out of memory (items->failed)
 */
bool pt_text_list_parse(const char *text, size_t n, pt_strbuf *items, size_t *n_items);

#endif /* PATINA_CORPUS_TEXT_LIST_H */
