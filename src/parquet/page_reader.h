/* SPDX-License-Identifier: MIT */
/* page_reader.h - iterates over the pages of a column chunk; bodies are read on demand
 *
 * Source   Apache Parquet format 2.11: parquet.thrift, README.md ("Data Pages")
 */

#ifndef PATINA_PARQUET_PAGE_READER_H
#define PATINA_PARQUET_PAGE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "parquet/codec.h"
#include "parquet/file_metadata.h"

#define PT_PARQUET_PAGE_MAX (1U << 30) /* bytes of a page, compressed or not */
#define PT_PARQUET_PAGE_HEADER_MAX                                                                 \
    (16U << 20) /* bytes of a page header, which may contain statistics */

/** A page's header, checked against the chunk and the limits. */
typedef struct pt_parquet_page_header {
    int kind;               /* PT_PARQUET_DATA_PAGE ...; others are to be skipped */
    uint64_t body;          /* offset in the file */
    size_t compressed_size; /* bytes in the file */
    size_t n_bytes;         /* bytes decompressed */
    size_t n_values;        /* with nulls */
    int encoding;
    int definition_encoding, repetition_encoding;
    /* of version 2 */
    size_t n_repetition_bytes, n_definition_bytes; /* levels, never compressed */
    bool compressed;
    bool has_crc;
    uint32_t crc;
} pt_parquet_page_header;

/** Position in a chunk. Zero it to start. */
typedef struct pt_parquet_page_reader {
    const pt_byte_source *file;
    const pt_parquet_column_chunk *chunk;
    uint64_t at; /* of the next header, offset in the file */
    pt_parquet_buffer window, compressed_body;
} pt_parquet_page_reader;

/** Starts at the first page of a chunk. Memory is reused. */
void pt_parquet_page_reader_init(pt_parquet_page_reader *pages, const pt_byte_source *file,
                                 const pt_parquet_column_chunk *chunk);
void pt_parquet_page_reader_release(pt_parquet_page_reader *pages);

/** Reads the next page header. PATINA_EFORMAT also after the last page. */
patina_status pt_parquet_page_reader_next(pt_parquet_page_reader *pages,
                                          pt_parquet_page_header *header, patina_error *err);

/** Reads a page's n_bytes into body, replacing its content. */
patina_status pt_parquet_page_reader_read_body(pt_parquet_page_reader *pages,
                                               const pt_parquet_page_header *header,
                                               pt_parquet_buffer *body, patina_error *err);

#endif /* PATINA_PARQUET_PAGE_READER_H */
