/* SPDX-License-Identifier: MIT */
/* rle_decoder.h - small numbers in runs: Parquet's levels, and the indices into a dictionary
 *
 * A run begins with a number h. Even: its value follows once and stands h / 2 times. Odd: h / 2
 * times eight values follow, packed bit by bit from the lowest up.
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
    pt_thrift_reader in; /* what follows the run at hand */
    unsigned width;      /* bits a value */
    uint64_t n_left;     /* of the run */
    bool packed;
    uint32_t value;                    /* of a run of equal ones */
    const unsigned char *packed_bytes; /* of a packed run */
    size_t n_packed_bytes;             /* bytes */
    uint64_t bit;                      /* where in packed_bytes the next value begins */
} pt_rle_decoder;

/** Borrows the n bytes. width: 0 to PT_RLE_BIT_WIDTH_MAX; with 0 every value is 0. */
void pt_rle_decoder_init(pt_rle_decoder *decoder, const void *bytes, size_t n, unsigned width);

/** The next value; false where there is none. */
bool pt_rle_decoder_next(pt_rle_decoder *decoder, uint32_t *value);

#endif /* PATINA_PARQUET_RLE_DECODER_H */
