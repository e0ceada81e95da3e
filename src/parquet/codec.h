/* SPDX-License-Identifier: MIT */
/* codec.h - what Parquet's pages are compressed with */

#ifndef PATINA_PARQUET_CODEC_H
#define PATINA_PARQUET_CODEC_H

#include <stddef.h>

#include <patina/status.h>

/** Bytes that grow and keep their memory. Zero it to start, free `bytes` at the end. */
typedef struct pt_parquet_buffer {
    unsigned char *bytes;
    size_t n, capacity;
} pt_parquet_buffer;

/** Room for `more` bytes behind the n; PATINA_ENOMEM leaves all as it was. */
patina_status pt_parquet_buffer_reserve(pt_parquet_buffer *buffer, size_t more, patina_error *err);

/**
 * Adds exactly n_out bytes to out, decompressed from n_in bytes. n_out is what the page claims:
 * memory is taken only as far as the input can, or does, come to so much.
 *
 * codec  PT_PARQUET_SNAPPY, PT_PARQUET_GZIP or PT_PARQUET_ZSTD
 *
 * Errors  PATINA_EFORMAT  damaged, or another number of bytes ("its SNAPPY data is damaged")
 */
patina_status pt_parquet_decompress(int codec, const void *in, size_t n_in, size_t n_out,
                                    pt_parquet_buffer *out, patina_error *err);

#endif /* PATINA_PARQUET_CODEC_H */
