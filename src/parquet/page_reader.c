/* SPDX-License-Identifier: MIT */
/* page_reader.c - parses PageHeader of parquet.thrift, reads and decompresses page bodies */

#include "parquet/page_reader.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/error.h"
#include "parquet/parquet_types.h"
#include "parquet/thrift_reader.h"

#define WINDOW_BYTES 512 /* a header has 20 to 100, unless it contains statistics of long values */

void pt_parquet_page_reader_init(pt_parquet_page_reader *pages, const pt_byte_source *file,
                                 const pt_parquet_column_chunk *chunk) {
    pages->file = file;
    pages->chunk = chunk;
    pages->at = chunk->start;
}

void pt_parquet_page_reader_release(pt_parquet_page_reader *pages) {
    free(pages->window.bytes);
    free(pages->compressed_body.bytes);
    *pages = (pt_parquet_page_reader){0};
}

static patina_status read_at(const pt_parquet_page_reader *pages, uint64_t offset, size_t n,
                             pt_parquet_buffer *into, patina_error *err) {
    into->n = 0;
    PT_TRY(pt_parquet_buffer_reserve(into, n > 0 ? n : 1, err)); /* bytes must not be NULL */
    if (n == 0) return PATINA_OK;
    if (pt_byte_source_read_at(pages->file, offset, into->bytes, n) != (int64_t)n)
        return pt_fail(err, PATINA_EIO, "cannot be read at byte %llu", (unsigned long long)offset);
    into->n = n;
    return PATINA_OK;
}

/** A size or a count; not negative. */
static size_t read_size(pt_thrift_reader *in, const pt_thrift_field *f) {
    const int32_t value = pt_thrift_read_i32(in, f);
    if (value < 0) in->error = PT_THRIFT_INVALID;
    return value < 0 ? 0 : (size_t)value;
}

/** DataPageHeader; DictionaryPageHeader has the same first two fields. */
static void read_data_header(pt_thrift_reader *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};
    while (pt_thrift_read_field_header(in, &f)) {
        if (f.id == 1)
            header->n_values = read_size(in, &f);
        else if (f.id == 2)
            header->encoding = pt_thrift_read_i32(in, &f);
        else if (f.id == 3 && f.type == PT_THRIFT_I32)
            header->definition_encoding = pt_thrift_read_i32(in, &f);
        else if (f.id == 4 && f.type == PT_THRIFT_I32)
            header->repetition_encoding = pt_thrift_read_i32(in, &f);
        else
            pt_thrift_skip(in, &f);
    }
}

