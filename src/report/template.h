/* SPDX-License-Identifier: MIT */
/* template.h - fills data into a page
 *
 *     {{name}}                 what the field writes
 *     {{#name}} ... {{/name}}  the text between, once for each i = 0, 1, ... for which the field's
 *                              `repeat` is true; such blocks can be nested
 *     {{! ... }}               a comment
 */

#ifndef PATINA_REPORT_TEMPLATE_H
#define PATINA_REPORT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

struct pt_report_page; /* the data; defined by the user of this file */

typedef struct pt_template_field {
    const char *name;
    void (*write)(struct pt_report_page *page);
    bool (*repeat)(struct pt_report_page *page, size_t i);
} pt_template_field;

/**
 * Appends the template to out; the fields write to the same buffer.
 *
 * Errors  PATINA_EFORMAT  names a field that does not exist, or a block that is not closed
 */
patina_status pt_template_render(const char *text, const pt_template_field *fields, size_t n_fields,
                                 struct pt_report_page *page, pt_strbuf *out, patina_error *err);

#endif /* PATINA_REPORT_TEMPLATE_H */
