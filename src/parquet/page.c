/* SPDX-License-Identifier: MIT */
/* page.c - PageHeader of parquet.thrift, and a page's bytes out of the file */

#include "parquet/page.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "parquet/format.h"
#include "parquet/thrift_reader.h"

#define WINDOW_BYTES 512 /* a header takes 20 to 100, unless it holds statistics of long values */

void pt_parquet_pages_begin(pt_parquet_pages *pages, const pt_bytes *file,
                            const pt_parquet_chunk *chunk) {
    pages->file = file;
    pages->chunk = chunk;
    pages->at = chunk->start;
}

void pt_parquet_pages_release(pt_parquet_pages *pages) {
    free(pages->window.bytes);
    free(pages->packed.bytes);
    *pages = (pt_parquet_pages){0};
}

static pt_status read_at(const pt_parquet_pages *pages, uint64_t offset, size_t n,
                         pt_parquet_buffer *into, pt_error *err) {
    into->n = 0;
    PT_TRY(pt_parquet_reserve(into, n > 0 ? n : 1, err)); /* so that bytes is never NULL */
    if (n == 0) return PT_OK;
    if (pt_bytes_read_at(pages->file, offset, into->bytes, n) != (int64_t)n)
        return pt_fail(err, PT_EIO, "cannot be read at byte %llu", (unsigned long long)offset);
    into->n = n;
    return PT_OK;
}

/** A size or a count: no number of 31 bits that is negative. */
static size_t get_size(pt_thrift_in *in, const pt_thrift_field *f) {
    const int32_t value = pt_thrift_get_i32(in, f);
    if (value < 0) in->fault = PT_THRIFT_BROKEN;
    return value < 0 ? 0 : (size_t)value;
}

/** DataPageHeader, and DictionaryPageHeader, which has its first two fields. */
static void read_data_header(pt_thrift_in *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};
    while (pt_thrift_next(in, &f)) {
        if (f.id == 1)
            header->n_values = get_size(in, &f);
        else if (f.id == 2)
            header->encoding = pt_thrift_get_i32(in, &f);
        else if (f.id == 3 && f.type == PT_THRIFT_I32)
            header->definition_encoding = pt_thrift_get_i32(in, &f);
        else if (f.id == 4 && f.type == PT_THRIFT_I32)
            header->repetition_encoding = pt_thrift_get_i32(in, &f);
        else
            pt_thrift_skip(in, &f);
    }
}

