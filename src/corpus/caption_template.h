/* SPDX-License-Identifier: MIT */
/* caption_template.h - text with fields in braces: "the sound of {label}" */

#ifndef PATINA_CORPUS_CAPTION_TEMPLATE_H
#define PATINA_CORPUS_CAPTION_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

/** Appends the value of a field; false where there is no such field. name has n bytes. */
typedef bool (*pt_template_field)(void *context, const char *name, size_t n, pt_strbuf *out);

/**
 * Appends the text of a template. "{{" and "}}" are braces. *unknown points to the first name that
 * is not a field, or is NULL.
 */
void pt_template_expand(const char *text, pt_template_field field, void *context, pt_strbuf *out,
                        const char **unknown);

/** Refuses a brace without the other one, and a field without a name, with PATINA_EUSAGE. */
patina_status pt_template_check(const char *text, patina_error *err);

/**
 * Appends labels as one text: "a, b and c", with a space for each '_'.
 *
 * labels     [n] bytes, the labels with `separator` between them; 0: one label
 * prefix     labels begin after this text, where they have it; NULL: none
 * and_comma  "_and_" in a label becomes ", "
 */
void pt_labels_join(const char *labels, size_t n, char separator, const char *prefix,
                    bool and_comma, pt_strbuf *out);

/**
 * Appends the labels of a field: a list in quotes (text_list.h), one in brackets, or text with
 * '|', ';' or the usual separator. Returns the separator for pt_labels_join.
 */
char pt_labels_read(const char *text, size_t n, char usual, pt_strbuf *out);

/** Appends the field `stem` or `parent` of a path; false for another name. */
bool pt_template_path_field(const char *path, const char *name, size_t n, pt_strbuf *out);

#endif /* PATINA_CORPUS_CAPTION_TEMPLATE_H */
