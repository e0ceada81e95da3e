/* SPDX-License-Identifier: MIT */
/* json_stream.h - the elements of one list in a large JSON object, in bounded memory
 *
 * Looks only for where an element ends; what it holds is pt_json_parse_lenient's to judge. So one that is
 * no JSON spoils no other, as long as its brackets and quotes are balanced. A string that is not
 * closed ends with its line, since no JSON string may hold a line end. An object that is not closed
 * ends where the next begins: inside an object, a brace may open behind a colon only. A list that
 * is not closed inside an element takes what follows with it, since objects may well stand in a
 * list.
 */

#ifndef PATINA_CORPUS_JSON_STREAM_H
#define PATINA_CORPUS_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"
#include "base/strbuf.h"

/** Zero it to start. */
typedef struct pt_json_stream {
    pt_byte_source bytes; /* borrowed */
    uint64_t offset;      /* of what is read next */
    char *block;
    size_t n_block, at;
    bool failed, at_end;

    pt_strbuf element;
    bool unclosed; /* another object began in the element, which is no JSON therefore */
    bool too_long; /* the element was cut at PT_TEXT_MAX bytes */
    bool is_last;  /* the end of the file ended it, and not the list */
    bool is_done;
    uint64_t index;          /* of the element, from 0 */
    unsigned long long line; /* where it begins, from 1 */

    uint64_t n_elements;
    unsigned long long n_lines; /* line ends passed */
} pt_json_stream;

typedef enum pt_json_event {
    PT_JSON_ELEMENT,
    PT_JSON_TRUNCATED, /* the file ends before the list does; said once, then PT_JSON_END */
    PT_JSON_END
} pt_json_event;

/**
 * Goes to the list that is this member of the object that the bytes hold; what stands before it is
 * passed over. list->at_end says, after PATINA_EFORMAT, whether the bytes ended first.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT  (no object, or no such member that is a list)
 */
patina_status pt_json_stream_open(pt_json_stream *list, const pt_byte_source *bytes,
                                  const char *member, patina_error *err);
void pt_json_stream_close(pt_json_stream *list);

/** Reads on by one element; what stands behind the list is never read. Errors  PATINA_EIO */
patina_status pt_json_stream_next(pt_json_stream *list, pt_json_event *item, patina_error *err);

#endif /* PATINA_CORPUS_JSON_STREAM_H */
