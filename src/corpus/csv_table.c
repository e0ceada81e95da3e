/* SPDX-License-Identifier: MIT */
/* csv_table.c - parses delimited text with libcsv
 *
 * libcsv calls back for every field and record of its input. A call gets at most one line, and only
 * up to the next CR, so that it completes at most one record.
 */

#include "corpus/csv_table.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "corpus/column_names.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"
#include "corpus/text_source.h"

#define BLOCK_MIN 4096

struct pt_csv_table {
    pt_line_reader lines;
    struct csv_parser parser;
    bool has_line;  /* lines.line is being parsed ... */
    size_t at;      /* ... from here */
    bool is_done;   /* end of input, or an error */
    bool completed; /* a record, by the last piece */
    bool extra_fields, last_is_rest;
    pt_csv_record header, record;
};

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Callbacks of libcsv ----------------------------------------------------------------------- */

/** The record that is being parsed; fields after it are ignored. */
typedef struct parse_target {
    pt_csv_record *record;
    bool completed;
} parse_target;

static void on_field(void *text, size_t n, void *user) {
    parse_target *in = user;
    pt_csv_record *r = in->record;
    if (in->completed) return;
    if (r->n_fields < PT_CSV_COLUMNS_MAX) {
        r->start[r->n_fields] = r->text.length;
        r->length[r->n_fields] = n;
        pt_strbuf_append_bytes(&r->text, text, n);
        pt_strbuf_append_bytes(&r->text, "", 1);
    }
    r->n_fields++;
}

static void on_record(int terminator, void *user) {
    parse_target *in = user;
    (void)terminator;
    in->completed = true;
}

/** Spaces around fields are part of them in RFC 4180; libcsv would strip them. */
static int is_space_never(unsigned char c) {
    (void)c;
    return 0;
}

static bool open_parser(struct csv_parser *parser) {
    if (csv_init(parser, 0) != 0) return false;
    csv_set_space_func(parser, is_space_never);
    return true;
}

/* Records ---------------------------------------------------------------------------------- */

static patina_status feed(pt_csv_table *t, const char *text, size_t n, patina_error *err) {
    parse_target in = {.record = &t->record};
    /* libcsv adds this to a full buffer. Doubling keeps the copies of a long field linear in its
     * length. */
    csv_set_blk_size(&t->parser,
                     t->parser.entry_size > BLOCK_MIN ? t->parser.entry_size : BLOCK_MIN);
    if (csv_parse(&t->parser, text, n, on_field, on_record, &in) != n || t->record.text.failed)
        return no_memory(err);
    t->completed = in.completed;
    return PATINA_OK;
}

/** Whether no part of a record was read yet. */
static bool between_records(const pt_csv_table *t) {
    return t->record.n_fields == 0 && t->parser.entry_pos == 0 && !t->parser.quoted;
}

/** Ends the table with a fault: an unclosed quote makes the rest of the file one field. */
static void fail_record(pt_csv_table *t, const char *why) {
    t->is_done = true;
    t->completed = true;
    t->record.n_fields = 0;
    snprintf(t->record.fault, sizeof t->record.fault, "%s", why);
}

/** At the end of the file: the last record may be incomplete. */
static void finish_input(pt_csv_table *t) {
    if (between_records(t))
        t->is_done = true;
    else
        fail_record(t, "a quote is not closed: the rest of the file is one field");
}

static patina_status next_line(pt_csv_table *t, patina_error *err) {
    bool too_long = false, end = false;

    if (between_records(t)) t->record.line = t->lines.number + 1;
    PT_TRY(pt_line_reader_next(&t->lines, &too_long, &end, err));
    t->has_line = !end;
    t->at = 0;
    if (end)
        finish_input(t);
    else if (too_long ||
             t->parser.entry_pos + t->record.text.length + t->lines.line.length > PT_TEXT_MAX)
        fail_record(t, "a field of over 16 MB, perhaps an unclosed quote; the rest of the file is "
                       "not read");
    return PATINA_OK;
}

