/* SPDX-License-Identifier: MIT */
/* codec.h - decompression of Parquet pages */

#ifndef PATINA_PARQUET_CODEC_H
#define PATINA_PARQUET_CODEC_H

#include <stddef.h>

#include <patina/status.h>

/** Growing buffer, reused. Zero it to start, free `bytes` at the end. */
typedef struct pt_parquet_buffer {
    unsigned char *bytes;
    size_t n, capacity;
} pt_parquet_buffer;

/** Reserves `more` bytes after the first n. Unchanged after PATINA_ENOMEM. */
patina_status pt_parquet_buffer_reserve(pt_parquet_buffer *buffer, size_t more, patina_error *err);

/**
 * Appends exactly n_out bytes to out, decompressed from n_in bytes. n_out comes from the page
 * header and is not trusted: memory is allocated only as far as the input can fill it.
 *
 * codec  PT_PARQUET_SNAPPY, PT_PARQUET_GZIP or PT_PARQUET_ZSTD
 *
 * Errors  PATINA_EFORMAT  damaged, or another number of bytes ("its SNAPPY data is damaged")
 */
patina_status pt_parquet_decompress(int codec, const void *in, size_t n_in, size_t n_out,
                                    pt_parquet_buffer *out, patina_error *err);

#endif /* PATINA_PARQUET_CODEC_H */
