/* SPDX-License-Identifier: MIT */
/* test_parquet_codec.c - decompression of pages that the libraries compressed */

#include "test.h"

#include <stdlib.h>

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "parquet/codec.h"
#include "parquet/parquet_types.h"

#define N_TEXT 1000000

static const int codecs[] = {PT_PARQUET_SNAPPY, PT_PARQUET_GZIP, PT_PARQUET_ZSTD};

/* Noise of two bits per byte, so that it is compressible, but not to nothing. */
static unsigned char *make_text(void) {
    unsigned char *text = malloc(N_TEXT);
    if (!text) exit(2);
    uint32_t x = 1;
    for (size_t i = 0; i < N_TEXT; i++) {
        x = x * 1664525U + 1013904223U;
        text[i] = (unsigned char)('a' + (x >> 30));
    }
    return text;
}

/** gzip (window + 16) or zlib format. */
static size_t deflated(int window, const void *in, size_t n, void *out, size_t n_out) {
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)in,
                  .avail_in = (uInt)n,
                  .next_out = out,
                  .avail_out = (uInt)n_out};
    if (deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        exit(2);
    deflateEnd(&z);
    return n_out - z.avail_out;
}

static size_t compressed(int codec, const void *in, size_t n, void *out, size_t n_out) {
    size_t got = n_out;
    switch (codec) {
    case PT_PARQUET_SNAPPY:
        return snappy_compress(in, n, out, &got) == SNAPPY_OK ? got : 0;
    case PT_PARQUET_GZIP:
        return deflated(15 + 16, in, n, out, n_out);
    default:
        return ZSTD_compress(out, n_out, in, n, 3);
    }
}

TEST(parquet_codec, round_trip) {
    unsigned char *text = make_text(), *packed = malloc(2 * N_TEXT);
    REQUIRE(packed != NULL);
    for (size_t c = 0; c < 3; c++) {
        static const size_t sizes[] = {1, 100, N_TEXT};
        for (size_t i = 0; i < 3; i++) {
            pt_parquet_buffer out = {0};
            const size_t n = compressed(codecs[c], text, sizes[i], packed, 2 * N_TEXT);
            REQUIRE_OK(pt_parquet_buffer_reserve(&out, 3, &t->err));
            memcpy(out.bytes, "abc", out.n = 3); /* the content is kept */
            CHECK_OK(pt_parquet_decompress(codecs[c], packed, n, sizes[i], &out, &t->err));
            CHECK(out.n == 3 + sizes[i] && memcmp(out.bytes + 3, text, sizes[i]) == 0 &&
                  memcmp(out.bytes, "abc", 3) == 0);
            free(out.bytes);
        }
    }
    free(packed);
    free(text);
}

TEST(parquet_codec, gzip_in_several_members_and_zlib) {
    unsigned char *text = make_text(), *packed = malloc(2 * N_TEXT);
    pt_parquet_buffer out = {0};
    REQUIRE(packed != NULL);
    size_t n = deflated(15 + 16, text, 1000, packed, N_TEXT);
    n += deflated(15 + 16, text + 1000, 5000, packed + n, N_TEXT);
    CHECK_OK(pt_parquet_decompress(PT_PARQUET_GZIP, packed, n, 6000, &out, &t->err));
    CHECK(out.n == 6000 && memcmp(out.bytes, text, 6000) == 0);
    out.n = 0;
    n = deflated(15, text, 1000, packed, N_TEXT);
    CHECK_OK(pt_parquet_decompress(PT_PARQUET_GZIP, packed, n, 1000, &out, &t->err));
    CHECK(out.n == 1000 && memcmp(out.bytes, text, 1000) == 0);
    free(out.bytes);
    free(packed);
    free(text);
}

TEST(parquet_codec, invalid_input) {
    unsigned char *text = make_text(), *packed = malloc(N_TEXT);
    static const char *const named[] = {"SNAPPY", "GZIP", "ZSTD"};
    REQUIRE(packed != NULL);
    for (size_t c = 0; c < 3; c++) {
        const size_t n = compressed(codecs[c], text, 1000, packed, N_TEXT);
        pt_parquet_buffer out = {0};
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, n, 999, &out, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, named[c]);
        out.n = 0;
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, n, 1001, &out, &t->err),
                    PATINA_EFORMAT);
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, 0, 1000, &out, &t->err),
                    PATINA_EFORMAT);
        for (size_t cut = 1; cut < n; cut += 1 + n / 50) {
            unsigned char *part = malloc(cut); /* of exact size: a read past the end is detected */
            REQUIRE(part != NULL);
            memcpy(part, packed, cut);
            out.n = 0;
            CHECK_FAILS(pt_parquet_decompress(codecs[c], part, cut, 1000, &out, &t->err),
                        PATINA_EFORMAT);
            free(part);
        }
        free(out.bytes);
    }
    pt_parquet_buffer out = {0};
    CHECK_FAILS(pt_parquet_decompress(4, text, 10, 10, &out, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "BROTLI");
    free(out.bytes);
    free(packed);
    free(text);
}

/* The checksums of gzip and Zstandard follow the data, which is complete by then. */
TEST(parquet_codec, checksums_after_the_data) {
    unsigned char *text = make_text(), *packed = malloc(N_TEXT);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    pt_parquet_buffer out = {0};
    REQUIRE(packed && zstd);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    for (unsigned c = 1; c < 3; c++) {
        const size_t n = c == 1 ? compressed(PT_PARQUET_GZIP, text, 1000, packed, N_TEXT)
                                : ZSTD_compress2(zstd, packed, N_TEXT, text, 1000);
        const size_t sum = c == 1 ? n - 8 : n - 4; /* gzip: CRC-32, then the length */
        out.n = 0;
        CHECK_OK(pt_parquet_decompress(codecs[c], packed, n, 1000, &out, &t->err));
        packed[sum] ^= 1;
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, n, 1000, &out, &t->err),
                    PATINA_EFORMAT);
        packed[sum] ^= 1;
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, n - 1, 1000, &out, &t->err),
                    PATINA_EFORMAT);
    }
    ZSTD_freeCCtx(zstd);
    free(out.bytes);
    free(packed);
    free(text);
}

/* A gigabyte is declared for data that decompress to a hundred bytes, or that are truncated after
 * so many: memory follows the data. Snappy declares its own length, which must agree. */
TEST(parquet_codec, memory_follows_the_data) {
    const size_t claimed = (size_t)1 << 30;
    unsigned char *text = make_text(), *packed = malloc(N_TEXT);
    REQUIRE(packed != NULL);
    for (size_t c = 0; c < 3; c++) {
        pt_parquet_buffer out = {0};
        const size_t n = compressed(codecs[c], text, 100, packed, N_TEXT);
        CHECK_FAILS(pt_parquet_decompress(codecs[c], packed, n, claimed, &out, &t->err),
                    PATINA_EFORMAT);
        CHECK(out.capacity <= 1 << 20);
        free(out.bytes);
    }
    pt_parquet_buffer out = {0};
    static const unsigned char wrong[] = {0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 'a'}; /* 2^30 bytes */
    CHECK_FAILS(
        pt_parquet_decompress(PT_PARQUET_SNAPPY, wrong, sizeof wrong, claimed, &out, &t->err),
        PATINA_EFORMAT);
    CHECK_INT(out.capacity, 0);
    free(out.bytes);
    free(packed);
    free(text);
}
