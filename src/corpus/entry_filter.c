/* SPDX-License-Identifier: MIT */
/* entry_filter.c - values of fields as text, and captions that do not meet a condition */

#include "corpus/entry_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/utf8.h"

#define VALUE_SHOWN 60 /* bytes of a value in a message */

const char *const pt_filter_fields[] = {"duration", "rate",           "channels",
                                        "caption",  "caption_length", NULL};

static int find_field(const char *name) {
    for (int i = 0; pt_filter_fields[i]; i++)
        if (strcmp(pt_filter_fields[i], name) == 0) return i;
    return -1;
}

bool pt_filter_is_on_column(const pt_condition *condition) {
    return find_field(condition->field) < 0;
}

/** Replaces a caption by a fault. */
static patina_status drop_caption(pt_caption *caption, const pt_condition *condition,
                                  const char *value, patina_error *err) {
    char shown[VALUE_SHOWN + 8];
    const int n = pt_text_truncate(value, VALUE_SHOWN);
    snprintf(shown, sizeof shown, "%.*s%s", n, value, value[n] ? "..." : "");
    free(caption->text);
    free(caption->fault);
    caption->text = caption->fault = NULL;
    caption->reason = PATINA_REJECT_FILTERED;
    if (asprintf(&caption->fault, "%s is '%s', which does not meet '%s'", condition->field, shown,
                 condition->written) >= 0)
        return PATINA_OK;
    caption->fault = NULL;
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Columns ---------------------------------------------------------------------------------- */

/** Appends the value of a column; of the two spellings of "licence" either will do. */
static bool get_column(const char *name, pt_template_field get, void *context, pt_strbuf *out) {
    const char *other = strcmp(name, "licence") == 0   ? "license"
                        : strcmp(name, "license") == 0 ? "licence"
                                                       : NULL;
    return get(context, name, strlen(name), out) ||
           (other && get(context, other, strlen(other), out));
}

size_t pt_filter_find_unknown(const pt_filter_expr *filter, pt_template_field get, void *context) {
    size_t i = 0;
    for (; filter && i < filter->n; i++) {
        pt_strbuf value = {0};
        const bool is_known = !pt_filter_is_on_column(&filter->item[i]) ||
                              get_column(filter->item[i].field, get, context, &value);
        pt_strbuf_release(&value);
        if (!is_known) break;
    }
    return i;
}

patina_status pt_entry_filter_columns(pt_entry *entry, const pt_filter_expr *filter,
                                      pt_template_field get, void *context, patina_error *err) {
    pt_strbuf value = {0};
    patina_status status = PATINA_OK;

    for (size_t i = 0; filter && i < filter->n && status == PATINA_OK; i++) {
        const pt_condition *c = &filter->item[i];
        if (!pt_filter_is_on_column(c)) continue;
        pt_strbuf_clear(&value);
        pt_strbuf_append(&value, "");
        (void)get_column(c->field, get, context, &value);
        if (value.failed) {
            status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        } else if (!pt_condition_holds(c, value.text)) {
            for (size_t k = 0; k < entry->n_captions && status == PATINA_OK; k++)
                status = drop_caption(&entry->captions[k], c, value.text, err);
            break;
        }
    }
    pt_strbuf_release(&value);
    return status;
}

/* JSON ------------------------------------------------------------------------------------- */

static void append_json(const json_t *value, pt_strbuf *out) {
    const json_t *item;
    size_t i;
    if (json_is_string(value)) {
        pt_strbuf_append(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        pt_strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        pt_json_write_shortest(out, json_real_value(value));
    } else if (json_is_boolean(value)) {
        pt_strbuf_append(out, json_is_true(value) ? "true" : "false");
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (i > 0) pt_strbuf_append(out, ", ");
            if (!json_is_array(item)) append_json(item, out);
        }
    }
}

bool pt_filter_json_field(void *object, const char *name, size_t n, pt_strbuf *out) {
    char *key = pt_text_dup(name, n);
    const json_t *value = key ? json_object_get(object, key) : NULL;
    free(key);
    append_json(value, out);
    return value != NULL;
}

patina_status pt_entry_filter_json(pt_entry *entry, const pt_filter_expr *filter,
                                   const json_t *object, pt_filter_seen *seen, patina_error *err) {
    json_t *of = (json_t *)(uintptr_t)object; /* it is not changed */
    if (!filter || filter->n == 0) return PATINA_OK;
    for (size_t i = 0; i < filter->n && i < 64; i++) {
        pt_strbuf value = {0};
        if (get_column(filter->item[i].field, pt_filter_json_field, of, &value))
            seen->conditions |= UINT64_C(1) << i;
        pt_strbuf_release(&value);
    }
    if (seen->n_objects++ == 0) {
        const char *name;
        json_t *value;
        json_object_foreach(of, name, value) {
            pt_strbuf_printf(&seen->columns, "%s'%s'", seen->columns.length ? ", " : "", name);
        }
    }
    return pt_entry_filter_columns(entry, filter, pt_filter_json_field, of, err);
}

patina_status pt_filter_check_seen(const pt_filter_expr *filter, const pt_filter_seen *seen,
                                   patina_error *err) {
    for (size_t i = 0; filter && seen->n_objects > 0 && i < filter->n && i < 64; i++)
        if (pt_filter_is_on_column(&filter->item[i]) && !(seen->conditions >> i & 1))
            return pt_condition_fail_unknown(&filter->item[i], PT_FILTER_OPTION, pt_filter_fields,
                                             seen->columns.text, err);
    return PATINA_OK;
}

void pt_filter_seen_release(pt_filter_seen *seen) {
    pt_strbuf_release(&seen->columns);
    *seen = (pt_filter_seen){0};
}

/* Captions --------------------------------------------------------------------------------- */

static size_t count_characters(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

patina_status pt_entry_filter_captions(pt_entry *entry, const pt_filter_expr *filter,
                                       patina_error *err) {
    for (size_t i = 0; filter && i < filter->n; i++) {
        const pt_condition *c = &filter->item[i];
        const bool on_length = strcmp(c->field, "caption_length") == 0;
        if (!on_length && strcmp(c->field, "caption") != 0) continue;
        for (size_t k = 0; k < entry->n_captions; k++) {
            const char *text = entry->captions[k].text;
            char length[24];
            if (!text) continue;
            snprintf(length, sizeof length, "%zu", count_characters(text));
            const char *value = on_length ? length : text;
            if (pt_condition_holds(c, value)) continue;
            char *copy = pt_text_dup(value, strlen(value)); /* of the text that is dropped */
            const patina_status status = copy ? drop_caption(&entry->captions[k], c, copy, err)
                                              : pt_fail(err, PATINA_ENOMEM, "out of memory");
            free(copy);
            PT_TRY(status);
        }
    }
    return PATINA_OK;
}
