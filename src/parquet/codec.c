/* SPDX-License-Identifier: MIT */
/* codec.c - decompression with libsnappy, zlib and libzstd
 *
 * gzip and Zstandard are read as streams up to their end, where the checksum is. The output buffer
 * is one byte larger than the size in the page header, so that a longer stream is detected.
 */

#include "parquet/codec.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <snappy-c.h>
#define ZLIB_CONST /* its input is const */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"
#include "parquet/parquet_types.h"

#define STEP_BYTES ((size_t)1 << 18) /* first step of growth */

/* Three bytes of Snappy copy up to 64: its format description, "copy with 2-byte offset". */
#define SNAPPY_RATIO_MAX 22

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory for a page");
}

static patina_status damaged(int codec, patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "its %s data is damaged", pt_parquet_codec_name(codec));
}

patina_status pt_parquet_buffer_reserve(pt_parquet_buffer *buffer, size_t more, patina_error *err) {
    if (buffer->capacity - buffer->n >= more) return PATINA_OK;
    if (more > SIZE_MAX - buffer->n) return no_memory(err);
    unsigned char *bytes = realloc(buffer->bytes, buffer->n + more);
    if (!bytes) return no_memory(err);
    buffer->bytes = bytes;
    buffer->capacity = buffer->n + more;
    return PATINA_OK;
}

/** Bytes to reserve: the present capacity, or half as much again, at most the rest of the page and
 * one byte. */
static size_t growth_step(const pt_parquet_buffer *out, size_t n_done, size_t n_out) {
    const size_t spare = out->capacity - out->n, most = n_out - n_done + 1;
    const size_t step = spare > 0 ? spare : STEP_BYTES + n_done / 2;
    return step < most ? step : most;
}

static patina_status decompress_snappy(const void *in, size_t n_in, size_t n_out,
                                       pt_parquet_buffer *out, patina_error *err) {
    size_t n = 0;
    if (snappy_uncompressed_length(in, n_in, &n) != SNAPPY_OK || n != n_out ||
        n_out / SNAPPY_RATIO_MAX > n_in)
        return damaged(PT_PARQUET_SNAPPY, err);
    PT_TRY(pt_parquet_buffer_reserve(out, n_out, err));
    if (snappy_uncompress(in, n_in, (char *)out->bytes + out->n, &n) != SNAPPY_OK || n != n_out)
        return damaged(PT_PARQUET_SNAPPY, err);
    out->n += n;
    return PATINA_OK;
}

/** zlib counts in unsigned int. */
static unsigned clamp(size_t n) {
    return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

/** Several members in a row are one stream. */
static patina_status inflate_stream(z_stream *z, size_t n_in, size_t n_out, pt_parquet_buffer *out,
                                    patina_error *err) {
    const unsigned char *end = z->next_in + n_in;
    size_t n_done = 0;
    int result = Z_OK;

    while (n_done < n_out || result != Z_STREAM_END) {
        const unsigned char *before = z->next_in;
        const size_t step = growth_step(out, n_done, n_out);
        PT_TRY(pt_parquet_buffer_reserve(out, step, err));
        if (result == Z_STREAM_END) inflateReset(z);
        z->next_out = out->bytes + out->n;
        z->avail_out = clamp(step);
        z->avail_in = clamp((size_t)(end - before));
        result = inflate(z, Z_NO_FLUSH);
        const size_t got = (size_t)(z->next_out - (out->bytes + out->n));
        n_done += got;
        out->n += got;
        if (result == Z_MEM_ERROR) return no_memory(err);
        const bool no_progress = got == 0 && z->next_in == before;
        if ((result != Z_OK && result != Z_STREAM_END) || no_progress || n_done > n_out)
            return damaged(PT_PARQUET_GZIP, err);
    }
    return PATINA_OK;
}

static patina_status decompress_gzip(const void *in, size_t n_in, size_t n_out,
                                     pt_parquet_buffer *out, patina_error *err) {
    z_stream z = {0};
    if (inflateInit2(&z, 15 + 32) != Z_OK)
        return no_memory(err); /* gzip, or zlib, which some writers use */
    z.next_in = (const Bytef *)in;
    const patina_status status = inflate_stream(&z, n_in, n_out, out, err);
    inflateEnd(&z);
    return status;
}

static patina_status decompress_zstd(const void *in, size_t n_in, size_t n_out,
                                     pt_parquet_buffer *out, patina_error *err) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer input = {in, n_in, 0};
    size_t n_done = 0, result = 1; /* 0: a frame has ended */
    patina_status status = context ? PATINA_OK : no_memory(err);

    while (status == PATINA_OK && (n_done < n_out || result != 0)) {
        const size_t step = growth_step(out, n_done, n_out), before = input.pos;
        status = pt_parquet_buffer_reserve(out, step, err);
        if (status != PATINA_OK) break;
        ZSTD_outBuffer output = {out->bytes + out->n, step, 0};
        result = ZSTD_decompressStream(context, &output, &input);
        n_done += output.pos;
        out->n += output.pos;
        const bool no_progress = output.pos == 0 && input.pos == before;
        if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
            status = no_memory(err);
        else if (ZSTD_isError(result) || no_progress || n_done > n_out)
            status = damaged(PT_PARQUET_ZSTD, err);
    }
    ZSTD_freeDCtx(context);
    return status;
}

patina_status pt_parquet_decompress(int codec, const void *in, size_t n_in, size_t n_out,
                                    pt_parquet_buffer *out, patina_error *err) {
    switch (codec) {
    case PT_PARQUET_SNAPPY:
        return decompress_snappy(in, n_in, n_out, out, err);
    case PT_PARQUET_GZIP:
        return decompress_gzip(in, n_in, n_out, out, err);
    case PT_PARQUET_ZSTD:
        return decompress_zstd(in, n_in, n_out, out, err);
    default:
        return pt_fail(err, PATINA_EFORMAT, "its codec %s is not supported",
                       pt_parquet_codec_name(codec));
    }
}
