/* SPDX-License-Identifier: MIT */
/* parquet_types.h - numbers and names of parquet.thrift */

#ifndef PATINA_PARQUET_PARQUET_TYPES_H
#define PATINA_PARQUET_PARQUET_TYPES_H

typedef enum pt_parquet_repetition {
    PT_PARQUET_REQUIRED,
    PT_PARQUET_OPTIONAL,
    PT_PARQUET_REPEATED
} pt_parquet_repetition;

typedef enum pt_parquet_encoding {
    PT_PARQUET_PLAIN = 0,
    PT_PARQUET_PLAIN_DICTIONARY = 2,
    PT_PARQUET_RLE = 3,
    PT_PARQUET_BIT_PACKED = 4,
    PT_PARQUET_RLE_DICTIONARY = 8
} pt_parquet_encoding;

typedef enum pt_parquet_codec {
    PT_PARQUET_UNCOMPRESSED = 0,
    PT_PARQUET_SNAPPY = 1,
    PT_PARQUET_GZIP = 2,
    PT_PARQUET_ZSTD = 6
} pt_parquet_codec;

typedef enum pt_parquet_page_type {
    PT_PARQUET_DATA_PAGE = 0,
    PT_PARQUET_DICTIONARY_PAGE = 2,
    PT_PARQUET_DATA_PAGE_V2 = 3
} pt_parquet_page_type;

/** "DELTA_BYTE_ARRAY", "LZO", or "unknown". */
const char *pt_parquet_encoding_name(int encoding);
const char *pt_parquet_codec_name(int codec);

#endif /* PATINA_PARQUET_PARQUET_TYPES_H */
