/* SPDX-License-Identifier: MIT */
/* json_fields.c - members of a JSON object as fields of a caption template, or as split key */

#include "corpus/json_fields.h"

#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "corpus/caption_template.h"
#include "corpus/entry_builder.h"

#define NAME_BYTES 64

typedef struct fields {
    json_t *object;
    const char *source;
} fields;

/** Appends a string or a number; false for other values. */
static bool append_scalar(const json_t *value, pt_strbuf *out) {
    char text[40];
    if (json_is_string(value)) {
        pt_strbuf_append_bytes(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        pt_strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        pt_snprintf(text, sizeof text, "%.15g", json_real_value(value));
        pt_strbuf_append(out, text);
    } else {
        return false;
    }
    return true;
}

static bool append_value(json_t *value, bool is_label, pt_strbuf *out) {
    pt_strbuf all = {0};
    json_t *item;
    size_t i;
    bool is_valid = true;

    if (!is_label && !json_is_array(value)) return append_scalar(value, out);
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (i > 0) pt_strbuf_append(&all, "\n");
            is_valid = is_valid && append_scalar(item, &all);
        }
    } else {
        is_valid = append_scalar(value, &all);
    }
    if (is_valid && all.length > 0)
        pt_labels_join(all.text, all.length, json_is_array(value) ? '\n' : '\0', NULL, false, out);
    out->failed = out->failed || all.failed;
    pt_strbuf_release(&all);
    return is_valid;
}

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    static const char *const labels[] = {"label", "labels", "category", "class", "tags"};
    const fields *f = context;
    char key[NAME_BYTES];
    json_t *value = NULL;

    if (n >= sizeof key) return false;
    memcpy(key, name, n);
    key[n] = '\0';
    const bool is_label = strcmp(key, "label") == 0;
    for (size_t i = 0; is_label && i < sizeof labels / sizeof *labels && !value; i++)
        value = json_object_get(f->object, labels[i]);
    if (!value) value = json_object_get(f->object, key);
    if (value) return append_value(value, is_label, out);
    return f->source && pt_template_path_field(f->source, name, n, out);
}

patina_status pt_entry_add_json_template(pt_entry *entry, const char *template, json_t *object,
                                         patina_error *err) {
    fields f = {object, entry->source};
    pt_strbuf caption = {0};
    const char *unknown;
    char fault[NAME_BYTES + 80];

    pt_template_expand(template, append_field, &f, &caption, &unknown);
    patina_status status;
    if (caption.failed) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    } else if (unknown) {
        snprintf(fault, sizeof fault, "the field '%.*s' of its template is absent",
                 (int)strcspn(unknown, "}") < NAME_BYTES ? (int)strcspn(unknown, "}") : NAME_BYTES,
                 unknown);
        status = pt_entry_add_bad_caption(entry, fault, err);
    } else {
        status = pt_entry_add_caption(entry, caption.text ? caption.text : "", caption.length, err);
    }
    pt_strbuf_release(&caption);
    return status;
}

void pt_json_describe_members(json_t *object, pt_strbuf *text) {
    const char *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach(object, key, value) {
        (void)value;
        pt_strbuf_printf(text, "%s'%s'", n++ > 0 ? ", " : "", key);
    }
}

patina_status pt_entry_set_json_split(pt_entry *entry, const char *member, const json_t *object,
                                      patina_error *err) {
    pt_strbuf value = {0};
    if (!member || !append_scalar(json_object_get(object, member), &value)) return PATINA_OK;
    entry->split_value = pt_strbuf_detach(&value);
    return entry->split_value ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}