/** Whether a quoted field has text behind its closing quote and does not end on the line. */
static bool has_stray_quote(const pt_strbuf *line, char delimiter) {
    bool at_start = true, quoted = false, stray = false;
    for (size_t i = 0; i < line->length; i++) {
        const char c = line->text[i], next = i + 1 < line->length ? line->text[i + 1] : delimiter;
        if (!quoted) {
            quoted = at_start && c == '"';
            at_start = c == delimiter;
            stray = false;
        } else if (c == '"' && next == '"') {
            i++;
        } else if (c == '"') {
            quoted = next != delimiter;
            stray = quoted;
        }
    }
    return quoted && stray;
}

/** Whether the quotes of a line are text: it has as many fields as the header, while read with
 * quotes it would continue on the next lines, as `"Yes," she said` of a list without quoting. */
static bool has_text_quotes(pt_csv_table *t) {
    const pt_strbuf *line = &t->lines.line;
    const char delimiter = (char)csv_get_delim(&t->parser);
    size_t n = 1;
    for (size_t i = 0; i < line->length; i++)
        n += line->text[i] == delimiter;
    return n == t->header.n_fields && has_stray_quote(line, delimiter);
}

/** Splits a line at the delimiters; libcsv takes far longer. */
static patina_status split_line(pt_csv_table *t, patina_error *err) {
    pt_csv_record *r = &t->record;
    const pt_strbuf *line = &t->lines.line;
    const char delimiter = (char)csv_get_delim(&t->parser);

    pt_strbuf_append_bytes(&r->text, line->text, line->length);
    if (r->text.failed) return no_memory(err);
    for (size_t at = 0; at <= line->length;) {
        const char *text = r->text.text + at;
        const bool is_rest = t->last_is_rest && r->n_fields + 1 == t->header.n_fields;
        const char *stop = is_rest ? NULL : memchr(text, delimiter, line->length - at);
        const size_t n = stop ? (size_t)(stop - text) : line->length - at;
        r->text.text[at + n] = '\0';
        if (r->n_fields < PT_CSV_COLUMNS_MAX) {
            r->start[r->n_fields] = at;
            r->length[r->n_fields] = n;
        }
        r->n_fields++;
        at += n + 1;
    }
    t->has_line = false;
    t->completed = true;
    return PATINA_OK;
}

static bool is_plain_record(pt_csv_table *t) {
    const pt_strbuf *line = &t->lines.line;
    return t->at == 0 && line->length > 0 && between_records(t) &&
           t->parser.is_space == is_space_never && !memchr(line->text, '\r', line->length) &&
           (t->last_is_rest || !memchr(line->text, '"', line->length) || has_text_quotes(t));
}

/** Parses the next piece of the line, or the line end that pt_line_reader removed. */
static patina_status feed_piece(pt_csv_table *t, patina_error *err) {
    if (is_plain_record(t)) return split_line(t, err);
    const char *rest = t->lines.line.text + t->at;
    const size_t n_rest = t->lines.line.length - t->at;
    const char *stop = n_rest > 0 ? memchr(rest, '\r', n_rest) : NULL;
    const size_t n = stop ? (size_t)(stop - rest) + 1 : n_rest;

    if (n > 0) {
        t->at += n;
        return feed(t, rest, n, err);
    }
    t->has_line = false;
    return feed(t, "\n", 1, err);
}

static void record_clear(pt_csv_record *r) {
    pt_strbuf_clear(&r->text);
    r->n_fields = 0;
    r->fault[0] = '\0';
}

/** Reads a record; *some is false at the end of the file. */
static patina_status read_record(pt_csv_table *t, bool *some, patina_error *err) {
    record_clear(&t->record);
    t->completed = false;
    if (t->has_line) t->record.line = t->lines.number; /* after a CR, or at the line end */
    while (!t->completed && !t->is_done)
        PT_TRY(t->has_line ? feed_piece(t, err) : next_line(t, err));
    *some = t->completed;
    return PATINA_OK;
}

/** A line of white space, which is not a row of a table with several columns. */
static bool is_blank_line(const pt_csv_table *t) {
    size_t n;
    if (t->record.n_fields != 1 || t->header.n_fields < 2 || t->record.fault[0]) return false;
    (void)pt_csv_field_trimmed(&t->record, 0, &n);
    return n == 0;
}