/** DataPageHeaderV2, where levels are always RLE. */
static void read_data_header_v2(pt_thrift_reader *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};
    header->definition_encoding = header->repetition_encoding = PT_PARQUET_RLE;
    while (pt_thrift_read_field_header(in, &f)) {
        switch (f.id) {
        case 1:
            header->n_values = read_size(in, &f);
            break;
        case 4:
            header->encoding = pt_thrift_read_i32(in, &f);
            break;
        case 5:
            header->n_definition_bytes = read_size(in, &f);
            break;
        case 6:
            header->n_repetition_bytes = read_size(in, &f);
            break;
        case 7:
            header->compressed = pt_thrift_read_bool(in, &f);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
}

static void read_header(pt_thrift_reader *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};

    *header = (pt_parquet_page_header){.kind = -1, .encoding = -1, .compressed = true};
    while (pt_thrift_read_field_header(in, &f)) {
        switch (f.id) {
        case 1:
            header->kind = pt_thrift_read_i32(in, &f);
            break;
        case 2:
            header->n_bytes = read_size(in, &f);
            break;
        case 3:
            header->compressed_size = read_size(in, &f);
            break;
        case 4:
            header->has_crc = true;
            header->crc = (uint32_t)pt_thrift_read_i32(in, &f);
            break;
        case 5: /* data */
        case 7: /* dictionary */
            if (pt_thrift_read_struct(in, &f)) read_data_header(in, header);
            break;
        case 8: /* data of version 2 */
            if (pt_thrift_read_struct(in, &f)) read_data_header_v2(in, header);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
}

/** left: bytes of the chunk after the header. */
static patina_status check_header(const pt_parquet_page_reader *pages,
                                  const pt_parquet_page_header *h, uint64_t left,
                                  patina_error *err) {
    const size_t n_levels = h->n_repetition_bytes + h->n_definition_bytes;
    if (h->n_bytes > PT_PARQUET_PAGE_MAX || h->compressed_size > PT_PARQUET_PAGE_MAX)
        return pt_fail(err, PATINA_EFORMAT, "the page at byte %llu has %zu bytes; the limit is %u",
                       (unsigned long long)h->body, h->n_bytes, PT_PARQUET_PAGE_MAX);
    if (h->compressed_size > left || n_levels > h->n_bytes || n_levels > h->compressed_size ||
        (pages->chunk->codec == PT_PARQUET_UNCOMPRESSED && h->compressed_size != h->n_bytes))
        return pt_fail(err, PATINA_EFORMAT,
                       "the size of the page at byte %llu differs from its header",
                       (unsigned long long)h->body);
    return PATINA_OK;
}

patina_status pt_parquet_page_reader_next(pt_parquet_page_reader *pages,
                                          pt_parquet_page_header *header, patina_error *err) {
    const uint64_t left = pages->chunk->start + pages->chunk->n_bytes - pages->at;
    size_t n = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;

    if (left == 0) return pt_fail(err, PATINA_EFORMAT, "it ends early");
    for (;;) {
        pt_thrift_reader in;
        PT_TRY(read_at(pages, pages->at, n, &pages->window, err));
        pt_thrift_reader_init(&in, pages->window.bytes, n);
        read_header(&in, header);
        if (in.error == PT_THRIFT_OK) {
            const size_t used = (size_t)(in.at - pages->window.bytes);
            header->body = pages->at + used;
            PT_TRY(check_header(pages, header, left - used, err));
            pages->at = header->body + header->compressed_size;
            return PATINA_OK;
        }
        if (in.error == PT_THRIFT_INVALID || n == left || n >= PT_PARQUET_PAGE_HEADER_MAX)
            return pt_fail(err, PATINA_EFORMAT, "the page header at byte %llu is damaged",
                           (unsigned long long)pages->at);
        n = left / 8 < n ? (size_t)left : 8 * n;
        if (n > PT_PARQUET_PAGE_HEADER_MAX) n = PT_PARQUET_PAGE_HEADER_MAX;
    }
}

/** In version 2 the levels come first, uncompressed; the rest is compressed as a whole. */
static patina_status decompress_body(const pt_parquet_page_reader *pages,
                                     const pt_parquet_page_header *header, pt_parquet_buffer *body,
                                     patina_error *err) {
    const unsigned char *bytes = pages->compressed_body.bytes;
    const size_t n_levels = header->n_repetition_bytes + header->n_definition_bytes;

    body->n = 0;
    PT_TRY(pt_parquet_buffer_reserve(body, n_levels + 1, err));
    memcpy(body->bytes, bytes, n_levels);
    body->n = n_levels;
    if (header->n_bytes == n_levels)
        return PATINA_OK; /* only nulls: some writers store no compressed bytes at all */
    return pt_parquet_decompress(pages->chunk->codec, bytes + n_levels,
                                 header->compressed_size - n_levels, header->n_bytes - n_levels,
                                 body, err);
}

patina_status pt_parquet_page_reader_read_body(pt_parquet_page_reader *pages,
                                               const pt_parquet_page_header *header,
                                               pt_parquet_buffer *body, patina_error *err) {
    const bool plain = pages->chunk->codec == PT_PARQUET_UNCOMPRESSED || !header->compressed;
    pt_parquet_buffer *raw = plain ? body : &pages->compressed_body;
    const unsigned long long at = header->body;

    if (plain && header->compressed_size != header->n_bytes)
        return pt_fail(err, PATINA_EFORMAT,
                       "the size of the page at byte %llu differs from its header", at);
    PT_TRY(read_at(pages, header->body, header->compressed_size, raw, err));
    if (header->has_crc && header->compressed_size > 0 &&
        crc32(crc32(0, Z_NULL, 0), raw->bytes, (uInt)header->compressed_size) != header->crc)
        return pt_fail(err, PATINA_EFORMAT, "the page at byte %llu has a wrong checksum", at);
    if (plain) return PATINA_OK;
    const patina_status status = decompress_body(pages, header, body, err);
    if (status == PATINA_EFORMAT) pt_error_add_context(err, "the page at byte %llu", at);
    return status;
}
