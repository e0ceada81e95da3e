/* SPDX-License-Identifier: MIT */
/* rle_decoder.h - RLE / bit-packing hybrid encoding of levels and dictionary indices
 *
 * A run begins with a varint h. Even: an RLE run, one value that is repeated h / 2 times. Odd: a
 * bit-packed run of h / 2 groups of eight values, lowest bit first.
 *
 * Source   Apache Parquet format 2.11: Encodings.md, "Run Length Encoding / Bit-Packing Hybrid"
 */

#ifndef PATINA_PARQUET_RLE_DECODER_H
#define PATINA_PARQUET_RLE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parquet/thrift_reader.h"

#define PT_RLE_BIT_WIDTH_MAX 32

typedef struct pt_rle_decoder {
    pt_thrift_reader in; /* the bytes after the current run */
    unsigned width;      /* bits a value */
    uint64_t n_left;     /* values left in the run */
    bool packed;
    uint32_t value;                    /* of an RLE run */
    const unsigned char *packed_bytes; /* of a bit-packed run */
    size_t n_packed_bytes;             /* bytes */
    uint64_t bit;                      /* position of the next value in packed_bytes */
} pt_rle_decoder;

/** Borrows the n bytes. width: 0 to PT_RLE_BIT_WIDTH_MAX; with 0 every value is 0. */
void pt_rle_decoder_init(pt_rle_decoder *decoder, const void *bytes, size_t n, unsigned width);

/** The next value; false after the last one. */
bool pt_rle_decoder_next(pt_rle_decoder *decoder, uint32_t *value);

#endif /* PATINA_PARQUET_RLE_DECODER_H */