patina_status pt_csv_next(pt_csv_table *t, const pt_csv_record **record, patina_error *err) {
    bool some = false;

    *record = NULL;
    do {
        if (t->is_done) return PATINA_OK;
        PT_TRY(read_record(t, &some, err));
        if (!some) return PATINA_OK;
    } while (is_blank_line(t));
    const bool is_extra = t->extra_fields && t->record.n_fields > t->header.n_fields &&
                          t->record.n_fields <= PT_CSV_COLUMNS_MAX;
    if (t->record.n_fields != t->header.n_fields && !is_extra && t->record.fault[0] == '\0')
        snprintf(t->record.fault, sizeof t->record.fault, "%zu fields, but the header has %zu",
                 t->record.n_fields, t->header.n_fields);
    *record = &t->record;
    return PATINA_OK;
}

/** Makes the header of the fields of a line of text. */
static patina_status parse_header(pt_csv_table *t, const char *text, patina_error *err) {
    PT_TRY(feed(t, text, strlen(text), err));
    PT_TRY(feed(t, "\n", 1, err));
    t->header = t->record;
    t->record = (pt_csv_record){0};
    return PATINA_OK;
}

static bool is_comment(const pt_strbuf *line) {
    return line->length > 0 && line->text[0] == '#';
}

/** The fields of a line, as a number. */
static size_t count_fields(pt_csv_table *t, const char *text) {
    patina_error ignored;
    record_clear(&t->record);
    if (feed(t, text, strlen(text), &ignored) != PATINA_OK ||
        feed(t, "\n", 1, &ignored) != PATINA_OK)
        return 0;
    const size_t n = t->completed ? t->record.n_fields : 0;
    parse_target rest = {.record = &t->record};
    csv_fini(&t->parser, on_field, on_record, &rest); /* closes an open quote */
    record_clear(&t->record);
    return n;
}

/**
 * Skips the line "sep=;" that Excel reads as the delimiter. It is an error where the table is read
 * with another one, so that it is not detected as the delimiter.
 */
static patina_status skip_separator(pt_csv_table *t, patina_error *err) {
    const pt_strbuf *line = &t->lines.line;
    const char *text = line->text;
    const size_t quoted = line->length > 0 && text[0] == '"';
    if (!t->has_line || line->length != 5 + 2 * quoted ||
        strncasecmp(text + quoted, "sep=", 4) != 0)
        return PATINA_OK;
    if (text[quoted + 4] != (char)csv_get_delim(&t->parser))
        return pt_fail(err, PATINA_EFORMAT, "its first line sets the delimiter '%c'",
                       text[quoted + 4]);
    return next_line(t, err);
}

/** Skips comments up to the first other line; *header is set where the last one is the header. */
static patina_status read_comments(pt_csv_table *t, pt_strbuf *header, patina_error *err) {
    bool any = false;

    PT_TRY(next_line(t, err));
    PT_TRY(skip_separator(t, err));
    while (t->has_line && is_comment(&t->lines.line)) {
        any = true;
        pt_strbuf_clear(header);
        pt_strbuf_append(header, t->lines.line.text + 1 + strspn(t->lines.line.text + 1, " \t"));
        PT_TRY(next_line(t, err));
    }
    if (!any || !t->has_line) return PATINA_OK;
    if (header->failed) return no_memory(err);
    csv_set_space_func(&t->parser, NULL);
    const size_t n = count_fields(t, header->text);
    if (n >= 2 && n == count_fields(t, t->lines.line.text)) return PATINA_OK;
    csv_set_space_func(&t->parser, is_space_never);
    pt_strbuf_release(header);
    return PATINA_OK;
}

static patina_status read_header(pt_csv_table *t, const char *given, patina_error *err) {
    pt_strbuf comment = {0};
    bool some = true;
    patina_status status = read_comments(t, &comment, err);

    if (status != PATINA_OK)
        ;
    else if (given || comment.text) {
        const unsigned char delimiter = csv_get_delim(&t->parser);
        if (given) csv_set_delim(&t->parser, CSV_COMMA);
        status = parse_header(t, given ? given : comment.text, err);
        csv_set_delim(&t->parser, delimiter);
    } else if ((status = read_record(t, &some, err)) == PATINA_OK) {
        t->header = t->record;
        t->record = (pt_csv_record){0};
    }
    pt_strbuf_release(&comment);
    PT_TRY(status);
    if (t->header.fault[0]) return pt_fail(err, PATINA_EFORMAT, "its header: %s", t->header.fault);
    if (t->lines.line.length == PT_TEXT_MAX)
        return pt_fail(err, PATINA_EFORMAT, "its header: a line of over 16 MB");
    if (!some || t->header.n_fields == 0)
        return pt_fail(err, PATINA_EFORMAT, "it is empty: it has no header");
    if (t->header.n_fields > PT_CSV_COLUMNS_MAX)
        return pt_fail(err, PATINA_EFORMAT, "more than %d columns", PT_CSV_COLUMNS_MAX);
    return PATINA_OK;
}

