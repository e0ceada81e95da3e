/* SPDX-License-Identifier: MIT */
/* flac_writer.h - FLAC files of any bit depth for tests: verbatim frames (RFC 9639) */

#ifndef PATINA_TEST_FLAC_WRITER_H
#define PATINA_TEST_FLAC_WRITER_H

#include "audio_fixture.h"

#define FLAC_BLOCK 4096

/** Bits, most significant first. */
typedef struct bit_writer {
    unsigned char *b;
    size_t n_bits;
} bit_writer;

static inline void put_bits(bit_writer *w, uint64_t value, unsigned n) {
    while (n-- > 0) {
        if (value >> n & 1) w->b[w->n_bits / 8] |= (unsigned char)(0x80 >> (w->n_bits % 8));
        w->n_bits++;
    }
}

/** Remainder of polynomial division, of `width` bits. */
static inline unsigned flac_crc(const unsigned char *b, size_t n, unsigned polynomial,
                                unsigned width) {
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++)
        for (int k = 7; k >= 0; k--) {
            const unsigned out = crc >> (width - 1) ^ (b[i] >> k & 1U);
            crc = (crc << 1 & ((1U << width) - 1)) ^ (out ? polynomial : 0);
        }
    return crc;
}

/** x [n, n_channels] as integers of these bits; up to 524,288 frames. */
static inline file_bytes make_flac(unsigned rate_hz, unsigned n_channels, unsigned bits,
                                   const int32_t *x, size_t n) {
    const size_t n_blocks = (n + FLAC_BLOCK - 1) / FLAC_BLOCK;
    file_bytes f = {calloc(1, 100 + n_blocks * 64 + n * n_channels * (bits + 7) / 8 + 64), 0};
    bit_writer w = {f.b, 0};
    memcpy(f.b, "fLaC", 4);
    w.n_bits = 32;
    put_bits(&w, 0x80, 8); /* STREAMINFO, the last block */
    put_bits(&w, 34, 24);
    put_bits(&w, FLAC_BLOCK, 16);
    put_bits(&w, FLAC_BLOCK, 16);
    put_bits(&w, 0, 48); /* frame sizes unknown */
    put_bits(&w, rate_hz, 20);
    put_bits(&w, n_channels - 1, 3);
    put_bits(&w, bits - 1, 5);
    put_bits(&w, n, 36);
    w.n_bits += 128; /* no checksum of the samples */
    for (size_t k = 0; k < n_blocks; k++) {
        const size_t start = w.n_bits / 8,
                     size = n - k * FLAC_BLOCK < FLAC_BLOCK ? n - k * FLAC_BLOCK : FLAC_BLOCK;
        put_bits(&w, 0xFFF8, 16);
        put_bits(&w, 7, 4); /* the block size follows; rate and bits are STREAMINFO's */
        put_bits(&w, 0, 4);
        put_bits(&w, n_channels - 1, 4);
        put_bits(&w, 0, 4);
        put_bits(&w, k, 8);
        put_bits(&w, size - 1, 16);
        put_bits(&w, flac_crc(f.b + start, w.n_bits / 8 - start, 0x07, 8), 8);
        for (unsigned c = 0; c < n_channels; c++) {
            put_bits(&w, 0x02, 8); /* verbatim */
            for (size_t i = 0; i < size; i++)
                put_bits(&w, (uint32_t)x[(k * FLAC_BLOCK + i) * n_channels + c], bits);
        }
        w.n_bits = (w.n_bits + 7) / 8 * 8;
        put_bits(&w, flac_crc(f.b + start, w.n_bits / 8 - start, 0x8005, 16), 16);
    }
    f.n = w.n_bits / 8;
    return f;
}

/** The file with a block of Vorbis comments that contains NAME=0x<value>. */
static inline file_bytes add_flac_comment(const file_bytes *f, const char *name, unsigned value) {
    char text[100];
    const int n = snprintf(text, sizeof text, "%s=0x%X", name, value);
    const size_t size = 4 + 4 + 4 + (size_t)n;
    file_bytes g = {calloc(1, f->n + 4 + size), f->n + 4 + size};
    memcpy(g.b, f->b, 42);
    g.b[4] = 0; /* STREAMINFO is not the last block any more */
    g.b[42] = 0x84;
    g.b[45] = (unsigned char)size;
    put_le(g.b + 46 + 4, 1, 4); /* no vendor, one comment */
    put_le(g.b + 46 + 8, (uint64_t)n, 4);
    memcpy(g.b + 46 + 12, text, (size_t)n);
    memcpy(g.b + 46 + size, f->b + 42, f->n - 42);
    return g;
}

#endif /* PATINA_TEST_FLAC_WRITER_H */
