/* SPDX-License-Identifier: MIT */
/* caption_template.c - expansion of fields, and lists of labels */

#include "corpus/caption_template.h"

#include <string.h>

#include "base/error.h"
#include "corpus/text_list.h"
#include "fs/path.h"

void pt_template_expand(const char *text, pt_template_field field, void *context, pt_strbuf *out,
                        const char **unknown) {
    *unknown = NULL;
    for (const char *at = text; *at;) {
        const size_t n_plain = strcspn(at, "{}");
        pt_strbuf_append_bytes(out, at, n_plain);
        at += n_plain;
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (at[0] && at[0] == at[1]) {
            pt_strbuf_append_bytes(out, at, 1);
            at += 2;
        } else if (end) {
            if (!field(context, at + 1, (size_t)(end - at - 1), out) && !*unknown)
                *unknown = at + 1;
            at = end + 1;
        } else if (*at) {
            pt_strbuf_append_bytes(out, at++, 1);
        }
    }
}

patina_status pt_template_check(const char *text, patina_error *err) {
    static const char option[] = "option '--caption-template'";
    for (const char *at = text; *(at += strcspn(at, "{}"));) {
        if (at[0] == at[1]) {
            at += 2;
            continue;
        }
        if (*at == '}')
            return pt_fail(err, PATINA_EUSAGE, "%s: '}' without '{'; write '}}' for the character",
                           option);
        const size_t n = strcspn(at + 1, "{}");
        if (at[1 + n] != '}')
            return pt_fail(err, PATINA_EUSAGE, "%s: unclosed '{'; write '{{' for the character",
                           option);
        if (n == 0) return pt_fail(err, PATINA_EUSAGE, "%s: '{}' has no field name", option);
        at += n + 2;
    }
    return PATINA_OK;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '_';
}

static void append_label(const char *label, size_t n, bool and_comma, pt_strbuf *out) {
    static const char word[] = "_and_";
    const size_t n_word = sizeof word - 1;
    for (size_t i = 0; i < n; i++) {
        if (and_comma && n - i >= n_word && memcmp(label + i, word, n_word) == 0) {
            pt_strbuf_append(out, ", ");
            i += n_word - 1;
        } else {
            pt_strbuf_append_bytes(out, label[i] == '_' ? " " : label + i, 1);
        }
    }
}

/** The next label that is not blank; false at the end. */
static bool next_label(const char **at, const char *end, char separator, const char *prefix,
                       const char **label, size_t *n) {
    while (*at < end) {
        const char *stop = separator ? memchr(*at, separator, (size_t)(end - *at)) : NULL;
        if (!stop) stop = end;
        *label = *at;
        *at = stop < end ? stop + 1 : end;
        const char *start =
            prefix ? memmem(*label, (size_t)(stop - *label), prefix, strlen(prefix)) : NULL;
        if (start) *label = start + strlen(prefix);
        while (separator && *label < stop && is_blank(**label))
            ++*label;
        while (separator && stop > *label && is_blank(stop[-1]))
            stop--;
        *n = (size_t)(stop - *label);
        if (*n > 0) return true;
    }
    return false;
}

void pt_labels_join(const char *labels, size_t n, char separator, const char *prefix,
                    bool and_comma, pt_strbuf *out) {
    const char *at = labels, *end = labels + n, *label, *next;
    size_t n_label, n_next;
    bool is_first = true;

    if (!next_label(&at, end, separator, prefix, &label, &n_label)) return;
    for (;;) {
        const bool more = next_label(&at, end, separator, prefix, &next, &n_next);
        if (!is_first) pt_strbuf_append(out, more ? ", " : " and ");
        append_label(label, n_label, and_comma, out);
        if (!more) return;
        label = next;
        n_label = n_next;
        is_first = false;
    }
}

char pt_labels_read(const char *text, size_t n, char usual, pt_strbuf *out) {
    pt_strbuf items = {0};
    size_t n_items;
    char separator = '\n';

    if (pt_text_list_parse(text, n, &items, &n_items)) {
        for (size_t i = 0; i + 1 < items.length; i++)
            if (items.text[i] == '\0') items.text[i] = '\n';
        if (items.length > 1) pt_strbuf_append_bytes(out, items.text, items.length - 1);
    } else {
        const bool is_bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';
        if (is_bracketed) text++, n -= 2;
        separator = memchr(text, '|', n)   ? '|'
                    : memchr(text, ';', n) ? ';'
                    : is_bracketed         ? ','
                                           : usual;
        pt_strbuf_append_bytes(out, text, n);
    }
    if (items.failed) out->failed = true;
    pt_strbuf_release(&items);
    return separator;
}

static bool is_name(const char *name, size_t n, const char *wanted) {
    return n == strlen(wanted) && memcmp(name, wanted, n) == 0;
}

bool pt_template_path_field(const char *path, const char *name, size_t n, pt_strbuf *out) {
    const char *base = pt_path_basename(path), *start = path;
    size_t length;

    if (is_name(name, n, "stem")) {
        start = base;
        length = pt_path_stem_length(path) - (size_t)(base - path);
    } else if (is_name(name, n, "parent")) {
        const char *end = base > path ? base - 1 : base;
        for (start = end; start > path && start[-1] != '/';)
            start--;
        length = (size_t)(end - start);
    } else {
        return false;
    }
    for (size_t i = 0; i < length; i++)
        pt_strbuf_append_bytes(out, start[i] == '_' ? " " : start + i, 1);
    return true;
}
