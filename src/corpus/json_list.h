/* SPDX-License-Identifier: MIT */
/* json_list.h - the elements of one list in a large JSON object, in bounded memory
 *
 * Looks only for where an element ends; what it holds is pt_json_parse's to judge. So one that is
 * no JSON spoils no other, as long as its brackets and quotes are balanced. A string that is not
 * closed ends with its line, since no JSON string may hold a line end. An object that is not closed
 * ends where the next begins: inside an object, a brace may open behind a colon only. A list that
 * is not closed inside an element takes what follows with it, since objects may well stand in a
 * list.
 */

#ifndef PATINA_CORPUS_JSON_LIST_H
#define PATINA_CORPUS_JSON_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/bytes.h"
#include "base/str.h"

/** Zero it to start. */
typedef struct pt_json_list {
    pt_bytes bytes;  /* borrowed */
    uint64_t offset; /* of what is read next */
    char *block;
    size_t n_block, at;
    bool failed, at_end;

    pt_str element;
    bool unclosed; /* another object began in the element, which is no JSON therefore */
    bool too_long; /* the element was cut at PT_TEXT_MAX bytes */
    bool is_last;  /* the end of the file ended it, and not the list */
    bool is_over;
    uint64_t index;          /* of the element, from 0 */
    unsigned long long line; /* where it begins, from 1 */

    uint64_t n_elements;
    unsigned long long n_lines; /* line ends passed */
} pt_json_list;

typedef enum pt_json_item {
    PT_JSON_ELEMENT,
    PT_JSON_CUT, /* the file ends before the list does; said once, then PT_JSON_END */
    PT_JSON_END
} pt_json_item;

/**
 * Goes to the list that is this member of the object that the bytes hold; what stands before it is
 * passed over. list->at_end says, after PT_EFORMAT, whether the bytes ended first.
 *
 * Errors  PT_EIO, PT_EFORMAT  (no object, or no such member that is a list)
 */
pt_status pt_json_list_open(pt_json_list *list, const pt_bytes *bytes, const char *member,
                            pt_error *err);
void pt_json_list_close(pt_json_list *list);

/** Reads on by one element; what stands behind the list is never read. Errors  PT_EIO */
pt_status pt_json_list_next(pt_json_list *list, pt_json_item *item, pt_error *err);

#endif /* PATINA_CORPUS_JSON_LIST_H */
