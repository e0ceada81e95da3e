/* SPDX-License-Identifier: MIT */
/* entry_filter.h - conditions of --filter on the columns of a row and on captions
 *
 * A condition on a column applies to all captions of the row, a condition on captions to each
 * caption. A caption that does not meet it becomes a fault with PATINA_REJECT_FILTERED. An entry
 * whose captions are all faults gives no row. Conditions on the audio are the pipeline's.
 */

#ifndef PATINA_CORPUS_ENTRY_FILTER_H
#define PATINA_CORPUS_ENTRY_FILTER_H

#include <jansson.h>

#include "base/filter_expr.h"
#include "corpus/caption_template.h"
#include "corpus/corpus_iterator.h"

#define PT_FILTER_OPTION "filter"

/** Names of the fields that every corpus has, up to a NULL; those of the audio come first. */
extern const char *const pt_filter_fields[];
#define PT_FILTER_AUDIO_FIELDS 3 /* duration, rate, channels */

/** Whether a condition is on a column: its field is not one of pt_filter_fields. */
bool pt_filter_is_on_column(const pt_condition *condition);

/** Index of the first condition on a column that `get` does not have; filter->n: it has all. */
size_t pt_filter_find_unknown(const pt_filter_expr *filter, pt_template_field get, void *context);

/** Applies the conditions on columns to the captions of a row. filter may be NULL. */
patina_status pt_entry_filter_columns(pt_entry *entry, const pt_filter_expr *filter,
                                      pt_template_field get, void *context, patina_error *err);

/** The columns of a JSON object. A string or a number is a text, a list is joined by commas. */
bool pt_filter_json_field(void *object, const char *name, size_t n, pt_strbuf *out);

/** Applies the conditions on captions. filter may be NULL. */
patina_status pt_entry_filter_captions(pt_entry *entry, const pt_filter_expr *filter,
                                       patina_error *err);

/** What of a list of objects is known of the fields of a filter. Zero it to start. */
typedef struct pt_filter_seen {
    uint64_t conditions; /* bit i: some object had the field of condition i */
    uint64_t n_objects;
    pt_strbuf columns; /* names of the members of the first object */
} pt_filter_seen;

/** pt_entry_filter_columns of an object, which it notes. */
patina_status pt_entry_filter_json(pt_entry *entry, const pt_filter_expr *filter,
                                   const json_t *object, pt_filter_seen *seen, patina_error *err);

/** At the end of the list: PATINA_EUSAGE for a field that no object had. */
patina_status pt_filter_check_seen(const pt_filter_expr *filter, const pt_filter_seen *seen,
                                   patina_error *err);
void pt_filter_seen_release(pt_filter_seen *seen);

#endif /* PATINA_CORPUS_ENTRY_FILTER_H */
