/* SPDX-License-Identifier: MIT */
/* rle_decoder.c - decodes RLE and bit-packed runs */

#include "parquet/rle_decoder.h"

void pt_rle_decoder_init(pt_rle_decoder *decoder, const void *bytes, size_t n, unsigned width) {
    *decoder = (pt_rle_decoder){.width = width};
    pt_thrift_reader_init(&decoder->in, bytes, n);
}

/** The last bit-packed run may lack its padding, so a truncated one is not an error. */
static void begin_bit_packed_run(pt_rle_decoder *h, uint64_t n_groups) {
    const uint64_t left = (uint64_t)(h->in.end - h->in.at);
    const bool whole = h->width == 0 || n_groups <= left / h->width;
    const uint64_t n_bytes = whole ? n_groups * h->width : left;

    h->packed = true;
    h->packed_bytes = h->in.at;
    h->n_packed_bytes = (size_t)n_bytes;
    h->bit = 0;
    h->n_left = whole ? n_groups * 8 : n_bytes * 8 / h->width;
    h->in.at += n_bytes;
}

static void begin_rle_run(pt_rle_decoder *h, uint64_t n) {
    const size_t n_bytes = (h->width + 7) / 8;

    h->packed = false;
    h->value = 0;
    h->n_left = 0;
    if ((size_t)(h->in.end - h->in.at) < n_bytes) {
        h->in.at = h->in.end;
        return;
    }
    for (size_t i = 0; i < n_bytes; i++)
        h->value |= (uint32_t)h->in.at[i] << 8 * i;
    h->in.at += n_bytes;
    h->n_left = n;
}

static uint32_t unpack(pt_rle_decoder *h) {
    const size_t first = (size_t)(h->bit / 8);
    const unsigned shift = (unsigned)(h->bit % 8);
    uint64_t bits = 0;

    for (size_t i = 0; i < 5 && first + i < h->n_packed_bytes; i++) /* 7 + 32 bits at most */
        bits |= (uint64_t)h->packed_bytes[first + i] << 8 * i;
    h->bit += h->width;
    return (uint32_t)(bits >> shift & ((UINT64_C(1) << h->width) - 1));
}

bool pt_rle_decoder_next(pt_rle_decoder *decoder, uint32_t *value) {
    while (decoder->n_left == 0) { /* a run may be empty */
        if (decoder->in.at == decoder->in.end) return false;
        const uint64_t head = pt_varint_read(&decoder->in);
        if (decoder->in.error != PT_THRIFT_OK || head >> 1 > UINT32_MAX) return false;
        if (head & 1)
            begin_bit_packed_run(decoder, head >> 1);
        else
            begin_rle_run(decoder, head >> 1);
    }
    decoder->n_left--;
    *value = decoder->packed ? unpack(decoder) : decoder->value;
    return true;
}