/** DataPageHeaderV2, whose levels are RLE always. */
static void read_data_header_v2(pt_thrift_in *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};
    header->definition_encoding = header->repetition_encoding = PT_PARQUET_RLE;
    while (pt_thrift_next(in, &f)) {
        switch (f.id) {
        case 1:
            header->n_values = get_size(in, &f);
            break;
        case 4:
            header->encoding = pt_thrift_get_i32(in, &f);
            break;
        case 5:
            header->n_definition_bytes = get_size(in, &f);
            break;
        case 6:
            header->n_repetition_bytes = get_size(in, &f);
            break;
        case 7:
            header->compressed = pt_thrift_get_bool(in, &f);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
}

static void read_header(pt_thrift_in *in, pt_parquet_page_header *header) {
    pt_thrift_field f = {0};

    *header = (pt_parquet_page_header){.kind = -1, .encoding = -1, .compressed = true};
    while (pt_thrift_next(in, &f)) {
        switch (f.id) {
        case 1:
            header->kind = pt_thrift_get_i32(in, &f);
            break;
        case 2:
            header->n_bytes = get_size(in, &f);
            break;
        case 3:
            header->n_packed = get_size(in, &f);
            break;
        case 4:
            header->has_crc = true;
            header->crc = (uint32_t)pt_thrift_get_i32(in, &f);
            break;
        case 5: /* data */
        case 7: /* dictionary */
            if (pt_thrift_get_struct(in, &f)) read_data_header(in, header);
            break;
        case 8: /* data of version 2 */
            if (pt_thrift_get_struct(in, &f)) read_data_header_v2(in, header);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
}

/** left: bytes of the chunk behind the header. */
static pt_status check_header(const pt_parquet_pages *pages, const pt_parquet_page_header *h,
                              uint64_t left, pt_error *err) {
    const size_t n_levels = h->n_repetition_bytes + h->n_definition_bytes;
    if (h->n_bytes > PT_PARQUET_PAGE_MAX || h->n_packed > PT_PARQUET_PAGE_MAX)
        return pt_fail(err, PT_EFORMAT, "the page at byte %llu has %zu bytes, and %u are read",
                       (unsigned long long)h->body, h->n_bytes, PT_PARQUET_PAGE_MAX);
    if (h->n_packed > left || n_levels > h->n_bytes || n_levels > h->n_packed ||
        (pages->chunk->codec == PT_PARQUET_UNCOMPRESSED && h->n_packed != h->n_bytes))
        return pt_fail(err, PT_EFORMAT, "the page at byte %llu has not the size that it claims",
                       (unsigned long long)h->body);
    return PT_OK;
}

pt_status pt_parquet_pages_next(pt_parquet_pages *pages, pt_parquet_page_header *header,
                                pt_error *err) {
    const uint64_t left = pages->chunk->start + pages->chunk->n_bytes - pages->at;
    size_t n = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;

    if (left == 0) return pt_fail(err, PT_EFORMAT, "it ends too early");
    for (;;) {
        pt_thrift_in in;
        PT_TRY(read_at(pages, pages->at, n, &pages->window, err));
        pt_thrift_in_init(&in, pages->window.bytes, n);
        read_header(&in, header);
        if (in.fault == PT_THRIFT_SOUND) {
            const size_t used = (size_t)(in.at - pages->window.bytes);
            header->body = pages->at + used;
            PT_TRY(check_header(pages, header, left - used, err));
            pages->at = header->body + header->n_packed;
            return PT_OK;
        }
        if (in.fault == PT_THRIFT_BROKEN || n == left || n >= PT_PARQUET_HEADER_MAX)
            return pt_fail(err, PT_EFORMAT, "the page header at byte %llu is damaged",
                           (unsigned long long)pages->at);
        n = left / 8 < n ? (size_t)left : 8 * n;
        if (n > PT_PARQUET_HEADER_MAX) n = PT_PARQUET_HEADER_MAX;
    }
}

/** The levels of version 2 stand in front as they are; all else is compressed in one piece. */
static pt_status unpack(const pt_parquet_pages *pages, const pt_parquet_page_header *header,
                        pt_parquet_buffer *body, pt_error *err) {
    const unsigned char *bytes = pages->packed.bytes;
    const size_t n_levels = header->n_repetition_bytes + header->n_definition_bytes;

    body->n = 0;
    PT_TRY(pt_parquet_reserve(body, n_levels + 1, err));
    memcpy(body->bytes, bytes, n_levels);
    body->n = n_levels;
    if (header->n_bytes == n_levels)
        return PT_OK; /* nulls alone: some compress nothing to nothing */
    return pt_parquet_decompress(pages->chunk->codec, bytes + n_levels, header->n_packed - n_levels,
                                 header->n_bytes - n_levels, body, err);
}

pt_status pt_parquet_page_read(pt_parquet_pages *pages, const pt_parquet_page_header *header,
                               pt_parquet_buffer *body, pt_error *err) {
    const bool plain = pages->chunk->codec == PT_PARQUET_UNCOMPRESSED || !header->compressed;
    pt_parquet_buffer *raw = plain ? body : &pages->packed;
    const unsigned long long at = header->body;

    if (plain && header->n_packed != header->n_bytes)
        return pt_fail(err, PT_EFORMAT, "the page at byte %llu has not the size that it claims",
                       at);
    PT_TRY(read_at(pages, header->body, header->n_packed, raw, err));
    if (header->has_crc && header->n_packed > 0 &&
        crc32(crc32(0, Z_NULL, 0), raw->bytes, (uInt)header->n_packed) != header->crc)
        return pt_fail(err, PT_EFORMAT, "the page at byte %llu has not the checksum that it claims",
                       at);
    if (plain) return PT_OK;
    const pt_status status = unpack(pages, header, body, err);
    if (status == PT_EFORMAT) pt_error_in(err, "the page at byte %llu", at);
    return status;
}
