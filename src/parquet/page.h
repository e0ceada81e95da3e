/* SPDX-License-Identifier: MIT */
/* page.h - the pages of a column chunk, one after the other: headers first, bodies when asked for
 *
 * Source   Apache Parquet format 2.11: parquet.thrift, README.md ("Data Pages")
 */

#ifndef PATINA_PARQUET_PAGE_H
#define PATINA_PARQUET_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "parquet/codec.h"
#include "parquet/footer.h"

#define PT_PARQUET_PAGE_MAX   (1U << 30)  /* bytes of a page, compressed or not */
#define PT_PARQUET_HEADER_MAX (16U << 20) /* bytes of its header, which may hold statistics */

/** A page's header, checked against the chunk and the limits. */
typedef struct pt_parquet_page_header {
    int kind;        /* PT_PARQUET_DATA_PAGE ...; others are to be passed over */
    uint64_t body;   /* offset in the file */
    size_t n_packed; /* bytes in the file */
    size_t n_bytes;  /* bytes decompressed */
    size_t n_values; /* nulls count */
    int encoding;
    int definition_encoding, repetition_encoding;
    /* of version 2 */
    size_t n_repetition_bytes, n_definition_bytes; /* levels, never compressed */
    bool compressed;
    bool has_crc;
    uint32_t crc;
} pt_parquet_page_header;

/** Where in a chunk one is. Zero it to start. */
typedef struct pt_parquet_pages {
    const pt_bytes *file;
    const pt_parquet_chunk *chunk;
    uint64_t at; /* of the next header, offset in the file */
    pt_parquet_buffer window, packed;
} pt_parquet_pages;

/** Begins with the chunk's first page. The memory of an earlier chunk is used again. */
void pt_parquet_pages_begin(pt_parquet_pages *pages, const pt_bytes *file,
                            const pt_parquet_chunk *chunk);
void pt_parquet_pages_release(pt_parquet_pages *pages);

/** The next page's header; the body is not looked at. PT_EFORMAT also behind the last page. */
pt_status pt_parquet_pages_next(pt_parquet_pages *pages, pt_parquet_page_header *header,
                                pt_error *err);

/** Puts a page's n_bytes in the place of what body holds. */
pt_status pt_parquet_page_read(pt_parquet_pages *pages, const pt_parquet_page_header *header,
                               pt_parquet_buffer *body, pt_error *err);

#endif /* PATINA_PARQUET_PAGE_H */
