/* SPDX-License-Identifier: MIT */
/* json_stream.h - the elements of one list in a large JSON object, in bounded memory
 *
 * Only the end of each element is searched here; pt_json_parse_lenient parses its text. A malformed
 * element therefore does not affect others as long as its brackets and quotes are balanced. An
 * unclosed string ends with its line, since a JSON string has no line ends. An unclosed object ends
 * where the next object begins: inside an object, '{' is valid only after a colon. An unclosed list
 * inside an element extends to later elements, since a list may contain objects.
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

    bool is_keyed; /* the elements are the members of the object, with their names */
    pt_strbuf key; /* name of the element's member */
    pt_strbuf element;
    bool unclosed; /* another object begins in the element: not valid JSON */
    bool too_long; /* the element was cut at PT_TEXT_MAX bytes */
    bool is_last;  /* ended by the end of the file and not of the list */
    bool is_done;
    uint64_t index;          /* of the element, from 0 */
    unsigned long long line; /* where it begins, from 1 */

    uint64_t n_elements;
    unsigned long long n_lines; /* line ends passed */
} pt_json_stream;

typedef enum pt_json_event {
    PT_JSON_ELEMENT,
    PT_JSON_TRUNCATED, /* the file ends before the list; returned once, then PT_JSON_END */
    PT_JSON_END
} pt_json_event;

/**
 * Seeks the list with this member name in the top-level object. After PATINA_EFORMAT, list->at_end
 * is set where the end of the bytes was reached.
 *
 * member  alternatives, "data|items"; NULL: the elements are the members of the object itself; "":
 *         those of a list in place of the object
 *
 * Errors  PATINA_EIO      a read failed
 *         PATINA_EFORMAT  not an object, or it has no such list
 */
patina_status pt_json_stream_open(pt_json_stream *list, const pt_byte_source *bytes,
                                  const char *member, patina_error *err);
void pt_json_stream_close(pt_json_stream *list);

/** Reads the next element; text after the list is not read. Errors  PATINA_EIO */
patina_status pt_json_stream_next(pt_json_stream *list, pt_json_event *item, patina_error *err);

#endif /* PATINA_CORPUS_JSON_STREAM_H */