static patina_status open_source(const pt_byte_source *bytes, const pt_csv_format *format,
                                 pt_csv_table **table, patina_error *err) {
    static const pt_csv_format defaults = {0};
    pt_csv_table *t = calloc(1, sizeof *t);

    if (!format) format = &defaults;
    if (!t || !open_parser(&t->parser)) {
        free(t);
        return no_memory(err);
    }
    if (format->delimiter) csv_set_delim(&t->parser, (unsigned char)format->delimiter);
    t->extra_fields = format->extra_fields;
    t->last_is_rest = format->last_is_rest;
    patina_status status = pt_line_reader_open_source(&t->lines, bytes, err);
    if (status == PATINA_OK) status = read_header(t, format->header, err);
    if (status != PATINA_OK) {
        pt_csv_close(&t);
        return status;
    }
    *table = t;
    return PATINA_OK;
}

patina_status pt_csv_open(const char *path, const pt_csv_format *format, pt_csv_table **table,
                          patina_error *err) {
    pt_byte_source bytes = {0};
    const patina_status status = pt_text_source_open(path, UINT64_MAX, &bytes, err);
    if (status == PATINA_REJECT_MISSING)
        return pt_fail(err, PATINA_EIO, "file '%s': not found", path);
    return status == PATINA_OK ? open_source(&bytes, format, table, err) : status;
}

patina_status pt_csv_open_head(const pt_corpus_probe *probe, const pt_csv_format *format,
                               pt_csv_table **table, patina_error *err) {
    pt_byte_source bytes = {0};
    if (probe->is_folder || probe->n_head == 0) return pt_fail(err, PATINA_EFORMAT, "not a table");
    pt_byte_source_from_memory(probe->head, probe->n_head, &bytes);
    return open_source(&bytes, format, table, err);
}

void pt_csv_close(pt_csv_table **table) {
    pt_csv_table *t = *table;
    if (!t) return;
    pt_strbuf_release(&t->header.text);
    pt_strbuf_release(&t->record.text);
    csv_free(&t->parser);
    pt_line_reader_close(&t->lines);
    free(t);
    *table = NULL;
}

/* Headers and fields ----------------------------------------------------------------------- */

const pt_csv_record *pt_csv_header(const pt_csv_table *table) {
    return &table->header;
}

enum { EXACT, ANY_CASE, ANY_SEPARATOR, N_COMPARISONS };

static bool is_same_name(const char *column, size_t n, const char *name, int comparison) {
    if (comparison == ANY_SEPARATOR) return pt_column_has_name(column, n, name);
    if (n != strlen(name)) return false;
    return comparison == EXACT ? memcmp(column, name, n) == 0 : strncasecmp(column, name, n) == 0;
}

int pt_csv_find_column(const pt_csv_record *header, const char *name) {
    for (int comparison = 0; comparison < N_COMPARISONS; comparison++) {
        for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
            size_t n;
            const char *text = pt_csv_field_trimmed(header, (int)i, &n);
            if (is_same_name(text, n, name, comparison)) return (int)i;
        }
    }
    return -1;
}

int pt_csv_find_first_column(const pt_csv_record *header, const char *names) {
    char name[64];
    while (pt_column_next_name(&names, name, sizeof name)) {
        const int column = pt_csv_find_column(header, name);
        if (column >= 0) return column;
    }
    return -1;
}

const char *pt_csv_field(const pt_csv_record *record, int i, size_t *n) {
    *n = record->length[i];
    return record->text.text + record->start[i];
}

static bool is_whitespace(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *pt_csv_field_trimmed(const pt_csv_record *record, int i, size_t *n) {
    const char *text = pt_csv_field(record, i, n);
    while (*n > 0 && is_whitespace(text[*n - 1]))
        --*n;
    while (*n > 0 && is_whitespace(*text))
        text++, --*n;
    return text;
}
