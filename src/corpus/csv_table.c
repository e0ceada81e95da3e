/* SPDX-License-Identifier: MIT */
/* csv_table.c - records from libcsv
 *
 * libcsv calls back for every field and record of what it is given. It is given a line at a time,
 * and of that no more than up to the next CR, so that one call completes at most one record.
 */

#include "corpus/csv_table.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"

struct pt_csv_table {
    pt_line_reader lines;
    struct csv_parser parser;
    bool has_line;  /* lines.line is being fed ... */
    size_t at;      /* ... from here on */
    bool is_done;   /* nothing is fed any more */
    bool completed; /* by the last piece that was fed */
    pt_csv_record header, record;
};

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* What libcsv calls ------------------------------------------------------------------------ */

/** One record on its way in; what follows it is left alone. */
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

/** libcsv would strip spaces around fields, which RFC 4180 makes part of them. */
static int is_space_never(unsigned char c) {
    (void)c;
    return 0;
}

static bool open_parser(struct csv_parser *parser) {
    if (csv_init(parser, 0) != 0) return false;
    csv_set_space_func(parser, is_space_never);
    csv_set_blk_size(parser, 4096);
    return true;
}

/* Records ---------------------------------------------------------------------------------- */

static patina_status feed(pt_csv_table *t, const char *text, size_t n, patina_error *err) {
    parse_target in = {.record = &t->record};
    if (csv_parse(&t->parser, text, n, on_field, on_record, &in) != n || t->record.text.failed)
        return no_memory(err);
    t->completed = in.completed;
    return PATINA_OK;
}

/** Whether nothing of a record was seen yet. */
static bool between_records(const pt_csv_table *t) {
    return t->record.n_fields == 0 && t->parser.entry_pos == 0 && !t->parser.quoted;
}

/** The record is what an open quote made of the rest of the file. */
static void fail_record(pt_csv_table *t, const char *why) {
    t->is_done = true;
    t->completed = true;
    t->record.n_fields = 0;
    snprintf(t->record.fault, sizeof t->record.fault, "%s", why);
}

/** Behind the last line: a record may have been left open. */
static void finish_input(pt_csv_table *t) {
    if (between_records(t))
        t->is_done = true;
    else
        fail_record(t, "a quote is closed nowhere: the rows from here on are one field");
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
        fail_record(t,
                    "a field of over 16 MB: is a quote closed nowhere? The rows from here on are "
                    "not read");
    return PATINA_OK;
}

/** The line's next piece, or the line end that pt_line_reader took away. */
static patina_status feed_piece(pt_csv_table *t, patina_error *err) {
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

/** Reads on to the end of a record; *some is false at the end of the file. */
static patina_status read_record(pt_csv_table *t, bool *some, patina_error *err) {
    record_clear(&t->record);
    t->completed = false;
    if (t->has_line) t->record.line = t->lines.number; /* behind a CR, or before the line's end */
    while (!t->completed && !t->is_done)
        PT_TRY(t->has_line ? feed_piece(t, err) : next_line(t, err));
    *some = t->completed;
    return PATINA_OK;
}

patina_status pt_csv_next(pt_csv_table *t, const pt_csv_record **record, patina_error *err) {
    bool some = false;

    *record = NULL;
    if (t->is_done) return PATINA_OK;
    PT_TRY(read_record(t, &some, err));
    if (!some) return PATINA_OK;
    if (t->record.n_fields != t->header.n_fields && t->record.fault[0] == '\0')
        snprintf(t->record.fault, sizeof t->record.fault, "%zu fields where the header has %zu",
                 t->record.n_fields, t->header.n_fields);
    *record = &t->record;
    return PATINA_OK;
}

static patina_status read_header(pt_csv_table *t, patina_error *err) {
    bool some = false;

    PT_TRY(read_record(t, &some, err));
    if (!some)
        return pt_fail(err, PATINA_EFORMAT, "it is empty, and has no line that names columns");
    if (t->record.fault[0]) return pt_fail(err, PATINA_EFORMAT, "its header: %s", t->record.fault);
    if (t->record.n_fields > PT_CSV_COLUMNS_MAX)
        return pt_fail(err, PATINA_EFORMAT, "over %d columns", PT_CSV_COLUMNS_MAX);
    t->header = t->record;
    t->record = (pt_csv_record){0};
    return PATINA_OK;
}

patina_status pt_csv_open(const char *path, pt_csv_table **table, patina_error *err) {
    pt_csv_table *t = calloc(1, sizeof *t);

    if (!t || !open_parser(&t->parser)) {
        free(t);
        return no_memory(err);
    }
    patina_status status = pt_line_reader_open(&t->lines, path, err);
    if (status == PATINA_OK) status = read_header(t, err);
    if (status != PATINA_OK) {
        pt_csv_close(&t);
        return status;
    }
    *table = t;
    return PATINA_OK;
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

pt_csv_record *pt_csv_probe_header(const pt_corpus_probe *probe) {
    struct csv_parser parser;

    if (probe->is_folder || probe->n_head == 0 || !open_parser(&parser)) return NULL;
    const char *feed_at = memchr(probe->head, '\n', probe->n_head);
    const size_t n = feed_at ? (size_t)(feed_at - probe->head) : probe->n_head;
    parse_target in = {.record = calloc(1, sizeof *in.record)};
    if (in.record) {
        csv_parse(&parser, probe->head, n, on_field, on_record, &in);
        csv_parse(&parser, "\n", 1, on_field, on_record, &in);
        if (!in.completed || in.record->text.failed) {
            pt_csv_record_free(in.record);
            in.record = NULL;
        }
    }
    csv_free(&parser);
    return in.record;
}

void pt_csv_record_free(pt_csv_record *header) {
    if (header) pt_strbuf_release(&header->text);
    free(header);
}

int pt_csv_find_column(const pt_csv_record *header, const char *name) {
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        size_t n;
        const char *text = pt_csv_field_trimmed(header, (int)i, &n);
        if (n == strlen(name) && memcmp(text, name, n) == 0) return (int)i;
    }
    return -1;
}

int pt_csv_find_first_column(const pt_csv_record *header, const char *const *names) {
    for (; *names; names++) {
        const int column = pt_csv_find_column(header, *names);
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
