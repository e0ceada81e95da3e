/* SPDX-License-Identifier: MIT */
/* template.c - fills data into a page */

#include "report/template.h"

#include <string.h>

#include "base/error.h"

typedef struct render {
    const pt_template_field *fields;
    size_t n_fields;
    struct pt_report_page *page;
    pt_strbuf *out;
    patina_error *err;
} render;

static const pt_template_field *find_field(const render *r, const char *name, size_t n) {
    for (size_t i = 0; i < r->n_fields; i++)
        if (strncmp(r->fields[i].name, name, n) == 0 && r->fields[i].name[n] == '\0')
            return &r->fields[i];
    return NULL;
}

/* The tag that closes the block of this name, NULL if there is none. A name is not used again
 * within its own block. */
static const char *find_block_end(const char *text, const char *end, const char *name, size_t n) {
    for (const char *at = text; (at = strstr(at, "{{/")) && at < end; at += 3)
        if (strncmp(at + 3, name, n) == 0 && strncmp(at + 3 + n, "}}", 2) == 0) return at;
    return NULL;
}

static patina_status render_span(const render *r, const char *text, const char *end) {
    while (text < end) {
        const char *tag = strstr(text, "{{");
        if (!tag || tag >= end) tag = end;
        pt_strbuf_append_bytes(r->out, text, (size_t)(tag - text));
        if (tag == end) break;

        const char kind = tag[2];
        const char *name = tag + 2 + (kind == '#');
        const char *close = strstr(name, "}}");
        const size_t n = close ? (size_t)(close - name) : strlen(name);
        text = name + n + (close ? 2 : 0);
        if (kind == '!') continue;

        const pt_template_field *field = find_field(r, name, n);
        if (!field || (kind == '#' ? !field->repeat : !field->write))
            return pt_fail(r->err, PATINA_EFORMAT, "the page template has no field '%.*s'", (int)n,
                           name);
        if (kind != '#') {
            field->write(r->page);
            continue;
        }
        const char *block_end = find_block_end(text, end, name, n);
        if (!block_end)
            return pt_fail(r->err, PATINA_EFORMAT,
                           "block '%.*s' of the page template is not closed", (int)n, name);
        for (size_t i = 0; field->repeat(r->page, i); i++)
            PT_TRY(render_span(r, text, block_end));
        text = block_end + strlen("{{/}}") + n;
    }
    return PATINA_OK;
}

patina_status pt_template_render(const char *text, const pt_template_field *fields, size_t n_fields,
                                 struct pt_report_page *page, pt_strbuf *out, patina_error *err) {
    const render r = {fields, n_fields, page, out, err};
    return render_span(&r, text, text + strlen(text));
}
