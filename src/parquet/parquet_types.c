/* SPDX-License-Identifier: MIT */
/* parquet_types.c - names of encodings and codecs, for messages */

#include "parquet/parquet_types.h"

#include <stddef.h>

const char *pt_parquet_encoding_name(int encoding) {
    static const char *const names[] = {"PLAIN",
                                        NULL, /* GROUP_VAR_INT, never used */
                                        "PLAIN_DICTIONARY",
                                        "RLE",
                                        "BIT_PACKED",
                                        "DELTA_BINARY_PACKED",
                                        "DELTA_LENGTH_BYTE_ARRAY",
                                        "DELTA_BYTE_ARRAY",
                                        "RLE_DICTIONARY",
                                        "BYTE_STREAM_SPLIT"};
    const int n = sizeof names / sizeof names[0];
    return encoding >= 0 && encoding < n && names[encoding] ? names[encoding] : "unknown";
}

const char *pt_parquet_codec_name(int codec) {
    static const char *const names[] = {"none",   "SNAPPY", "GZIP", "LZO",
                                        "BROTLI", "LZ4",    "ZSTD", "LZ4_RAW"};
    const int n = sizeof names / sizeof names[0];
    return codec >= 0 && codec < n ? names[codec] : "unknown";
}
