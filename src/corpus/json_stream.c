/* SPDX-License-Identifier: MIT */
/* json_stream.c - a scanner for brackets, commas and strings */

#include "corpus/json_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/column_names.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"

#define BLOCK_BYTES 65536
#define DEPTH_MAX   64 /* nesting levels whose bracket type is stored; deeper ones are counted */

#define END (-1)

static int refill_and_peek(pt_json_stream *list) {
    if (list->at_end || list->failed) return END;
    const int64_t got =
        pt_byte_source_read_at(&list->bytes, list->offset, list->block, BLOCK_BYTES);
    list->failed = got < 0;
    list->at_end = got == 0;
    if (got <= 0) return END;
    list->offset += (uint64_t)got;
    list->n_block = (size_t)got;
    list->at = 0;
    return (unsigned char)list->block[0];
}

/** The next byte, or END. */
static inline int peek(pt_json_stream *list) {
    if (list->at < list->n_block) return (unsigned char)list->block[list->at];
    return refill_and_peek(list);
}

/** Skips the byte that peek returned. */
static inline void advance(pt_json_stream *list, int c) {
    list->at++;
    list->n_lines += c == '\n';
}

static int skip_whitespace(pt_json_stream *list) {
    int c;
    while ((c = peek(list)) == ' ' || c == '\t' || c == '\r' || c == '\n')
        advance(list, c);
    return c;
}

static void append_byte(pt_json_stream *list, int c) {
    const char byte = (char)c;
    if (list->element.length == PT_TEXT_MAX)
        list->too_long = true;
    else
        pt_strbuf_append_bytes(&list->element, &byte, 1);
}

/** State of a scan inside a value. */
typedef struct scan {
    bool in_string, escaped;
    int last; /* last byte outside strings that is not white space; '"' after a string */
    unsigned depth;
    bool braces[DEPTH_MAX]; /* braces[d]: bracket number d is a brace */
} scan;

/** Closes the innermost bracket of this type and unclosed ones inside it; the innermost bracket
 * where none has this type. */
static void close_bracket(scan *s, bool brace) {
    unsigned d = s->depth;
    while (d > 0 && d <= DEPTH_MAX && s->braces[d - 1] != brace)
        d--;
    s->depth = d > 0 ? d - 1 : s->depth - 1;
}

/** Whether '{' is not allowed here, so that the enclosing object was not closed. */
static bool is_unclosed_object(const scan *s, int c) {
    if (c != '{' || s->in_string || s->last == ':') return false;
    return s->depth > 0 && s->depth <= DEPTH_MAX && s->braces[s->depth - 1];
}

static void scan_byte(scan *s, int c) {
    if (!s->in_string && c != ' ' && c != '\t' && c != '\r' && c != '\n') s->last = c;
    if (s->in_string) {
        if (c == '\n' || (c == '"' && !s->escaped)) s->in_string = false;
        s->escaped = c == '\\' && !s->escaped;
    } else if (c == '"') {
        s->in_string = true;
        s->escaped = false;
    } else if (c == '{' || c == '[') {
        if (s->depth < DEPTH_MAX) s->braces[s->depth] = c == '{';
        if (s->depth < UINT32_MAX) s->depth++;
    } else if ((c == '}' || c == ']') && s->depth > 0) {
        close_bracket(s, c == '}');
    }
}

/** Reads a value into the element, up to the ',' or the closer behind it, or to the '{' of the next
 * element where it is not closed. Returns that byte, or END. */
static int scan_value(pt_json_stream *list, int closer, bool is_stored) {
    scan s = {0};
    int c;

    pt_strbuf_clear(&list->element);
    list->too_long = list->unclosed = false;
    while ((c = peek(list)) != END) {
        if (s.depth == 0 && !s.in_string && (c == ',' || c == closer)) return c;
        list->unclosed = is_stored && is_unclosed_object(&s, c);
        if (list->unclosed) return c;
        scan_byte(&s, c);
        if (is_stored) append_byte(list, c);
        advance(list, c);
    }
    return END;
}

/** Reads a member name into the element, without quotes; false where there is none. Escapes are not
 * decoded: a name with escapes never matches. */
