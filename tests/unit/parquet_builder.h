/* SPDX-License-Identifier: MIT */
/* parquet_builder.h - Parquet files built by hand, valid or with chosen faults
 *
 * One column, one row group; every number that a reader must check can be set.
 */

#ifndef PATINA_TEST_PARQUET_BYTES_H
#define PATINA_TEST_PARQUET_BYTES_H

#include <stdint.h>

#include "base/strbuf.h"
#include "parquet/parquet_types.h"
#include "parquet/thrift_writer.h"

/** A page; zeroed members stand for correct values. */
typedef struct page_spec {
    int kind;         /* PT_PARQUET_DATA_PAGE ... */
    const void *body; /* as written to the file */
    size_t n_body;
    int64_t n_bytes;  /* in the header: decompressed size; -1: n_body */
    int64_t n_packed; /* in the header: size in the file; -1: n_body */
    int64_t n_values;
    int encoding;
    int level_encoding;                             /* of version 1 */
    int64_t n_definition_bytes, n_repetition_bytes; /* of version 2 */
    size_t n_statistics;                            /* bytes of a minimum in the header */
} page_spec;

static inline void append_page(pt_strbuf *out, const page_spec *p) {
    pt_thrift_writer t = {.out = out};
    pt_strbuf minimum = {0};
    pt_thrift_write_struct_begin(&t);
    pt_thrift_write_i32(&t, 1, p->kind);
    pt_thrift_write_i32(&t, 2, (int32_t)(p->n_bytes < 0 ? (int64_t)p->n_body : p->n_bytes));
    pt_thrift_write_i32(&t, 3, (int32_t)(p->n_packed < 0 ? (int64_t)p->n_body : p->n_packed));
    pt_thrift_write_struct_field(&t, p->kind == PT_PARQUET_DATA_PAGE         ? 5
                                     : p->kind == PT_PARQUET_DICTIONARY_PAGE ? 7
                                                                             : 8);
    pt_thrift_write_i32(&t, 1, (int32_t)p->n_values);
    if (p->kind == PT_PARQUET_DATA_PAGE_V2) {
        pt_thrift_write_i32(&t, 4, p->encoding);
        pt_thrift_write_i32(&t, 5, (int32_t)p->n_definition_bytes);
        pt_thrift_write_i32(&t, 6, (int32_t)p->n_repetition_bytes);
    } else {
        pt_thrift_write_i32(&t, 2, p->encoding);
        if (p->kind == PT_PARQUET_DATA_PAGE) {
            pt_thrift_write_i32(&t, 3, p->level_encoding);
            pt_thrift_write_i32(&t, 4, p->level_encoding);
        }
    }
    if (p->n_statistics > 0) {
        pt_thrift_write_struct_field(&t, p->kind == PT_PARQUET_DATA_PAGE_V2 ? 8 : 5);
        for (size_t i = 0; i < p->n_statistics; i++)
            pt_strbuf_append(&minimum, "m");
        pt_thrift_write_binary(&t, 2, minimum.text, minimum.length);
        pt_thrift_write_struct_end(&t);
    }
    pt_thrift_write_struct_end(&t);
    pt_thrift_write_struct_end(&t);
    pt_strbuf_release(&minimum);
    pt_strbuf_append_bytes(out, p->body, p->n_body);
}

/** A schema element. */
typedef struct schema_element_spec {
    const char *name;
    int type;       /* -1: a group */
    int repetition; /* -1: the root */
    int n_children;
} schema_element_spec;

/** The footer's one row group and one column. */
typedef struct file_metadata_spec {
    const schema_element_spec *schema;
    size_t n_schema;
    int type, codec;
    int encoding; /* of the chunk's list */
    int64_t start, dictionary, n_bytes, n_values;
    int64_t n_rows, file_n_rows;
    unsigned n_chunks; /* 0: one */
    bool encrypted;
} file_metadata_spec;

static inline void append_column_metadata(pt_thrift_writer *t, const file_metadata_spec *f) {
    pt_thrift_write_struct_begin(t);
    pt_thrift_write_i64(t, 2, 0);
    pt_thrift_write_struct_field(t, 3);
    pt_thrift_write_i32(t, 1, f->type);
    pt_thrift_write_list_header(t, 2, PT_THRIFT_I32, 1);
    pt_thrift_write_item_i32(t, f->encoding);
    pt_thrift_write_list_header(t, 3, PT_THRIFT_BINARY, 1);
    pt_thrift_write_item_string(t, "a");
    pt_thrift_write_i32(t, 4, f->codec);
    pt_thrift_write_i64(t, 5, f->n_values);
    pt_thrift_write_i64(t, 6, f->n_bytes);
    pt_thrift_write_i64(t, 7, f->n_bytes);
    pt_thrift_write_i64(t, 9, f->start);
    if (f->dictionary != 0) pt_thrift_write_i64(t, 11, f->dictionary);
    pt_thrift_write_struct_end(t);
    if (f->encrypted) {
        pt_thrift_write_struct_field(t, 8);
        pt_thrift_write_struct_end(t);
    }
    pt_thrift_write_struct_end(t);
}

/** The footer, its length, and the magic at the end. */
static inline void append_footer(pt_strbuf *out, const file_metadata_spec *f) {
    pt_thrift_writer t = {.out = out};
    const size_t start = out->length;
    pt_thrift_write_struct_begin(&t);
    pt_thrift_write_i32(&t, 1, 1);
    pt_thrift_write_list_header(&t, 2, PT_THRIFT_STRUCT, f->n_schema);
    for (size_t i = 0; i < f->n_schema; i++) {
        const schema_element_spec *e = &f->schema[i];
        pt_thrift_write_struct_begin(&t);
        if (e->type >= 0) pt_thrift_write_i32(&t, 1, e->type);
        if (e->repetition >= 0) pt_thrift_write_i32(&t, 3, e->repetition);
        pt_thrift_write_string(&t, 4, e->name);
        if (e->n_children != 0) pt_thrift_write_i32(&t, 5, e->n_children);
        pt_thrift_write_struct_end(&t);
    }
    pt_thrift_write_i64(&t, 3, f->file_n_rows);
    pt_thrift_write_list_header(&t, 4, PT_THRIFT_STRUCT, 1);
    pt_thrift_write_struct_begin(&t);
    pt_thrift_write_list_header(&t, 1, PT_THRIFT_STRUCT, f->n_chunks ? f->n_chunks : 1);
    for (unsigned i = 0; i < (f->n_chunks ? f->n_chunks : 1); i++)
        append_column_metadata(&t, f);
    pt_thrift_write_i64(&t, 2, f->n_bytes);
    pt_thrift_write_i64(&t, 3, f->n_rows);
    pt_thrift_write_struct_end(&t);
    pt_thrift_write_struct_end(&t);
    const size_t n = out->length - start;
    const unsigned char length[4] = {(unsigned char)n, (unsigned char)(n >> 8),
                                     (unsigned char)(n >> 16), (unsigned char)(n >> 24)};
    pt_strbuf_append_bytes(out, length, 4);
    pt_strbuf_append(out, "PAR1");
}

/** PAR1, the pages, and a footer whose chunk is these pages. */
static inline void append_parquet_file(pt_strbuf *out, const page_spec *pages, size_t n_pages,
                                       file_metadata_spec f) {
    pt_strbuf_append(out, "PAR1");
    for (size_t i = 0; i < n_pages; i++)
        append_page(out, &pages[i]);
    f.start = 4;
    f.n_bytes = (int64_t)out->length - 4;
    append_footer(out, &f);
}

#endif /* PATINA_TEST_PARQUET_BYTES_H */