static bool read_name(pt_json_stream *list) {
    int c = skip_whitespace(list);
    bool escaped = false;

    pt_strbuf_clear(&list->element);
    if (c != '"') return false;
    advance(list, c);
    while ((c = peek(list)) != END && (c != '"' || escaped)) {
        escaped = c == '\\' && !escaped;
        append_byte(list, c);
        advance(list, c);
    }
    if (c == END) return false;
    advance(list, c);
    return true;
}

/** Whether the next member is the list; *more is false after the last member. */
static bool next_member(pt_json_stream *list, const char *member, bool *more) {
    *more = read_name(list) && skip_whitespace(list) == ':';
    if (!*more) return false;
    bool named = false;
    for (char name[32]; !named && pt_column_next_name(&member, name, sizeof name);)
        named = list->element.length == strlen(name) &&
                memcmp(list->element.text, name, list->element.length) == 0;
    advance(list, ':');
    if (skip_whitespace(list) == '[' && named) {
        advance(list, '[');
        return true;
    }
    *more = scan_value(list, '}', false) == ',';
    if (*more) advance(list, ',');
    return false;
}

static void skip_bom(pt_json_stream *list) {
    if (peek(list) == 0xEF && list->n_block >= 3 && memcmp(list->block, "\xEF\xBB\xBF", 3) == 0)
        list->at = 3;
}

static patina_status check_failure(const pt_json_stream *list, patina_error *err) {
    if (list->element.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (list->failed)
        return pt_fail(err, PATINA_EIO, "cannot be read after line %llu", list->n_lines);
    return PATINA_OK;
}

patina_status pt_json_stream_open(pt_json_stream *list, const pt_byte_source *bytes,
                                  const char *member, patina_error *err) {
    bool found = false, more = true;

    list->bytes = *bytes;
    list->block = calloc(1, BLOCK_BYTES);
    if (!list->block) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    skip_bom(list);
    const int first = skip_whitespace(list);
    const bool is_object = first == '{', is_list = member && !*member;
    if (first == (is_list ? '[' : '{')) advance(list, first);
    list->is_keyed = !member;
    found = list->is_keyed || is_list;
    if (is_list) {
        PT_TRY(check_failure(list, err));
        return first == '[' ? PATINA_OK : pt_fail(err, PATINA_EFORMAT, "not a JSON list");
    }
    while (is_object && more && !found)
        found = next_member(list, member, &more);
    PT_TRY(check_failure(list, err));
    if (!is_object) return pt_fail(err, PATINA_EFORMAT, "not a JSON object");
    if (!found)
        return pt_fail(err, PATINA_EFORMAT, "it has no list '%.*s'", (int)strcspn(member, "|"),
                       member);
    return PATINA_OK;
}

void pt_json_stream_close(pt_json_stream *list) {
    free(list->block);
    pt_strbuf_release(&list->element);
    pt_strbuf_release(&list->key);
    *list = (pt_json_stream){0};
}

static bool is_blank(const pt_strbuf *text) {
    return text->length == 0 || strspn(text->text, " \t\r\n") == text->length;
}

/** Moves the name of the next member to the key; without one, the element is not valid JSON. */
static void read_key(pt_json_stream *list) {
    pt_strbuf_clear(&list->key);
    if (!read_name(list) || skip_whitespace(list) != ':') return;
    advance(list, ':');
    pt_strbuf_append(&list->key, list->element.text ? list->element.text : "");
    if (list->key.failed) list->element.failed = true;
}

patina_status pt_json_stream_next(pt_json_stream *list, pt_json_event *item, patina_error *err) {
    *item = PT_JSON_END;
    if (list->is_done) return PATINA_OK;
    (void)skip_whitespace(list);
    list->line = list->n_lines + 1;
    const char closer = list->is_keyed ? '}' : ']';
    if (list->is_keyed && !list->is_last) read_key(list);
    const int end = list->is_last ? END : scan_value(list, closer, true);
    PT_TRY(check_failure(list, err));
    const bool some = !list->is_last && !is_blank(&list->element);
    if (end == ',' || end == '{' || some) {
        *item = PT_JSON_ELEMENT;
        list->index = list->n_elements++;
    } else if (end == END) {
        *item = PT_JSON_TRUNCATED;
    }
    list->is_last = end == END;
    list->is_done = *item != PT_JSON_ELEMENT || end == closer;
    if (end == ',') advance(list, ',');
    return PATINA_OK;
}
